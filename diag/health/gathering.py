"""Make the health report from the entries of a run as they come; only what is not well is kept, whatever the number."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from diag.catalogue import Catalogue
from diag.catalogue.knowledge import Actor
from diag.health.annotations import Annotations, Mute
from diag.health.deadlines import DEADLINES
from diag.health.past import Change
from diag.health.report import Ended, Group, HealthReport, Item, Unclear
from diag.health.result import Found, Status
from diag.health.run import Entry, Run
from diag.health.scanner import Scanner
from diag.outcome import Certainty
from diag.sentence import Sentence

MOST_REASONS = 3  # of a group
_UNKNOWN_CAUSE: Actor = "helpdesk"  # who acts on a cause of an old run that the catalogue has no more


@dataclass(slots=True)
class Gathering:
    """A report in the making. `made_at` decides which annotations are over."""

    annotations: Annotations
    made_at: datetime
    counts: Counter[Status] = field(default_factory=Counter)
    muted: Counter[Status] = field(default_factory=Counter)
    unmuted: Counter[Status] = field(default_factory=Counter)
    items: list[Item] = field(default_factory=list)
    unexamined: int = 0
    _fitted: Counter[int] = field(default_factory=Counter)

    def add(self, entry: Entry) -> None:
        """Take an entry into account."""
        status = entry.result.status
        self.counts[status] += 1
        self.unexamined += status is Status.INCONCLUSIVE and not entry.result.duration_ms  # nothing took any time
        if status is Status.HEALTHY:
            self.unmuted[status] += 1
            if entry.change is Change.FIXED or entry.past.flaps:
                self.items.append(self._item(entry, None, is_lead=True))
            return
        items = tuple(self._items(entry))
        self.items += items
        left = [item.status for item in items if item.mute is None]
        if status in left:
            self.unmuted[status] += 1
            return
        self.muted[status] += 1
        if left:
            self.unmuted[min(left, key=lambda one: one.rank)] += 1

    def _items(self, entry: Entry) -> Iterator[Item]:
        result = entry.result
        standing = result.standing
        lead = next((found for found in standing if found.status is result.status), None)
        yield self._item(entry, lead, is_lead=True)
        for found in standing:
            if found is not lead:
                yield self._item(entry, found, is_lead=False)

    def _item(self, entry: Entry, found: Found | None, *, is_lead: bool) -> Item:
        result, past = entry.result, entry.past
        cause = found.cause if found else ""
        is_same = is_lead and (past.status, past.cause) == (result.status, result.cause)
        because = found.because if found else ()
        if result.because is not None and (found is None or result.status is Status.INCONCLUSIVE):
            because = (result.because, *because)
        return Item(
            scanner=result.scanner,
            status=found.status if found else result.status,
            cause=cause,
            certainty=found.certainty if found else None,
            because=because,
            is_lead=is_lead,
            change=entry.change if is_lead else None,
            since=past.since if is_same else None,
            last_good=past.last_good,
            checked_at=result.checked_at,
            trail=past.trail,
            flaps=past.flaps,
            mute=None if result.status is Status.HEALTHY else self._mute(result.scanner, cause),
        )

    def _mute(self, scanner: Scanner, cause: str) -> Mute | None:
        if not self.annotations.mutes:
            return None
        fitting = self.annotations.fitting(scanner, cause)
        self._fitted.update(mute.number for mute in fitting)
        return next((mute for mute in fitting if not mute.is_over(self.made_at)), None)

    def report(
        self,
        run: Run,
        before: Run | None,
        *,
        gone: Iterable[Scanner],
        catalogue: Catalogue,
        before_counts: Mapping[Status, int] | None = None,
    ) -> HealthReport:
        """Return the report of what was added."""
        annotations = self.annotations.mutes
        return HealthReport(
            run=run,
            before=before,
            made_at=self.made_at,
            counts={status: self.counts[status] for status in Status},
            before_counts=None if before_counts is None else {one: before_counts.get(one, 0) for one in Status},
            muted={status: self.muted[status] for status in Status},
            unmuted={status: self.unmuted[status] for status in Status},
            groups=_groups(self.items, catalogue),
            unclear=_unclear(self.items),
            items=tuple(self.items),
            gone=tuple(gone),
            ended=tuple(
                Ended(mute=mute, findings=self._fitted[mute.number])
                for mute in annotations
                if mute.is_over(self.made_at)
            ),
            unmatched=tuple(
                mute for mute in annotations if not mute.is_over(self.made_at) and not self._fitted[mute.number]
            ),
            unexamined=self.unexamined,
        )


def _groups(items: Iterable[Item], catalogue: Catalogue) -> tuple[Group, ...]:
    alike: dict[tuple[str, Status], list[Item]] = {}
    for item in items:
        if item.cause:
            alike.setdefault((item.cause, item.status), []).append(item)
    groups = [_group(cause, status, rows, catalogue) for (cause, status), rows in alike.items()]
    groups.sort(key=lambda one: (one.status.rank, one.muted - len(one.items), -len(one.items), one.cause))
    return tuple(groups)


def _group(cause: str, status: Status, found: Iterable[Item], catalogue: Catalogue) -> Group:
    items = tuple(sorted(found, key=lambda item: item.mute is not None))
    known = catalogue.causes.get(cause)
    scanners = [item.scanner for item in items]
    return Group(
        cause=cause,
        actor=known.actor if known else _UNKNOWN_CAUSE,
        status=status,
        certainty=min((item.certainty or Certainty.POSSIBLE for item in items), key=lambda sure: sure.rank),
        since=min((item.since for item in items if item.since), default=None),
        because=_reasons(items),
        tenants=tuple(sorted({scanner.realm for scanner in scanners})),
        sites=tuple(sorted({scanner.site for scanner in scanners if scanner.site})),
        deadline=DEADLINES.get(cause),
        items=items,
    )


def _reasons(items: Iterable[Item]) -> tuple[Sentence, ...]:
    """The first reasons that differ in their words, and not in a name or a number alone."""
    found: dict[str, Sentence] = {}
    for item in items:
        for because in item.because:
            if len(found) == MOST_REASONS:
                break
            found.setdefault(_wording(because), because)
    return tuple(found.values())


def _wording(sentence: Sentence) -> str:
    """The words of a sentence and of those in it, whatever names and numbers stand in them."""
    return "\n".join((sentence.text, *(_wording(value) for _, value in sentence.values if isinstance(value, Sentence))))


def _unclear(items: Iterable[Item]) -> tuple[Unclear, ...]:
    alike: dict[str, list[Item]] = {}
    for item in items:
        if item.status is not Status.HEALTHY and not item.cause:
            alike.setdefault(_wording(item.because[0]) if item.because else "", []).append(item)
    ordered = sorted(alike.values(), key=lambda rows: -len(rows))
    return tuple(Unclear(because=next(iter(rows[0].because), None), items=tuple(rows)) for rows in ordered)


async def report_of(  # noqa: PLR0913 - what a report depends on
    run: Run,
    before: Run | None,
    entries: AsyncIterator[Entry],
    *,
    gone: Iterable[Scanner],
    annotations: Annotations,
    catalogue: Catalogue,
    now: datetime,
    counts: Mapping[Status, int] | None = None,
    before_counts: Mapping[Status, int] | None = None,
) -> HealthReport:
    """Return the report of a run. With its `counts` the quiet entries are enough (`History.entries`)."""
    gathering = Gathering(annotations, now)
    async for entry in entries:
        gathering.add(entry)
    if counts is not None:
        healthy = counts.get(Status.HEALTHY, 0)
        gathering.counts[Status.HEALTHY] = gathering.unmuted[Status.HEALTHY] = healthy
    return gathering.report(run, before, gone=gone, catalogue=catalogue, before_counts=before_counts)
