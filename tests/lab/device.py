"""A scanner, as far as the lab can tell: a blocking socket that speaks SMTP line by line."""

import base64
import contextlib
import socket
import ssl
from collections.abc import Iterator
from typing import Self

from diag.lab import Lab, ServedLab

HOST = "smtp.office365.com"
ADDRESS = "192.0.2.10"
SCANNER = "scanner@contoso.com"


def blob(user: str, token: str) -> str:
    """Return an XOAUTH2 response."""
    return base64.b64encode(f"user={user}\x01auth=Bearer {token}\x01\x01".encode()).decode()


class Device:
    """One connection; `say` sends a line and returns the reply, its lines joined by a newline."""

    def __init__(self, lab: Lab | ServedLab, address: str = ADDRESS, port: int = 587, host: str = HOST) -> None:
        self._lab = lab
        self._host = host
        self._socket: socket.socket = socket.create_connection(lab.route(address, port), timeout=10)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def hear(self) -> str:
        """Return one reply; empty where the server closed the connection."""
        lines: list[str] = []
        while line := self._file.readline():
            lines.append(line.decode().rstrip("\r\n"))
            if line[3:4] != b"-":
                break
        return "\n".join(lines)

    def send(self, line: str) -> None:
        self._socket.sendall(line.encode() + b"\r\n")

    def say(self, line: str) -> str:
        self.send(line)
        return self.hear()

    def secure(self, context: ssl.SSLContext | None = None) -> None:
        """Go over to TLS, trusting the lab's root alone."""
        context = context or ssl.create_default_context(cafile=str(self._lab.ca_file))
        self._file.close()
        self._socket = context.wrap_socket(self._socket, server_hostname=self._host)
        self._file = self._socket.makefile("rb")

    @property
    def tls(self) -> ssl.SSLSocket:
        assert isinstance(self._socket, ssl.SSLSocket)
        return self._socket

    def begin(self) -> None:
        """Get as far as the second EHLO."""
        assert self.hear().startswith("220 ")
        self.say("EHLO mfp")
        assert self.say("STARTTLS").startswith("220 ")
        self.secure()
        self.say("EHLO mfp")

    def sign_in(self, token: str, user: str = SCANNER) -> str:
        """Get as far as AUTH, in the two-step form, and return the reply to it."""
        self.begin()
        assert self.say("AUTH XOAUTH2") == "334 "
        return self.say(blob(user, token))


@contextlib.contextmanager
def connected(lab: Lab | ServedLab) -> Iterator[Device]:
    """Yield a connection whose greeting was read and is in order."""
    with Device(lab) as device:
        assert device.hear().startswith("220 ")
        yield device
