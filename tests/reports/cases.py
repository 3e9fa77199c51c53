"""Diagnoses built by hand, one for each kind of story a report tells."""

from dataclasses import replace
from datetime import UTC, datetime

from diag import catalogue
from diag.diagnosis import Diagnosis, Judged, diagnose
from diag.evidence import (
    Acquisition,
    Auth,
    Certificate,
    Claims,
    Contact,
    ContactStatus,
    Dialogue,
    Evidence,
    Flaw,
    Granted,
    Lookup,
    LookupStatus,
    Network,
    NotAsked,
    Reason,
    Refusal,
    Reply,
    SignIn,
    SignInService,
    Silence,
    Step,
    Tls,
)
from diag.outcome import Broken, Check, Failed, Outcome, Passed, Skipped, likely, possible, proven
from diag.sentence import say
from diag.stage import Stage
from diag.subject import Subject

BEGAN = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TAIL = "AM0PR02CA0134.eurprd02.prod.outlook.com 2026-11-23T09:30:01.123Z 08DE2A5C1EE4ED50"
OFF = (
    "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."
    f" Visit https://aka.ms/smtp_auth_disabled for more information. [{TAIL}]"
)
BARE = f"5.7.3 Authentication unsuccessful [{TAIL}]"
SUBJECT = Subject(mailbox="scanner@contoso.com", sender="scanner@contoso.com")
HOSTILE = (
    "5.7.3 \x1b[2J\x1b]0;owned\x07 \u202egnp.exe\u202c zero\u200bwidth \r| ![x](http://evil.example/x.png)"
    " <script>alert(1)</script> [click](javascript:x) `tick` ```fence``` www.evil.example # * _"
)


def _step(stage: Stage, sent: str | None, answer: Reply | Silence, at: float) -> Step:
    secured = stage.order > Stage.TLS.order
    return Step(stage=stage, sent=sent, answer=answer, at_ms=at, duration_ms=12.4, secured=secured)


def _certificate(subject: str, issuer: str, names: tuple[str, ...] = ()) -> Certificate:
    return Certificate(
        subject=subject,
        issuer=issuer,
        names=names,
        names_total=len(names),
        not_before=datetime(2026, 6, 1, tzinfo=UTC),
        not_after=datetime(2027, 6, 1, tzinfo=UTC),
        key="RSA 2048",
        signature="sha256WithRSAEncryption",
        sha256="ab" * 32,
    )


TLS = Tls(
    verified=True,
    version="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    chain=(
        _certificate("CN=outlook.com", "CN=DigiCert Cloud Services CA-1", ("*.outlook.com", "smtp.office365.com")),
        _certificate("CN=DigiCert Cloud Services CA-1", "CN=DigiCert Global Root CA"),
    ),
    trust="system",
)
CLAIMS = Claims(
    length=2143,
    fingerprint="0123456789abcdef",
    audience="https://outlook.office.com",
    issuer="https://sts.windows.net/11111111-2222-3333-4444-555555555555/",
    scopes=("SMTP.Send",),
    roles=(),
    users=(("upn", "scanner@contoso.com"),),
    tenant="11111111-2222-3333-4444-555555555555",
    app_id="99999999-8888-7777-6666-555555555555",
    app_only=False,
    issued_at=BEGAN,
    not_before=BEGAN,
    expires_at=datetime(2026, 11, 23, 10, 30, tzinfo=UTC),
)


def dialogue(auth: Reply | Silence | None) -> Dialogue:
    """A dialogue with Exchange Online up to AUTH, which is answered with `auth` (None: it is not tried)."""
    steps = [
        _step(Stage.BANNER, None, Reply(code=220, lines=("AM0PR02CA0134.outlook.office365.com ready",)), 12),
        _step(
            Stage.EHLO, "EHLO diag.example", Reply(code=250, lines=("AM0PR02CA0134", "SIZE 157286400", "STARTTLS")), 25
        ),
        _step(Stage.STARTTLS, "STARTTLS", Reply(code=220, lines=("2.0.0 SMTP server ready",)), 38),
        _step(Stage.EHLO_TLS, "EHLO diag.example", Reply(code=250, lines=("AM0PR02CA0134", "AUTH LOGIN XOAUTH2")), 71),
    ]
    if auth is not None:
        steps.append(_step(Stage.AUTH, "AUTH XOAUTH2 [redacted]", auth, 84))
    return Dialogue(
        host="smtp.office365.com",
        port=587,
        address="192.0.2.10",
        started_at=BEGAN,
        steps=tuple(steps),
        features_before=("SIZE 157286400", "STARTTLS"),
        features_after=("AUTH LOGIN XOAUTH2",),
        tls=TLS,
    )


