"""The history of health runs for programs: `diag.health_history/1`, described by health_history.schema.json.

The classes below are the one place where its form is written; `schema()` makes the JSON Schema from them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from diag.health.past import Change
from diag.health.rejudged import Rejudged
from diag.health.result import Result, Status
from diag.health.run import Entry, Run
from diag.outcome import Certainty
from reports.as_json import described
from reports.health_history import State, state_of
from reports.health_json import Counts, RunKept, counts_kept, run_kept
from reports.health_words import plain_title

SCHEMA_ID: Literal["diag.health_history/1"] = "diag.health_history/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    id: str
    title: str
    certainty: Certainty


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judgement:
    """How a mailbox was found; `causes` are those that stand, the one to act on first."""

    status: Status
    causes: tuple[_Cause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    run: int
    checked_at: datetime
    found: _Judgement
    change: Change
    since: datetime
    last_good: datetime | None
    flapping: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    run: RunKept
    state: State
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rejudged:
    mailbox: str
    then: _Judgement
    now: _Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """One of three: what the runs found for `mailbox`, the newest first; the runs; what is judged otherwise today."""

    form: Annotated[Literal["diag.health_history/1"], Field(serialization_alias="schema")] = SCHEMA_ID
    mailbox: str | None = None
    trail: str | None = None
    entries: tuple[_Entry, ...] | None = None
    runs: tuple[_Run, ...] | None = None
    judged: int | None = None
    different: tuple[_Rejudged, ...] | None = None


@cache
def _adapter() -> TypeAdapter[_Report]:
    return TypeAdapter(_Report)


def schema() -> str:
    """Return the JSON Schema of the history, as it stands in health_history.schema.json."""
    return described(_adapter(), SCHEMA_ID)


def _judgement(result: Result, language: str) -> _Judgement:
    causes = tuple(
        _Cause(id=found.cause, title=plain_title(found.cause, language), certainty=found.certainty)
        for found in result.standing
    )
    return _Judgement(status=result.status, causes=causes)


def history_json(mailbox: str, entries: Sequence[tuple[Run, Entry]], *, language: str) -> str:
    """Return what the runs found for a mailbox, as JSON in ASCII; `trail` has the newest run last."""
    told = tuple(
        _Entry(
            run=run.id,
            checked_at=entry.result.checked_at,
            found=_judgement(entry.result, language),
            change=entry.change,
            since=entry.past.since,
            last_good=entry.past.last_good,
            flapping=entry.past.flaps,
        )
        for run, entry in entries
    )
    return _written(_Report(mailbox=mailbox, trail=entries[0][1].past.trail if entries else "", entries=told))


def runs_json(runs: Sequence[Run], counts: Mapping[int, Mapping[Status, int]], *, now: datetime) -> str:
    """Return the runs and their counts, as JSON in ASCII."""
    told = tuple(
        _Run(run=run_kept(run), state=state_of(run, now), counts=counts_kept(counts.get(run.id, {}))) for run in runs
    )
    return _written(_Report(runs=told))


def rejudged_json(rejudged: Iterable[Rejudged], *, language: str) -> str:
    """Return what is judged otherwise today, as JSON in ASCII."""
    judged, different = 0, []
    for one in rejudged:
        judged += 1
        if one.differs:
            then, now = _judgement(one.entry.result, language), _judgement(one.now, language)
            different.append(_Rejudged(mailbox=one.now.scanner.mailbox, then=then, now=now))
    return _written(_Report(judged=judged, different=tuple(different)))


def _written(report: _Report) -> str:
    return _adapter().dump_json(report, by_alias=True, indent=2, ensure_ascii=True).decode() + "\n"


def main() -> None:
    """Write the schema anew: `python -m reports.health_history_json > reports/health_history.schema.json`."""
    print(schema(), end="")  # noqa: T201 - the schema is what this prints


if __name__ == "__main__":
    main()
