"""Reports posted to real web servers on loopback: Teams, Slack, a webhook, a dead man's switch; and hostile answers."""

import asyncio
import base64
import json
import logging
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diag.adapters.delivery import Deliveries, Fetch
from diag.adapters.delivery_graph import GraphMail
from diag.adapters.delivery_sign_in import SignIn
from diag.adapters.delivery_smtp import SmtpMail
from diag.adapters.delivery_web import Web, address_in
from diag.adapters.network import SystemNetwork
from diag.adapters.trust import Trust, trust
from diag.health.delivering import Round, Taken
from diag.health.delivery import Begun, ByGraph, Delivered, Message, NotDelivered, Ping, Post, Recipient
from diag.secret import Redactor, Secret
from diag.sentence import Sentence, say
from tests.adapters.web_server import OK, Met, Reply, Server, http, meet
from tests.health.reports_to_deliver import REPORT, SLACK, TEAMS, WEBHOOK, Listener, Time

CANARY = "CaNaRy4ReP0rTs9SeCrEt"
PATH = f"/workflows/{CANARY}/triggers/manual/paths/invoke?api-version=1&sig={CANARY[::-1]}"
PING = Ping(url="env:PING")
Result = Delivered | NotDelivered


def held(secret: Secret) -> Fetch:
    """Every reference leads to this secret."""

    async def fetch(_reference: str) -> Secret | Sentence:
        return secret

    return fetch


def deliveries(roots: Trust, fetch: Fetch, *, timeout_s: float = 10, redactor: Redactor | None = None) -> Deliveries:
    known = redactor or Redactor()
    sign_in = SignIn(trust=roots, redactor=known, person=Listener())
    return Deliveries(
        fetch=fetch,
        web=Web(trust=roots, redactor=known, timeout_s=timeout_s),
        graph=GraphMail(sign_in=sign_in),
        smtp=SmtpMail(sign_in=sign_in, network=SystemNetwork()),
    )


def send(
    folder: Path,
    recipient: Recipient,
    *replies: Reply,
    news: Message | Begun = REPORT,
    path: str = PATH,
    scheme: str = "https",
    who: str = "",
    timeout_s: float = 10,
    **chosen: Any,
) -> Met[Result]:
    """Deliver once to a server on loopback."""

    def act(roots: Trust, server: Server) -> Awaitable[Result]:
        url = Secret(f"{scheme}://{who}localhost:{server.port}{path}\n")  # as a file ends
        post: Post = deliveries(roots, held(url), timeout_s=timeout_s)
        return post.deliver(recipient, news)

    return meet(folder, act, *replies, **chosen)


def said(met: Met[Result]) -> str:
    assert isinstance(met.result, NotDelivered)
    return str(met.result.because)


def test_a_webhook_gets_the_whole_report_as_json_at_the_address_as_it_stands(tmp_path: Path) -> None:
    met = send(tmp_path, WEBHOOK)
    assert met.result == Delivered()
    (asked,) = met.server.asked
    assert asked.line == f"POST {PATH} HTTP/1.1"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["host"] == f"localhost:{met.server.port}"
    assert asked.body == REPORT.attachments[0].content


def test_a_report_without_json_is_told_in_short(tmp_path: Path) -> None:
    met = send(tmp_path, WEBHOOK, news=replace(REPORT, attachments=REPORT.attachments[1:], text="lone \ud800"))
    told = json.loads(met.server.asked[0].body)
    assert told == {"run": 7, "status": "critical", "subject": REPORT.subject, "text": "lone ?"}


def test_teams_gets_a_card(tmp_path: Path) -> None:
    met = send(tmp_path, TEAMS, http(202))
    assert met.result == Delivered()
    (attached,) = json.loads(met.server.asked[0].body)["attachments"]
    assert attached["contentType"] == "application/vnd.microsoft.card.adaptive"
    title, text = attached["content"]["body"]
    assert title["text"] == REPORT.subject
    assert text["text"].startswith("**Health of 40 scanners**\n\n")
    assert "- **2 broken**, 1 new: `copier@contoso.com`" in text["text"]


