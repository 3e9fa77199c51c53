"""The health report for programs: `diag.health/1`, described by health.schema.json beside this file.

The classes below are the one place where its form is written; `schema()` makes the JSON Schema from them. Text keeps
whatever a server or an inventory said, in ASCII.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from diag import catalogue
from diag.catalogue.knowledge import Actor
from diag.health.annotations import Mute
from diag.health.past import Change
from diag.health.report import Group, HealthReport, Item
from diag.health.result import Status
from diag.health.run import Run
from diag.language import Translate, translator
from diag.outcome import Certainty
from reports.as_json import described
from reports.health_words import first_step, plain_title, verdict
from reports.more import address
from reports.reader import Reader
from reports.remedy import steps
from reports.wording import worded

SCHEMA_ID: Literal["diag.health/1"] = "diag.health/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many mailboxes, each by its worst status."""

    broken: int
    will_break: int
    degraded: int
    inconclusive: int
    healthy: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKept:
    """A run; `finished_at` is null where it has not come to its end."""

    id: int
    series: str
    inventory: str
    diag_version: str
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mute:
    """An annotation; `number` is its place in the file, `until` the last day on which it mutes."""

    number: int
    reason: str
    until: date
    by: str
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    annotation: _Mute
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """One root cause: `mailboxes` are all of its mailboxes, `muted` how many of them are muted."""

    cause: str
    title: str
    status: Status
    certainty: Certainty
    actor: Actor
    count: int
    muted: int
    since: datetime | None
    deadline: date | None
    mailboxes: tuple[str, ...]
    tenants: tuple[str, ...]
    sites: tuple[str, ...]
    because: tuple[str, ...]
    fix: tuple[str, ...]
    links: tuple[str, ...]
    docs: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """What one kind of people has to do: `mailboxes` is how many wait for them, without those that are muted."""

    actor: Actor
    causes: tuple[str, ...]
    mailboxes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    """One finding for one mailbox. `leads`: it stands for the mailbox, and has the change; days are whole days."""

    mailbox: str
    tenant: str
    site: str
    device: str
    owner: str
    status: Status
    leads: bool
    cause: str | None
    title: str | None
    certainty: Certainty | None
    because: tuple[str, ...]
    first_step: str | None
    change: Change | None
    since: datetime | None
    days: int | None
    last_good: datetime | None
    checked_at: datetime
    flapping: bool
    trail: str
    muted: _Mute | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Changes:
    """The mailboxes by what changed since the run before; what is muted is left out."""

    new: tuple[str, ...]
    other: tuple[str, ...]
    fixed: tuple[str, ...]
    still: tuple[str, ...]
    unknown: tuple[str, ...]
    flapping: tuple[str, ...]
    gone: tuple[str, ...]
    median_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stopped:
    tenant: str
    cause: str
    alike: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unasked:
    tenant: str
    what: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _BadRow:
    line: int
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _NotAsked:
    """What was left out: tenants that were left early, questions to a tenant, lines of the inventory."""

    stopped: tuple[_Stopped, ...]
    unasked: tuple[_Unasked, ...]
    bad_rows: tuple[_BadRow, ...]
    bad_rows_total: int
    duplicates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    form: Annotated[Literal["diag.health/1"], Field(serialization_alias="schema")] = SCHEMA_ID
    made_at: datetime
    run: RunKept
    before: RunKept | None
    verdict: str
    worst: Status
    total: int
    examined: int
    counts: Counts
    counts_before: Counts | None
    muted: Counts
    groups: tuple[_Group, ...]
    by_actor: tuple[_Share, ...]
    changes: _Changes
    findings: tuple[_Finding, ...]
    not_asked: _NotAsked
    annotations_ended: tuple[_Ended, ...]
    annotations_unmatched: tuple[_Mute, ...]


@cache
def _adapter() -> TypeAdapter[_Report]:
    return TypeAdapter(_Report)


def schema() -> str:
    """Return the JSON Schema of the report, as it stands in health.schema.json."""
    return described(_adapter(), SCHEMA_ID)


def counts_kept(counts: Mapping[Status, int]) -> Counts:
    """Return counts in their form for programs."""
    return Counts(**{status.value: counts.get(status, 0) for status in Status})


def run_kept(run: Run) -> RunKept:
    """Return a run in its form for programs."""
    return RunKept(
        id=run.id,
        series=run.series,
        inventory=run.inventory,
        diag_version=run.diag_version,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )


def _mute(mute: Mute) -> _Mute:
    return _Mute(number=mute.number, reason=mute.reason, until=mute.until, by=mute.by, ticket=mute.ticket)


