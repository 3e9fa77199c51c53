"""The commands that read what runs left: report, history, runs, rejudge; and prune."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import checks
from diag import archive, catalogue, pipeline, wiring
from diag.cli import answer
from diag.cli.command import Call
from diag.cli.exits import Exit, examined
from diag.cli.loop import complete
from diag.cli.options import HEALTH, Option
from diag.cli.settings import Settings, settings
from diag.cli.wanted import options_of
from diag.health.annotations import Annotations, annotations_of
from diag.health.gathering import report_of
from diag.health.rejudged import Rejudged
from diag.health.report import HealthReport
from diag.health.result import Status, result_of
from diag.health.run import Entry, History, Run
from diag.language import translator
from diag.sentence import Sentence, say
from diag.setting import LedgerError
from diag.store import is_there, open_history
from diag.subject import InvalidInputError, address, printable
from reports import HEALTH_FORMATS, render_health

_KEEP_RUNS, _KEEP_EVIDENCE = 400, 30  # days
_MOST_DAYS = 36_500
_MOST_RUNS = 30
_MOST_BYTES = 1024 * 1024
_NO_RUN = say("There is no run yet; 'diag health run' makes one.")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Reading:
    """How the report of a run is made: with what is known already and left alone."""

    annotations: Annotations

    @classmethod
    def of(cls, said: Settings) -> "Reading":
        """Read the annotations file, where one is named; raises `InvalidInputError`."""
        path = said.path("annotations")
        if path is None:
            return cls(Annotations())
        return cls(annotations_of(content_of(said, "annotations"), printable(str(path), 200)))

    async def report(self, history: History, run: Run, now: datetime) -> HealthReport:
        """Return the report of a run that is in the history."""
        before = None if run.before is None else await history.run(run.before)
        counts = await history.counts([one.id for one in (run, before) if one is not None])
        return await report_of(
            run,
            before,
            history.entries(run.id, quiet=True),
            gone=await history.gone(run.id) if run.finished_at is not None else (),
            annotations=self.annotations,
            catalogue=catalogue.load(),
            now=now,
            counts=counts.get(run.id, {}),
            before_counts=None if before is None else counts.get(before.id, {}),
        )


@dataclass(frozen=True, slots=True)
class Keep:
    """For how many days runs, and the evidence of runs, are kept."""

    runs: int
    evidence: int

    @classmethod
    def of(cls, said: Settings) -> "Keep":
        """Read both settings; raises `InvalidInputError`."""
        return cls(
            runs=said.number("keep-runs", _KEEP_RUNS, least=1, most=_MOST_DAYS),
            evidence=said.number("keep-evidence", _KEEP_EVIDENCE, least=0, most=_MOST_DAYS),
        )

    async def prune(self, history: History, now: datetime, *, dry_run: bool = False) -> tuple[int, int]:
        """Remove what is older; returns of how many runs, and of how many examinations the evidence."""
        return await history.prune(
            before=now - timedelta(days=self.runs), evidence_before=now - timedelta(days=self.evidence), dry_run=dry_run
        )


def content_of(said: Settings, name: str) -> bytes:
    """Read the file that an option names; raises `InvalidInputError`."""
    from diag.files import why

    path = said.path(name)
    if path is None:
        return b""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise InvalidInputError(say("{path} is larger than 1 MiB.", path=printable(str(path), 200)))
    except OSError as problem:
        raise InvalidInputError(
            say("{path} cannot be read: {reason}.", path=printable(str(path), 200), reason=why(problem))
        ) from None
    return content


def unknown(why: Sentence, call: Call) -> int:
    """Tell Nagios that nothing is known, and why; returns its code for that."""
    from reports import health_nagios

    sys.stdout.write(health_nagios.unknown(why.in_language(translator(call.language))))
    return health_nagios.State.UNKNOWN


def written(report: HealthReport, said: Settings, language: str) -> int:
    """Put the report where it was asked for; returns the exit code."""
    wanted = said.language(language)
    if said.is_set("nagios"):
        from reports import health_nagios

        sys.stdout.write(health_nagios.render(report, language=wanted))
        return health_nagios.nagios_code(report)
    form = said.choice("format", HEALTH_FORMATS) or "text"
    text = render_health(form, report, language=wanted, width=answer.width(said), docs_url=said.web_address("docs-url"))
    if (failure := answer.hand_over(text, said)) is not None:
        raise failure
    return examined(report)


@asynccontextmanager
async def history_at(at: str | None) -> AsyncIterator[History]:
    """Open the history that there is; raises `InvalidInputError` where there is none, or it cannot be used."""
    if not is_there(at):
        raise InvalidInputError(_NO_RUN)
    try:
        async with open_history(at) as opened:
            yield opened
    except LedgerError as problem:
        raise InvalidInputError(problem.sentence) from None


def _reading(
    call: Call, asked: Sequence[Option], work: Callable[[History, Settings], Awaitable[Answer]]
) -> tuple[Settings, Answer]:
    """Open the history that there is, and work with it."""
    said = settings(call.options, call.environment, asked, tables=(HEALTH,))
    answer.check(said, call.language, HEALTH_FORMATS)
    at = wiring.ledger_of(options_of(None, said.text("lab"), said, call))

    async def open_and_work() -> Answer:
        async with history_at(at) as history:
            return await work(history, said)

    return said, complete(open_and_work())


async def chosen(history: History, said: Settings) -> Run:
    """Return the run that was asked for, else the last finished one, else the last; raises `InvalidInputError`."""
    if said.text("run") is not None:
        number = said.number("run", 1, least=1, most=10**9)
        found = await history.run(number)
        if found is None:
            raise InvalidInputError(say("There is no run {number}; 'diag health runs' lists them.", number=number))
        return found
    runs = await history.runs(series=said.text("series"), most=_MOST_RUNS)
    if not runs:
        raise InvalidInputError(_NO_RUN)
    return next((run for run in runs if run.finished_at is not None), runs[0])


def report(call: Call, asked: Sequence[Option]) -> int:
    """Show the report of a run that was made; returns the exit code of that run."""

    async def work(history: History, said: Settings) -> HealthReport:
        return await Reading.of(said).report(history, await chosen(history, said), datetime.now(UTC))

    said, made = _reading(call, asked, work)
    return written(made, said, call.language)


def history(call: Call, asked: Sequence[Option]) -> int:
    """Show what the runs found for one mailbox."""
    from reports import health_history, health_history_json

    mailbox = address(call.arguments["mailbox"])

    async def work(store: History, _: Settings) -> tuple[tuple[Run, Entry], ...]:
        return await store.of_mailbox(mailbox)

    said, entries = _reading(call, asked, work)
    language = said.language(call.language)
    if said.text("format") == "json":
        return shown(health_history_json.history_json(mailbox, entries, language=language), said)
    return shown(health_history.history_text(mailbox, entries, language=language, width=answer.width(said)), said)


def runs(call: Call, asked: Sequence[Option]) -> int:
    """List the runs."""
    from reports import health_history, health_history_json

    async def work(store: History, said: Settings) -> tuple[tuple[Run, ...], Mapping[int, Mapping[Status, int]]]:
        found = await store.runs(series=said.text("series"), most=_MOST_RUNS)
        return found, await store.counts([run.id for run in found])

    said, (found, counts) = _reading(call, asked, work)
    now = datetime.now(UTC)
    if said.text("format") == "json":
        return shown(health_history_json.runs_json(found, counts, now=now), said)
    width, language = answer.width(said), said.language(call.language)
    return shown(health_history.runs_text(found, counts, now=now, language=language, width=width), said)


def rejudge(call: Call, asked: Sequence[Option]) -> int:
    """Judge the evidence of a run again, and show what differs; nothing that is kept is changed."""
    from reports import health_history, health_history_json

    async def work(store: History, said: Settings) -> list[Rejudged]:
        run = await chosen(store, said)
        again = [one async for one in _judged_again(store, run.id)]
        if not again:
            raise InvalidInputError(say("Run {number} has no evidence any more.", number=run.id))
        return again

    said, again = _reading(call, asked, work)
    language = said.language(call.language)
    if said.text("format") == "json":
        return shown(health_history_json.rejudged_json(again, language=language), said)
    return shown(health_history.rejudged_text(again, language=language, width=answer.width(said)), said)


async def _judged_again(store: History, run: int) -> AsyncIterator[Rejudged]:
    known = catalogue.load()
    async for entry, packed in store.evidence(run):
        try:
            evidence = archive.unpack(packed)
        except ValueError:
            raise InvalidInputError(
                say(
                    "The evidence of {mailbox} was kept by another version of diag.",
                    mailbox=entry.result.scanner.mailbox,
                )
            ) from None
        now = result_of(entry.result.scanner, pipeline.replay(evidence, checks.CHECKS, known))
        yield Rejudged(entry=entry, now=now)


def prune(call: Call, asked: Sequence[Option]) -> int:
    """Remove what is old, and say how much."""

    async def work(store: History, said: Settings) -> tuple[int, int]:
        return await Keep.of(said).prune(store, datetime.now(UTC), dry_run=said.is_set("dry-run"))

    said, (runs, evidences) = _reading(call, asked, work)
    removed = say("Removed: {runs} runs, and the evidence of {count} examinations.", runs=runs, count=evidences)
    if said.is_set("dry-run"):
        removed = say(
            "To be removed: {runs} runs, and the evidence of {count} examinations.", runs=runs, count=evidences
        )
    sys.stdout.write(removed.in_language(translator(said.language(call.language))) + "\n")
    return Exit.HEALTHY


def shown(text: str, said: Settings) -> int:
    """Put a text where it was asked for; returns the exit code of a command that found what was asked of it."""
    if (failure := answer.hand_over(text, said)) is not None:
        raise failure
    return Exit.HEALTHY