def evidence(auth: Reply | Silence | None, acquisition: Acquisition | None = None) -> Evidence:
    """Evidence of a run whose AUTH was answered with `auth`, and whose token came of `acquisition`."""
    granted = acquisition is None
    came_of_it = Granted(auth=Auth.DEVICE_CODE, polls=3, waited_ms=15000.0) if acquisition is None else acquisition
    no_token = NotAsked(because=say("there is no token"))
    return Evidence(
        diag_version="0.1.0",
        subject=SUBJECT,
        started_at=BEGAN,
        duration_ms=1834.5,
        network=Network(
            host="smtp.office365.com",
            port=587,
            lookups=(
                Lookup(
                    name="smtp.office365.com",
                    record="A",
                    status=LookupStatus.ANSWERED,
                    addresses=("192.0.2.10",),
                    duration_ms=3.1,
                ),
            ),
            contacts=(Contact(address="192.0.2.10", port=587, status=ContactStatus.CONNECTED, duration_ms=11.9),),
        ),
        dialogue=dialogue(auth),
        sign_in=SignIn(
            auth=Auth.DEVICE_CODE,
            client_id="99999999-8888-7777-6666-555555555555",
            scope="https://outlook.office.com/SMTP.Send",
            expected_audiences=("https://outlook.office.com",),
            discovery=SignInService(
                authority="https://login.microsoftonline.com/contoso.com",
                issuer="https://login.microsoftonline.com/contoso.com/v2.0",
                tenant="11111111-2222-3333-4444-555555555555",
                device_code=True,
            ),
            acquisition=came_of_it,
            token=CLAIMS if granted else no_token,
        ),
        clocks=(),
    )


def _judge(found: Evidence, *outcomes: Outcome) -> Diagnosis:
    """Judge with the last outcomes for sign-in, AUTH, and whatever comes after; all before passed."""
    before = (
        Judged(
            check=_check("host-resolves", "The name of the mail server resolves", Stage.DNS),
            outcome=_ok("{host} is {addresses}", host="smtp.office365.com", addresses="192.0.2.10"),
            duration_ms=3.1,
        ),
        Judged(
            check=_check("starttls-offered", "The server offers STARTTLS and begins it", Stage.STARTTLS),
            outcome=_ok("offered, and begun"),
            duration_ms=12.4,
        ),
    )
    checks = (
        _check("token-issued", "A token is issued", Stage.SIGN_IN, essential=True),
        _check("sign-in-accepted", "The mail server accepts the sign-in", Stage.AUTH, essential=True),
        _check("sender-accepted", "The server accepts the sender", Stage.MAIL, essential=True),
    )
    judged = tuple(
        Judged(check=check, outcome=outcome, duration_ms=duration)
        for check, outcome, duration in zip(checks, outcomes, (15000.0, 5212.0, 12.4), strict=False)
    )
    return diagnose(found, (*before, *judged), catalogue.load())


def _check(name: str, title: str, stage: Stage, *, essential: bool = False) -> Check:
    def judge(_: Evidence) -> Outcome:
        raise NotImplementedError

    return Check(name, say(title), stage, judge, essential=essential, timed=True)


def _ok(text: str, **values: str | int) -> Passed:
    return Passed(shown=say(text, **values))


_EARLIER = Skipped(because=say("an earlier step was refused"))
_ISSUED = _ok("yes, after {seconds} s (polls: {polls})", seconds=15, polls=3)


def switched_off(mailbox: str = "scanner@contoso.com") -> tuple[Diagnosis, Evidence]:
    """Authenticated SMTP is off for the mailbox, and the reply says so."""
    found = replace(evidence(Reply(code=535, lines=(OFF,))), subject=Subject(mailbox=mailbox, sender=mailbox))
    without_tail = OFF.partition(" [")[0]
    because = say("The server answers the sign-in with: {reply}", reply=f"535 {without_tail}")
    failed = Failed(
        shown=say("refused: {reply}", reply=f"535 {without_tail}"),
        suspects=(proven("smtp_auth_disabled_mailbox", because),),
    )
    return _judge(found, _ISSUED, failed, _EARLIER), found


