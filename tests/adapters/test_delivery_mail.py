"""Reports by e-mail: against the lab's sign-in service, Graph and submission server, and against hostile ones."""

import asyncio
import base64
import json
import logging
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

import pytest

from diag.adapters.delivery_graph import GraphMail, fitting
from diag.adapters.delivery_sign_in import SignIn
from diag.adapters.delivery_smtp import SmtpMail, mail, on_the_wire
from diag.adapters.network import SystemNetwork
from diag.adapters.smtp import Patience
from diag.adapters.trust import Trust, trust
from diag.evidence import Contact, ContactStatus, Lookup, LookupStatus
from diag.health.delivering import Round, Taken
from diag.health.delivery import Attachment, ByGraph, BySmtp, Delivered, Message, NotDelivered, Post, Recipient
from diag.lab import Lab
from diag.lab.scenario import App, Smtp
from diag.lab.scenario_directory import Admin, Directory
from diag.secret import Redactor, Secret
from diag.stage import Stage
from tests.adapters.graph_server import error, http
from tests.adapters.graph_server import meet as meet_graph
from tests.adapters.scripted import Talk, serving
from tests.adapters.test_delivery_web import deliveries
from tests.health.reports_to_deliver import REPORT, Listener, Time
from tests.lab.device import SCANNER
from tests.lab.graph import HEALTHY

REPORTER = replace(HEALTHY, admin=Admin(roles=("Mail.Send",)))
APP = replace(HEALTHY, app=replace(HEALTHY.app, roles=("SMTP.SendAsApp",)))
HOST = "smtp.office365.com"
Result = Delivered | NotDelivered
CANARY = "CaNaRy4CliEnTsEcReT"


def sign_in(roots: Trust, service: str, redactor: Redactor | None = None) -> SignIn:
    return SignIn(trust=roots, redactor=redactor or Redactor(), person=Listener(), service=service)


def _by_graph(lab: Lab, sender: str = SCANNER, **changes: Any) -> ByGraph:
    tenant = lab.scenario.tenant.domain
    usual = ByGraph(
        sender=sender,
        to=("ops@contoso.com", "desk@contoso.com"),
        tenant=tenant,
        client_id=lab.admin_client_id,
        credential="env:S",
    )
    return replace(usual, **changes)


def by_graph(lab: Lab, message: Message = REPORT, *, secret: str = "", **changes: Any) -> Result:
    """Send one mail through the lab's Graph."""
    service = lab.authority.rpartition("/")[0]
    sender = GraphMail(sign_in=sign_in(trust(lab.ca_file), service), base=lab.graph_url, route=lab.route, timeout_s=20)
    return asyncio.run(sender.send(_by_graph(lab, **changes), Secret(secret or lab.admin_client_secret), message))


def _by_smtp(lab: Lab, **changes: Any) -> BySmtp:
    usual = BySmtp(
        sender=SCANNER,
        to="ops@contoso.com",
        host=HOST,
        port=587,
        tenant=lab.scenario.tenant.domain,
        client_id=lab.client_id,
        credential="env:S",
    )
    return replace(usual, **changes)


def smtp_mail(lab: Lab, redactor: Redactor | None = None) -> SmtpMail:
    return SmtpMail(
        sign_in=sign_in(trust(lab.ca_file), lab.authority.rpartition("/")[0], redactor),
        network=SystemNetwork(route=lab.route, nameserver=lab.nameserver),
        route=lab.route,
        patience=Patience(step_s=10, total_s=20),
    )


def by_smtp(lab: Lab, message: Message = REPORT, *, secret: str = "", **changes: Any) -> Result:
    """Send one mail through the lab's submission server."""
    sender = smtp_mail(lab)
    return asyncio.run(sender.send(_by_smtp(lab, **changes), Secret(secret or lab.client_secret), message))


def letter(lab: Lab) -> EmailMessage:
    (content,) = lab.messages
    return message_from_bytes(content, policy=default)


def texts(written: EmailMessage) -> str:
    body = written.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def files(written: EmailMessage) -> dict[str, tuple[str, bytes]]:
    return {
        str(one.get_filename()): (one.get_content_type(), cast("bytes", one.get_payload(decode=True)))
        for one in written.iter_attachments()
    }


def said(result: Result) -> str:
    assert isinstance(result, NotDelivered)
    return str(result.because)


