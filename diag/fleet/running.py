"""A run over many mailboxes: one process, one event loop, so many at once; every result is kept as it comes."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol, TypeVar

from diag import __version__, archive, pipeline
from diag.catalogue import Catalogue
from diag.diagnosis import Diagnosis
from diag.evidence import Evidence
from diag.fleet.alike import Alike
from diag.fleet.bounds import Bounds, Gate
from diag.fleet.ground import Examinable, Ground, NotExaminable
from diag.fleet.inventory import Duplicate
from diag.fleet.keeping import Keeping
from diag.health.past import Past, went_on
from diag.health.result import Result, Status, result_of
from diag.health.run import BadRow, Entry, History, Kept, Notes, Run, Stopped
from diag.health.scanner import Scanner
from diag.outcome import Check
from diag.ports import Clock
from diag.sentence import Sentence, say
from diag.setting import LedgerError
from diag.subject import InvalidInputError

Known = TypeVar("Known", bound=Exception)
_BATCH = 500  # rows of the inventory that the history is asked about at once
_OUTSTANDING = 1000  # rows that wait for a place, so that a slow tenant does not hold up the others
_MOST_BAD_ROWS = 100  # that are kept; all are counted
_PATIENCE = frozenset(
    {
        "concurrent_connections_exceeded",
        "ip_connection_limit",
        "submission_rate_exceeded",
        "insufficient_system_resources",
        "sign_in_throttled",
    }
)


class Watching(Protocol):
    """Whoever looks on while a run goes on."""

    def went_on(self, result: Result) -> None:
        """Hear of one more mailbox."""
        ...

    def was_done(self, count: int) -> None:
        """Hear of mailboxes that an earlier part of the run has finished."""
        ...

    def waits(self, scanner: Scanner, seconds: float) -> None:
        """Hear that a server asked for patience."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a run works with."""

    ground: Ground
    history: History
    clock: Clock
    checks: Sequence[Check]
    catalogue: Catalogue
    bounds: Bounds
    keeps_evidence: bool = True


