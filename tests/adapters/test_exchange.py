"""The exchange backend, against the lab and against servers that misbehave, over real TLS."""

import asyncio
import base64
import contextlib
import gzip
import inspect
import json
import logging
import socket
import ssl
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from pathlib import Path
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

import pytest
import trustme

from diag.adapters.exchange import EXCHANGE_URLS, ExchangeOnline, exchange_url
from diag.adapters.exchange_words import (
    Call,
    NotAllowedError,
    read_mailbox,
    read_mailboxes,
    read_organisation,
    set_mailbox,
)
from diag.adapters.smtp import Submission
from diag.adapters.trust import trust
from diag.lab import Lab, Scenario, load_scenario
from diag.lab.scenario import Mailbox, Tenant
from diag.lab.scenario import Setting as LabSetting
from diag.obstacle import NotAnswered, Obstacle
from diag.overview import Settings
from diag.ports import AllSettings, MailboxSetting
from diag.secret import Redactor, Secret
from diag.sentence import say
from diag.setting import Accepted, Setting, Switch
from diag.stage import Stage
from diag.subject import Cloud, InvalidInputError, Subject
from tests.fakes import jwt

HOST = "outlook.office365.com"
SCANNER = "scanner@contoso.com"
SETTING = "SmtpClientAuthenticationDisabled"
THREE = {"Get-CASMailbox", "Get-TransportConfig", "Set-CASMailbox"}
CANARY = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9." + "CaNaRy4AdMiN" * 40
OFF = load_scenario("authenticated-smtp-off")
Outcome = TypeVar("Outcome")
Result: TypeAlias = Setting | Settings | Accepted | NotAnswered


async def reading(port: MailboxSetting) -> Setting | NotAnswered:
    return await port.read(SCANNER)


async def writing(port: MailboxSetting) -> Accepted | NotAnswered:
    return await port.write(SCANNER, Switch.ON)


NOBODY = NotAnswered(obstacle=Obstacle.NO_TOKEN, because=say("No administrator is signed in."))


def giving(token: str | None = CANARY) -> Callable[[], Awaitable[Secret | NotAnswered]]:
    async def ask() -> Secret | NotAnswered:
        return NOBODY if token is None else Secret(token)

    return ask


# --- against the lab


def in_lab(lab: Lab, *, timeout_s: float = 10, token: str | None = None) -> ExchangeOnline:
    return ExchangeOnline(
        tenant=lab.scenario.tenant.id,
        token=giving(token or lab.admin_token()),
        trust=trust(lab.ca_file),
        redactor=Redactor(),
        base=lab.exchange_url,
        timeout_s=timeout_s,
        route=lab.route,
    )


def tenant_with(mailbox: str, organisation: str) -> Scenario:
    return replace(
        OFF,
        mailboxes=(Mailbox(address=SCANNER, authenticated_smtp=mailbox),),  # type: ignore[arg-type]
        tenant=Tenant(authenticated_smtp=organisation),  # type: ignore[arg-type]
        setting=LabSetting(delay_s=0),
    )


@pytest.mark.parametrize("organisation", [Switch.ON, Switch.OFF])
@pytest.mark.parametrize("mailbox", list(Switch))
def test_three_values_of_the_mailbox_and_two_of_the_organisation_are_kept_apart(
    mailbox: Switch, organisation: Switch
) -> None:
    with Lab(tenant_with(mailbox, organisation)) as lab:
        setting = asyncio.run(in_lab(lab).read("Scanner@Contoso.com"))
    assert isinstance(setting, Setting)
    assert (setting.mailbox, setting.organisation) == (mailbox, organisation)
    assert setting.identity == SCANNER
    assert setting.backend.name == "exchange"
    assert setting.backend.writes
    assert not setting.backend.vendor_supported
    assert setting.observed_at.tzinfo is not None
    assert not lab.bugs


@pytest.mark.parametrize("before", list(Switch))
@pytest.mark.parametrize("after", list(Switch))
def test_every_value_can_be_made_of_every_other(before: Switch, after: Switch) -> None:
    with Lab(tenant_with(before, "off")) as lab:
        port = in_lab(lab)
        accepted = asyncio.run(port.write(SCANNER, after))
        setting = asyncio.run(port.read(SCANNER))
    assert isinstance(accepted, Accepted)
    assert len(accepted.warnings) == (before is after)
    assert isinstance(setting, Setting)
    assert (setting.mailbox, setting.organisation) == (after, Switch.OFF)
    assert [one.cmdlet for one in lab.requests] == ["Set-CASMailbox", "Get-CASMailbox", "Get-TransportConfig"]


@pytest.mark.parametrize(
    ("fault", "obstacle", "words", "perhaps_done"),
    [
        ("throttled", Obstacle.THROTTLED, "Try again in 30 seconds.", False),
        ("unavailable", Obstacle.UNAVAILABLE, "at the moment (HTTP 503)", True),
        ("no_role", Obstacle.NO_ROLE, "Recipient Management with the role Mail Recipients", False),
        ("not_found", Obstacle.NOT_FOUND, "no mailbox scanner@contoso.com", False),
        ("gone", Obstacle.NOT_SPOKEN, "nothing any more at the address", False),
        ("html", Obstacle.NOT_SPOKEN, "A web page came in place", True),
    ],
)
def test_a_refusal_of_the_lab_is_told_in_words_for_a_helpdesk(
    fault: Any, obstacle: Obstacle, words: str, perhaps_done: bool
) -> None:
    with Lab(replace(OFF, setting=LabSetting(fault=fault))) as lab:
        read = asyncio.run(in_lab(lab).read(SCANNER))
        written = asyncio.run(in_lab(lab).write(SCANNER, Switch.ON))
    for answer, done in ((read, False), (written, perhaps_done)):
        assert isinstance(answer, NotAnswered)
        assert answer.obstacle is obstacle
        assert words in str(answer.because)
        assert answer.perhaps_done is done
        assert answer.retry_after_s == (30 if fault == "throttled" else None)
    assert [one.cmdlet for one in lab.requests] == ["Get-CASMailbox", "Set-CASMailbox"]


