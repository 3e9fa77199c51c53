"""Evidence of a run in which everything is as Exchange Online answers, and small changes to it, one thing each."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from diag.directory import (
    Account,
    AppCredential,
    Consent,
    Directory,
    EnterpriseApp,
    Grant,
    Incident,
    MailboxKind,
    Plan,
    Policies,
    Policy,
    Registration,
    Scope,
    SecurityDefaults,
    ServiceHealth,
    SignInRecord,
    SignIns,
    Trace,
    Traced,
)
from diag.evidence import (
    Acquisition,
    Auth,
    Breach,
    BrowserShowed,
    Certificate,
    Claims,
    ClockReading,
    CodeExpired,
    Contact,
    ContactStatus,
    Dialogue,
    Discovery,
    Evidence,
    Granted,
    Lookup,
    LookupStatus,
    Network,
    NotAsked,
    Page,
    Reason,
    Refusal,
    Reply,
    SignIn,
    SignInService,
    Silence,
    Step,
    Tls,
    Token,
    Violation,
)
from diag.obstacle import NotAnswered, Obstacle
from diag.sentence import say
from diag.setting import Backend, Change, Intent, Progress, Propagation, Setting, Switch
from diag.setting import Step as ChangeStep
from diag.stage import Stage
from diag.subject import EXCHANGE_ONLINE_ID, Subject

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
HOST = "smtp.office365.com"
MAILBOX = "scanner@contoso.com"
IPV4, IPV6 = "192.0.2.10", "2001:db8::10"
TENANT = "11111111-2222-4333-8444-555555555555"
OTHER_TENANT = "99999999-2222-4333-8444-555555555555"
AUTHORITY = "https://login.microsoftonline.com/contoso.com"
AUDIENCE = "https://outlook.office.com"
GRAPH = "https://graph.microsoft.com"
TAIL = "[AM0PR02CA0134.eurprd02.prod.outlook.com 2026-11-23T09:30:01.123Z 08DE2A5C1EE4ED50]"
BARE = f"5.7.3 Authentication unsuccessful {TAIL}"
MAILBOX_OFF = (
    "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."
    f" Visit https://aka.ms/smtp_auth_disabled for more information. {TAIL}"
)
TENANT_OFF = MAILBOX_OFF.replace("Mailbox", "Tenant")
NOBODY = NotAsked(because=say("nobody asked"))

_EXCHANGE = "AM0PR02CA0134.outlook.office365.com"
_BEFORE = (
    "SIZE 157286400",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "STARTTLS",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "SMTPUTF8",
)
_AFTER = tuple("AUTH LOGIN XOAUTH2" if line == "STARTTLS" else line for line in _BEFORE)
_REPLIES: tuple[tuple[Stage, str | None, int, tuple[str, ...]], ...] = (
    (Stage.BANNER, None, 220, (f"{_EXCHANGE} Microsoft ESMTP MAIL Service ready at Mon, 23 Nov 2026 09:30:00 +0000",)),
    (Stage.EHLO, "EHLO [198.51.100.7]", 250, (f"{_EXCHANGE} Hello [198.51.100.7]", *_BEFORE)),
    (Stage.STARTTLS, "STARTTLS", 220, ("2.0.0 SMTP server ready",)),
    (Stage.EHLO_TLS, "EHLO [198.51.100.7]", 250, (f"{_EXCHANGE} Hello [198.51.100.7]", *_AFTER)),
    (Stage.AUTH, "AUTH XOAUTH2", 334, ("",)),
    (Stage.AUTH, "[2872 characters, not shown]", 235, ("2.7.0 Authentication successful",)),
    (Stage.MAIL, f"MAIL FROM:<{MAILBOX}>", 250, ("2.1.0 Sender OK",)),
    (Stage.RCPT, f"RCPT TO:<{MAILBOX}>", 250, ("2.1.5 Recipient OK",)),
)
_SENT: tuple[tuple[Stage, str | None, int, tuple[str, ...]], ...] = (
    (Stage.DATA, "DATA", 354, ("Start mail input; end with <CRLF>.<CRLF>",)),
    (Stage.DATA, "[test message, 512 bytes]", 250, ("2.0.0 OK <1@contoso.com> [Hostname=AM0PR02MB1.outlook.com]",)),
)


def step(stage: Stage, answer: Reply | Silence, sent: str | None = None) -> Step:
    return Step(
        stage=stage,
        sent=sent,
        answer=answer,
        at_ms=stage.order * 10.0,
        duration_ms=9.5,
        secured=stage.order > Stage.TLS.order,
    )


def _steps(replies: Iterable[tuple[Stage, str | None, int, tuple[str, ...]]]) -> tuple[Step, ...]:
    return tuple(step(stage, Reply(code=code, lines=lines), sent) for stage, sent, code, lines in replies)


def certificate(subject: str = "CN=outlook.com", issuer: str = "CN=DigiCert Cloud Services CA-1") -> Certificate:
    return Certificate(
        subject=subject,
        issuer=issuer,
        names=("outlook.com", "*.outlook.com", "*.office365.com"),
        names_total=3,
        not_before=NOW - timedelta(days=100),
        not_after=NOW + timedelta(days=200),
        key="RSA 2048",
        signature="sha256WithRSAEncryption",
        sha256="ab" * 32,
    )


CHAIN = (certificate(), certificate("CN=DigiCert Cloud Services CA-1", "CN=DigiCert Global Root CA"))
CLAIMS = Claims(
    length=2143,
    fingerprint="0123456789abcdef",
    audience=AUDIENCE,
    issuer=f"https://sts.windows.net/{TENANT}/",
    scopes=("SMTP.Send",),
    roles=(),
    users=(("upn", MAILBOX),),
    tenant=TENANT,
    app_id="5ca11ab1-e0de-4d1a-9f00-0123456789ab",
    app_only=False,
    issued_at=NOW - timedelta(minutes=5),
    not_before=NOW - timedelta(minutes=5),
    expires_at=NOW + timedelta(minutes=70),
)


def lookup(
    status: LookupStatus = LookupStatus.ANSWERED, *addresses: str, name: str = HOST, aaaa: bool = False
) -> Lookup:
    record: Any = "AAAA" if aaaa else "A"
    return Lookup(name=name, record=record, status=status, addresses=addresses, duration_ms=3.5)


def contact(address: str = IPV4, status: ContactStatus = ContactStatus.CONNECTED) -> Contact:
    return Contact(address=address, port=587, status=status, duration_ms=11.5)


def healthy() -> Evidence:
    """Every step up to RCPT is accepted, with a token by device code; no test message is asked for."""
    return Evidence(
        diag_version="0.1.0",
        subject=Subject(mailbox=MAILBOX, sender=MAILBOX),
        started_at=NOW,
        duration_ms=1834.5,
        network=Network(
            host=HOST,
            port=587,
            lookups=(lookup(LookupStatus.ANSWERED, IPV4), lookup(LookupStatus.ANSWERED, IPV6, aaaa=True)),
            contacts=(contact(IPV4), contact(IPV6)),
        ),
        dialogue=Dialogue(
            host=HOST,
            port=587,
            address=IPV4,
            started_at=NOW,
            steps=_steps(_REPLIES),
            features_before=_BEFORE,
            features_after=_AFTER,
            tls=Tls(
                verified=True,
                version="TLSv1.3",
                cipher="TLS_AES_256_GCM_SHA384",
                chain=CHAIN,
                trust="system",
                duration_ms=21.5,
            ),
        ),
        sign_in=SignIn(
            auth=Auth.DEVICE_CODE,
            client_id="5ca11ab1-e0de-4d1a-9f00-0123456789ab",
            scope=f"{AUDIENCE}/SMTP.Send",
            expected_audiences=(AUDIENCE, "https://outlook.office365.com", EXCHANGE_ONLINE_ID),
            discovery=SignInService(authority=AUTHORITY, issuer=f"{AUTHORITY}/v2.0", tenant=TENANT, device_code=True),
            acquisition=Granted(auth=Auth.DEVICE_CODE, polls=3, waited_ms=15000),
            token=CLAIMS,
        ),
        clocks=(
            ClockReading(source="login.microsoftonline.com", server=NOW, local=NOW),
            ClockReading(source=HOST, server=NOW, local=NOW),
        ),
    )


def talk_of(evidence: Evidence) -> Dialogue:
    assert isinstance(evidence.dialogue, Dialogue)
    return evidence.dialogue


def asking(evidence: Evidence, **subject: Any) -> Evidence:
    """The same answers to another question: fields of the subject."""
    return replace(evidence, subject=replace(evidence.subject, **subject))


def saying(evidence: Evidence, **dialogue: Any) -> Evidence:
    """Fields of the dialogue."""
    return replace(evidence, dialogue=replace(talk_of(evidence), **dialogue))


def ending_at(evidence: Evidence, stage: Stage, *answers: Reply | Silence) -> Evidence:
    """The dialogue ends with `answers` in place of the last answer of `stage`."""
    talk = talk_of(evidence)
    at = next((i for i, one in reversed(list(enumerate(talk.steps))) if one.stage is stage), None)
    kept = tuple(one for one in talk.steps if one.stage.order < stage.order) if at is None else talk.steps[:at]
    sent = None if at is None else talk.steps[at].sent
    before_tls = stage.order < Stage.TLS.order
    return saying(
        evidence,
        steps=(*kept, *(step(stage, answer, sent) for answer in answers)),
        features_before=() if stage.order <= Stage.EHLO.order else talk.features_before,
        features_after=() if stage.order <= Stage.EHLO_TLS.order else talk.features_after,
        tls=None if before_tls else talk.tls,
    )


def answered(evidence: Evidence, stage: Stage, code: int, *lines: str) -> Evidence:
    """The dialogue ends at `stage`, with this reply."""
    return ending_at(evidence, stage, Reply(code=code, lines=lines))


def silent(evidence: Evidence, stage: Stage, reason: Reason = Reason.DROPPED, detail: str = "") -> Evidence:
    """The server falls silent at `stage`."""
    return ending_at(evidence, stage, Silence(who=f"{HOST}:587", reason=reason, detail=detail))


def sending(evidence: Evidence, recipient: str = "someone@contoso.com") -> Evidence:
    """A test message is asked for, and taken."""
    evidence = asking(evidence, recipient=recipient)
    return saying(evidence, steps=(*talk_of(evidence).steps, *_steps(_SENT)))


def greeting(evidence: Evidence, text: str, *, name: str | None = None) -> Evidence:
    """The banner says `text`, and EHLO is answered by `name` (else Exchange Online's)."""
    first, hello, *rest = talk_of(evidence).steps
    assert isinstance(hello.answer, Reply)
    lines = hello.answer.lines if name is None else (name, *hello.answer.lines[1:])
    return saying(
        evidence,
        steps=(
            replace(first, answer=Reply(code=220, lines=(text,))),
            replace(hello, answer=Reply(code=250, lines=lines)),
            *rest,
        ),
    )


def with_tls(evidence: Evidence, **tls: Any) -> Evidence:
    """Fields of the handshake; where it is no longer verified, the dialogue ends there, as the adapter leaves it."""
    talk = talk_of(evidence)
    assert talk.tls is not None
    changed = replace(talk.tls, **tls)
    if changed.verified:
        return saying(evidence, tls=changed)
    ended = silent(evidence, Stage.TLS, Reason.TLS, changed.error)
    return saying(ended, tls=changed)


def breaking(evidence: Evidence, *breaches: Breach, stage: Stage = Stage.STARTTLS) -> Evidence:
    """The server sends bytes where none may come."""
    return saying(
        evidence, violations=tuple(Violation(stage=stage, breach=one, shown="250 AUTH PLAIN") for one in breaches)
    )


def with_network(
    evidence: Evidence, *, lookups: tuple[Lookup, ...] | None = None, contacts: tuple[Contact, ...] | None = None
) -> Evidence:
    """Other look-ups or contacts; where no address is reached there is no dialogue."""
    network = evidence.network
    network = replace(
        network,
        lookups=network.lookups if lookups is None else lookups,
        contacts=network.contacts if contacts is None else contacts,
    )
    evidence = replace(evidence, network=network)
    if network.reachable:
        return evidence
    return replace(evidence, dialogue=NotAsked(because=say("no address of {host} could be reached", host=HOST)))


def unspoken(evidence: Evidence) -> Evidence:
    """No dialogue was held."""
    return replace(evidence, dialogue=NotAsked(because=say("no address of {host} could be reached", host=HOST)))


def with_sign_in(evidence: Evidence, **sign_in: Any) -> Evidence:
    return replace(evidence, sign_in=replace(evidence.sign_in, **sign_in))


def discovering(evidence: Evidence, discovery: Discovery) -> Evidence:
    return with_sign_in(evidence, discovery=discovery)


def with_token(evidence: Evidence, token: Token | None = None, **claims: Any) -> Evidence:
    """Another token, or other claims in the healthy one."""
    return with_sign_in(evidence, token=replace(CLAIMS, **claims) if token is None else token)


def without_token(evidence: Evidence, acquisition: Acquisition) -> Evidence:
    """No token came of it, and the dialogue ended before AUTH."""
    evidence = with_sign_in(evidence, acquisition=acquisition, token=NotAsked(because=say("there is no token")))
    if isinstance(evidence.dialogue, NotAsked):
        return evidence
    talk = evidence.dialogue
    return saying(evidence, steps=tuple(one for one in talk.steps if one.stage.order < Stage.AUTH.order))


def refusal(*codes: int, error: str = "invalid_grant", **fields: Any) -> Refusal:
    """An error answer as Entra gives it, with its AADSTS numbers."""
    text = f"AADSTS{codes[0]}: The words of the service." if codes else ""
    usual: dict[str, Any] = {
        "step": "token",
        "http_status": 400,
        "error": error,
        "codes": codes,
        "suberror": None,
        "description": text,
        "policies": (),
        "trace_id": None,
        "correlation_id": None,
        "timestamp": None,
    }
    return Refusal(**usual | fields)


def clocks(evidence: Evidence, *ahead: timedelta) -> Evidence:
    """Servers whose clocks this computer is ahead of by so much."""
    return replace(
        evidence,
        clocks=tuple(
            ClockReading(source=f"server{number}.example", server=NOW - by, local=NOW)
            for number, by in enumerate(ahead)
        ),
    )


def empty() -> Evidence:
    """Nothing could be asked at all."""
    return Evidence(
        diag_version="0.1.0",
        subject=Subject(mailbox=MAILBOX, sender=MAILBOX),
        started_at=NOW,
        duration_ms=0,
        network=Network(host=HOST, port=587, lookups=(), contacts=()),
        dialogue=NOBODY,
        sign_in=SignIn(
            auth=None,
            client_id=None,
            scope="",
            expected_audiences=(),
            discovery=NOBODY,
            acquisition=NOBODY,
            token=NOBODY,
        ),
        clocks=(),
    )


# --- what administrators can see

ACCOUNT_ID = "a0000000-0000-4000-8000-000000000001"
CLIENT = "5ca11ab1-e0de-4d1a-9f00-0123456789ab"
EXCHANGE = "e0000000-0000-4000-8000-000000000002"
BACKEND = Backend(name="exchange", writes=True, vendor_supported=False)
ACCOUNT = Account(
    id=ACCOUNT_ID,
    sign_in_name=MAILBOX,
    display_name="Scanner",
    mail=MAILBOX,
    aliases=(),
    found_by="sign_in_name",
    enabled=True,
    member=True,
    synced=False,
    plans=(Plan(id="9aaf7827-d63c-4b61-89c3-182f06f82e5c", service="exchange", status="Enabled"),),
    password_changed_at=NOW - timedelta(days=90),
    sessions_valid_from=NOW - timedelta(days=90),
)
APP = EnterpriseApp(
    object_id="0b000000-0000-4000-8000-000000000003",
    client_id=CLIENT,
    name="Scan to e-mail",
    enabled=True,
    assignment_required=False,
)
GRANT = Grant(everybody=True, account_id=None, resource=EXCHANGE, scopes=("SMTP.Send", "offline_access"))
SECRET = AppCredential(form="secret", name="scanners", begins_at=None, ends_at=NOW + timedelta(days=300))
REGISTRATION = Registration(
    object_id="0c000000-0000-4000-8000-000000000004", name="Scan to e-mail", public_client=True, credentials=(SECRET,)
)
SIGNED_IN = SignInRecord(
    at=NOW - timedelta(minutes=5),
    app="Scan to e-mail",
    app_id=CLIENT,
    client="Mobile Apps and Desktop clients",
    resource="Office 365 Exchange Online",
    code=0,
    reason="",
    ip=None,
)
INCIDENT = Incident(
    id="EX123456", title="Users can't authenticate with SMTP", feature="Sign-in", status="serviceDegradation", since=NOW
)
TRACED = Traced(at=NOW, recipient="someone@contoso.com", status="delivered", message_id="<1@contoso.com>")
DIRECTORY = Directory(
    account=ACCOUNT,
    mailbox=MailboxKind(purpose="user"),
    security_defaults=SecurityDefaults(enabled=False),
    policies=Policies(asked="what_if", flow="device_code", policies=()),
    app=APP,
    consent=Consent(exchange=EXCHANGE, grants=(GRANT,), roles=()),
    registration=REGISTRATION,
    sign_ins=SignIns(since=NOW - timedelta(days=7), records=(SIGNED_IN,)),
    health=ServiceHealth(status="serviceOperational"),
    trace=Trace(since=NOW, messages=(TRACED,)),
)


def no_answer(obstacle: Obstacle = Obstacle.UNAVAILABLE, missing: str | None = None) -> NotAnswered:
    return NotAnswered(obstacle=obstacle, because=say("there was no answer"), missing=missing)


def knowing(evidence: Evidence, **answers: Any) -> Evidence:
    """An administrator is signed in; everything is in order in the directory but for these answers."""
    return replace(evidence, directory=replace(DIRECTORY, **answers))


def with_account(evidence: Evidence, **account: Any) -> Evidence:
    return knowing(evidence, account=replace(ACCOUNT, **account))


def reading(evidence: Evidence, mailbox: Switch = Switch.ON, organisation: Switch | None = Switch.OFF) -> Evidence:
    """The setting was read, with these values."""
    return replace(
        evidence,
        setting=Setting(identity=MAILBOX, mailbox=mailbox, organisation=organisation, backend=BACKEND, observed_at=NOW),
    )


def administered(evidence: Evidence) -> Evidence:
    """An administrator is signed in, and all that is to be seen is in order."""
    return knowing(reading(evidence))


def propagating(evidence: Evidence) -> Evidence:
    """The setting was switched on ten minutes ago, by the ledger of this computer."""
    intent = Intent(
        tenant=TENANT,
        mailbox=MAILBOX,
        before=Switch.OFF,
        after=Switch.ON,
        organisation=Switch.OFF,
        backend="exchange",
        operator="admin@contoso.com",
    )
    written = NOW - timedelta(minutes=10)
    steps = tuple(ChangeStep(progress=progress, at=written) for progress in (Progress.INTENDED, Progress.WRITTEN))
    change = Change(id=1, intent=intent, steps=steps)
    return replace(reading(evidence), propagation=Propagation(change=change, expectation=None, window_s=7200))


def policy(**fields: Any) -> Policy:
    """An enforced policy that blocks device codes for everybody, everywhere."""
    usual: dict[str, Any] = {
        "id": "9a000000-0000-4000-8000-000000000005",
        "name": "Block device codes",
        "state": "enabled",
        "controls": ("block",),
        "users": Scope(included=("All",)),
        "applications": Scope(included=("All",)),
        "clients": ("all",),
        "flows": ("deviceCodeFlow",),
    }
    return Policy(**usual | fields)


def alone(evidence: Evidence) -> Evidence:
    """An application signs in by itself, with a token that fits."""
    evidence = with_sign_in(evidence, auth=Auth.APP, acquisition=Granted(auth=Auth.APP))
    return with_token(evidence, app_only=True, scopes=(), users=(), roles=("SMTP.SendAsApp",))


def refused(evidence: Evidence, text: str = BARE) -> Evidence:
    """The mail server refuses the sign-in."""
    return answered(evidence, Stage.AUTH, 535, text)


def without_setting(evidence: Evidence, nothing: NotAnswered) -> Evidence:
    """The setting could not be read."""
    return replace(evidence, setting=nothing)


def expired(evidence: Evidence, page: Page | None = None, words: str = "") -> Evidence:
    """Nobody finished signing in; the browser showed `page`, None where nobody said."""
    showed = None if page is None else BrowserShowed(page=page, words=words)
    return without_token(evidence, CodeExpired(polls=9, lifetime_s=900, browser=showed))