TEXT = "Health of 40 scanners\n\n- 2 broken, 1 new: copier@contoso.com\n- 38 healthy & well\n"
FILES = {one.name: (one.media_type, one.content) for one in REPORT.attachments}


def test_a_report_reaches_its_mailboxes_through_graph() -> None:
    with Lab(REPORTER) as lab:
        assert by_graph(lab) == Delivered()
        written = letter(lab)
    assert (written["From"], written["To"]) == (SCANNER, "ops@contoso.com, desk@contoso.com")
    assert written["Subject"] == REPORT.subject
    assert texts(written) == TEXT
    assert files(written) == FILES
    assert not lab.bugs


def test_a_report_reaches_a_mailbox_through_a_submission_server() -> None:
    with Lab(APP) as lab:
        assert by_smtp(lab) == Delivered()
        written = letter(lab)
        (session,) = [one for one in lab.sessions if one.user]  # another one only looked whether the port is open
    assert (written["From"], written["To"], written["Auto-Submitted"]) == (SCANNER, "ops@contoso.com", "auto-generated")
    assert written["Subject"] == REPORT.subject
    assert texts(written) == TEXT
    assert files(written) == FILES
    assert session.verbs == ("EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT")
    assert all(one.secured for one in session.received[2:])


def test_a_refresh_token_sends_as_the_one_who_signed_in() -> None:
    with Lab(HEALTHY) as lab:
        secret = json.dumps({"refresh_token": lab.refresh_token()})
        assert by_smtp(lab, secret=secret) == Delivered()
        assert texts(letter(lab)) == TEXT


def test_a_certificate_signs_in_too() -> None:
    with Lab(APP) as lab:
        assert by_smtp(lab, secret=lab.client_certificate.read_text("ascii")) == Delivered()


def test_all_deliveries_of_a_run_go_their_own_ways() -> None:
    with Lab(replace(REPORTER, app=APP.app)) as lab:
        service = lab.authority.rpartition("/")[0]
        roots = trust(lab.ca_file)
        secrets = {"env:GRAPH": lab.admin_client_secret, "env:SMTP": lab.client_secret}

        async def fetch(name: str) -> Secret:
            return Secret(secrets[name])

        post: Post = replace(
            deliveries(roots, fetch),
            graph=GraphMail(sign_in=sign_in(roots, service), base=lab.graph_url, route=lab.route, timeout_s=20),
            smtp=smtp_mail(lab),
        )
        recipients: list[Recipient] = [_by_graph(lab, credential="env:GRAPH"), _by_smtp(lab, credential="env:SMTP")]
        ended = asyncio.run(Round(post=post, clock=Time(), person=Listener()).deliver(REPORT, recipients))
        assert ended == tuple(Taken(to=one.shown, attempts=1) for one in recipients)
        assert len(lab.messages) == 2


# --- Graph says no


def test_without_the_permission_graph_refuses_and_the_permission_is_named() -> None:
    with Lab(replace(HEALTHY, admin=Admin(roles=("User.Read.All",)))) as lab:
        result = by_graph(lab)
        assert lab.messages == []
    assert "It needs the permission Mail.Send" in said(result)
    assert isinstance(result, NotDelivered)
    assert not result.again


def test_a_sender_without_a_mailbox_is_told() -> None:
    with Lab(REPORTER) as lab:
        result = by_graph(lab, sender="nobody@contoso.com")
    assert said(result) == "Microsoft Graph knows no mailbox by the address of the sender (HTTP 404)."


def test_a_person_may_not_send_as_another_mailbox() -> None:
    with Lab(replace(HEALTHY, admin=Admin(scopes=("Mail.Send",)))) as lab:
        secret = json.dumps({"refresh_token": lab.admin_refresh_token()})
        result = by_graph(lab, secret=secret)
        assert lab.messages == []
    assert "does not have the right to send mail on behalf of" in said(result)


@pytest.mark.parametrize(("fault", "again"), [("throttled", True), ("no_permission", False), ("html", False)])
def test_what_keeps_graph_from_taking_a_mail_says_whether_to_try_again(fault: Any, again: bool) -> None:
    directory = Directory(faults={"send_mail": fault}, retry_after_s=7)
    with Lab(replace(REPORTER, directory=directory)) as lab:
        result = by_graph(lab)
        assert sum(one.path.endswith("/sendMail") for one in lab.requests) == 1
        assert lab.messages == []
    assert isinstance(result, NotDelivered)
    assert result.again is again
    assert result.after_s == (7 if again else None)