def test_slack_gets_its_own_kind_of_markdown(tmp_path: Path) -> None:
    met = send(tmp_path, SLACK)
    assert met.result == Delivered()
    assert json.loads(met.server.asked[0].body)["text"] == (
        f"*{REPORT.subject}*\n*Health of 40 scanners*\n\n"
        "- *2 broken*, 1 new: `copier@contoso.com`\n- 38 healthy &amp; _well_"
    )


@pytest.mark.parametrize("call", ["<!channel>", "<!here|x>", "<@U012AB3CD>", "<at>Everyone</at>", "<AT>Everyone</AT>"])
@pytest.mark.parametrize("recipient", [TEAMS, SLACK], ids=lambda one: one.kind)
def test_nothing_in_a_report_calls_people(recipient: Any, call: str, tmp_path: Path) -> None:
    met = send(tmp_path, recipient, news=replace(REPORT, subject=f"s {call}", text=f"t {call} `{call}` \\{call}"))
    sent = json.loads(met.server.asked[0].body)
    if recipient is SLACK:
        assert "<" not in sent["text"]
    else:
        card = sent["attachments"][0]["content"]
        assert card["msteams"] == {"width": "full"}
        assert "<at>" not in json.dumps(card["body"]).lower()


@pytest.mark.parametrize(("recipient", "most"), [(TEAMS, 28_000), (SLACK, 160_000)], ids=["teams", "slack"])
@pytest.mark.parametrize("text", ["line é\n" * 9000, "é" * 90_000, "€" * 2, '"\\' * 20_000])
def test_a_report_that_is_too_long_is_cut_to_what_is_taken(
    recipient: Recipient, most: int, text: str, tmp_path: Path
) -> None:
    met = send(tmp_path, recipient, news=replace(REPORT, text=text))
    assert met.result == Delivered()
    assert len(met.server.asked[0].body) <= most
    assert ("…" in met.server.asked[0].body.decode()) is (len(text) > 2)
    if recipient is SLACK:
        assert len(json.loads(met.server.asked[0].body)["text"]) <= 38_000


@pytest.mark.parametrize(
    ("ping", "news", "path"),
    [
        (PING, REPORT, "/ping/x"),
        (replace(PING, fail=True), REPORT, "/ping/x/fail"),
        (replace(PING, fail=True), replace(REPORT, status="unknown"), "/ping/x/fail"),
        (replace(PING, fail=True), replace(REPORT, status="warning"), "/ping/x"),
        (replace(PING, start=True), Begun(run=7), "/ping/x/start"),
    ],
)
def test_a_dead_mans_switch_is_told_that_a_run_begins_or_has_finished(
    ping: Ping, news: Message | Begun, path: str, tmp_path: Path
) -> None:
    met = send(tmp_path, ping, news=news, path="/ping/x?a=b")
    assert met.result == Delivered()
    assert met.server.asked[0].line == f"GET {path}?a=b HTTP/1.1"
    assert met.server.asked[0].body == b""


def test_a_name_and_password_in_the_address_become_a_header(tmp_path: Path) -> None:
    met = send(tmp_path, WEBHOOK, who="ops:p%40ss@")
    assert met.server.asked[0].headers["authorization"] == f"Basic {base64.b64encode(b'ops:p@ss').decode()}"
    assert "ops" not in met.server.asked[0].headers["host"]


def test_what_a_netrc_holds_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine localhost login ops password s3cret\n", encoding="ascii")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert "authorization" not in send(tmp_path, SLACK).server.asked[0].headers


def test_roots_of_the_environment_do_not_stand_in_for_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "roots.pem"))

    def act(_: Trust, server: Server) -> Awaitable[Result]:
        other = tmp_path / "other.pem"
        import trustme

        trustme.CA().cert_pem.write_to_path(other)
        url = Secret(f"https://localhost:{server.port}/x")
        return deliveries(trust(other), held(url)).deliver(WEBHOOK, REPORT)

    met = meet(tmp_path, act)
    assert "No trustworthy connection to localhost came about" in said(met)
    assert met.server.asked == []


# --- answers nobody wants


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_a_server_in_trouble_is_worth_another_attempt(status: int, tmp_path: Path) -> None:
    met = send(tmp_path, WEBHOOK, http(status, b"come back", "Retry-After: 17"))
    assert said(met) == f"localhost does not take the report (HTTP {status}). The server says: come back"
    assert isinstance(met.result, NotDelivered)
    assert (met.result.again, met.result.after_s) == (True, 17)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413])