@dataclass(slots=True)
class _Course:
    """One run while it goes on."""

    run: Run
    means: Means
    watching: Watching
    keeping: Keeping
    alike: Alike
    tenants: dict[str, Gate] = field(default_factory=dict)
    sites: dict[tuple[str, str], Gate] = field(default_factory=dict)
    bad_rows: list[BadRow] = field(default_factory=list)
    bad_rows_total: int = 0
    duplicates: int = 0
    retried: int = 0
    broke: int = 0

    async def go(self, rows: Iterable[Scanner | BadRow | Duplicate]) -> None:
        """Examine the mailboxes of all rows."""
        outstanding = asyncio.Semaphore(_OUTSTANDING)
        whole = asyncio.Semaphore(self.means.bounds.total)
        async with asyncio.TaskGroup() as group:
            async for scanner, past in self._due(rows):
                await outstanding.acquire()
                task = group.create_task(self._one(scanner, past, whole))
                task.add_done_callback(lambda _: outstanding.release())

    async def _due(self, rows: Iterable[Scanner | BadRow | Duplicate]) -> AsyncIterator[tuple[Scanner, Past | None]]:
        """Yield the mailboxes that are still to be examined, with what was known of them."""
        for batch in _batches(self._good(rows)):
            keys = [scanner.key for scanner in batch]
            history, run = self.means.history, self.run
            done = await history.done(run.id, keys)
            self.watching.was_done(len(done)) if done else None
            pasts: Mapping[str, Past] = {}
            if run.before is not None:
                pasts = await history.pasts(run.before, keys)
            for scanner in batch:
                if scanner.key not in done:
                    yield scanner, pasts.get(scanner.key)

    def _good(self, rows: Iterable[Scanner | BadRow | Duplicate]) -> Iterator[Scanner]:
        for row in rows:
            match row:
                case Scanner():
                    yield row
                case Duplicate():
                    self.duplicates += 1
                case BadRow():
                    self.bad_rows_total += 1
                    if len(self.bad_rows) < _MOST_BAD_ROWS:
                        self.bad_rows.append(row)

    async def _one(self, scanner: Scanner, past: Past | None, whole: asyncio.Semaphore) -> None:
        result, evidence = await self._examined(scanner, whole)
        now, change = went_on(past, result)
        packed = archive.pack(evidence) if evidence is not None and self.means.keeps_evidence else None
        await self.keeping.keep(Kept(entry=Entry(result=result, past=now, change=change), evidence=packed))
        self.watching.went_on(result)

    async def _examined(self, scanner: Scanner, whole: asyncio.Semaphore) -> tuple[Result, Evidence | None]:
        """Examine one mailbox; once more, later, where a server asks for patience: others have the place meanwhile."""
        lane = self.means.ground.lane(scanner)
        bounds = self.means.bounds
        tenant = self.tenants.setdefault(scanner.realm, Gate(bounds.tenant))
        # Where no site is named nobody knows which mailboxes have a way in common.
        site = self.sites.setdefault((scanner.realm, scanner.site), Gate(bounds.site)) if scanner.site else None
        pause_s = bounds.pause_s
        for left in reversed(range(bounds.tries)):
            async with tenant.passing() as width, site.passing() if site else nullcontext(), whole:
                if self.alike.stopped(lane):
                    self.alike.leave(lane)
                    because = say("it was not examined, since its tenant was left early")
                    return self._unknown(scanner, because), None
                result, evidence = await self._asked(scanner)
                busy = any(found.cause in _PATIENCE for found in result.found)
                tenant.slow_down(width) if busy else tenant.went_well()
                self.alike.saw(lane, result)
            if not busy:
                break
            if left:
                self.retried += 1
                self.watching.waits(scanner, pause_s)
                await self.means.clock.sleep(pause_s)
                pause_s *= 2
        return result, evidence

    async def _asked(self, scanner: Scanner) -> tuple[Result, Evidence | None]:
        try:
            return await self._diagnosed(scanner)
        except Exception as problem:  # noqa: BLE001 - a bug of ours in one mailbox must not take the others with it
            self.broke += 1
            broke = say("diag itself failed: {error}", error=pipeline.whereabouts(problem))
            return self._unknown(scanner, broke), None

    async def _diagnosed(self, scanner: Scanner) -> tuple[Result, Evidence | None]:
        means = self.means
        async with means.ground.ready(scanner) as ready:
            match ready:
                case NotExaminable(because=because):
                    return self._unknown(scanner, because), None
                case Examinable(subject=subject, ports=ports):
                    found = await pipeline.run(subject, ports, means.checks, means.catalogue, __version__)
            return await self._looked_closer(scanner, *found)

    async def _looked_closer(
        self, scanner: Scanner, evidence: Evidence, diagnosis: Diagnosis
    ) -> tuple[Result, Evidence]:
        """Ask more about a mailbox in which something was found."""
        result = result_of(scanner, diagnosis)
        if result.status is not Status.HEALTHY:
            seen = await self.means.ground.closer(scanner, evidence)
            if seen != evidence:
                diagnosis = pipeline.replay(seen, self.means.checks, self.means.catalogue)
                result, evidence = result_of(scanner, diagnosis), seen
        self.broke += diagnosis.broke
        return result, evidence

    def _unknown(self, scanner: Scanner, because: Sentence) -> Result:
        now = self.means.clock.now()
        return Result(
            scanner=scanner, status=Status.INCONCLUSIVE, found=(), checked_at=now, duration_ms=0, because=because
        )

    @property
    def notes(self) -> Notes:
        return Notes(
            bad_rows=tuple(self.bad_rows),
            bad_rows_total=self.bad_rows_total,
            duplicates=self.duplicates,
            stopped=_together(self.run.notes.stopped, self.alike.all),
            unasked=tuple(dict.fromkeys((*self.run.notes.unasked, *self.means.ground.unasked))),
            retried=self.retried,
            broke=self.broke,
        )


def _together(earlier: Iterable[Stopped], later: Iterable[Stopped]) -> tuple[Stopped, ...]:
    """Add up what both parts of a run left, where the first was cut off."""
    found: dict[tuple[str, str], Stopped] = {}
    for one in (*earlier, *later):
        known = found.get((one.tenant, one.cause))
        if known is not None:
            one = replace(one, alike=max(one.alike, known.alike), left=one.left + known.left)  # noqa: PLW2901 - the sum
        found[one.tenant, one.cause] = one
    return tuple(found.values())


def _batches(rows: Iterator[Scanner]) -> Iterator[list[Scanner]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


async def examine_all(rows: Iterable[Scanner | BadRow | Duplicate], run: Run, means: Means, watching: Watching) -> Run:
    """Examine every mailbox of `rows` that `run` has no result of yet, and close the run; returns it as it is kept.

    Raises `LedgerError` where results cannot be kept, `InvalidInputError` where `rows` does; what was kept up to then
    stays, for `History.resume`.
    """
    keeping = Keeping(run.id, means.history, means.clock)
    course = _Course(
        run=run,
        means=means,
        watching=watching,
        keeping=keeping,
        alike=Alike(means.bounds.alike, means.catalogue),
        retried=run.notes.retried,
        broke=run.notes.broke,
    )
    try:
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(keeping.beat(lambda: course.notes))
            await course.go(rows)
            beating.cancel()
    except* (LedgerError, InvalidInputError) as several:
        raise _first(several) from None
    return await means.history.finish(run.id, course.notes, means.clock.now())


def _first(several: BaseExceptionGroup[Known]) -> Known:
    """Return the first exception in a group, however deep."""
    first = several.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
