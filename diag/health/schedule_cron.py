"""The nightly run as a line of a crontab, in which everything else stays as it is."""

import re
import shlex
from pathlib import PurePosixPath

from diag.health.schedule import Schedule, refuse_relative, refuse_user
from diag.sentence import say
from diag.subject import InvalidInputError

_LONGEST_COMMAND = 990  # bytes; the cron of most systems takes a thousand


def line_of(schedule: Schedule) -> str:
    """Write the line; raises `InvalidInputError` where cron could not carry it.

    cron makes a line break of each % that has no backslash, and crons differ in what they make of other backslashes.
    """
    refuse_relative(schedule, PurePosixPath)
    refuse_user(schedule)
    folder = f"cd {shlex.quote(schedule.working_folder)} && " if schedule.working_folder else ""
    command = f"{folder}{shlex.join(schedule.command)}"
    if "\\" in command:
        raise InvalidInputError(say("cron cannot be told a command that has a backslash."))
    command = f"{_percent(command)} {_mark(schedule.name)}"
    if len(command.encode()) > _LONGEST_COMMAND:
        raise InvalidInputError(
            say("cron cannot be told a command of more than {count} characters.", count=_LONGEST_COMMAND)
        )
    return f"{schedule.at.minute} {schedule.at.hour} * * * {command}"


def line_in(crontab: str, name: str) -> str | None:
    """Return the line of the schedule with this name; None where there is none."""
    return next((line for line in crontab.split("\n") if _is_of(line, name)), None)


def with_line(crontab: str, schedule: Schedule) -> str:
    """Return the crontab with the line of the schedule, in the place of the former one or at the end."""
    fresh, kept, is_there = line_of(schedule), [], False
    for line in crontab.split("\n"):
        if not _is_of(line, schedule.name):
            kept.append(line)
        elif not is_there:
            kept.append(fresh)
            is_there = True
    if is_there:
        return "\n".join(kept)
    whole = crontab if crontab.endswith("\n") or not crontab else f"{crontab}\n"
    return f"{whole}{fresh}\n"


def without_line(crontab: str, name: str) -> str:
    """Return the crontab without the line of the schedule."""
    return "\n".join(line for line in crontab.split("\n") if not _is_of(line, name))


def _percent(command: str) -> str:
    return command.replace("%", "\\%")


def _mark(name: str) -> str:
    return f"# diag health {name}"


def _is_of(line: str, name: str) -> bool:
    # A line that a person switched off, with a # in front, is that person's.
    return re.fullmatch(rf"\s*[^#\s].*\s{re.escape(_mark(name))}\s*", line) is not None