def test_without_a_role_for_the_organisation_its_value_is_not_known() -> None:
    with Lab(replace(OFF, setting=LabSetting(fault="no_configuration_role"))) as lab:
        setting = asyncio.run(in_lab(lab).read(SCANNER))
    assert isinstance(setting, Setting)
    assert (setting.mailbox, setting.organisation) == (Switch.OFF, None)


def test_the_token_of_the_mail_server_is_not_taken_and_the_permission_is_named() -> None:
    with Lab(OFF) as lab:
        answer = asyncio.run(in_lab(lab, token=lab.token()).read(SCANNER))
    assert isinstance(answer, NotAnswered)
    assert answer.obstacle is Obstacle.NOT_SIGNED_IN
    assert "the permission Exchange.Manage (" in str(answer.because)


def test_where_the_answer_is_lost_the_change_is_perhaps_made_and_was_sent_once() -> None:
    with Lab(replace(OFF, setting=LabSetting(fault="times_out"))) as lab:
        answer = asyncio.run(in_lab(lab, timeout_s=2).write(SCANNER, Switch.UNSET))
        setting = asyncio.run(in_lab(lab).read(SCANNER))
    assert isinstance(answer, NotAnswered)
    assert answer.obstacle is Obstacle.UNREACHABLE
    assert answer.perhaps_done
    assert str(answer.because).startswith(f"{HOST} did not answer within ")
    assert isinstance(setting, Setting)
    assert setting.mailbox is Switch.UNSET
    assert [one.cmdlet for one in lab.requests].count("Set-CASMailbox") == 1


def test_after_the_change_the_device_gets_in_and_the_mail_server_never_sees_the_administrators_token() -> None:
    subject = Subject(mailbox=SCANNER, sender=SCANNER)
    with Lab(tenant_with("off", "on")) as lab:
        admin, device = lab.admin_token(), Secret(lab.token())
        port = in_lab(lab, token=admin)
        smtp = Submission(trust=trust(lab.ca_file), redactor=port.redactor, route=lab.route)

        async def run() -> list[str]:
            talks = [await smtp.dialogue(subject, "192.0.2.10", device)]
            assert isinstance(await port.write(SCANNER, Switch.ON), Accepted)
            talks.append(await smtp.dialogue(subject, "192.0.2.10", device))
            assert isinstance(await port.write(SCANNER, Switch.OFF), Accepted)
            return [str(talk.reply(Stage.AUTH)) for talk in talks]

        before, after = asyncio.run(run())
    assert "disabled for the Mailbox" in before
    assert after.startswith("235 ")
    seen = b"".join(line.line for session in lab.sessions for line in session.received).decode()
    assert device.reveal().rpartition(".")[2][-40:] in "".join(map(unpacked, seen.split()))
    assert_hidden({"the mail server": seen}, admin.rpartition(".")[2])  # what stands before is the same in both tokens
    assert {one.cmdlet for one in lab.requests} <= THREE
    assert not lab.bugs


def unpacked(word: str) -> str:
    """Return what stands in a word of base64; nothing where it is another word."""
    try:
        return base64.b64decode(word, validate=True).decode(errors="replace")
    except ValueError:
        return ""


def test_no_variable_of_the_environment_leads_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
    with Lab(OFF) as lab:
        assert isinstance(asyncio.run(in_lab(lab).read(SCANNER)), Setting)


# --- what can be sent at all


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [
        ("Set-TransportConfig", ((SETTING, False),)),
        ("Set-Mailbox", (("Identity", SCANNER),)),
        ("get-casmailbox", (("Identity", SCANNER),)),
        ("Get-CASMailbox", ()),
        ("Get-CASMailbox", (("Identity", SCANNER), ("ResultSize", "Unlimited"))),
        ("Get-CASMailbox", (("Identity", None),)),
        ("Get-CASMailbox", (("ResultSize", "10"),)),
        ("Get-CASMailbox", (("ResultSize", "Unlimited"), ("Filter", "x"))),
        ("Set-CASMailbox", (("ResultSize", "Unlimited"),)),
        ("Get-CASMailbox", (("Identity", SCANNER), ("Identity", "boss@contoso.com"))),
        ("Get-TransportConfig", (("Identity", SCANNER),)),
        ("Set-CASMailbox", (("Identity", SCANNER),)),
        ("Set-CASMailbox", (("Identity", SCANNER), ("ImapEnabled", False))),
        ("Set-CASMailbox", (("Identity", SCANNER), (SETTING, False), ("ImapEnabled", False))),
        ("Set-CASMailbox", (("Identity", SCANNER), (SETTING, "false"))),
        ("Set-CASMailbox", (("Identity", SCANNER), (SETTING, 0))),
    ],
)
def test_nothing_but_the_three_cmdlets_with_their_parameters_can_be_made(
    cmdlet: str, parameters: tuple[tuple[str, Any], ...]
) -> None:
    with pytest.raises(NotAllowedError):
        Call(cmdlet, parameters)