UNKNOWN = "It is not known whether the mail was sent, so it is not sent again."


@pytest.mark.parametrize(
    ("reply", "again", "told"),
    [
        (None, False, UNKNOWN),
        (error(500, "ErrorInternalServerError"), False, UNKNOWN),
        (error(504, "UnknownError"), False, UNKNOWN),
        (http(200, b"<html>Sign in</html>", kind="text/html"), False, UNKNOWN),
        (http(202), True, ""),
        (error(503, "serviceNotAvailable", "busy", "Retry-After: 5"), True, "HTTP 503"),
        (error(429, "TooManyRequests"), True, "too many requests"),
        (error(400, "ErrorInvalidRecipients", "bad"), False, "The server says: bad"),
        (http(302, b"", "Location: https://elsewhere.example/x"), False, "sends the request elsewhere"),
        (error(403, "ErrorAccessDenied", CANARY), False, "[redacted]"),
    ],
)
def test_a_mail_that_may_have_left_is_never_sent_again(reply: Any, again: bool, told: str, tmp_path: Path) -> None:
    with Lab(REPORTER) as lab:

        async def act(roots: Trust, route: Any) -> Result:
            redactor = Redactor()
            redactor.add(Secret(CANARY))
            signing = sign_in(trust(lab.ca_file), lab.authority.rpartition("/")[0], redactor)
            sender = GraphMail(sign_in=_OtherRoots(signing, roots), route=route, timeout_s=1.5)
            return await sender.send(_by_graph(lab), Secret(lab.admin_client_secret), REPORT)

        met = meet_graph(tmp_path, act, {"send_mail": reply})
    assert met.server.names() == ["send_mail"]
    if not told:
        assert met.result == Delivered()
        return
    assert isinstance(met.result, NotDelivered)
    assert told in str(met.result.because)
    assert CANARY not in str(met.result.because)
    assert met.result.again is again


class _OtherRoots(SignIn):
    """A sign-in at the lab, while Graph is another server with roots of its own."""

    def __init__(self, inner: SignIn, roots: Trust) -> None:
        super().__init__(trust=roots, redactor=inner.redactor, person=inner.person, service=inner.service)
        object.__setattr__(self, "_inner", inner)

    async def token(self, **asked: Any) -> Any:
        inner: SignIn = self._inner  # type: ignore[attr-defined]
        return await inner.token(**asked)


def test_a_mail_says_what_is_too_large_for_it() -> None:
    large = Attachment(name="findings.csv", media_type="text/csv", content=b"x" * 4_000_000)
    with Lab(REPORTER) as lab:
        result = by_graph(lab, replace(REPORT, attachments=(large, *REPORT.attachments[:1])))
        written = letter(lab)
    assert isinstance(result, Delivered)
    assert str(result.note) == "Left out, since it is too large for a mail: findings.csv."
    assert texts(written) == f"{TEXT}\n{result.note}\n"
    assert files(written).keys() == {"report.json"}


def test_the_smallest_attachments_are_let_in_first_and_stay_in_order() -> None:
    made = [Attachment(name=str(n), media_type="a/b", content=b"x" * n) for n in (50, 10, 40, 60)]
    fits, note = fitting(tuple(made), 100)
    assert [one.name for one in fits] == ["50", "10", "40"]
    assert str(note).endswith(": 60.")
    assert fitting((), 100) == ((), None)


# --- the sign-in says no


def test_a_wrong_client_secret_is_told_and_not_repeated() -> None:
    with Lab(REPORTER) as lab:
        result = by_graph(lab, secret="wrong")
        assert not any("sendMail" in one.path for one in lab.requests)
    assert said(result).startswith(
        "There is no token to send with: the sign-in service refuses the application: AADSTS7000215"
    )
    assert isinstance(result, NotDelivered)
    assert not result.again


def test_a_sign_in_service_that_is_silent_is_worth_another_attempt() -> None:
    with Lab(replace(APP, network=replace(APP.network, sign_in="refused"))) as lab:
        result = by_smtp(lab)
        assert all("AUTH" not in session.verbs for session in lab.sessions)
    assert isinstance(result, NotDelivered)
    assert result.again
    assert "did not answer" in said(result)


def test_an_empty_secret_is_no_credential() -> None:
    with Lab(REPORTER) as lab:
        assert "no client secret, certificate or token" in said(by_graph(lab, secret=" \n"))


# --- the submission server says no


