"""A report on its way: what is delivered, to whom, and what comes of it; pure.

Where a secret is needed only a reference to it stands here ("env:NAME", "file:PATH", "keyring:SERVICE/NAME").
"""

from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from diag.health.result import Status
from diag.sentence import Sentence

Summary: TypeAlias = Literal["ok", "warning", "critical", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A rendering of the whole report."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is delivered of a finished run; `text` is Markdown of at most 15 lines.

    `changed` is whether something is new, fixed, other, gone or flapping, and `statuses` are those that mailboxes of
    the run have: some recipients want to hear of certain runs alone.
    """

    subject: str
    text: str
    status: Summary
    run: int
    attachments: tuple[Attachment, ...] = ()
    changed: bool = True
    statuses: frozenset[Status] = frozenset(Status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What a recipient may be told when a run begins."""

    run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which runs a recipient wants to hear of; `only` are statuses of which at least one mailbox must have one."""

    only_on_change: bool = False
    only: tuple[Status, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ByGraph:
    """E-mail through Microsoft Graph, sent by the mailbox `sender`, by an application with `Mail.Send`."""

    sender: str
    to: tuple[str, ...]
    tenant: str
    client_id: str
    credential: str
    wish: Wish = Wish()

    @property
    def shown(self) -> str:
        """How it is shown."""
        return f"{', '.join(self.to)} (graph)"


@dataclass(frozen=True, slots=True, kw_only=True)
class BySmtp:
    """E-mail through a submission server, to one address: whether another one is refused is another delivery."""

    sender: str
    to: str
    host: str
    port: int
    tenant: str
    client_id: str
    credential: str
    wish: Wish = Wish()

    @property
    def shown(self) -> str:
        """How it is shown."""
        return f"{self.to} (smtp)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByUrl:
    """A post to a web address. The address itself is a secret: whoever has it may post there."""

    kind: Literal["teams", "slack", "webhook"]
    url: str
    wish: Wish = Wish()

    @property
    def shown(self) -> str:
        """How it is shown: by the name of its secret, never by the secret."""
        return f"{self.kind} ({self.url})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """A dead man's switch, told that a run finished: it raises the alarm when it is told nothing.

    Where `start` it is told when a run begins too, at /start behind its address, and where `fail` it is told of a run
    that ended critical or unknown at /fail: the way of healthchecks.io.
    """

    url: str
    start: bool = False
    fail: bool = False

    @property
    def shown(self) -> str:
        """How it is shown: by the name of its secret, never by the secret."""
        return f"ping ({self.url})"


Recipient: TypeAlias = ByGraph | BySmtp | ByUrl | Ping


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """It was taken. `note` says what was left out, where something was."""

    note: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDelivered:
    """It was not taken, or nobody knows whether it was, and why.

    `again` is whether trying once more makes sense and does no harm; `after_s` is how long the server asked to wait.
    """

    because: Sentence
    again: bool
    after_s: float | None = None


class Post(Protocol):
    """Whoever carries a report to a recipient."""

    async def deliver(self, recipient: Recipient, message: Message | Begun) -> Delivered | NotDelivered:
        """Deliver once; only a `Ping` is ever given a `Begun`. Ends in bounded time."""
        ...