def test_the_three_are_written_as_exchange_expects_them() -> None:
    calls = [
        read_mailbox(SCANNER),
        read_mailboxes(),
        read_organisation(),
        *(set_mailbox(SCANNER, value) for value in Switch),
    ]
    inputs = [json.loads(call.body)["CmdletInput"] for call in calls]
    assert {one["CmdletName"] for one in inputs} == THREE
    assert [one["Parameters"] for one in inputs] == [
        {"Identity": SCANNER},
        {"ResultSize": "Unlimited"},
        {},
        {"Identity": SCANNER, SETTING: False},
        {"Identity": SCANNER, SETTING: True},
        {"Identity": SCANNER, SETTING: None},
    ]
    assert [call.writes for call in calls] == [False, False, False, True, True, True]


def test_a_caller_can_name_a_mailbox_and_a_value_and_nothing_else() -> None:
    methods = {name for name, _ in inspect.getmembers(ExchangeOnline, inspect.isfunction) if not name.startswith("_")}
    assert methods == {"all", "read", "write"}
    assert set(inspect.signature(ExchangeOnline.all).parameters) == {"self"}
    assert set(inspect.signature(ExchangeOnline.read).parameters) == {"self", "mailbox"}
    assert set(inspect.signature(ExchangeOnline.write).parameters) == {"self", "mailbox", "value"}
    assert "cmdlet" not in {name.lower() for name in inspect.signature(ExchangeOnline).parameters}


@pytest.mark.parametrize(
    "mailbox", ["", "scanner", f"{SCANNER}\r\nX: y", f'{SCANNER}","ImapEnabled":"x', f"Scanner <{SCANNER}>", "a b@c.de"]
)
def test_what_is_no_address_raises_before_anything_is_sent(mailbox: str, tmp_path: Path) -> None:
    heard: list[Heard] = []
    for act in (lambda port: port.read(mailbox), lambda port: port.write(mailbox, Switch.ON)):
        with pytest.raises(InvalidInputError):
            meet(tmp_path, [], act, heard=heard)
    assert not heard


def test_an_address_that_may_be_a_pattern_is_not_sent(tmp_path: Path) -> None:
    met = meet(tmp_path, [], lambda port: port.write("*@contoso.com", Switch.ON))
    assert isinstance(met.result, NotAnswered)
    assert met.result.obstacle is Obstacle.REFUSED
    assert not met.result.perhaps_done
    assert not met.heard


@pytest.mark.parametrize(
    "url",
    [
        "http://outlook.office365.com",
        "https://",
        "https://me:secret@outlook.office365.com",
        "https://outlook.office365.com/adminapi",
        "https://outlook.office365.com?x=1",
        "https://outlook.office365.com#x",
        "https://outlook.office365.com\n",
        "https://outlook.office365.com:http",
        "https://out look.example",
        "outlook.office365.com",
    ],
)
def test_an_address_that_no_token_may_be_sent_to_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        exchange_url(url)
    assert "secret" not in str(caught.value.sentence)
    roots = tmp_path / "roots.pem"
    trustme.CA().cert_pem.write_to_path(roots)
    with pytest.raises(InvalidInputError):
        ExchangeOnline(tenant="contoso.com", token=giving(), trust=trust(roots), redactor=Redactor(), base=url)
    with pytest.raises(InvalidInputError):
        ExchangeOnline(tenant="a/../b", token=giving(), trust=trust(roots), redactor=Redactor())


def test_every_cloud_has_an_address() -> None:
    assert set(EXCHANGE_URLS) == set(Cloud)
    assert [exchange_url(url) for url in EXCHANGE_URLS.values()] == list(EXCHANGE_URLS.values())


# --- against servers that do what they like


@dataclass
class Heard:
    """One request as it reached the server."""

    head: str = field(repr=False)
    body: bytes

    def header(self, name: str) -> str:
        lines = [line.partition(": ") for line in self.head.split("\r\n")[1:]]
        (found,) = [value for key, _, value in lines if key.lower() == name.lower()]
        return found


@dataclass
class Met:
    result: Result
    heard: list[Heard]
    port: ExchangeOnline


GARBAGE = b"\x17\x03\x03\x00\x20" + b"garbage!" * 4  # looks like a record of TLS, and is none
Reply: TypeAlias = bytes | Callable[[str], bytes] | None
"""What is sent back: bytes, bytes made from the token that came, or (None) silence. Afterwards the connection ends."""


def http(status: int, body: bytes | str | dict[str, Any] | list[Any], *headers: str, kind: str = "") -> bytes:
    """Write an HTTP answer."""
    text = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kind = kind or ("text/plain" if isinstance(body, bytes | str) else "application/json")
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {kind}", f"Content-Length: {len(text)}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + text


def rows(*values: Any, **more: Any) -> bytes:
    return http(
        200, {"@adminapi.warnings": [], "value": [{"Identity": "x", SETTING: value} for value in values], **more}
    )


