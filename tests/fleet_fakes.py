"""A fleet as a test wants it: mailboxes that answer as they are told to, and a history in memory."""

import asyncio
import functools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ParamSpec

from diag.evidence import Auth, Evidence
from diag.fleet.ground import Examinable, NotExaminable
from diag.health.past import Past
from diag.health.result import Result, Status
from diag.health.run import DEAD_AFTER, Delivery, Entry, Kept, Notes, Run, Unasked, UnderWayError
from diag.health.scanner import Scanner
from diag.ports import Discovered
from diag.setting import LedgerError
from diag.subject import Subject
from tests.evidence_cases import healthy
from tests.fakes import World, jwt

Given = ParamSpec("Given")


def in_loop(test: Callable[Given, Coroutine[None, None, None]]) -> Callable[Given, None]:
    """Let a test be a coroutine."""

    @functools.wraps(test)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


@dataclass
class Memory:
    """The `History` port, in memory; `full_after` results it cannot be written to any more."""

    all_runs: list[Run] = field(default_factory=list)
    kept: dict[int, dict[str, Kept]] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)
    beats: list[datetime] = field(default_factory=list)
    sent: dict[int, list[Delivery]] = field(default_factory=dict)
    error: LedgerError | None = None
    errors: list[LedgerError] = field(default_factory=list)
    full_after: int | None = None
    written: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(self, *, series: str, inventory: str, diag_version: str, at: datetime) -> Run:
        before = next((run.id for run in reversed(self.all_runs) if run.series == series and run.finished_at), None)
        run = Run(
            id=len(self.all_runs) + 1,
            series=series,
            inventory=inventory,
            diag_version=diag_version,
            started_at=at,
            seen_at=at,
            before=before,
        )
        self.all_runs.append(run)
        self.kept[run.id] = {}
        return run

    async def resume(self, *, series: str, at: datetime) -> Run | None:
        newest = next((run for run in reversed(self.all_runs) if run.series == series), None)
        if newest is None or newest.finished_at is not None:
            return None
        if at - newest.seen_at < DEAD_AFTER:
            raise UnderWayError(newest)
        return newest

    async def beat(self, run: int, at: datetime, notes: Notes) -> None:
        self.beats.append(at)
        self.all_runs[run - 1] = replace(self.all_runs[run - 1], seen_at=at, notes=notes)

    async def done(self, run: int, keys: Collection[str]) -> frozenset[str]:
        return frozenset(keys) & frozenset(self.kept[run])

    async def pasts(self, run: int, keys: Collection[str]) -> Mapping[str, Past]:
        return {key: self.kept[run][key].entry.past for key in keys if key in self.kept[run]}

    async def add(self, run: int, kept: Sequence[Kept], at: datetime) -> None:
        await asyncio.sleep(0)
        if self.errors:
            raise self.errors.pop()
        if self.full_after is not None and len(self.kept[run]) + len(kept) > self.full_after and self.error:
            raise self.error
        self.batches.append(len(kept))
        for one in kept:
            self.kept[run].setdefault(one.entry.result.scanner.key, one)
        self.written.set()

    async def finish(self, run: int, notes: Notes, at: datetime) -> Run:
        self.all_runs[run - 1] = replace(self.all_runs[run - 1], finished_at=at, seen_at=at, notes=notes)
        return self.all_runs[run - 1]

    async def run(self, number: int) -> Run | None:
        return self.all_runs[number - 1] if 0 < number <= len(self.all_runs) else None

    async def runs(self, *, series: str | None = None, most: int = 30) -> tuple[Run, ...]:
        return tuple(run for run in reversed(self.all_runs) if series in {None, run.series})[:most]

    async def counts(self, runs: Collection[int]) -> Mapping[int, Mapping[Status, int]]:
        return {run: Counter(kept.entry.result.status for kept in self.kept[run].values()) for run in runs}

    async def entries(self, run: int, *, quiet: bool = False) -> AsyncIterator[Entry]:
        for _, kept in sorted(self.kept[run].items()):
            if not (quiet and kept.entry.change in {"same", "first"}):
                yield kept.entry

    async def gone(self, run: int) -> tuple[Scanner, ...]:
        before = self.all_runs[run - 1].before
        earlier = self.kept[before] if before else {}
        return tuple(earlier[key].entry.result.scanner for key in sorted(earlier.keys() - self.kept[run].keys()))

    async def of_mailbox(self, mailbox: str, *, most: int = 100) -> tuple[tuple[Run, Entry], ...]:
        key = mailbox.casefold()
        found = [(run, self.kept[run.id][key].entry) for run in reversed(self.all_runs) if key in self.kept[run.id]]
        return tuple(found[:most])

    async def evidence(self, run: int) -> AsyncIterator[tuple[Entry, bytes]]:
        for _, kept in sorted(self.kept[run].items()):
            if kept.evidence is not None:
                yield kept.entry, kept.evidence

    async def delivered(self, run: int, delivery: Delivery) -> None:
        self.sent.setdefault(run, []).append(delivery)

    async def deliveries(self, run: int) -> tuple[Delivery, ...]:
        return tuple(self.sent.get(run, ()))

    async def prune(self, *, before: datetime, evidence_before: datetime, dry_run: bool = False) -> tuple[int, int]:
        raise NotImplementedError

    def statuses(self, run: int) -> dict[Status, int]:
        """How many mailboxes of a run have each status."""
        return dict(Counter(kept.entry.result.status for kept in self.kept[run].values()))


