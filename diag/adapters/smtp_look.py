"""A look at a certificate chain that failed verification, in a connection of its own."""

import asyncio
import socket
from typing import TYPE_CHECKING

from diag.adapters.certificates import chain_of
from diag.adapters.smtp_words import greeting_name
from diag.adapters.trust import without_verification
from diag.subject import Subject

if TYPE_CHECKING:
    import ssl


async def look(sock: socket.socket, subject: Subject) -> tuple[list[bytes], str | None, str | None]:
    """Speak SMTP up to STARTTLS, shake hands without verifying, and hang up."""
    reader, writer = await asyncio.open_connection(sock=sock)
    try:
        for command in (b"", f"EHLO {greeting_name(sock)}\r\n".encode(), b"STARTTLS\r\n"):
            writer.write(command)
            while (await reader.readuntil(b"\n"))[3:4] == b"-":
                pass
        await writer.start_tls(without_verification(), server_hostname=subject.smtp_host.rstrip("."))
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        cipher = tls.cipher()
        return chain_of(tls), tls.version(), cipher[0] if cipher else None
    finally:
        writer.transport.abort()
