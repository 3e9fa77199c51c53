"""One SMTP connection of the lab, below its commands: what comes in, what goes out, and the change to TLS.

Every reply leaves through `_say`, which knows the stage it belongs to; that is where replies are replaced, delayed,
withheld, or the connection is dropped instead.
"""

import asyncio
import collections
import re
import secrets
import socket
import ssl
import struct
import sys
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import ClassVar, NoReturn, cast

from aiosmtpd.smtp import SMTP

from diag.lab.clock import LabClock
from diag.lab.personas import PERSONAS
from diag.lab.records import Received, Recent, Session
from diag.lab.scenario import Scenario, Server
from diag.lab.tenant import Exchange
from diag.stage import Stage

MAX_LINE = 65536  # octets that are read at all; longer lines are refused without being kept
MAX_MESSAGE = 157286400  # what Exchange Online offers as SIZE
REFUSALS = 400
_MAX_COMMAND = 1024  # RFC 5321 asks for 512, extensions of MAIL for some more
_CLOSING = 421
_PLACE = re.compile(r"\{([a-z_]+)\}")
_LINGER = "hh" if sys.platform == "win32" else "ii"  # struct linger: two shorts there, two ints elsewhere


@dataclass(slots=True)
class Shared:
    """What the connections to one host of the lab have in common; the records are those of the whole lab."""

    scenario: Scenario
    server: Server
    exchange: Exchange
    clock: LabClock
    context: ssl.SSLContext
    sessions: list[Session]
    messages: list[bytes]
    bugs: list[BaseException]
    lines: int | None = None  # how many of a session's lines are kept at least; None for all
    open: "set[Wire]" = field(default_factory=set)