@pytest.mark.parametrize(
    ("change", "again", "told"),
    [
        ({"starttls": "stripped"}, False, f"{HOST} refuses (STARTTLS): 5"),
        ({"xoauth2": False}, False, f"{HOST} does not offer the sign-in with a token (XOAUTH2)."),
    ],
)
def test_a_server_that_is_no_place_for_a_token_gets_none(change: dict[str, Any], again: bool, told: str) -> None:
    with Lab(replace(APP, smtp=replace(APP.smtp, **change))) as lab:
        result = by_smtp(lab)
        assert all("AUTH" not in session.verbs for session in lab.sessions)
    assert said(result).startswith(told)
    assert isinstance(result, NotDelivered)
    assert result.again is again


def test_a_certificate_that_is_not_trusted_gets_no_token() -> None:
    certificate = replace(APP.certificate, names=("elsewhere.example",))
    with Lab(replace(APP, certificate=certificate)) as lab:
        result = by_smtp(lab)
        assert all("AUTH" not in session.verbs for session in lab.sessions)
    assert said(result).startswith(f"No trustworthy connection to {HOST} came about")
    assert isinstance(result, NotDelivered)
    assert not result.again


def test_a_mailbox_that_refuses_the_sign_in_is_told() -> None:
    boxes = tuple(replace(box, authenticated_smtp="off") for box in APP.mailboxes)
    with Lab(replace(APP, mailboxes=boxes)) as lab:
        result = by_smtp(lab)
    assert said(result).startswith(f"{HOST} refuses (AUTH): 535 5.7.139 Authentication unsuccessful")
    assert isinstance(result, NotDelivered)
    assert not result.again


def test_an_address_of_nowhere_is_worth_another_attempt() -> None:
    with Lab(replace(APP, network=replace(APP.network, port="refused"))) as lab:
        result = by_smtp(lab)
        assert lab.requests == []  # no token is asked for that cannot be used
    assert said(result) == f"no address of {HOST} could be reached."
    assert isinstance(result, NotDelivered)
    assert result.again


@pytest.mark.parametrize(
    ("stage", "reply", "again", "told"),
    [
        (Stage.MAIL, "550 5.7.60 no", False, f"{HOST} refuses (MAIL FROM): 550 5.7.60 no"),
        (Stage.RCPT, "450 4.2.1 later", True, f"{HOST} refuses (RCPT TO): 450 4.2.1 later"),
        (Stage.RCPT, "550 5.1.1 nobody", False, f"{HOST} refuses (RCPT TO): 550 5.1.1 nobody"),
        (Stage.DATA, "451 4.3.0 later", True, f"{HOST} refuses (DATA): 451 4.3.0 later"),
        (Stage.AUTH, "432 4.3.2 too many", True, f"{HOST} refuses (AUTH): 432 4.3.2 too many"),
        (Stage.BANNER, "421 4.3.2 busy", True, f"{HOST} refuses (greeting): 421 4.3.2 busy"),
    ],
)
def test_a_refusal_is_repeated_only_where_the_server_calls_it_passing(
    stage: Stage, reply: str, again: bool, told: str
) -> None:
    with Lab(replace(APP, smtp=Smtp(replies={stage: reply}))) as lab:
        result = by_smtp(lab)
        assert lab.messages == []
    assert said(result) == told
    assert isinstance(result, NotDelivered)
    assert result.again is again


@pytest.mark.parametrize("stage", [Stage.BANNER, Stage.EHLO_TLS, Stage.AUTH, Stage.RCPT])
def test_a_connection_that_breaks_before_the_mail_is_sent_is_worth_another_attempt(stage: Stage) -> None:
    with Lab(replace(APP, smtp=Smtp(drop_at=stage))) as lab:
        result = by_smtp(lab)
    assert said(result).startswith(f"{HOST} fell silent (")
    assert isinstance(result, NotDelivered)
    assert result.again


class _Here:
    """The `Network` port, where every name leads to one place and every port is open."""

    async def look_up(self, host: str) -> tuple[Lookup, ...]:
        answered = LookupStatus.ANSWERED
        return (Lookup(name=host, record="A", status=answered, addresses=("192.0.2.10",), duration_ms=0),)

    async def reach(self, addresses: tuple[str, ...], port: int) -> tuple[Contact, ...]:
        connected = ContactStatus.CONNECTED
        return tuple(Contact(address=one, port=port, status=connected, duration_ms=0) for one in addresses)