def test_a_refusal_is_told_and_not_repeated(status: int, tmp_path: Path) -> None:
    met = send(tmp_path, TEAMS, http(status, f"no {CANARY}\r\n\x1b[31m".encode(), "Retry-After: 17"))
    assert said(met) == f"localhost does not take the report (HTTP {status}). The server says: no [redacted] [31m"
    assert isinstance(met.result, NotDelivered)
    assert (met.result.again, met.result.after_s) == (False, None)
    assert len(met.server.asked) == 1


def test_slack_says_no_with_status_200_too(tmp_path: Path) -> None:
    met = send(tmp_path, SLACK, http(200, b"invalid_blocks"))
    assert said(met) == "localhost does not take the report (HTTP 200). The server says: invalid_blocks"
    assert send(tmp_path, SLACK, http(200, b'{"ok":true}')).result == Delivered()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int, tmp_path: Path) -> None:
    met = send(tmp_path, WEBHOOK, http(status, b"", f"Location: https://elsewhere.example/{CANARY}"))
    assert said(met) == (
        f"localhost sends the report elsewhere (HTTP {status}, to elsewhere.example), and diag does not follow."
    )
    assert isinstance(met.result, NotDelivered)
    assert not met.result.again
    assert len(met.server.asked) == 1


def test_a_web_page_is_not_quoted(tmp_path: Path) -> None:
    met = send(tmp_path, WEBHOOK, http(403, b"<html>Sign in to the guest network</html>", kind="text/html"))
    assert said(met) == "localhost does not take the report (HTTP 403)."


def test_a_server_that_never_answers_is_left_in_time(tmp_path: Path) -> None:
    met = send(tmp_path, WEBHOOK, None, timeout_s=0.5)
    assert said(met) == "localhost did not answer within 1 s."
    assert isinstance(met.result, NotDelivered)
    assert met.result.again


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.01)


def test_a_server_that_drips_is_left_in_time(tmp_path: Path) -> None:
    assert said(send(tmp_path, WEBHOOK, _drip, timeout_s=0.5)) == "localhost did not answer within 1 s."


async def _pour(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(10_000):
        writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        await writer.drain()


def test_a_body_without_end_is_not_read(tmp_path: Path) -> None:
    met = send(tmp_path, WEBHOOK, _pour)
    assert said(met).startswith("localhost does not take the report (HTTP 500). The server says: xxx")
    assert len(said(met)) < 400


@pytest.mark.parametrize(
    "answer", [b"", b"\x00" * 100, b"HTTP/9 what\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9"]
)
def test_an_answer_that_is_none_is_told(answer: bytes, tmp_path: Path) -> None:
    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    met = send(tmp_path, WEBHOOK, write)
    assert said(met) == "localhost was sent the request, and no whole answer came back."
    assert isinstance(met.result, NotDelivered)
    assert met.result.again


@pytest.mark.parametrize("chosen", [{"trusted": False}, {"named": "elsewhere.example"}, {"tls": False}])
def test_nothing_is_sent_over_a_connection_that_cannot_be_trusted(chosen: dict[str, Any], tmp_path: Path) -> None:
    met = send(tmp_path, TEAMS, **chosen)
    assert "No trustworthy connection to localhost came about" in said(met)
    assert isinstance(met.result, NotDelivered)
    assert not met.result.again
    assert met.server.asked == []


def test_a_server_that_is_not_there_is_worth_another_attempt(tmp_path: Path) -> None:
    async def act(roots: Trust, _: Server) -> Result:
        listening = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        listening.close()
        await listening.wait_closed()
        url = Secret(f"https://127.0.0.1:{port}/{CANARY}")
        return await deliveries(roots, held(url)).deliver(WEBHOOK, REPORT)

    met = meet(tmp_path, act)
    assert said(met).startswith("127.0.0.1 cannot be reached: ")
    assert isinstance(met.result, NotDelivered)
    assert met.result.again


# --- addresses


def test_http_goes_to_this_computer_alone(tmp_path: Path) -> None:
    met = send(tmp_path, WEBHOOK, tls=False, scheme="http")
    assert met.result == Delivered()
    assert len(met.server.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/x",
        "http://localhost.evil.example/x",
        "ftp://hooks.example/x",
        "hooks.example/x",
        "https://",
        "https:///x",
        "https://hooks example/x",
        "https://hooks.example:99999/x",
        "https://hooks.example/x\r\nX-Evil: 1",
        "https://[::1/x",
        "https://hôte.example/x",
        "https://" + "a" * 5000,
        "",
    ],
)
def test_what_is_no_safe_address_is_none(url: str) -> None:
    assert address_in(Secret(url)) is None