def meet(
    folder: Path,
    replies: list[Reply],
    act: Callable[[ExchangeOnline], Awaitable[Any]],
    *,
    heard: list[Heard] | None = None,
    token: str | None = CANARY,
    timeout_s: float = 10,
    named: str = HOST,
    trusted: bool = True,
) -> Met:
    """Serve one reply to each request, over TLS, and let the backend do one thing."""
    authority, kept = trustme.CA(), [] if heard is None else heard
    roots = folder / "roots.pem"
    (authority if trusted else trustme.CA()).cert_pem.write_to_path(roots)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(named).configure_cert(context)
    left = list(replies)
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        with contextlib.suppress(OSError, EOFError):
            await writer.start_tls(context)
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            one = Heard(head.rstrip(), b"")
            one.body = await reader.readexactly(int(one.header("content-length")))
            kept.append(one)
            reply = left.pop(0)
            if reply is None:
                await reader.read()
            elif reply is GARBAGE:
                writer.transport._ssl_protocol._transport.write(GARBAGE)  # type: ignore[attr-defined] # beneath TLS
                await reader.read()
            else:
                bearer = one.header("authorization").removeprefix("Bearer ")
                writer.write(reply if isinstance(reply, bytes) else reply(bearer))
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def run() -> tuple[Any, ExchangeOnline]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = ExchangeOnline(
            tenant="contoso.com",
            token=giving(token),
            trust=trust(roots),
            redactor=Redactor(),
            timeout_s=timeout_s,
            route=lambda _host, _port: server.sockets[0].getsockname()[:2],
        )
        async with server:
            try:
                return await act(port), port
            finally:
                await asyncio.gather(*(task for task in serving if task is not None))

    result, port = asyncio.run(run())
    return Met(result, kept, port)


def refused(folder: Path, reply: Reply, act: Callable[[ExchangeOnline], Awaitable[Any]] = reading) -> NotAnswered:
    """Return what is made of one reply; it was asked for once."""
    met = meet(folder, [reply], act)
    assert isinstance(met.result, NotAnswered)
    assert len(met.heard) == 1
    return met.result


def test_a_request_has_the_headers_and_the_body_that_the_endpoint_knows(tmp_path: Path) -> None:
    met = meet(tmp_path, [rows(None), rows(True)], reading)
    assert isinstance(met.result, Setting)
    first, second = met.heard
    assert first.head.startswith("POST /adminapi/beta/contoso.com/InvokeCommand HTTP/1.1\r\n")
    assert first.header("Host") == HOST
    assert first.header("Authorization") == f"Bearer {CANARY}"
    assert first.header("X-AnchorMailbox") == f"UPN:{SCANNER}"
    assert first.header("X-CmdletName") == "Get-CASMailbox"
    assert first.header("X-ResponseFormat") == "json"
    assert first.header("Content-Type") == "application/json; charset=utf-8"
    assert first.header("Accept") == "application/json"
    assert first.header("X-ClientApplication") == first.header("User-Agent") == "diag"
    assert len(first.header("connection-id")) == 36
    assert first.header("client-request-id") != second.header("client-request-id")
    assert json.loads(second.body) == {"CmdletInput": {"CmdletName": "Get-TransportConfig", "Parameters": {}}}


@pytest.mark.parametrize(
    ("primary", "identity"),
    [
        ("scan2@contoso.com", "scan2@contoso.com"),
        ("\x1b[2J", SCANNER),
        (7, SCANNER),
        (None, SCANNER),
    ],
)
def test_the_identity_is_the_address_that_exchange_gives(primary: Any, identity: str, tmp_path: Path) -> None:
    own = http(200, {"value": [{SETTING: False, "PrimarySmtpAddress": primary}]})
    setting = meet(tmp_path, [own, rows(False)], reading).result
    assert isinstance(setting, Setting)
    assert setting.identity == identity


BODIES: dict[str, Any] = {
    "no row": {"value": []},
    "two rows": {"value": [{SETTING: True}, {SETTING: True}]},
    "no property": {"value": [{"Identity": "x"}]},
    "other letters": {"value": [{SETTING.lower(): True}]},
    "a text": {"value": [{SETTING: "true"}]},
    "a number": {"value": [{SETTING: 0}]},
    "a table": {"value": [{SETTING: {}}]},
    "a row that is none": {"value": [None]},
    "rows that are none": {"value": {SETTING: True}},
    "no rows": {"@adminapi.warnings": []},
    "a list": [],
    "empty": b"",
    "truncated": b'{"value":[{"SmtpClientAuthenticationDisabled":tr',
    "deep": b"[" * 200_000,
    "not text": b'{"value":"\xff\xfe"}',
    "a long number": b'{"value":[{"a":' + b"9" * 5000 + b"}]}",
}


@pytest.mark.parametrize("name", BODIES)
def test_what_does_not_have_the_form_is_not_guessed_at(name: str, tmp_path: Path) -> None:
    answer = http(200, BODIES[name], kind="application/json")
    own = refused(tmp_path, answer)
    assert own.obstacle is Obstacle.NOT_SPOKEN
    assert str(own.because).startswith("Exchange Online's answer to Get-CASMailbox cannot be read: ")
    everybodys = meet(tmp_path, [rows(True), answer], reading).result
    assert isinstance(everybodys, NotAnswered)
    assert everybodys.obstacle is Obstacle.NOT_SPOKEN
    assert "Get-TransportConfig" in str(everybodys.because)


