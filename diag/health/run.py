"""A run over an inventory, and the history of runs as a port: what the store keeps and the report is made from."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from diag.health.past import Change, Past
from diag.health.result import Result, Status
from diag.health.scanner import Scanner
from diag.sentence import Sentence

BEAT = timedelta(seconds=2)  # a run that is under way says so this often
DEAD_AFTER = timedelta(seconds=10)  # and counts as dead when it has not for so long


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A line of the inventory that cannot be used, and why; the rest was run."""

    line: int
    because: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A tenant that was left early, since so many of its mailboxes failed alike.

    `left` were not examined; the run has an entry of each all the same, inconclusive, with the reason.
    """

    tenant: str
    cause: str
    alike: int
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unasked:
    """Something that could not be asked of a whole tenant, and why: its sign-in log, its settings, ..."""

    tenant: str
    what: Sentence
    because: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What a run has to say beyond its mailboxes. `bad_rows` holds the first of them; `bad_rows_total` counts all.

    `retried` counts the examinations made once more since a server asked for patience, `broke` the mailboxes in which
    diag itself failed.
    """

    bad_rows: tuple[BadRow, ...] = ()
    bad_rows_total: int = 0
    duplicates: int = 0
    stopped: tuple[Stopped, ...] = ()
    unasked: tuple[Unasked, ...] = ()
    retried: int = 0
    broke: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. Runs of the same `series` are compared with each other; `before` is the number of the one before.

    `inventory` is what was run over, as it is shown. `finished_at` is None while it is under way, and where it was cut
    off; `seen_at` is its last sign of life.
    """

    id: int
    series: str
    inventory: str
    diag_version: str
    started_at: datetime
    seen_at: datetime
    before: int | None
    finished_at: datetime | None = None
    notes: Notes = Notes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One mailbox in one run."""

    result: Result
    past: Past
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An entry, and the evidence for it (packed by `diag.archive.pack`) where it is kept."""

    entry: Entry
    evidence: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One attempt to deliver the report of a run. `to` is how the recipient is shown: never an address with a secret.

    `because` says why it failed; None where it was taken.
    """

    to: str
    at: datetime
    because: Sentence | None = None


class UnderWayError(Exception):
    """Another run of the series is under way; `run` is that one."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"run {run.id} is under way")
        self.run = run


class History(Protocol):
    """The runs that were made. Every method may raise `diag.setting.LedgerError`, whose sentence says why not."""

    async def begin(self, *, series: str, inventory: str, diag_version: str, at: datetime) -> Run:
        """Start a run, after the last finished one of its series; raises `UnderWayError`."""
        ...

    async def resume(self, *, series: str, at: datetime) -> Run | None:
        """Take up the newest run of the series, where that was cut off (None: it was not); raises `UnderWayError`."""
        ...

    async def beat(self, run: int, at: datetime, notes: Notes) -> None:
        """Say that the run is under way, and what it has to say so far: whoever takes it up goes on from there."""
        ...

    async def done(self, run: int, keys: Collection[str]) -> frozenset[str]:
        """Return those of these mailboxes (by `Scanner.key`) that the run has an entry of."""
        ...

    async def pasts(self, run: int, keys: Collection[str]) -> Mapping[str, Past]:
        """Return what these mailboxes were like with that run, by key; those it has no entry of are left out."""
        ...

    async def add(self, run: int, kept: Sequence[Kept], at: datetime) -> None:
        """Add entries, all or none, as a sign of life too; of a mailbox that is there already the first is kept."""
        ...

    async def finish(self, run: int, notes: Notes, at: datetime) -> Run:
        """Close the run."""
        ...

    async def run(self, number: int) -> Run | None:
        """Return a run by its number."""
        ...

    async def runs(self, *, series: str | None = None, most: int = 30) -> tuple[Run, ...]:
        """Return the newest runs, the newest first."""
        ...

    async def counts(self, runs: Collection[int]) -> Mapping[int, Mapping[Status, int]]:
        """Count the mailboxes of each run by status."""
        ...

    def entries(self, run: int, *, quiet: bool = False) -> AsyncIterator[Entry]:
        """Yield the entries of a run by key; if `quiet` without `Change.SAME` and `FIRST`."""
        ...

    async def gone(self, run: int) -> tuple[Scanner, ...]:
        """Return the mailboxes that the run before had, and this one has not, by key."""
        ...

    async def of_mailbox(self, mailbox: str, *, most: int = 100) -> tuple[tuple[Run, Entry], ...]:
        """Return what the runs found for one mailbox, the newest first; case does not matter."""
        ...

    def evidence(self, run: int) -> AsyncIterator[tuple[Entry, bytes]]:
        """Yield the entries of a run that have evidence, with it, by key."""
        ...

    async def delivered(self, run: int, delivery: Delivery) -> None:
        """Write down an attempt to deliver the report."""
        ...

    async def deliveries(self, run: int) -> tuple[Delivery, ...]:
        """Return the attempts to deliver the report of a run, the oldest first."""
        ...

    async def prune(self, *, before: datetime, evidence_before: datetime, dry_run: bool = False) -> tuple[int, int]:
        """Remove finished or dead runs that began before a date, and older evidence; return how many of both.

        The newest finished run of each series is kept, whatever its age: the next one is compared with it.
        """
        ...
