"""A submission server that says exactly what a test tells it to, byte for byte, over real sockets and real TLS."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from diag.adapters.network import Route
from diag.adapters.smtp import Patience, Submission
from diag.adapters.trust import Trust, trust
from diag.evidence import Dialogue
from diag.secret import Redactor, Secret
from diag.subject import Subject

HOST = "smtp.office365.com"
MAILBOX = "scanner@contoso.com"
SUBJECT = Subject(mailbox=MAILBOX, sender=MAILBOX)
TOKEN = "canary-" + "A1b2C3d4" * 220
DATE = b"Mon, 4 Aug 2025 11:15:30 +0000"
BANNER = b"220 AM0PR02CA0134.outlook.office365.com Microsoft ESMTP MAIL Service ready at " + DATE + b"\r\n"
HELLO = b"250-AM0PR02CA0134.outlook.office365.com Hello [192.0.2.7]\r\n"
BEFORE_TLS = HELLO + b"250-SIZE 157286400\r\n250-STARTTLS\r\n250 SMTPUTF8\r\n"
AFTER_TLS = HELLO + b"250-AUTH LOGIN XOAUTH2\r\n250 SMTPUTF8\r\n"
READY = b"220 2.0.0 SMTP server ready\r\n"


@dataclass
class Talk:
    """One connection, as the script sees it; `heard` are the lines the client sent."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    context: ssl.SSLContext
    heard: list[bytes] = field(default_factory=list)

    async def say(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
        await self.writer.drain()

    async def hear(self) -> bytes:
        line = await self.reader.readline()
        self.heard.append(line)
        return line

    async def secure(self) -> None:
        await self.writer.start_tls(self.context)

    async def up_to_tls(self, ready: bytes = READY) -> None:
        await self.say(BANNER)
        await self.hear()
        await self.say(BEFORE_TLS)
        await self.hear()
        await self.say(ready)
        await self.secure()

    async def up_to_auth(self, offers: bytes = AFTER_TLS) -> None:
        await self.up_to_tls()
        await self.hear()
        await self.say(offers)

    async def up_to_mail(self) -> None:
        await self.up_to_auth()
        await self.hear()
        await self.say(b"334 \r\n")
        await self.hear()
        await self.say(b"235 2.7.0 Authentication successful\r\n")


Script = Callable[[Talk], Awaitable[None]]


@dataclass
class Held:
    """What came of a dialogue: the evidence, and every line that reached the server."""

    talk: Dialogue
    heard: list[bytes]
    connections: int

    @property
    def wire(self) -> bytes:
        return b"".join(self.heard)


def hold(
    script: Script,
    folder: Path,
    *,
    subject: Subject = SUBJECT,
    token: str | None = TOKEN,
    patience: Patience | None = None,
    certificate: Callable[[trustme.CA], trustme.LeafCert] | None = None,
    trusted: bool = True,
) -> Held:
    """Serve `script` once per connection, and hold one dialogue with it."""
    authority = trustme.CA()
    roots = folder / "roots.pem"
    (authority if trusted else trustme.CA()).cert_pem.write_to_path(roots)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (certificate(authority) if certificate else authority.issue_cert(HOST)).configure_cert(context)
    heard: list[bytes] = []
    connections = 0
    serving: list[tuple[asyncio.Task[None] | None, asyncio.StreamWriter]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        serving.append((asyncio.current_task(), writer))
        with contextlib.suppress(OSError, EOFError):
            await script(Talk(reader, writer, context, heard))
            while line := await reader.readline():  # whatever else the client says is heard, and not answered
                heard.append(line)
        writer.transport.abort()

    async def run() -> Dialogue:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20)
        port = server.sockets[0].getsockname()[1]
        async with server:
            smtp = Submission(
                trust=trust(roots),
                redactor=Redactor(),
                patience=patience or Patience(step_s=5, total_s=10),
                route=lambda _address, _port: ("127.0.0.1", port),
            )
            talk = await smtp.dialogue(subject, "192.0.2.10", Secret(token) if token else None)
            await asyncio.sleep(0.05)  # what was sent last may still be on its way to the server
            for task, writer in serving:
                writer.transport.abort()
                if task is not None:
                    task.cancel()
                    await asyncio.wait({task})
            return talk

    return Held(asyncio.run(run()), heard, connections)


@contextlib.asynccontextmanager
async def serving(script: Script, folder: Path) -> AsyncIterator[tuple[Trust, Route]]:
    """Serve `script` to one connection, hang up when it has ended, and yield who is trusted and the way there."""
    authority = trustme.CA()
    roots = folder / "roots.pem"
    authority.cert_pem.write_to_path(roots)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(Talk(reader, writer, context))
        finally:
            writer.close()
            ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield trust(roots), lambda _address, _port: ("127.0.0.1", port)
        await ended.wait()
