"""The lab as a whole: everything it serves, in one background thread with its own event loop."""

import asyncio
import contextlib
import ipaddress
import logging
import secrets
import socket
import ssl
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from diag.lab.clock import LabClock
from diag.lab.loopback import blocked, refused
from diag.lab.scenario import Certificate, Scenario, Smtp

if TYPE_CHECKING:
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol

    from diag.lab.pki import Pki
    from diag.lab.records import Request, Session

_EXCHANGE_HOST = "outlook.office365.com"
_GRAPH_HOST = "graph.microsoft.com"
_WEB_NAMES = ("localhost", "127.0.0.1", _EXCHANGE_HOST, _GRAPH_HOST)
_HTTPS = 443
_PATIENCE_S = 30.0
_TICKS = 5  # rounds of the event loop in which a connection is made known, or one that was aborted is closed


class Lab:
    """A simulated tenant. Use it as a context manager; every attribute is there once it was entered.

    `sessions`, `requests` and `messages` fill while the lab runs and stay readable afterwards. `bugs` are exceptions
    in the lab itself: a test that finds one there has found a fault of the lab, not of what it tests.
    """

    ca_file: Path
    nameserver: tuple[str, int]
    authority: str
    oidc_authority: str
    exchange_url = f"https://{_EXCHANGE_HOST}"
    graph_url = f"https://{_GRAPH_HOST}"

    def __init__(self, scenario: Scenario, memory: Path | None = None) -> None:
        """`memory` is a file in which changes of the setting outlive the lab; without one they are forgotten."""
        self.scenario = scenario
        self._memory = memory
        self.client_id = scenario.app.client_id
        self.client_secret = secrets.token_urlsafe(30)
        self.admin_client_id = scenario.admin.client_id
        self.admin_client_secret = secrets.token_urlsafe(30)
        self.sessions: list[Session] = []
        self.requests: list[Request] = []
        self.messages: list[bytes] = []
        self.bugs: list[BaseException] = []
        self._web_connections: set[asyncio.Transport] = set()
        self._stack = contextlib.ExitStack()
        self._routes: dict[tuple[str, int], tuple[str, int]] = {}

    def __enter__(self) -> Self:
        """Start everything; when this returns, everything answers."""
        with contextlib.ExitStack() as stack:
            self._prepare(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything; when this returns, no thread, socket or file is left."""
        self._stack.close()

    def _prepare(self, stack: contextlib.ExitStack) -> None:
        # Here and below: the lab's libraries load only when a lab starts.
        from diag.lab.memory import Memory
        from diag.lab.names import sockets
        from diag.lab.pki import Pki
        from diag.lab.tenant import Exchange
        from diag.lab.tokens import Issuer, signing_key

        # aiosmtpd writes every line to this log, credentials included, and its complaints to stderr.
        logging.getLogger("mail.log").disabled = True
        scenario = self.scenario
        self._clock = LabClock(scenario.smtp.clock_offset_s)
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="diag-lab-")))
        pki = Pki(self._clock.now(), self._folder)
        self.ca_file = pki.ca_file
        signing_key()
        self._issuer = Issuer(scenario, self._clock)
        memory = Memory(self._memory) if self._memory else None
        self._exchange = Exchange(scenario, self._clock, self._issuer, memory, messages=self.messages)

        self._web = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self._mail = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self._udp, self._tcp = (stack.enter_context(one) for one in sockets())
        self.nameserver = ("127.0.0.1", self._udp.getsockname()[1])
        self._lay_routes(stack)
        door = self._web.getsockname() if scenario.network.sign_in == "open" else self._closed
        self.authority = f"https://localhost:{door[1]}/{scenario.tenant.domain}"
        self.oidc_authority = f"{self.authority.rpartition('/')[0]}/{scenario.tenant.id}/v2.0"
        self._run(stack, pki)

    def _lay_routes(self, stack: contextlib.ExitStack) -> None:
        from diag.lab.names import IPV4, IPV6

        network = self.scenario.network
        self._closed = stack.enter_context(refused())
        for host in (_EXCHANGE_HOST, _GRAPH_HOST):
            self._routes[host, _HTTPS] = self._web.getsockname()
        ways = {"open": self._mail.getsockname(), "refused": self._closed, "none": self._closed}
        if "blocked" in (network.port, network.ipv6):
            ways["blocked"] = stack.enter_context(blocked())
        for port in network.ports:
            self._routes[IPV4, port] = ways[network.port]
            # Where the port is closed to IPv4 it is closed to IPv6 too; IPv6 can only be worse off.
            self._routes[IPV6, port] = ways[network.port if network.ipv6 == "open" else network.ipv6]

    def _run(self, stack: contextlib.ExitStack, pki: "Pki") -> None:
        """Start the thread, and wait until all servers answer."""
        server = self._web_server(pki)
        mail = pki.server(self.scenario.certificate, self.scenario.certificate.names, self.scenario.smtp)
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        failed: list[BaseException] = []

        def run() -> None:
            try:
                with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                    runner.run(self._serve(server, mail, ready))
            except BaseException as error:  # noqa: BLE001 - handed to the thread that waits for it
                failed.append(error)
            finally:
                ready.set()

        thread = threading.Thread(target=run, name="diag-lab", daemon=True)
        thread.start()

        def stop() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
            thread.join(_PATIENCE_S)

        stack.callback(stop)
        ready.wait(_PATIENCE_S)
        if failed:
            raise failed[0]

    def _web_server(self, pki: "Pki") -> "uvicorn.Server":
        import uvicorn

        from diag.lab.clients import AdminClient, DeviceClient
        from diag.lab.desk import Desk
        from diag.lab.exchange import SettingsService
        from diag.lab.grants import Grants
        from diag.lab.graph import GraphService
        from diag.lab.sign_in import SignInService

        base = self.authority.rpartition("/")[0]
        device = DeviceClient(self.scenario, self._issuer, self.client_secret)
        admin = AdminClient(self.scenario, self._issuer, self.admin_client_secret)
        desk = Desk(self.scenario, self._clock, self._issuer, (device, admin), base)
        service = SignInService(desk, Grants(desk), self.requests)
        shown = self.scenario.certificate if self.scenario.certificate.sign_in else Certificate()
        context = pki.server(shown, _WEB_NAMES, Smtp())
        app = service.app()
        app.host(_EXCHANGE_HOST, SettingsService(self._exchange, self.requests).app())
        app.host(_GRAPH_HOST, GraphService(self._exchange, self.requests).app())
        return uvicorn.Server(
            uvicorn.Config(
                app,
                http=_protocol(self._web_connections),
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                date_header=False,
                server_header=False,
                timeout_graceful_shutdown=1,
                ssl_context_factory=lambda *_: context,
            )
        )

    async def _serve(self, server: "uvicorn.Server", mail: ssl.SSLContext, ready: threading.Event) -> None:
        from diag.lab.names import Zone, serve
        from diag.lab.submission import Submission
        from diag.lab.wire import Shared

        self._loop.set_exception_handler(self._note)

        shared = Shared(self.scenario, self._exchange, self._clock, mail, self.sessions, self.messages, self.bugs)
        submission = await self._loop.create_server(lambda: Submission(shared), sock=self._mail)
        datagrams, streams = await serve(Zone(self.scenario.network), self._udp, self._tcp)
        web = asyncio.create_task(server.serve(sockets=[self._web]))
        while not server.started and not web.done():  # noqa: ASYNC110 - uvicorn has no event to wait for
            await asyncio.sleep(0.005)
        if web.done():
            await web  # raises what kept it from starting
        ready.set()
        await self._stop.wait()
        doors = (submission, streams, *server.servers)
        # Stop accepting before closing: asyncio stumbles over a connection it accepted a moment before.
        for door in doors:
            for listening in door.sockets:
                with contextlib.suppress(NotImplementedError):  # Windows has no readers to remove
                    self._loop.remove_reader(listening.fileno())
        await _settle()
        server.should_exit = True
        datagrams.close()
        for door in doors:
            door.close()
        for one in tuple(shared.open):
            one.cut()
        for connection in tuple(self._web_connections):
            connection.abort()
        await web
        await _settle()

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        self.bugs.append(error if isinstance(error, BaseException) else RuntimeError(str(context.get("message"))))

    def route(self, address: str, port: int) -> tuple[str, int]:
        """Return where a connection to `address` really goes: addresses of the lab and of loopback, no others.

        Every other address, and every name but `localhost`, Exchange Online's endpoint and Microsoft Graph, leads to a
        closed port: what runs in the lab never leaves this computer.
        """
        if (found := self._routes.get((address, port))) is not None:
            return found
        return (address, port) if _is_loopback(address) else self._closed

    @property
    def client_certificate(self) -> Path:
        """A PEM file with the application's key and certificate; made when first asked for."""
        from diag.lab.tokens import app_certificate

        file = self._folder / "app.pem"
        if not file.exists():
            file.write_bytes(app_certificate(self._clock.now()))
        return file

    def token(self) -> str:
        """Return an access token as `[sign_in]` says: what the device keeps in its token store."""
        from diag.lab.tokens import EXCHANGE

        token = self._issuer.delegated(f"{EXCHANGE}/SMTP.Send", self.scenario.account)
        return token[: self.scenario.sign_in.kept or None]

    def admin_token(self) -> str:
        """Return an access token of an administrator, as `Exchange.Manage` gives it: what `exchange_url` asks for."""
        from diag.lab.tokens import ADMIN_RESOURCE

        return self._administrator(ADMIN_RESOURCE)

    def graph_token(self) -> str:
        """Return an access token of an administrator for Microsoft Graph: what `graph_url` asks for."""
        from diag.lab.tokens import GRAPH

        return self._administrator(GRAPH)

    def _administrator(self, resource: str) -> str:
        from diag.lab.clients import permissions_on

        admin = self.scenario.admin
        if admin.by_itself:
            return self._issuer.administering(resource, permissions_on(resource, admin.roles))
        scopes = permissions_on(resource, admin.scopes)
        return self._issuer.administrator(resource, scopes, self.scenario.admin_account)

    def refresh_token(self) -> str:
        """Return a refresh token of the account that signs in."""
        return self._issuer.refresh(self.scenario.account, self.client_id)

    def admin_refresh_token(self) -> str:
        """Return a refresh token of the administrator, good for Microsoft Graph and for Exchange Online."""
        return self._issuer.refresh(self.scenario.admin_account, self.admin_client_id)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


async def _settle() -> None:
    for _ in range(_TICKS):
        await asyncio.sleep(0)


def _protocol(connections: set[asyncio.Transport]) -> "type[H11Protocol]":
    """Return uvicorn's HTTP protocol, so changed that its open connections stand in `connections`."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Recorded(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
            connections.add(transport)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.discard(self.transport)
            super().connection_lost(exc)

    return Recorded
