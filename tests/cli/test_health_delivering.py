"""`--deliver` and `diag health deliver`: to a web server on loopback, and through the lab's own mail services."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from diag.lab import Lab
from diag.lab.scenario_directory import Admin
from tests.cli.fleets import Desk, json_of, opened
from tests.lab.crowd import crowd

SECRET_PATH = "/hooks/CaNaRy0123456789SeCrEt"


@dataclass
class Hook:
    """A web server of somebody who wants reports; answers with these statuses, the last again and again."""

    statuses: list[int] = field(default_factory=lambda: [200])
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{SECRET_PATH}"

    @property
    def reports(self) -> Sequence[dict[str, object]]:
        return [json.loads(body) for method, _, body in self.asked if method == "POST"]


@contextmanager
def listening(hook: Hook) -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            hook.asked.append((self.command, self.path, body))
            self.send_response(hook.statuses.pop(0) if len(hook.statuses) > 1 else hook.statuses[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - as http.server calls it

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield hook
        server.shutdown()
        thread.join()


@pytest.fixture
def hook() -> Iterator[Hook]:
    with listening(Hook()) as server:
        yield server


@pytest.fixture
def lab(desk: Desk) -> Iterator[Lab]:
    scenario = crowd(4, {"healthy": 0.5, "off": 0.5})
    with opened(desk, replace(scenario, admin=replace(scenario.admin, roles=(*Admin().roles, "Mail.Send")))) as served:
        yield served


WEBHOOK = '[[deliver]]\nto = "webhook"\nurl = "env:HOOK"\n'


@pytest.mark.usefixtures("lab")
def test_a_webhook_gets_the_report_and_the_screen_too(desk: Desk, hook: Hook) -> None:
    desk.file("to.toml", WEBHOOK)
    ran = desk.health("run", "--deliver", "to.toml", HOOK=hook.url)
    assert ran.code == 1
    assert ran.out.startswith("2 of 4 mailboxes cannot send")
    assert ran.err == "webhook (env:HOOK) got the report.\n"
    ((method, path, body),) = hook.asked
    assert (method, path) == ("POST", SECRET_PATH)
    assert json.loads(body)["counts"]["broken"] == 2
    assert SECRET_PATH not in ran.out + ran.err


@pytest.mark.usefixtures("lab")
def test_a_delivery_that_fails_costs_neither_the_report_nor_its_exit_code(desk: Desk) -> None:
    desk.file("to.toml", WEBHOOK + '[[deliver]]\nto = "webhook"\nurl = "env:OTHER"\n')
    with listening(Hook([410])) as refusing, listening(Hook()) as taking:
        both = {"HOOK": refusing.url, "OTHER": taking.url}
        ran = desk.health("run", "--deliver", "to.toml", **both)
        assert ran.code == 1
        assert ran.out.startswith("2 of 4 mailboxes cannot send")
        told = ran.err.splitlines()
        assert told[0].startswith("webhook (env:HOOK) did not get the report: ")
        assert "It is kept; this tries again: diag health deliver --run 1 --deliver to.toml" in told[0]
        assert told[1] == "webhook (env:OTHER) got the report."
        assert (len(refusing.asked), len(taking.asked)) == (1, 1)

        would = desk.health("deliver", "--run", "1", "--deliver", "to.toml", "--dry-run", **both)
        assert (would.code, would.out) == (0, "")
        assert would.err == "webhook (env:HOOK) would get the report of run 1.\n"
        assert len(refusing.asked) == 1

        still = desk.health("deliver", "--run", "1", "--deliver", "to.toml", **both)
        assert still.code == 1
        refusing.statuses[:] = [200]
        again = desk.health("deliver", "--deliver", "to.toml", **both)
        assert (again.code, again.err) == (0, "webhook (env:HOOK) got the report.\n")
        everybody = desk.health("deliver", "--deliver", "to.toml", **both)
        assert (everybody.code, everybody.err) == (0, "Everybody has the report of run 1.\n")
        assert (len(refusing.asked), len(taking.asked)) == (3, 1)
        assert refusing.reports[-1] == {**taking.reports[0], "made_at": refusing.reports[-1]["made_at"]}


@pytest.mark.usefixtures("lab")
def test_who_wants_to_hear_of_changes_alone_does(desk: Desk, hook: Hook) -> None:
    desk.file("to.toml", WEBHOOK + "only_on_change = true\n")
    sheet = desk.sheet("off-00001@contoso.com")
    for _ in range(3):
        ran = desk.health("run", sheet, "--deliver", "to.toml", HOOK=hook.url)
    assert ran.err == "webhook (env:HOOK) gets no report: nothing has changed since the run before.\n"
    assert len(hook.asked) == 1
    desk.sheet("off-00001@contoso.com", "healthy-00001@contoso.com", "off-00002@contoso.com")
    desk.health("run", sheet, "--deliver", "to.toml", HOOK=hook.url)
    assert len(hook.asked) == 2


@pytest.mark.usefixtures("lab")
def test_a_dead_mans_switch_hears_of_beginning_and_end(desk: Desk, hook: Hook) -> None:
    desk.file("to.toml", '[[deliver]]\nto = "ping"\nurl = "env:HOOK"\nstart = true\nfail = true\n')
    desk.health("run", "--deliver", "to.toml", HOOK=hook.url)
    desk.health("run", desk.sheet("healthy-00001@contoso.com"), "--deliver", "to.toml", HOOK=hook.url)
    heard = [path.removeprefix(SECRET_PATH) for _, path, _ in hook.asked]
    assert heard == ["/start", "/fail", "/start", ""]


def mail(lab: Lab, via: str, **more: str) -> str:
    of = {
        "graph": (lab.admin_client_id, "env:ADMIN"),
        "smtp": (lab.client_id, "env:DEVICE"),
    }
    client_id, credential = of[via]
    keys = {
        "to": "email",
        "via": via,
        "sender": "healthy-00001@contoso.com",
        "recipients": "ops@contoso.com",
        "client_id": client_id,
        "credential": credential,
        **more,
    }
    return "[[deliver]]\n" + "".join(f'{key} = "{value}"\n' for key, value in keys.items())


@pytest.mark.parametrize("via", ["graph", "smtp"])
def test_a_mail_carries_the_summary_and_everything_as_files(desk: Desk, lab: Lab, via: str) -> None:
    desk.file("to.toml", mail(lab, via))
    secrets = {"ADMIN": lab.admin_client_secret, "DEVICE": lab.client_secret}
    ran = desk.health("run", "--deliver", "to.toml", **secrets)
    assert ran.code == 1
    assert ran.err == f"ops@contoso.com ({via}) got the report.\n"
    (content,) = lab.messages
    letter = message_from_bytes(content, policy=default)
    assert letter["Subject"].startswith("2 of 4 mailboxes cannot send")
    names = {part.get_filename() for part in letter.iter_attachments()}
    assert names == {"diag-health-1.csv", "diag-health-1.json"}
    for secret in secrets.values():
        assert secret not in ran.out + ran.err


def test_a_mail_that_nobody_can_send_is_told_and_kept_for_later(desk: Desk, lab: Lab) -> None:
    desk.file("to.toml", mail(lab, "smtp", credential="env:NOWHERE"))
    ran = desk.health("run", desk.sheet("healthy-00001@contoso.com"), "--deliver", "to.toml")
    assert ran.code == 3  # everything is well, and yet somebody has not heard of it
    assert "did not get the report: The secret cannot be had: The variable NOWHERE is not set" in ran.err
    desk.file("to.toml", mail(lab, "smtp"))
    assert desk.health("deliver", "--deliver", "to.toml", DEVICE=lab.client_secret).code == 0
    assert len(lab.messages) == 1


def test_a_file_of_deliveries_of_no_use_is_refused_before_anything_is_examined(desk: Desk, lab: Lab) -> None:
    for text in ("[[deliver]]\nto = 7\n", f'[[deliver]]\nto = "webhook"\nurl = "https://example.com{SECRET_PATH}"\n'):
        ran = desk.health("run", "--deliver", desk.file("to.toml", text))
        assert (ran.code, ran.out) == (2, "")
        assert len(ran.err.splitlines()) == 1
        assert SECRET_PATH not in ran.err
    assert lab.sessions == []


@pytest.mark.usefixtures("lab")
def test_delivering_again_needs_to_know_to_whom_and_what(desk: Desk) -> None:
    desk.health("run")
    assert desk.health("deliver").err == "diag: Say who gets the report: --deliver FILE.\n"
    desk.file("to.toml", WEBHOOK)
    assert desk.health("deliver", "--deliver", "to.toml", "--run", "9").err == (
        "diag: There is no run 9; 'diag health runs' lists them.\n"
    )


@pytest.mark.usefixtures("lab")
def test_annotations_count_for_what_is_delivered(desk: Desk, hook: Hook) -> None:
    desk.file("to.toml", WEBHOOK + 'only = ["broken"]\n')
    desk.file("known.toml", '[[mute]]\nmailbox = "off-*"\nreason = "x"\nuntil = 2999-01-01\n')
    muted = desk.health("run", "--deliver", "to.toml", "--annotations", "known.toml", HOOK=hook.url)
    assert (muted.code, hook.asked) == (0, [])
    assert desk.health("deliver", "--deliver", "to.toml", HOOK=hook.url).code == 0
    assert len(hook.asked) == 1
    assert json_of(desk.health("report", "--format", "json"))["counts"]["broken"] == 2