class Wire(SMTP):
    """A connection that records what it is sent and says what it is told to."""

    line_length_limit = MAX_LINE
    _commands: ClassVar[list[str]]

    def __init_subclass__(cls) -> None:
        """Note the names of the commands."""
        cls._commands = [name for name in dir(cls) if name.startswith(("smtp_", "auth_"))]

    def __init__(self, shared: Shared, hooks: object) -> None:
        self._shared = shared
        self._smtp = shared.server
        self._persona = PERSONAS[shared.server.persona]
        self._own: dict[Stage, str] = {}  # the replies that the mailbox that signs in gets, and no other
        self._record = Session(received=Recent(shared.lines))
        shared.sessions.append(self._record)
        self._stage: Stage | None = Stage.BANNER
        self._secured = False
        self._partial = b""
        self._swallowed = False
        self._command = ""
        self._recipient = ""
        self._code = 0
        self._tag = f"08DE{secrets.token_hex(6).upper()}"
        self._message_id = f"<{secrets.token_hex(12)}@{self._persona.host}>"
        super().__init__(
            hooks,
            hostname=self._persona.host,
            ident="lab",
            data_size_limit=MAX_MESSAGE,
            enable_SMTPUTF8=True,
            loop=asyncio.get_running_loop(),
        )
        # For this connection alone: aiosmtpd keeps the table on the class.
        self.command_size_limits = collections.defaultdict(lambda: _MAX_COMMAND, AUTH=MAX_LINE)

    def __dir__(self) -> list[str]:
        """Name the commands alone: for each connection aiosmtpd looks through all that is named here, three times."""
        return self._commands

    def data_received(self, data: bytes) -> None:
        """Keep every line as it came, whatever is made of it; what the way swallows never came, nor what follows it."""
        largest = self._smtp.largest_packet
        self._swallowed = self._swallowed or 0 < largest < len(self._partial) + len(data)
        if self._swallowed:
            return
        *lines, self._partial = (self._partial + data).split(b"\n")
        self._record.received.extend(Received(line + b"\n", self._secured) for line in lines)
        super().data_received(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Join the connections that are open."""
        self._shared.open.add(self)
        super().connection_made(transport)

    def cut(self) -> None:
        """End the connection at once."""
        if self.transport is not None:
            self.transport.abort()  # type: ignore[attr-defined] # every transport of a stream has it

    def connection_lost(self, error: Exception | None) -> None:
        """Leave the connections that are open."""
        self._shared.open.discard(self)
        super().connection_lost(error)

    async def push(self, status: str | bytes) -> None:
        """Say in the persona's words what aiosmtpd says in its own."""
        text = status.decode() if isinstance(status, bytes) else status
        persona, stage = self._persona, self._stage
        if stage is Stage.BANNER:
            text, self._stage = persona.banner, None
        elif text == "250 OK":
            accepted = {Stage.MAIL: persona.sender, Stage.RCPT: persona.recipient}
            text = accepted.get(stage, persona.reset) if stage else persona.reset
        elif text == "221 Bye":
            text, stage = persona.quit, Stage.QUIT
        elif text.startswith("354 "):
            text, stage = persona.data, None
        elif text.startswith("500 Error: command "):
            self._command = text.partition('"')[2].partition('"')[0]
            text = persona.unknown
        await self._say(stage, text)

    async def _say(self, stage: Stage | None, text: str) -> None:
        """Send a reply, or what the scenario has instead of it; `stage` is None for replies nothing is to replace."""
        if self._smtp.latency_ms:
            await asyncio.sleep(self._smtp.latency_ms / 1000)
        replaced = None
        if stage is not None:
            replaced = self._own.get(stage) or self._smtp.replies.get(stage)
            await self._fail_at(stage)
        if replaced is not None:
            lines = self._filled(replaced).split("\n")  # as it was written, however wrong
            self._code = int(lines[-1][:3]) if lines[-1][:3].isdecimal() else int(lines[0][:3])
        else:
            lines = self._filled(text).split("\n")
            self._code = int(lines[0][:3])
            if stage in {Stage.EHLO, Stage.EHLO_TLS}:
                marks = "-" * (len(lines) - 1) + " "
                words = (lines[0][4:], *lines[1:])
                lines = [f"{self._code}{mark}{word}" for mark, word in zip(marks, words, strict=True)]
        self._record.sent.append("\n".join(lines))
        self._writer.write("\r\n".join([*lines, ""]).encode())
        await self._writer.drain()
        if self._code == _CLOSING:
            self._hang_up()

    async def _fail_at(self, stage: Stage) -> None:
        if self._smtp.hang_at is stage:
            await asyncio.Event().wait()  # ends when the client does, or the lab
        if self._smtp.drop_at is stage:
            if self._smtp.drop == "reset" and (raw := self._writer.get_extra_info("socket")) is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER, 1, 0))
                self._writer.transport.abort()
            self._hang_up()

    def _hang_up(self) -> NoReturn:
        """Close the connection and end the task that serves it."""
        self._writer.close()
        raise asyncio.CancelledError

    @property
    def _peer(self) -> str:
        """The client's address."""
        return str((self._writer.get_extra_info("peername") or ("unknown",))[0])

    def _filled(self, text: str) -> str:
        return _PLACE.sub(lambda found: self._value(found[1], found[0]), text)

    def _value(self, name: str, otherwise: str) -> str:  # noqa: C901, PLR0911 - a table, made as far as needed
        match name:
            case "host":
                return self._persona.host
            case "date":
                return format_datetime(self._shared.clock.now())
            case "id":
                return self._tag
            case "tail":
                now = self._shared.clock.now()
                stamp = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z"
                return f"[AM0PR02CA0134.eurprd02.prod.outlook.com {stamp} {self._tag}]"
            case "server":
                return "AM0PR02MB4321.eurprd02.prod.outlook.com"
            case "peer":
                return self._peer
            case "user":
                return (self.session.host_name if self.session else None) or ""
            case "command":
                return self._command
            case "recipient":
                return self._recipient
            case "message_id":
                return self._message_id
            case _:
                return otherwise

    async def handle_exception(self, error: Exception) -> str:
        """Keep a bug of the lab where tests find it; the client hears that something is wrong here, no more."""
        self._shared.bugs.append(error)
        return "451 4.3.0 The simulated server failed"

    async def check_helo_needed(self, helo: str = "HELO") -> bool:
        """Refuse what comes before EHLO, in the persona's words."""
        del helo
        if self.session is not None and self.session.host_name:
            return False
        await self._say(None, self._persona.hello_first)
        return True

    async def smtp_STARTTLS(self, arg: str | None) -> None:  # noqa: N802
        """Go over to TLS; unlike aiosmtpd's own, by the event loop's documented way."""
        persona, mode = self._persona, self._smtp.starttls
        if self._secured or mode == "stripped" or not persona.tls:
            self._command = "STARTTLS"
            await self._say(Stage.STARTTLS, persona.unknown)
            return
        text = "454 4.7.0 TLS not available due to local problem" if mode == "refused" else persona.starttls
        if arg:
            text = "501 5.5.4 Syntax: STARTTLS"
        await self._say(Stage.STARTTLS, f"{text}\n{self._smtp.injected}" if mode == "injected" else text)
        if self._code >= REFUSALS:
            return
        await self._fail_at(Stage.TLS)
        # RFC 3207 4.2: forget what came before.
        self._reader._buffer.clear()  # type: ignore[attr-defined]  # noqa: SLF001
        plain = cast("asyncio.WriteTransport", self.transport)
        try:
            transport = await self.loop.start_tls(plain, self, self._shared.context, server_side=True)
        except OSError:  # a failed handshake, or the client went away
            self._hang_up()
        if transport is None:
            self._hang_up()
        self.transport = transport
        self._reader._transport = transport  # type: ignore[attr-defined]  # noqa: SLF001 - as aiosmtpd does
        self._writer._transport = transport  # type: ignore[attr-defined]  # noqa: SLF001
        self._over_ssl = True
        self._secured = True
        self._partial = b""
        self._forget()
        self.session = self._create_session()
        self.session.ssl = {}

    def _forget(self) -> None:
        """Drop the message that was begun (RFC 5321 4.1.1.5)."""
        self._set_rset_state()  # type: ignore[no-untyped-call] # aiosmtpd leaves it without
