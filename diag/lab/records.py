"""What the lab writes down of its visitors, for tests on the wire. Bytes are kept out of every `repr`."""

from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Received:
    """One line a client sent, with its line ending, and whether it came through TLS."""

    line: bytes = field(repr=False)
    secured: bool


@dataclass(slots=True)
class Session:
    """One SMTP connection. `sent` are the replies as they left; `user` is set once AUTH was accepted."""

    received: list[Received] = field(default_factory=list, repr=False)
    sent: list[str] = field(default_factory=list, repr=False)
    user: str | None = None

    @property
    def verbs(self) -> tuple[str, ...]:
        """The commands that were sent, in order; lines that are none (a token, a message) are left out."""
        words = (received.line.split(maxsplit=1)[:1] for received in self.received)
        return tuple(verb for word in words if word and (verb := word[0].decode("ascii", "replace").upper()) in _VERBS)


_VERBS = {"HELO", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "HELP", "VRFY", "QUIT"}


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTPS request: the names of its form fields or parameters, never their values.

    `status` is 0 where the scenario withheld the answer; `cmdlet` is what Exchange Online's endpoint was asked to run.
    """

    method: str
    path: str
    fields: tuple[str, ...]
    status: int
    cmdlet: str = ""


class Recent(list[T]):
    """A record that keeps no more than about `most` of the newest entries (None: all)."""

    def __init__(self, most: int | None = None) -> None:
        super().__init__()
        self._most = most

    def append(self, one: T) -> None:
        """Add one; now and then the oldest go."""
        super().append(one)
        if self._most is not None and len(self) > 2 * self._most:
            del self[: -self._most]
