"""The Authenticated SMTP setting of a mailbox: its values, what changing it comes to, and what the ledger keeps."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from diag.sentence import Sentence


class Switch(StrEnum):
    """A mailbox's own value; unset follows the organisation. The organisation's is on or off."""

    ON = "on"
    OFF = "off"
    UNSET = "unset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Who is asked for the setting.

    `vendor_supported` says whether what is spoken is a published contract of Microsoft's; `writes` whether the setting
    can be changed through it.
    """

    name: str
    writes: bool
    vendor_supported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The setting as it was read.

    `mailbox` is the value of the mailbox `identity`; `organisation` is None where it could not be read.
    """

    identity: str
    mailbox: Switch
    organisation: Switch | None
    backend: Backend
    observed_at: datetime
    kind: Literal["setting"] = "setting"

    @property
    def effective(self) -> Switch | None:
        """What holds for the mailbox: its own value, else the organisation's; None where that is not known."""
        return self.organisation if self.mailbox is Switch.UNSET else self.mailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A change that was taken; whether it holds is read afterwards. `warnings` are the server's own words."""

    warnings: tuple[str, ...] = ()


class Progress(StrEnum):
    """How far a change is, in the order in which it goes; the ledger only ever adds to it."""

    INTENDED = "intended"  # written down before anything is sent
    WRITTEN = "written"  # read back: the setting has the new value
    EFFECTIVE = "effective"  # a sign-in was accepted
    NOT_DONE = "not_done"  # refused, or read back: the setting has the former value
    OVERTAKEN = "overtaken"  # read back: the setting has a third value, somebody else changed it


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entry of the ledger about a change: how far it is since when, and a note in words of ours or a server's."""

    progress: Progress
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What somebody wants to change. `undoes` is the id of the change that is taken back.

    `mailbox` is the mailbox's own address; `asked` is another one of it by which it was asked for, else None.
    """

    tenant: str
    mailbox: str
    before: Switch
    after: Switch
    organisation: Switch | None
    backend: str
    operator: str
    ticket: str | None = None
    undoes: int | None = None
    asked: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change in the ledger: its number, the intent, and its steps, the oldest first (the first is INTENDED)."""

    id: int
    intent: Intent
    steps: tuple[Step, ...]

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return self.steps[-1].progress

    @property
    def is_open(self) -> bool:
        """Whether nobody knows yet what came of it."""
        return self.progress is Progress.INTENDED

    def at(self, progress: Progress) -> datetime | None:
        """When it came this far; None where it did not."""
        return next((step.at for step in self.steps if step.progress is progress), None)

    @property
    def took_s(self) -> float | None:
        """Seconds from the value being written to the first accepted sign-in; None where one of them is not known."""
        written, effective = self.at(Progress.WRITTEN), self.at(Progress.EFFECTIVE)
        return (effective - written).total_seconds() if written and effective else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """How long changes took until a sign-in was accepted, in seconds, and how many changes say so."""

    count: int
    shortest_s: float
    longest_s: float
    median_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Propagation:
    """A change of the mailbox that may still be on its way, what to expect of it, and how long that is thought of.

    `expectation` comes from this tenant's own changes; None where none of them was measured. `window_s` is how long
    after being written a change is taken to be on its way, in seconds.
    """

    change: Change
    expectation: Expectation | None
    window_s: float


@dataclass(frozen=True, slots=True)
class Busy:
    """Another change of the same mailbox is open; `change` is that one."""

    change: Change


class LedgerError(Exception):
    """The ledger cannot be used; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence
