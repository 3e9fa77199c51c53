"""The nightly run as a service and a timer of a user's systemd."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from diag.health.schedule import LONGEST, SPREAD, Schedule, refuse_relative, refuse_user
from diag.sentence import say
from diag.subject import InvalidInputError, printable

ENVIRONMENT = "%h/.config/diag/environment"
_MARK = "# Written by diag health schedule install, which writes it anew."


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The names and texts of both units."""

    service_name: str
    service: str
    timer_name: str
    timer: str


def unit_name(name: str) -> str:
    """Return the name of both units, without what stands behind the dot."""
    return f"diag-health-{name}"


def units(schedule: Schedule) -> Units:
    """Write both units; raises `InvalidInputError` where the program is no absolute path, or the folder is not one."""
    refuse_relative(schedule, PurePosixPath)
    refuse_user(schedule)
    program, *rest = schedule.command
    service = [
        _MARK,
        "[Unit]",
        f"Description={schedule.title}",
        "",
        "[Service]",
        "Type=oneshot",
        # Dollars mean something in what follows a program, and not in its own path.
        f"ExecStart={' '.join([_quoted(program), *(_quoted(word).replace('$', '$$') for word in rest)])}",
        *([f"WorkingDirectory={_folder(schedule.working_folder)}"] if schedule.working_folder else []),
        "# Secrets that are referred to by env:NAME may stand there, as NAME=value; nobody else may read the file.",
        f"EnvironmentFile=-{ENVIRONMENT}",
        f"TimeoutStartSec={_seconds(LONGEST.total_seconds())}",
        "# A run that finds something is no run that failed; 2 and 4 are.",
        "SuccessExitStatus=1 3 5",
        "UMask=0077",
    ]
    timer = [
        _MARK,
        "[Unit]",
        f"Description={schedule.title}",
        "",
        "[Timer]",
        f"OnCalendar=*-*-* {schedule.at:%H:%M:%S}",
        "Persistent=true",
        f"RandomizedDelaySec={_seconds(SPREAD.total_seconds())}",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    name = unit_name(schedule.name)
    return Units(
        service_name=f"{name}.service",
        service="\n".join([*service, ""]),
        timer_name=f"{name}.timer",
        timer="\n".join([*timer, ""]),
    )


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f}"


def _quoted(word: str) -> str:
    """Return a word as systemd reads it: in quotes, with what means something to it escaped."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def _folder(folder: str) -> str:
    """Return a folder, which systemd reads up to the end of the line, without quotes."""
    if folder.endswith("\\"):
        raise InvalidInputError(say("'{folder}' is not the whole path of a folder.", folder=printable(folder, 200)))
    return folder.replace("%", "%%")
