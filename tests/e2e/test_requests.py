"""All that leaves the program, held against the list of what may: in every scenario, with an administrator signed in.

Each scenario is examined; then its setting is read, changed, and changed back. The lab writes down every HTTPS request,
and Python every connection that is opened.
"""

import asyncio
import ipaddress
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks import CHECKS
from diag import __version__
from diag.adapters.graph_words import (
    AMEND,
    APPLICATIONS,
    CALLS,
    EMAIL_APP_USAGE,
    ENROL,
    MICROSOFT_GRAPH,
    REGISTER,
    SEND_MAIL,
    SNAPSHOT,
    SNAPSHOT_JOB,
    SNAPSHOT_RESULT,
    WHAT_IF,
    Call,
)
from diag.catalogue import load
from diag.change import Changed, change
from diag.evidence import Auth
from diag.lab import Lab, load_scenario, scenario_names
from diag.lab.records import Request
from diag.obstacle import NotAnswered
from diag.overview import directory_of
from diag.pipeline import run
from diag.setting import Switch
from diag.store import open_ledger
from diag.wiring import Examination, Options, examination
from tests.fakes import World
from tests.lab.examined import needs_a_full_queue, patience_s
from tests.undoing import undo

# A person orders a snapshot of the settings, looks for mailboxes, has `diag setup` register applications, or a report
# delivered by mail; a diagnosis, or a change of the setting, never does.
_ORDERED = (
    *(SNAPSHOT, SNAPSHOT_JOB, SNAPSHOT_RESULT, EMAIL_APP_USAGE, SEND_MAIL),
    *(MICROSOFT_GRAPH, APPLICATIONS, REGISTER, AMEND, ENROL),
)
_GRAPH = [call for call in CALLS if call not in _ORDERED]
_CMDLETS = {
    "Get-CASMailbox": ("Identity",),
    "Get-TransportConfig": (),
    "Set-CASMailbox": ("Identity", "SmtpClientAuthenticationDisabled"),
}
_EXCHANGE = re.compile(r"/adminapi/beta/[0-9a-f-]{36}/InvokeCommand")
_SIGN_IN = {
    "GET": re.compile(r"/[^/]+/v2\.0/\.well-known/openid-configuration|/common/discovery/instance"),
    "POST": re.compile(r"/[^/]+/oauth2/v2\.0/(?:devicecode|token)"),
}
_WATCHED: list[list[Any]] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    """Keep where a connection or a datagram goes; Python calls this from whichever thread it is."""
    if _WATCHED and event in {"socket.connect", "socket.sendto"}:
        _WATCHED[-1].append(arguments[1])


@contextmanager
def connections() -> Iterator[list[Any]]:
    """Yield the addresses to which sockets of this process are connected meanwhile."""
    if not _WATCHED:
        sys.addaudithook(_note)  # once, and for good: it cannot be taken away
        _WATCHED.append([])
    _WATCHED.append([])
    try:
        yield _WATCHED[-1]
    finally:
        _WATCHED.pop()


def _pattern(call: Call) -> re.Pattern[str]:
    path = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(call.path.replace("%20", " ")))
    return re.compile(f"/{call.version}{path}".replace(r"\.", "[.]"))


def _is_graph(request: Request) -> bool:
    return request.path.startswith(("/v1.0/", "/beta/"))


def may_leave(request: Request) -> bool:
    """Whether a request is one of those that are documented."""
    if _is_graph(request):
        return any(call.method == request.method and _pattern(call).fullmatch(request.path) for call in _GRAPH)
    if request.path.startswith("/adminapi/"):
        asked = request.method == "POST" and _EXCHANGE.fullmatch(request.path)
        return bool(asked) and _CMDLETS.get(request.cmdlet) == request.fields
    return request.method in _SIGN_IN and _SIGN_IN[request.method].fullmatch(request.path) is not None


async def _to_and_fro(found: Examination, ledger_at: Path) -> None:
    """Examine; then give the mailbox another value of its own, and the former one back."""
    await run(found.subject, found.ports, CHECKS, load(), __version__)
    side = found.administration
    assert side is not None
    live = await side.setting.read(found.subject.mailbox)
    if isinstance(live, NotAnswered):
        return
    value = Switch.OFF if live.mailbox is Switch.ON else Switch.ON
    async with open_ledger(ledger_at) as ledger:
        said: dict[str, Any] = {"setting": side.setting, "ledger": ledger, "clock": side.clock, "tenant": side.realm}
        said["operator"] = "admin@contoso.com"
        assert isinstance(await change(found.subject.mailbox, value, **said), Changed)
        assert isinstance(await undo(found.subject.mailbox, **said), Changed)


def asked(name: str, folder: Path, **chosen: Any) -> tuple[list[Request], list[Any]]:
    """Return what the lab was asked in a scenario, and where connections went."""
    wanted = Options(mailbox=None, timeout_s=patience_s(name), **chosen)
    with (
        connections() as reached,
        Lab(load_scenario(name)) as lab,
        examination(wanted, World(), lab, administrator=World()) as found,
    ):
        asyncio.run(_to_and_fro(found, folder / "ledger.db"))
    assert not lab.bugs
    return lab.requests, reached