@dataclass
class Fleet:
    """The `Ground` of a run: `answers` says what the world of a mailbox looks like, by its address.

    `most` counts the examinations that were under way at once, of all, of each tenant and each site.
    """

    answers: Callable[[Scanner, int], Evidence | NotExaminable | Exception] = lambda _scanner, _time: healthy()
    examined: list[str] = field(default_factory=list)
    inside: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    unasked: tuple[Unasked, ...] = ()
    looked_closer: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def ready(self, scanner: Scanner) -> AsyncIterator[Examinable | NotExaminable]:
        answer = self.answers(scanner, self.examined.count(scanner.mailbox))
        self.examined.append(scanner.mailbox)
        if isinstance(answer, NotExaminable):
            yield answer
            return
        if isinstance(answer, Exception):
            raise answer
        world = _Counted(auth=Auth.APP, evidence=answer, token=jwt(upn=scanner.mailbox), fleet=self, scanner=scanner)
        yield Examinable(Subject(mailbox=scanner.mailbox, sender=scanner.mailbox), world.ports)

    async def closer(self, scanner: Scanner, known: Evidence) -> Evidence:
        self.looked_closer.append(scanner.mailbox)
        return known

    def lane(self, scanner: Scanner) -> str:
        return f"{scanner.realm} {scanner.smtp_host}"


@dataclass
class _Counted(World):
    fleet: Fleet = field(default_factory=Fleet)
    scanner: Scanner = field(default_factory=lambda: Scanner(mailbox="x@contoso.com"))

    async def discover(self) -> Discovered:
        names = ("all", f"tenant {self.scanner.realm}", f"site {self.scanner.site}", f"mailbox {self.scanner.key}")
        self.fleet.inside.update(names)
        for name in names:
            self.fleet.most[name] = max(self.fleet.most[name], self.fleet.inside[name])
        for _ in range(3):
            await asyncio.sleep(0)
        self.fleet.inside.subtract(names)
        return await super().discover()


@dataclass
class Onlooker:
    """The `Watching` of a run: what was told."""

    results: list[Result] = field(default_factory=list)
    skipped: int = 0
    pauses: list[tuple[str, float]] = field(default_factory=list)

    def went_on(self, result: Result) -> None:
        self.results.append(result)

    def was_done(self, count: int) -> None:
        self.skipped += count

    def waits(self, scanner: Scanner, seconds: float) -> None:
        self.pauses.append((scanner.mailbox, seconds))