def test_the_organisations_switch_cannot_be_unset(tmp_path: Path) -> None:
    answer = meet(tmp_path, [rows(None), rows(None)], reading).result
    assert isinstance(answer, NotAnswered)
    assert answer.obstacle is Obstacle.NOT_SPOKEN


def test_only_a_missing_role_leaves_the_organisations_value_out(tmp_path: Path) -> None:
    setting = meet(tmp_path, [rows(True), http(403, b"\0" * 5000)], reading).result
    assert isinstance(setting, Setting)
    assert setting.organisation is None
    busy = meet(tmp_path, [rows(True), http(503, "")], reading).result
    assert isinstance(busy, NotAnswered)
    assert busy.obstacle is Obstacle.UNAVAILABLE


def exception(kind: str, message: str, code: str = "BadRequest") -> dict[str, Any]:
    """Return an error body as one was seen on the real endpoint."""
    inner = {"message": "Invalid Operation", "internalexception": {"message": message, "type": kind, "stacktrace": ""}}
    detail = {"code": "Client", "target": "", "message": f"|{kind}|{message}"}
    return {"error": {"code": code, "message": "Invalid Operation", "details": [detail], "innererror": inner}}


AMBIGUOUS = "Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException"
ABSENT = (
    "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|'x' couldn't be found on 'DC'."
)
NOT_FOUND = {"error": {"code": "NotFound", "message": "Error executing cmdlet", "details": [{"message": ABSENT}]}}
THROTTLE = "You have reached the maximum number of concurrent requests per tenant. Please wait and try again"
PAGE = "<html><title>Accept our terms</title></html>"
ROLE = "The role assigned to application 0f3a isn't supported in this scenario. Please check online documentation."
REFUSALS: dict[str, tuple[bytes, Obstacle, str]] = {
    "401": (http(401, b""), Obstacle.NOT_SIGNED_IN, "permission Exchange.Manage (an application by itself:"),
    "401 in words": (http(401, "User is not allowed to call X"), Obstacle.NOT_SIGNED_IN, "says: User is not allowed"),
    "401 page": (http(401, PAGE), Obstacle.NOT_SIGNED_IN, "half an hour or more to count."),
    "403 zeros": (http(403, b"\0" * 5000), Obstacle.NO_ROLE, "It needs the role Exchange Administrator, or"),
    "403 json": (http(403, exception("X", "Access denied")), Obstacle.NO_ROLE, "The server says: Access denied"),
    "403 page": (http(403, PAGE, kind="text/html"), Obstacle.NOT_SPOKEN, "guest network"),
    "role": (http(400, exception("X", ROLE)), Obstacle.NO_ROLE, "Exchange Recipient Administrator. The server says"),
    "role 403": (http(403, exception("X", ROLE)), Obstacle.NO_ROLE, "The application has no role"),
    "404": (http(404, b""), Obstacle.NOT_SPOKEN, "Microsoft 365 admin center or Exchange Online PowerShell"),
    "404 page": (http(404, PAGE), Obstacle.NOT_SPOKEN, "nothing any more"),
    "410": (http(410, "Gone"), Obstacle.NOT_SPOKEN, "HTTP 410"),
    "not found": (http(404, NOT_FOUND), Obstacle.NOT_FOUND, "no mailbox scanner@contoso.com. Check the spelling"),
    "not found 400": (http(400, NOT_FOUND), Obstacle.NOT_FOUND, "have had its licence only for a moment"),
    "ambiguous": (http(400, exception(AMBIGUOUS, "Bogus")), Obstacle.REFUSED, "may have been cut down to others"),
    "other": (
        http(400, exception("ParameterTransformation", "No.")),
        Obstacle.REFUSED,
        "(HTTP 400). The server says: No.",
    ),
    "429": (http(429, "", "Retry-After: 17"), Obstacle.THROTTLED, "Try again in 17 seconds."),
    "429 bare": (http(429, ""), Obstacle.THROTTLED, "Wait a little, then try again."),
    "throttle": (http(400, THROTTLE), Obstacle.THROTTLED, f"The server says: {THROTTLE}"),
    "400 page": (http(400, PAGE), Obstacle.NOT_SPOKEN, "A web page came in place"),
    "400 text": (http(400, "what?"), Obstacle.NOT_SPOKEN, "The server says: what?"),
    "418": (http(418, b"{}"), Obstacle.NOT_SPOKEN, "HTTP 418"),
}
UNCERTAIN: dict[str, tuple[bytes, Obstacle, str]] = {
    "500": (http(500, {"error": "odd"}), Obstacle.UNAVAILABLE, "HTTP 500"),
    "502 page": (http(502, PAGE), Obstacle.UNAVAILABLE, "HTTP 502"),
    "503": (http(503, "busy", "Retry-After: 5"), Obstacle.UNAVAILABLE, "The server says: busy"),
    "504": (http(504, b""), Obstacle.UNAVAILABLE, "HTTP 504"),
    "408": (http(408, b""), Obstacle.UNAVAILABLE, "HTTP 408"),
    "transient": (http(400, exception("A.TransientException", "x")), Obstacle.UNAVAILABLE, "at the moment (HTTP 400)"),
    "proxy": (http(400, exception("", "CmdletProxyNotAvailableFailure")), Obstacle.UNAVAILABLE, "HTTP 400"),
    "busy": (http(400, exception("ServerBusyException", "")), Obstacle.UNAVAILABLE, "HTTP 400"),
    "back end": (http(400, exception("BackendCommunicationException", "")), Obstacle.UNAVAILABLE, "HTTP 400"),
    "redirection": (
        http(302, "", "Location: https://portal.example/login?to=x"),
        Obstacle.NOT_SPOKEN,
        "(HTTP 302, to portal.example), and diag does not follow",
    ),
    "redirection nowhere": (http(307, ""), Obstacle.NOT_SPOKEN, "(HTTP 307, to ?)"),
    "page": (http(200, PAGE), Obstacle.NOT_SPOKEN, "A web page came in place of Exchange Online's answer (HTTP 200)"),
    "truncated": (http(200, b'{"value":['), Obstacle.NOT_SPOKEN, "cannot be read: it does not have the form"),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", Obstacle.NOT_SPOKEN, "cannot be read"),
    "200 with an error": (http(200, exception("X", "hm")), Obstacle.REFUSED, "The server says: hm"),
    "compressed": (http(200, b"x", "Content-Encoding: br"), Obstacle.NOT_SPOKEN, "in a way that nobody asked for"),
    "damaged": (http(200, b"x", "Content-Encoding: gzip"), Obstacle.NOT_SPOKEN, "its compression is damaged"),
    "no gzip": (http(200, b"x" * 99, "Content-Encoding: gzip"), Obstacle.NOT_SPOKEN, "its compression is damaged"),
    "closed": (b"", Obstacle.UNREACHABLE, "no whole answer came back"),
    "cut off": (http(200, "{}")[:-1], Obstacle.UNREACHABLE, "no whole answer came back"),
    "no http": (b"220 mail.example ESMTP\r\n\r\n", Obstacle.UNREACHABLE, "no whole answer came back"),
    "no tls": (GARBAGE, Obstacle.UNREACHABLE, "no whole answer came back"),
    "endless head": (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000, Obstacle.UNREACHABLE, "no whole answer came back"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_plain_no_means_that_nothing_was_changed(name: str, tmp_path: Path) -> None:
    reply, obstacle, words = REFUSALS[name]
    for act in (reading, writing):
        answer = refused(tmp_path, reply, act)
        assert answer.obstacle is obstacle
        assert words in str(answer.because)
        assert not answer.perhaps_done


@pytest.mark.parametrize("name", UNCERTAIN)
def test_where_nobody_can_say_the_change_was_perhaps_made(name: str, tmp_path: Path) -> None:
    reply, obstacle, words = UNCERTAIN[name]
    for act in (reading, writing):
        answer = refused(tmp_path, reply, act)
        assert answer.obstacle is obstacle
        assert words in str(answer.because)
        assert answer.perhaps_done is (act is writing)


def test_a_change_that_was_taken_brings_its_warnings_along(tmp_path: Path) -> None:
    said = ["no settings of 'x'\r\nhave been \x1b[31mmodified", 7, "y" * 500, *("z" for _ in range(20))]
    accepted = meet(tmp_path, [http(200, {"value": [], "@adminapi.warnings": said})], writing).result
    assert isinstance(accepted, Accepted)
    assert accepted.warnings[0] == "no settings of 'x' have been [31mmodified"
    assert len(accepted.warnings[1]) == 200
    assert len(accepted.warnings) == 9


def test_the_words_of_a_server_are_short_and_harmless(tmp_path: Path) -> None:
    because = str(refused(tmp_path, http(400, exception("X", "\x1b]0;t\x07 \u202e\ud800{0} " + "n" * 5000))).because)
    quote = because.partition("The server says: ")[2]
    assert quote.startswith("]0;t {0} nnn")
    assert len(quote) == 200
    assert quote.isprintable()


# --- once, and once more


@pytest.mark.parametrize("when", ["0", "Mon, 23 Nov 2015 04:27:23 GMT"])
def test_a_busy_server_is_asked_once_more_where_it_says_when(when: str, tmp_path: Path) -> None:
    busy = http(429, THROTTLE, f"Retry-After: {when}")
    assert isinstance(meet(tmp_path, [busy, rows(True), busy, rows(True)], reading).result, Setting)
    met = meet(tmp_path, [busy, busy], reading)
    assert isinstance(met.result, NotAnswered)
    assert met.result.obstacle is Obstacle.THROTTLED
    assert len(met.heard) == 2


@pytest.mark.parametrize("header", ["Retry-After: 11", "Retry-After: soon", "Retry-After: -1", "X: y"])
def test_a_busy_server_that_wants_more_time_is_left_alone(header: str, tmp_path: Path) -> None:
    refused(tmp_path, http(429, "", header))


def test_a_date_is_read_as_the_seconds_until_then(tmp_path: Path) -> None:
    from datetime import UTC, datetime, timedelta

    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    answer = refused(tmp_path, http(429, "", f"Retry-After: {later}"))
    assert answer.retry_after_s is not None
    assert 3000 < answer.retry_after_s <= 3600


def test_a_change_is_never_sent_again(tmp_path: Path) -> None:
    for reply in (http(429, "", "Retry-After: 0"), http(503, "", "Retry-After: 0"), b""):
        assert len(meet(tmp_path, [reply, rows()], writing).heard) == 1


# --- silence


def test_a_server_that_says_nothing_is_left_after_the_time_out(tmp_path: Path) -> None:
    met = meet(tmp_path, [None], writing, timeout_s=1)
    assert isinstance(met.result, NotAnswered)
    assert met.result.obstacle is Obstacle.UNREACHABLE
    assert met.result.perhaps_done
    assert str(met.result.because).startswith(f"{HOST} did not answer within ")


def at(folder: Path, route: tuple[str, int], timeout_s: float = 5) -> ExchangeOnline:
    roots = folder / "roots.pem"
    trustme.CA().cert_pem.write_to_path(roots)
    return ExchangeOnline(
        tenant="contoso.com",
        token=giving(),
        trust=trust(roots),
        redactor=Redactor(),
        timeout_s=timeout_s,
        route=lambda _host, _port: route,
    )


def never_sent(answer: Result, words: str) -> None:
    assert isinstance(answer, NotAnswered)
    assert answer.obstacle is Obstacle.UNREACHABLE
    assert not answer.perhaps_done
    assert words in str(answer.because)


def test_before_the_request_is_out_nothing_can_have_been_changed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        never_sent(asyncio.run(writing(at(tmp_path, mute.getsockname(), 0.3))), "did not answer within")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        never_sent(asyncio.run(writing(at(tmp_path, taken.getsockname()))), f"{HOST} cannot be reached: ")


def test_a_name_that_is_not_found_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    port = at(tmp_path, (HOST, 443))
    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    never_sent(asyncio.run(writing(port)), f"The name {HOST} is not found")


@pytest.mark.parametrize(("named", "trusted"), [(HOST, False), ("mail.example", True)])
def test_a_certificate_that_does_not_verify_gets_no_token(named: str, trusted: bool, tmp_path: Path) -> None:
    met = meet(tmp_path, [], writing, named=named, trusted=trusted)
    never_sent(met.result, "so nothing was sent")
    assert not met.heard


@pytest.mark.parametrize("token", [None, "", "two words", "line\r\nX-Evil: 1", "accentu\u00e9", "x" * 70_000])
def test_without_a_token_nothing_is_sent(token: str | None, tmp_path: Path) -> None:
    for act in (reading, writing):
        met = meet(tmp_path, [], act, token=token)
        assert isinstance(met.result, NotAnswered)
        assert met.result.obstacle is Obstacle.NO_TOKEN
        assert not met.result.perhaps_done
        assert "Evil" not in repr(met.result)
        assert not met.heard


# --- too much


def test_a_long_body_is_cut_off_and_not_read_on(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999999999\r\n\r\n"
    answer = refused(tmp_path, head + b'{"value":[' + b" " * 3 * 2**20, writing)
    assert answer.obstacle is Obstacle.NOT_SPOKEN
    assert answer.perhaps_done
    assert "longer than one mebibyte" in str(answer.because)


def test_a_bomb_is_not_blown_up(tmp_path: Path) -> None:
    bomb = gzip.compress(b" " * 300 * 2**20, 1)
    reply = http(200, bomb, "Content-Encoding: gzip", kind="application/json")
    tracemalloc.start()
    answer = refused(tmp_path, reply)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "longer than one mebibyte" in str(answer.because)
    assert peak < len(bomb) * 3 + 16 * 2**20


def test_a_body_that_is_compressed_all_the_same_is_read(tmp_path: Path) -> None:
    packed = gzip.compress(b'{"value":[{"SmtpClientAuthenticationDisabled":true}]}')
    assert isinstance(
        meet(tmp_path, [http(200, packed, "Content-Encoding: gzip"), rows(True)], reading).result, Setting
    )


# --- the token


def spellings(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    for before in range(3):
        yield base64.b64encode(b"x" * before + secret.encode()).decode()[4:-4]


def assert_hidden(texts: dict[str, str], secret: str = CANARY) -> None:
    """Fail where 16 characters in a row of any spelling stand in any of the texts."""
    for spelling in spellings(secret):
        for at in range(len(spelling) - 15):
            for place, text in texts.items():
                assert spelling[at : at + 16] not in text, place


ECHOES: dict[str, Callable[[str], bytes]] = {
    "json": lambda token: http(400, exception("X", f"no: Bearer {token}")),
    "type": lambda token: http(400, exception(token, token)),
    "text": lambda token: http(403, f"Authorization: Bearer {token}"),
    "base64": lambda token: http(400, base64.b64encode(f"user=x\x01auth=Bearer {token}".encode())),
    "reason": lambda token: http(401, "").replace(b"Whatever", token.encode()),
    "header": lambda token: http(429, "", f"Retry-After: {token}", f"X-Echo: {token}", kind=token),
    "location": lambda token: http(302, "", f"Location: https://{token[:200]}/{token}"),
    "coding": lambda token: http(200, "", f"Content-Encoding: {token}"),
    "warning": lambda token: http(200, {"value": [{SETTING: True}], "@adminapi.warnings": [token, f"a {token[50:]}"]}),
    "row": lambda token: http(200, {"value": [{"PrimarySmtpAddress": token, token: token}]}),
    "no http": lambda token: f"HTTP/1.1 {token}\r\n{token}: {token}\r\n\r\n".encode(),
    "broken": lambda token: http(200, token)[:-10],
}


@pytest.mark.parametrize("name", ECHOES)
@pytest.mark.parametrize("token", [CANARY, "opaqueCANARYtoken+0123456789/abcdef"])
def test_the_token_shows_nowhere_even_if_the_server_repeats_it(
    name: str, token: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    texts: dict[str, str] = {}
    with caplog.at_level(logging.DEBUG):
        for act in (reading, writing):
            met = meet(tmp_path, [ECHOES[name], ECHOES[name]], act, token=token)
            texts |= {f"result of {act.__name__}": repr(met.result), "backend": repr(met.port)}
            if isinstance(met.result, NotAnswered):
                texts[f"because of {act.__name__}"] = str(met.result.because)
    assert_hidden({**texts, "log": caplog.text}, token)


def test_a_bug_under_way_does_not_show_the_token(tmp_path: Path) -> None:
    import traceback

    def wrong(_host: str, _port: int) -> tuple[str, int]:
        raise RuntimeError("a bug")  # noqa: EM101, TRY003 - the test's own

    port = replace(at(tmp_path, ("127.0.0.1", 1)), route=wrong)
    with pytest.raises(RuntimeError) as caught:
        asyncio.run(reading(port))
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert_hidden({"traceback": shown})


# --- all mailboxes at once

THERE = f"https://{HOST}/adminapi/beta/contoso.com/InvokeCommand"


async def reading_all(port: AllSettings) -> Settings | NotAnswered:
    return await port.all()


def listed(*values: tuple[object, object], then: str = "") -> bytes:
    link = {"@odata.nextLink": then} if then else {}
    return http(200, {"value": [{"PrimarySmtpAddress": name, SETTING: value} for name, value in values], **link})


def settings_of(folder: Path, *replies: Reply, token: str = CANARY) -> tuple[Settings, list[Heard]]:
    found = meet(folder, list(replies), reading_all, token=token)
    assert isinstance(found.result, Settings), found.result
    return found.result, found.heard


def test_pages_are_had_by_sending_the_same_to_the_link_in_the_answer(tmp_path: Path) -> None:
    first = listed(("A@contoso.com", True), ("b@contoso.com", False), then=f"{THERE}?%24skiptoken=x%2By")
    second = listed(("c@contoso.com", None), ("d@contoso.com", "true"), ("no address", True), (7, True))
    found, heard = settings_of(tmp_path, first, second, rows(True))
    assert found.organisation is Switch.OFF
    assert found.gap is None
    switches = {name: one.mailbox if isinstance(one, Setting) else None for name, one in found.mailboxes.items()}
    assert switches == {
        "a@contoso.com": Switch.OFF,
        "b@contoso.com": Switch.ON,
        "c@contoso.com": Switch.UNSET,
        "d@contoso.com": None,
    }
    assert [one.head.split(" ")[1].partition("?")[2] for one in heard] == ["", "%24skiptoken=x%2By", ""]
    assert heard[0].body == heard[1].body
    assert json.loads(heard[0].body)["CmdletInput"]["Parameters"] == {"ResultSize": "Unlimited"}
    assert ["Prefer: odata.maxpagesize=1000" in one.head for one in heard] == [True, True, False]


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/adminapi/beta/contoso.com/InvokeCommand?x",
        THERE.replace("https", "http") + "?x",
        THERE.replace(HOST, f"{HOST}@evil.example") + "?x",
        THERE.replace(HOST, f"{HOST}:444") + "?x",
        THERE.replace("contoso.com", "fabrikam.com") + "?x",
        f"{THERE}/../../x?y",
        f"{THERE}?x y",
        f"{THERE}?x\r\nX: y",
    ],
)
def test_a_page_that_stands_anywhere_else_is_not_asked_for(link: str, tmp_path: Path) -> None:
    found, heard = settings_of(tmp_path, listed((SCANNER, True), then=link), rows(True))
    assert "its next page stands elsewhere" in str(found.gap)
    assert set(found.mailboxes) == {SCANNER}
    assert [one.head.split(" ")[1] for one in heard] == ["/adminapi/beta/contoso.com/InvokeCommand"] * 2


def test_a_further_page_that_is_refused_leaves_those_before_and_says_why(tmp_path: Path) -> None:
    expired = http(400, exception("System.ArgumentException", "Expired or Invalid pagination request"))
    found, _ = settings_of(tmp_path, listed((SCANNER, True), then=f"{THERE}?x"), expired, rows(True))
    assert "Expired or Invalid pagination request" in str(found.gap)
    assert set(found.mailboxes) == {SCANNER}


@pytest.mark.parametrize("reply", [http(403, b"\0" * 99), http(200, "{}"), http(503, ""), b"\x16\x03"])
def test_a_first_page_that_cannot_be_had_is_no_list(reply: bytes, tmp_path: Path) -> None:
    met = meet(tmp_path, [reply], reading_all)
    assert isinstance(met.result, NotAnswered)
    assert len(met.heard) == 1


def test_without_the_organisations_value_those_of_the_mailboxes_count(tmp_path: Path) -> None:
    found, _ = settings_of(tmp_path, listed((SCANNER, True)), http(503, ""))
    assert (found.organisation, set(found.mailboxes)) == (None, {SCANNER})


def test_a_person_is_anchored_at_their_mailbox_and_an_application_at_one_that_every_tenant_has(tmp_path: Path) -> None:
    person = jwt(upn="admin@contoso.com", tid=None)
    alone = jwt(upn=None, scp=None, tid=None, idtyp="app", roles=["Exchange.ManageAsApp"])
    anchors = [
        settings_of(tmp_path, listed(), rows(True), token=token)[1][0].header("X-AnchorMailbox")
        for token in (person, alone, CANARY)
    ]
    system = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@contoso.com"
    assert anchors == ["UPN:admin@contoso.com", system, system]
