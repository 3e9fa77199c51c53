"""Through the proxy that a company's computers are told to use: TLS reaches the host that was named, and no other."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme

from diag.adapters.answers import proxy_for
from diag.adapters.exchange import ExchangeOnline
from diag.adapters.graph import Graph
from diag.adapters.graph_wire import GraphService
from diag.adapters.network import straight
from diag.adapters.trust import trust
from diag.directory import SecurityDefaults
from diag.evidence import Auth
from diag.obstacle import NotAnswered, Obstacle
from diag.secret import Redactor, Secret
from diag.setting import Setting, Switch
from diag.subject import Subject

MAILBOX = "scanner@contoso.com"
CANARY = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9." + "CaNaRyOfThePrOxY" * 20
NAMES = ("outlook.office365.com", "graph.microsoft.com")


async def _ask() -> Secret | NotAnswered:
    return Secret(CANARY)


_BODY = b'{"value": [{"Name": "x", "SmtpClientAuthenticationDisabled": true}], "isEnabled": false}'
_REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)


@dataclass
class Company:
    """A server, and a proxy that leads every name to it; `told` is what the proxy was told."""

    refuses: bool = False
    told: list[str] = field(default_factory=list)
    behind: tuple[str, int] = ("", 0)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    tasks: set["asyncio.Task[None] | None"] = field(default_factory=set)

    def _entered(self, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        self.tasks.add(asyncio.current_task())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._entered(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
                await reader.readexactly(int(length[1]) if length else 0)
                writer.write(_REPLY)
                await writer.drain()

    async def lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._entered(writer)
        self.told.append((await reader.readuntil(b"\r\n\r\n")).decode())
        if self.refuses:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            writer.close()
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        onward, back = await asyncio.open_connection(*self.behind)
        self.writers.append(back)
        await asyncio.gather(_pipe(reader, back), _pipe(onward, writer))

    async def close(self) -> None:
        for writer in self.writers:
            writer.close()
        await asyncio.wait([task for task in self.tasks if task is not None], timeout=10)
        for writer in self.writers:
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def company(folder: Path, *, refuses: bool = False) -> AsyncIterator[tuple[str, Path, list[str]]]:
    """Run both; yields the proxy's address, the roots, and what the proxy was told."""
    authority, made = trustme.CA(), Company(refuses)
    roots = folder / "roots.pem"
    authority.cert_pem.write_to_path(roots)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*NAMES).configure_cert(context)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=context)
    made.behind = server.sockets[0].getsockname()[:2]
    proxy = await asyncio.start_server(made.lead, "127.0.0.1", 0)
    async with server, proxy:
        try:
            yield f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}", roots, made.told
        finally:
            await made.close()


def exchange(roots: Path) -> ExchangeOnline:
    return ExchangeOnline(tenant="contoso.com", token=_ask, trust=trust(roots), redactor=Redactor(), timeout_s=10)


def graph(roots: Path) -> Graph:
    return Graph(GraphService(token=_ask, trust=trust(roots), redactor=Redactor(), timeout_s=10))


@pytest.fixture(autouse=True)
def _no_proxy_of_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "NO_PROXY",
        "no_proxy",
    ):
        monkeypatch.delenv(name, raising=False)


def test_both_services_are_reached_through_it_and_it_sees_only_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> tuple[Any, Any, list[str]]:
        async with company(tmp_path) as (proxy, roots, told):
            monkeypatch.setenv("HTTPS_PROXY", proxy)
            setting = await exchange(roots).read(MAILBOX)
            subject = Subject(mailbox=MAILBOX, sender=MAILBOX)
            found = await graph(roots).ask(subject, client_id=None, auth=Auth.DEVICE_CODE)
            return setting, found, told

    setting, found, told = asyncio.run(run())
    assert isinstance(setting, Setting)
    assert setting.mailbox is Switch.OFF
    assert isinstance(found.security_defaults, SecurityDefaults)
    assert {head.split()[1] for head in told} == {f"{name}:443" for name in NAMES}
    assert {head.split()[0] for head in told} == {"CONNECT"}
    assert CANARY[-40:] not in "".join(told)


def test_a_proxy_that_refuses_is_a_server_that_cannot_be_reached_and_gets_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> tuple[Any, list[str]]:
        async with company(tmp_path, refuses=True) as (proxy, roots, told):
            monkeypatch.setenv("HTTPS_PROXY", proxy)
            return await exchange(roots).read(MAILBOX), told

    answer, told = asyncio.run(run())
    assert isinstance(answer, NotAnswered)
    assert answer.obstacle is Obstacle.UNREACHABLE
    assert CANARY[-40:] not in "".join(told) + str(answer.because)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://user:pw@proxy.example:8080"}, "http://user:pw@proxy.example:8080"),
        ({"HTTPS_PROXY": "proxy.example:8080"}, "http://proxy.example:8080"),
        ({"ALL_PROXY": "http://proxy.example:1"}, "http://proxy.example:1"),
        ({"ALL_PROXY": "socks5://proxy.example:1"}, None),
        ({"HTTPS_PROXY": "http://["}, None),
        ({"HTTPS_PROXY": "http://proxy.example:1", "NO_PROXY": ".office365.com"}, None),
    ],
)
def test_the_proxy_is_the_one_of_the_environment(
    variables: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_for("https://outlook.office365.com", straight) == expected


def test_in_a_lab_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:8080")
    assert proxy_for("https://outlook.office365.com", lambda _, port: ("127.0.0.1", port)) is None