def _group(group: Group, language: str, docs_url: str | None) -> _Group:
    known = catalogue.load().causes.get(group.cause)
    return _Group(
        cause=group.cause,
        title=plain_title(group.cause, language),
        status=group.status,
        certainty=group.certainty,
        actor=group.actor,
        count=len(group.items),
        muted=group.muted,
        since=group.since,
        deadline=group.deadline,
        mailboxes=group.mailboxes,
        tenants=group.tenants,
        sites=group.sites,
        because=tuple(worded(sentence, translator(language)) for sentence in group.because),
        fix=tuple(str(step) for step in steps(known, None, language)) if known else (),
        links=known.links if known else (),
        docs=address(group.cause, language, docs_url) if known else None,
    )


def _finding(item: Item, language: str, translate: Translate) -> _Finding:
    step = first_step(item.cause, item.scanner, language) if item.cause else None
    return _Finding(
        mailbox=item.scanner.mailbox,
        tenant=item.scanner.realm,
        site=item.scanner.site,
        device=item.scanner.device,
        owner=item.scanner.owner,
        status=item.status,
        leads=item.is_lead,
        cause=item.cause or None,
        title=plain_title(item.cause, language) if item.cause else None,
        certainty=item.certainty,
        because=tuple(worded(sentence, translate) for sentence in item.because),
        first_step=str(step) if step else None,
        change=item.change,
        since=item.since,
        days=item.days,
        last_good=item.last_good,
        checked_at=item.checked_at,
        flapping=item.flaps,
        trail=item.trail,
        muted=_mute(item.mute) if item.mute else None,
    )


def _changes(report: HealthReport) -> _Changes:
    def mailboxes(change: Change) -> tuple[str, ...]:
        return tuple(item.scanner.mailbox for item in report.changed(change))

    return _Changes(
        new=mailboxes(Change.NEW),
        other=mailboxes(Change.OTHER),
        fixed=mailboxes(Change.FIXED),
        still=mailboxes(Change.STILL),
        unknown=mailboxes(Change.UNKNOWN),
        flapping=tuple(item.scanner.mailbox for item in report.flapping),
        gone=tuple(scanner.mailbox for scanner in report.gone),
        median_days=report.median_days,
    )


def _not_asked(report: HealthReport, translate: Translate) -> _NotAsked:
    notes = report.run.notes
    return _NotAsked(
        stopped=tuple(
            _Stopped(tenant=one.tenant, cause=one.cause, alike=one.alike, left=one.left) for one in notes.stopped
        ),
        unasked=tuple(
            _Unasked(tenant=one.tenant, what=worded(one.what, translate), because=worded(one.because, translate))
            for one in notes.unasked
        ),
        bad_rows=tuple(_BadRow(line=row.line, because=worded(row.because, translate)) for row in notes.bad_rows),
        bad_rows_total=max(notes.bad_rows_total, len(notes.bad_rows)),
        duplicates=notes.duplicates,
    )


def render(report: HealthReport, *, language: str, docs_url: str | None = None) -> str:
    """Return the report as JSON in ASCII, sentences in `language`, keys, ids and statuses always the same."""
    translate = translator(language)
    made = _Report(
        made_at=report.made_at,
        run=run_kept(report.run),
        before=run_kept(report.before) if report.before else None,
        verdict=verdict(report, Reader(language=language, translate=translate, quote=str)),
        worst=report.worst,
        total=report.total,
        examined=report.examined,
        counts=counts_kept(report.counts),
        counts_before=None if report.before_counts is None else counts_kept(report.before_counts),
        muted=counts_kept(report.muted),
        groups=tuple(_group(group, language, docs_url) for group in report.groups),
        by_actor=tuple(
            _Share(
                actor=share.actor,
                causes=tuple(dict.fromkeys(group.cause for group in share.groups)),
                mailboxes=share.mailboxes,
            )
            for share in report.by_actor
        ),
        changes=_changes(report),
        findings=tuple(_finding(item, language, translate) for item in report.items),
        not_asked=_not_asked(report, translate),
        annotations_ended=tuple(_Ended(annotation=_mute(one.mute), findings=one.findings) for one in report.ended),
        annotations_unmatched=tuple(_mute(mute) for mute in report.unmatched),
    )
    return _adapter().dump_json(made, by_alias=True, indent=2, ensure_ascii=True).decode() + "\n"


def main() -> None:
    """Write health.schema.json anew: `python -m reports.health_json > reports/health.schema.json`."""
    print(schema(), end="")  # noqa: T201 - the schema is what this prints


if __name__ == "__main__":
    main()
