"""A web server on loopback that answers each request as a test tells it to, over real sockets and real TLS."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

import trustme

from diag.adapters.trust import Trust, trust

Made = TypeVar("Made")
Reply: TypeAlias = "bytes | Callable[[asyncio.StreamWriter], Awaitable[None]] | None"
"""Bytes as they stand, something that writes by itself, or (None) silence."""

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def http(status: int, body: bytes = b"", *headers: str, kind: str = "text/plain") -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Asked:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Server:
    """A web server; the last reply is given again and again."""

    port: int
    replies: list[Reply]
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while first := await reader.read(1):
            if first == b"\x16":  # a TLS handshake, where plain HTTP is spoken
                writer.write(http(400))
                await writer.drain()
                return
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode().rstrip()
            line, *rest = head.split("\r\n")
            headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in rest)}
            one = Asked(line, headers, await reader.readexactly(int(headers.get("content-length", 0))))
            self.asked.append(one)
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
            if reply is None:
                await reader.read()
                return
            if isinstance(reply, bytes):
                writer.write(reply)
                await writer.drain()
            else:
                await reply(writer)


@dataclass
class Met(Generic[Made]):
    """What came of it, and what the server saw."""

    result: Made
    server: Server


def meet(
    folder: Path,
    act: Callable[[Trust, Server], Awaitable[Made]],
    *replies: Reply,
    trusted: bool = True,
    tls: bool = True,
    named: str = "localhost",
) -> Met[Made]:
    """Serve on loopback, and do one thing."""
    authority = trustme.CA()
    roots = folder / "roots.pem"
    (authority if trusted else trustme.CA()).cert_pem.write_to_path(roots)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(named).configure_cert(context)
    server = Server(0, list(replies) or [OK])
    serving: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving[asyncio.current_task()] = writer
        server.connections += 1
        with contextlib.suppress(OSError, EOFError):
            await server.answer(reader, writer)
        writer.transport.abort()

    async def run() -> Made:
        listening = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20, ssl=context if tls else None)
        server.port = listening.sockets[0].getsockname()[1]
        async with listening:
            try:
                return await act(trust(roots), server)
            finally:
                for writer in serving.values():
                    writer.transport.abort()
                await asyncio.gather(*(task for task in serving if task is not None))

    return Met(asyncio.run(run()), server)