@pytest.mark.parametrize("name", scenario_names())
def test_nothing_leaves_that_is_not_on_the_list(name: str, tmp_path: Path) -> None:
    if needs_a_full_queue(name) and sys.platform == "win32":
        pytest.skip("Windows refuses where a backlog is full")
    requests, reached = asked(name, tmp_path)
    assert [request for request in requests if not may_leave(request)] == []
    assert {one.path for one in requests if _is_graph(one) and one.method != "GET"} <= {f"/v1.0{WHAT_IF.path}"}
    assert any(_is_graph(request) for request in requests)
    assert reached
    assert [where for where in reached if not _is_here(where)] == []
    changes = [request for request in requests if request.cmdlet == "Set-CASMailbox"]
    assert len(changes) in {0, 2}
    if name == "healthy":
        assert len(changes) == 2


def _is_here(where: Any) -> bool:
    """Whether an address is this computer's own: a path is that of a local socket."""
    return not isinstance(where, tuple) or where[0] == "localhost" or ipaddress.ip_address(where[0]).is_loopback


def test_an_administrator_who_signs_in_asks_for_nothing_else(tmp_path: Path) -> None:
    admin = load_scenario("authenticated-smtp-off").admin.client_id
    requests, reached = asked("authenticated-smtp-off", tmp_path, admin_client_id=admin)
    assert [request for request in requests if not may_leave(request)] == []
    assert all(map(_is_here, reached))
    assert sum(request.path.endswith("/devicecode") for request in requests) == 2


async def _about_the_tenant(found: Examination) -> None:
    """Ask what a run over many mailboxes asks."""
    side = found.administration
    assert side is not None
    client_id = found.ports.tokens.client_id
    await side.tenant.discover(client_id=client_id)
    known = await side.tenant.overview(client_id=client_id, auth=Auth.DEVICE_CODE, settings=True)
    await side.tenant.closer(found.subject.mailbox, directory_of(known, found.subject.mailbox), auth=Auth.DEVICE_CODE)


def test_a_run_over_many_mailboxes_asks_for_all_settings_and_the_usage_report_besides() -> None:
    with (
        connections() as reached,
        Lab(load_scenario("device-code-blocked")) as lab,
        examination(Options(mailbox=None), World(), lab, administrator=World()) as found,
    ):
        asyncio.run(_about_the_tenant(found))
    assert not lab.bugs
    besides = [request for request in lab.requests if not may_leave(request)]
    report = f"/v1.0{EMAIL_APP_USAGE.path}"
    assert {(one.method, one.path, one.cmdlet, one.fields) for one in besides} == {
        ("GET", report, "", ()),
        ("GET", "/data/download/", "", ()),
        ("POST", next(one.path for one in besides if one.cmdlet), "Get-CASMailbox", ("ResultSize",)),
    }
    assert {one.path for one in lab.requests if _is_graph(one) and one.method != "GET"} == {f"/v1.0{WHAT_IF.path}"}
    assert all(map(_is_here, reached))


def test_every_call_on_the_list_is_made_by_one_scenario_or_another(tmp_path: Path) -> None:
    requests = [
        request
        for name in ("healthy", "alias-as-login", "app-only-not-set-up", "message-not-delivered")
        for request in asked(name, tmp_path / name)[0]
    ]
    without_what_if = load_scenario("healthy")
    faults = replace(without_what_if.directory, faults={"what_if": "no_permission"})
    with (
        Lab(replace(without_what_if, directory=faults)) as lab,
        examination(Options(mailbox=None), World(), lab, administrator=World()) as found,
    ):
        asyncio.run(_to_and_fro(found, tmp_path / "ledger.db"))
    requests += lab.requests
    paths = {(request.method, request.path) for request in requests}
    unused = [
        call.name
        for call in _GRAPH
        if not any(call.method == method and _pattern(call).fullmatch(path) for method, path in paths)
    ]
    assert unused == []
    assert {request.cmdlet for request in requests} - {""} == set(_CMDLETS)


@pytest.mark.parametrize(
    "request_",
    [
        Request("PATCH", "/v1.0/users/x", (), 200),
        Request("POST", "/v1.0/users/x/sendMail", (), 202),
        Request("GET", "/v1.0/users/x/messages", (), 200),
        Request("POST", "/v1.0/applications", (), 201),
        Request("POST", f"/v1.0{SNAPSHOT.path}", (), 200),
        Request("POST", "/adminapi/beta/11111111-2222-4333-8444-555555555555/InvokeCommand", (), 200, "Get-Mailbox"),
        Request(
            "POST",
            "/adminapi/beta/11111111-2222-4333-8444-555555555555/InvokeCommand",
            ("Identity",),
            200,
            "Set-CASMailbox",
        ),
        Request("POST", "/contoso.com/oauth2/v2.0/authorize", (), 200),
    ],
    ids=lambda request: f"{request.method} {request.path} {request.cmdlet}",
)
def test_the_list_lets_nothing_else_pass(request_: Request) -> None:
    assert not may_leave(request_)
