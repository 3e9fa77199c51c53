"""`diag health schedule install|show|remove`: have this computer make the run every night."""

import re
import shlex
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import time
from pathlib import Path
from typing import TypeVar

from diag.cli.command import Call
from diag.cli.exits import Exit
from diag.cli.health_running import understood
from diag.cli.options import HEALTH, SCHEDULERS, Option
from diag.cli.settings import Settings, settings
from diag.health.schedule import Kind, Plan, Schedule
from diag.language import Translate, translator
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError, printable
from diag.wiring.scheduling import Failed, Scheduler, scheduler

_OWN = frozenset({"at", "scheduler", "run-as", "dry-run"})
_FILES = frozenset(
    {"annotations", "deliver", "ca-file", "client-secret-file", "client-certificate", "config"}
    | {"admin-client-secret-file", "admin-client-certificate", "inventory"}
)
_AT = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_USUAL = time(2, 30)
_NAME = "nightly"
Outcome = TypeVar("Outcome")
_BETWEEN, _LONGEST_NAME = re.compile(r"[^A-Za-z0-9_-]+"), 48


def _settings(call: Call, asked: Sequence[Option]) -> Settings:
    return settings(
        call.options, call.environment, asked, outside=lambda name: name in {"lang", "series"}, tables=(HEALTH,)
    )


def _at(said: Settings) -> time:
    text = said.text("at")
    if text is None:
        return _USUAL
    found = _AT.fullmatch(text)
    if found is None:
        raise InvalidInputError(say("--at takes a time of day, like 02:30, not '{shown}'.", shown=printable(text, 40)))
    return time(int(found[1]), int(found[2]))


def _name(call: Call, said: Settings) -> str:
    """The name of the schedule: that of the series, else of the inventory; as schedulers take it."""
    named = said.text("series") or (Path(call.words[0]).stem if call.words else _NAME)
    letters = unicodedata.normalize("NFKD", named).encode("ascii", "ignore").decode()
    return _BETWEEN.sub("-", letters).strip("-_")[:_LONGEST_NAME] or _NAME


def _command(call: Call, asked: Sequence[Option]) -> tuple[str, ...]:
    """The command that is run each night: what was typed here, with whole paths; nothing of the environment."""
    return (sys.executable, "-m", "diag", "health", "run", *_words(call, asked))


def _words(call: Call, asked: Sequence[Option]) -> Iterator[str]:
    yield from (str(Path(word).resolve()) for word in call.words)
    for option in asked:
        value = call.options.get(option.name)
        if value is None or option.name in _OWN:
            continue
        yield f"--{option.name}"
        if option.metavar is not None:
            yield str(Path(value).resolve()) if option.name in _FILES else value


def _scheduler(said: Settings) -> Scheduler:
    kind = said.choice("scheduler", SCHEDULERS)
    return scheduler(Kind(kind) if kind else None)


def _done(outcome: Outcome | Failed) -> Outcome:
    """Return what came of it; raises `InvalidInputError` where it did not work."""
    if isinstance(outcome, Failed):
        raise InvalidInputError(outcome.because)
    return outcome


def install(call: Call, asked: Sequence[Option]) -> int:
    """Install the nightly run, or with --dry-run show what would be written and run."""
    said = _settings(call, asked)
    understood(call, asked)  # refuses what would fail each night
    translate = translator(said.language(call.language))
    schedule = Schedule(
        name=_name(call, said),
        at=_at(said),
        command=_command(call, asked),
        working_folder=str(Path.cwd()),
        user=said.text("run-as"),
    )
    where = _scheduler(said)
    if said.is_set("dry-run"):
        return _shown(_planned(_done(where.plan(schedule)), translate))
    done = _done(where.install(schedule))
    told = say(
        "The run '{name}' is made every day at {time} by {scheduler}.",
        name=schedule.name,
        time=f"{schedule.at:%H:%M}",
        scheduler=done.plan.kind.value,
    )
    if done.already:
        told = say("The run '{name}' was scheduled like that already.", name=schedule.name)
    return _shown(sentence.in_language(translate) for sentence in (told, *done.plan.hints))


def show(call: Call, asked: Sequence[Option]) -> int:
    """Show what the scheduler was told."""
    said = _settings(call, asked)
    name = _name(call, said)
    found = _done(_scheduler(said).show(name))
    if not found.text:
        return _shown([_nothing(name).in_language(translator(said.language(call.language)))])
    return _shown([found.text.rstrip("\n")])


def remove(call: Call, asked: Sequence[Option]) -> int:
    """Have the scheduler forget it."""
    said = _settings(call, asked)
    translate, name = translator(said.language(call.language)), _name(call, said)
    where = _scheduler(said)
    if said.is_set("dry-run"):
        found = _done(where.show(name))
        would = say("The run '{name}' would be scheduled no more.", name=name) if found.text else _nothing(name)
        return _shown([would.in_language(translate)])
    done = _done(where.remove(name))
    told = say("The run '{name}' is scheduled no more.", name=name) if done.was_there else _nothing(name)
    return _shown([told.in_language(translate)])


def _nothing(name: str) -> Sentence:
    return say("No run '{name}' is scheduled here.", name=name)


def _planned(plan: Plan, translate: Translate) -> Iterator[str]:
    yield say("This would be done, with {scheduler}:", scheduler=plan.kind.value).in_language(translate)
    for written in plan.written:
        yield ""
        shown = say("a file for a moment") if written.path is None else say("{path}", path=str(written.path))
        yield f"# {shown.in_language(translate)}"
        yield written.text.rstrip("\n")
    if plan.run:
        yield ""
        yield from (f"$ {shlex.join(command)}" for command in plan.run)
    if plan.hints:
        yield ""
        yield from (hint.in_language(translate) for hint in plan.hints)


def _shown(lines: Sequence[str] | Iterator[str]) -> int:
    sys.stdout.write("\n".join(lines) + "\n")
    return Exit.HEALTHY