def several() -> tuple[Diagnosis, Evidence]:
    """A bare 535 that several causes share."""
    found = evidence(Reply(code=535, lines=(BARE,)))
    because = say("Everything in the token fits, and yet the server refuses it without saying why.")
    failed = Failed(
        shown=say("refused: {reply}", reply=f"535 {BARE}"),
        suspects=(
            likely("shared_mailbox_as_smtp_identity", because),
            possible("upn_differs_from_email", because),
            possible("org_config_blocks_auth", because),
        ),
    )
    return _judge(found, _ISSUED, failed, _EARLIER), found


def guesses() -> tuple[Diagnosis, Evidence]:
    """A bare 535 that fits three causes, none better than the others."""
    found = evidence(Reply(code=535, lines=(BARE,)))
    because = say("Everything in the token fits, and yet the server refuses it without saying why.")
    failed = Failed(
        shown=say("refused: {reply}", reply=f"535 {BARE}"),
        suspects=(
            possible("shared_mailbox_as_smtp_identity", because),
            possible("wrong_password", because),
            possible("org_config_blocks_auth", because),
        ),
    )
    return _judge(found, _ISSUED, failed, _EARLIER), found


def without_token() -> tuple[Diagnosis, Evidence]:
    """Nothing was given to sign in with, so that the run ends before AUTH."""
    nobody = say("neither a client id nor a token was given, so nobody could sign in")
    found = evidence(None, NotAsked(because=nobody))
    found = replace(found, sign_in=replace(found.sign_in, auth=None, client_id=None))
    skipped = Skipped(because=nobody)
    return _judge(found, skipped, skipped, skipped), found


def healthy() -> tuple[Diagnosis, Evidence]:
    """Everything is accepted."""
    found = evidence(Reply(code=235, lines=("2.7.0 Authentication successful",)))
    return _judge(found, _ISSUED, _ok("yes"), _ok("yes")), found


def refused_by_entra() -> tuple[Diagnosis, Evidence]:
    """Entra refuses the token; what support needs is in its answer."""
    description = "AADSTS65001: The user or administrator has not consented to use the application."
    refusal = Refusal(
        step="token",
        http_status=400,
        error="invalid_grant",
        codes=(65001,),
        suberror="consent_required",
        description=description,
        policies=(),
        trace_id="0f8fad5b-d9cb-469f-a165-70867728950e",
        correlation_id="7c9e6679-7425-40de-944b-e07fc1f90ae7",
        timestamp="2026-11-23 09:30:02Z",
    )
    found = evidence(None, refusal)
    because = say("The sign-in service says: {text}", text=description)
    failed = Failed(shown=say("refused: {text}", text="invalid_grant"), suspects=(proven("consent_missing", because),))
    missing = Skipped(because=say("the sign-in service refused to issue a token"))
    return _judge(found, failed, missing, missing), found


def hostile() -> tuple[Diagnosis, Evidence]:
    """A server whose reply attacks whoever reads the report, and a certificate that does too."""
    found = evidence(Reply(code=535, lines=(HOSTILE, "x" * 100_000)))
    because = say("The server answers the sign-in with: {reply}", reply=HOSTILE)
    failed = Failed(shown=say("refused: {reply}", reply=HOSTILE), suspects=(likely("token_user_mismatch", because),))
    return _judge(found, _ISSUED, failed, _EARLIER), found


def broken() -> tuple[Diagnosis, Evidence]:
    """A check of ours broke, and nothing else was found."""
    found = evidence(Reply(code=235, lines=("2.7.0 Authentication successful",)))
    return _judge(found, _ISSUED, Broken(error="KeyError at sign_in_accepted.py:12"), _EARLIER), found


def unverified() -> Evidence:
    """Evidence in which the certificate was refused and the server fell silent."""
    found = evidence(Silence(who="smtp.office365.com", reason=Reason.DROPPED, detail="reset by peer"))
    assert isinstance(found.dialogue, Dialogue)
    flawed = replace(TLS, verified=False, flaws=(Flaw.INSPECTED, Flaw.UNKNOWN_ROOT), product="FortiGate", error="x")
    return replace(found, dialogue=replace(found.dialogue, tls=flawed))


def without_dialogue() -> tuple[Diagnosis, Evidence]:
    """No address could be reached."""
    nobody = say("no address of {host} could be reached", host="smtp.office365.com")
    found = replace(evidence(None), dialogue=NotAsked(because=nobody))
    return _judge(found, _ISSUED, Skipped(because=nobody), Skipped(because=nobody)), found


CASES = {
    "switched off": switched_off,
    "several causes": several,
    "guesses": guesses,
    "without a token": without_token,
    "healthy": healthy,
    "refused by Entra": refused_by_entra,
    "hostile": hostile,
    "broken": broken,
    "without a dialogue": without_dialogue,
}