@pytest.mark.parametrize("recipient", [WEBHOOK, PING], ids=["webhook", "ping"])
def test_what_is_no_safe_address_is_refused_and_not_shown(recipient: Recipient, tmp_path: Path) -> None:
    met = send(tmp_path, recipient, scheme="ftp")
    reference = recipient.shown.partition("(")[2].rstrip(")")
    assert said(met) == f"{reference} holds no https address (or http, to this computer itself)."
    assert met.server.connections == 0


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/x", "http://[::1]:8000/x", "http://localhost", "https://[2001:db8::1]/x"]
)
def test_a_safe_address_is_read(url: str) -> None:
    assert address_in(Secret(url)) is not None


def test_a_secret_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    async def fetch(reference: str) -> Secret | Sentence:
        return say("{name} is not set", name=reference)

    met = meet(tmp_path, lambda roots, _: deliveries(roots, fetch).deliver(SLACK, REPORT))
    assert said(met) == "The secret cannot be had: env:SLACK is not set"
    assert met.server.connections == 0


def test_only_a_dead_mans_switch_is_told_that_a_run_begins(tmp_path: Path) -> None:
    mail = ByGraph(sender="a@b.example", to=("a@b.example",), tenant="b.example", client_id="x", credential="env:X")
    for one in (mail, TEAMS):
        met = send(tmp_path, one, news=Begun(run=1))
        assert said(met) == "Only a dead man's switch is told that a run begins."
        assert met.server.connections == 0


# --- secrecy


def test_the_address_shows_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("apprise").setLevel(logging.DEBUG)
    texts = []
    for recipient in (TEAMS, SLACK, WEBHOOK, PING):
        for reply in (OK, http(500, f"echo {PATH}".encode()), http(302, b"", f"Location: https://x.example{PATH}")):
            met = send(tmp_path, recipient, reply)
            texts += [repr(met.result), str(met.result)]
    texts += [str(send(tmp_path, TEAMS, trusted=False).result), str(send(tmp_path, TEAMS, tls=False).result)]
    out, err = capfd.readouterr()
    for text in (*texts, caplog.text, out, err):
        for at in range(len(CANARY) - 11):
            assert CANARY[at : at + 12] not in text
            assert CANARY[::-1][at : at + 12] not in text


def test_an_address_shows_its_host_alone() -> None:
    address = address_in(Secret(f"https://ops:{CANARY}@hooks.example{PATH}"))
    assert repr(address) == "Address(hooks.example)"


def test_words_of_a_path_are_still_shown_elsewhere() -> None:
    redactor, address = Redactor(), address_in(Secret(f"https://hooks.example{PATH}"))
    assert address is not None
    for secret in address.secrets:
        redactor.add(secret)
    assert redactor.clean("the manual triggers workflows") == "the manual triggers workflows"
    assert CANARY not in redactor.clean(f"x {CANARY} y")


# --- the whole way


def test_a_webhook_that_stumbles_once_gets_the_report_at_the_second_attempt(tmp_path: Path) -> None:
    time = Time()

    def act(roots: Trust, server: Server) -> Awaitable[tuple[object, ...]]:
        post = deliveries(roots, held(Secret(f"https://localhost:{server.port}{PATH}")))
        return Round(post=post, clock=time, person=Listener()).deliver(REPORT, [WEBHOOK])

    met = meet(tmp_path, act, http(503), OK)
    assert met.result == (Taken(to=WEBHOOK.shown, attempts=2),)
    assert [one.body for one in met.server.asked] == [REPORT.attachments[0].content] * 2
