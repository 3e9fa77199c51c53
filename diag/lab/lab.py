"""The lab as a whole: everything it serves, in one background thread with its own event loop."""

import asyncio
import contextlib
import functools
import logging
import secrets
import socket
import ssl
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from diag.lab.clock import LabClock
from diag.lab.fleet import logged
from diag.lab.records import Recent
from diag.lab.scenario import USUAL_LIFE_S, Certificate, Scenario, Server, Smtp
from diag.lab.ways import EXCHANGE_HOST, GRAPH_HOST, Ways, lay

if TYPE_CHECKING:
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol

    from diag.lab.pki import Pki
    from diag.lab.records import Request, Session

_WEB_NAMES = ("localhost", "127.0.0.1", EXCHANGE_HOST, GRAPH_HOST)
_PATIENCE_S = 30.0
_KEPT_ALIVE_S = 120  # longer than any client waits before it asks again: none meets a door that is just closing
_LARGE = 5  # messages that are kept of a lab that runs long
_BACKLOG = 1024  # a fleet knocks all at once
_TICKS = 5  # rounds of the event loop in which a connection is made known, or one that was aborted is closed


class Lab:
    """A simulated tenant. Use it as a context manager; every attribute is there once it was entered.

    `sessions`, `requests` and `messages` fill while the lab runs and stay readable afterwards. `bugs` are exceptions
    in the lab itself: a test that finds one there has found a fault of the lab, not of what it tests. `door` is where
    the sign-in service and the others really answer, and `ways` leads there.
    """

    ca_file: Path
    door: tuple[str, int]
    ways: Ways
    nameserver: tuple[str, int]
    authority: str
    oidc_authority: str
    exchange_url = f"https://{EXCHANGE_HOST}"
    graph_url = f"https://{GRAPH_HOST}"

    def __init__(self, scenario: Scenario, memory: Path | None = None, *, recent: int | None = None) -> None:
        """`memory` is a file in which changes of the setting outlive the lab; without one they are forgotten.

        With `recent` no more than about so many of the newest visits are kept, for a lab that runs long.
        """
        self.scenario = scenario = logged(scenario)
        self._memory = memory
        self.client_id = scenario.app.client_id
        self.client_secret = secrets.token_urlsafe(30)
        self.admin_client_id = scenario.admin.client_id
        self.admin_client_secret = secrets.token_urlsafe(30)
        self._recent = recent
        self.sessions: list[Session] = Recent(recent)
        self.requests: list[Request] = Recent(recent)
        self.messages: list[bytes] = Recent(recent and _LARGE)
        self.bugs: list[BaseException] = Recent(recent)
        self._web_connections: set[asyncio.Transport] = set()
        self._stack = contextlib.ExitStack()

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
        self._exchange = Exchange(
            scenario, self._clock, self._issuer, memory, accepted=Recent(self._recent), messages=self.messages
        )

        self._web = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self._udp, self._tcp = (stack.enter_context(one) for one in sockets())
        self.nameserver = ("127.0.0.1", self._udp.getsockname()[1])
        self.door = self._web.getsockname()
        self.ways, self._mails = lay(scenario, stack, self._web)
        door = self.door if scenario.network.sign_in == "open" else self.ways.closed
        self.authority = f"https://localhost:{door[1]}/{scenario.tenant.domain}"
        self.oidc_authority = f"{self.authority.rpartition('/')[0]}/{scenario.tenant.id}/v2.0"
        self._run(stack, pki)

    def _run(self, stack: contextlib.ExitStack, pki: "Pki") -> None:
        """Start the thread, and wait until all servers answer."""
        server = self._web_server(pki)
        scenario = self.scenario
        mails: list[tuple[Server, ssl.SSLContext]] = []
        mails.append((scenario.smtp, pki.server(scenario.certificate, scenario.certificate.names, scenario.smtp)))
        mails += [(host.smtp, pki.server(host.certificate, host.names, host.smtp)) for host in scenario.hosts]
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        failed: list[BaseException] = []

        def run() -> None:
            try:
                with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                    runner.run(self._serve(server, mails, ready))
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
        app.host(EXCHANGE_HOST, SettingsService(self._exchange, self.requests).app())
        app.host(GRAPH_HOST, GraphService(self._exchange, self.requests).app())
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
                timeout_keep_alive=_KEPT_ALIVE_S,
                ssl_context_factory=lambda *_: context,
            )
        )

    async def _serve(
        self, server: "uvicorn.Server", mails: Sequence[tuple[Server, ssl.SSLContext]], ready: threading.Event
    ) -> None:
        from diag.lab.names import Zone, serve
        from diag.lab.submission import Submission
        from diag.lab.wire import Shared

        self._loop.set_exception_handler(self._note)

        def answers(host: Server, context: ssl.SSLContext) -> Shared:
            records = self.sessions, self.messages, self.bugs
            return Shared(self.scenario, host, self._exchange, self._clock, context, *records, lines=self._recent)

        hosts = [answers(host, context) for host, context in mails]
        submissions = [
            await self._loop.create_server(functools.partial(Submission, host), sock=listening, backlog=_BACKLOG)
            for host, listening in zip(hosts, self._mails, strict=True)
        ]
        datagrams, streams = await serve(Zone(self.scenario), self._udp, self._tcp)
        web = asyncio.create_task(server.serve(sockets=[self._web]))
        while not server.started and not web.done():  # noqa: ASYNC110 - uvicorn has no event to wait for
            await asyncio.sleep(0.005)
        if web.done():
            await web  # raises what kept it from starting
        ready.set()
        await self._stop.wait()
        doors = (*submissions, streams, *server.servers)
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
        for one in [one for host in hosts for one in host.open]:
            one.cut()
        for connection in tuple(self._web_connections):
            connection.abort()
        await web
        await _settle()

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        self.bugs.append(error if isinstance(error, BaseException) else RuntimeError(str(context.get("message"))))

    def route(self, address: str, port: int) -> tuple[str, int]:
        """Return where a connection to `address` really goes; see `Ways.route`."""
        return self.ways.route(address, port)

    @property
    def client_certificate(self) -> Path:
        """A PEM file with the application's key and certificate; made when first asked for."""
        from diag.lab.tokens import app_certificate

        file = self._folder / "app.pem"
        if not file.exists():
            file.write_bytes(app_certificate(self._clock.now()))
        return file

    def token(self, account: str | None = None, *, life_s: int = USUAL_LIFE_S) -> str:
        """Return an access token as `[sign_in]` says: what the device keeps in its token store.

        `account` is whose, None for the one that signs in; `life_s` its life where the scenario says nothing of it.
        """
        from diag.lab.tokens import EXCHANGE

        token = self._issuer.delegated(f"{EXCHANGE}/SMTP.Send", account or self.scenario.account, life_s=life_s)
        return token[: self.scenario.sign_in.kept or None]

    def admin_token(self, *, life_s: int = USUAL_LIFE_S) -> str:
        """Return an access token of an administrator, as `Exchange.Manage` gives it: what `exchange_url` asks for."""
        from diag.lab.tokens import ADMIN_RESOURCE

        return self._administrator(ADMIN_RESOURCE, life_s)

    def graph_token(self, *, life_s: int = USUAL_LIFE_S) -> str:
        """Return an access token of an administrator for Microsoft Graph: what `graph_url` asks for."""
        from diag.lab.tokens import GRAPH

        return self._administrator(GRAPH, life_s)

    def _administrator(self, resource: str, life_s: int) -> str:
        from diag.lab.clients import permissions_on

        admin = self.scenario.admin
        if admin.by_itself:
            return self._issuer.administering(resource, permissions_on(resource, admin.roles), life_s=life_s)
        scopes = permissions_on(resource, admin.scopes)
        return self._issuer.administrator(resource, scopes, self.scenario.admin_account, life_s=life_s)

    def refresh_token(self, account: str | None = None) -> str:
        """Return a refresh token of an account, None for the one that signs in."""
        return self._issuer.refresh(account or self.scenario.account, self.client_id)

    def admin_refresh_token(self) -> str:
        """Return a refresh token of the administrator, good for Microsoft Graph and for Exchange Online."""
        return self._issuer.refresh(self.scenario.admin_account, self.admin_client_id)


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