@pytest.mark.parametrize("last_words", [b"", b"250 2.0.0 O"])
def test_a_connection_that_breaks_after_the_mail_was_sent_means_that_nobody_knows(
    last_words: bytes, tmp_path: Path
) -> None:
    heard: list[bytes] = []

    async def script(talk: Talk) -> None:
        await talk.up_to_mail()
        for reply in (b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n"):
            await talk.hear()
            await talk.say(reply)
        heard.append(await talk.reader.readuntil(b"\r\n.\r\n"))
        await talk.say(last_words)

    async def run(lab: Lab) -> Result:
        async with serving(script, tmp_path) as (roots, route):
            signing = sign_in(trust(lab.ca_file), lab.authority.rpartition("/")[0])
            patience = Patience(step_s=5, total_s=10)
            sender = SmtpMail(sign_in=_OtherRoots(signing, roots), network=_Here(), route=route, patience=patience)
            return await sender.send(_by_smtp(lab), Secret(lab.client_secret), REPORT)

    with Lab(APP) as lab:
        result = asyncio.run(run(lab))
    assert len(heard) == 1
    assert UNKNOWN in said(result)
    assert isinstance(result, NotDelivered)
    assert not result.again


# --- what is written


HOSTILE = "x\r\nBcc: evil@example.org\r\n\r\nboo\x00\x1b[31m\u2028 \ud800 é"


@pytest.mark.parametrize("way", ["graph", "smtp"])
def test_nothing_in_a_report_becomes_a_header(way: str) -> None:
    evil = Attachment(name=HOSTILE + '";.csv', media_type='text/csv"; x=\r\ny', content=b"\x00\r\n.\r\nRSET\r\n")
    message = replace(REPORT, subject=HOSTILE * 20, text=f".\n..\n{HOSTILE}\n.", attachments=(evil,))
    with Lab(REPORTER if way == "graph" else APP) as lab:
        assert (by_graph if way == "graph" else by_smtp)(lab, message) == Delivered()
        written = letter(lab)
    assert written["Bcc"] is None
    assert len(str(written["Subject"])) <= 220
    assert not any(ord(c) < 32 for c in str(written["Subject"]))
    ((_, (_, content)),) = files(written).items()
    assert content == evil.content
    assert texts(written).startswith(".\n..\nx\nBcc: evil@example.org")


def test_a_mail_is_seven_bit_and_its_lines_are_short() -> None:
    recipient = BySmtp(
        sender=SCANNER, to=SCANNER, host=HOST, port=587, tenant="contoso.com", client_id="x", credential="env:S"
    )
    content = mail(recipient, replace(REPORT, text="é" * 5000 + "\n." + "x" * 3000), "")
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_a_dot_at_the_start_of_a_line_is_doubled_and_the_end_is_marked() -> None:
    assert on_the_wire(b".a\r\nb.\r\n..\r\n") == b"..a\r\nb.\r\n...\r\n.\r\n"


def test_the_few_words_that_are_added_are_in_the_language_of_the_report() -> None:
    large = Attachment(name="a.csv", media_type="text/csv", content=b"x" * 4_000_000)
    with Lab(REPORTER) as lab:
        service = lab.authority.rpartition("/")[0]
        sender = GraphMail(
            sign_in=sign_in(trust(lab.ca_file), service),
            base=lab.graph_url,
            route=lab.route,
            timeout_s=20,
            translate=lambda text: text.replace("Left out", "Omis"),
        )
        message = replace(REPORT, attachments=(large,))
        asyncio.run(sender.send(_by_graph(lab), Secret(lab.admin_client_secret), message))
        assert "Omis, since" in texts(letter(lab))


def test_secrets_and_tokens_show_nowhere(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    found, secrets = [], []
    for scenario in (replace(REPORTER, app=APP.app), replace(APP, smtp=Smtp(echo_auth=True), app=App(roles=()))):
        with Lab(scenario) as lab:
            secrets += [lab.client_secret, lab.admin_client_secret]
            found += [repr(by_graph(lab)), repr(by_smtp(lab)), repr(by_smtp(lab, secret=CANARY))]
    out, err = capfd.readouterr()
    for text in (*found, caplog.text, out, err):
        for secret in (*secrets, CANARY):
            for spelt in (secret, base64.b64encode(secret.encode()).decode()):
                assert spelt[:12] not in text
        assert "eyJ" not in text
