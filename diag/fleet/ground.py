"""What a run over many mailboxes stands on: for each mailbox, whom to ask; made by the wiring."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from diag.evidence import Evidence
from diag.health.run import Unasked
from diag.health.scanner import Scanner
from diag.ports import Ports
from diag.sentence import Sentence
from diag.subject import Subject


@dataclass(frozen=True, slots=True)
class NotExaminable:
    """A mailbox that cannot be examined as its inventory describes it, and why."""

    because: Sentence


@dataclass(frozen=True, slots=True)
class Examinable:
    """What is examined for one mailbox, and whom to ask."""

    subject: Subject
    ports: Ports


class Ground(Protocol):
    """The world of a run. What is shared by mailboxes is asked once, by whoever comes first; the others wait for it."""

    def ready(self, scanner: Scanner) -> AbstractAsyncContextManager[Examinable | NotExaminable]:
        """Hold whom to ask about this mailbox, once its tenant has been asked what is asked of a tenant.

        When it is left, the secrets of this mailbox are forgotten, and its connections closed.
        """
        ...

    async def closer(self, scanner: Scanner, known: Evidence) -> Evidence:
        """Ask the directory more about a mailbox in which something was found."""
        ...

    def lane(self, scanner: Scanner) -> str:
        """What this mailbox shares with others: its tenant, its server and its application, in one text."""
        ...

    @property
    def unasked(self) -> tuple[Unasked, ...]:
        """What could not be asked of whole tenants, so far."""
        ...
