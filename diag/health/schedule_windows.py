"""The nightly run as a task of Windows' Task Scheduler."""

import re
import subprocess
from datetime import date, datetime
from pathlib import PureWindowsPath
from xml.etree import ElementTree as ET

from diag.health.schedule import LONGEST, SPREAD, Schedule, refuse_relative
from diag.sentence import say
from diag.subject import InvalidInputError

_NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_SINCE = date(2026, 1, 1)  # a daily trigger needs a day from which on it counts
# The Task Scheduler puts values in the place of %NAME% and $(Arg0), and knows no way to keep it from that.
_REPLACED = re.compile(r"%[^%]*%|\$\(")


def task_name(name: str) -> str:
    """Return where the task stands in the Task Scheduler."""
    return f"\\diag\\health {name}"


def task_of(schedule: Schedule) -> bytes:
    """Write the task as XML, as `schtasks /Create /XML` takes it: UTF-16 with its mark.

    Raises `InvalidInputError` where the Task Scheduler could not carry the command.
    """
    refuse_relative(schedule, PureWindowsPath)
    program, *rest = schedule.command
    arguments = subprocess.list2cmdline(rest)
    if any(_REPLACED.search(text) for text in (program, arguments, schedule.working_folder or "")):
        raise InvalidInputError(say("The Task Scheduler cannot be told a command with %NAME% or $( in it."))
    task = ET.Element("Task", {"version": "1.2", "xmlns": _NAMESPACE})
    _add(task, "RegistrationInfo", ("Description", schedule.title))
    triggers = ET.SubElement(task, "Triggers")
    trigger = _add(
        triggers,
        "CalendarTrigger",
        ("StartBoundary", f"{datetime.combine(_SINCE, schedule.at):%Y-%m-%dT%H:%M:%S}"),
        ("Enabled", "true"),
        ("RandomDelay", f"PT{SPREAD.total_seconds() / 60:.0f}M"),
    )
    _add(trigger, "ScheduleByDay", ("DaysInterval", "1"))
    principals = ET.SubElement(task, "Principals")
    # S4U: as the user, whether signed in or not, and without a password that would have to be kept.
    who = [("UserId", schedule.user), ("LogonType", "S4U")] if schedule.user else [("LogonType", "InteractiveToken")]
    _add(principals, "Principal", *who, ("RunLevel", "LeastPrivilege")).set("id", "Author")
    _add(
        task,
        "Settings",
        ("MultipleInstancesPolicy", "IgnoreNew"),
        ("DisallowStartIfOnBatteries", "false"),
        ("StopIfGoingOnBatteries", "false"),
        ("AllowHardTerminate", "true"),
        ("StartWhenAvailable", "true"),
        ("RunOnlyIfNetworkAvailable", "false"),
        ("AllowStartOnDemand", "true"),
        ("Enabled", "true"),
        ("Hidden", "false"),
        ("RunOnlyIfIdle", "false"),
        ("WakeToRun", "false"),
        ("ExecutionTimeLimit", f"PT{LONGEST.total_seconds() / 3600:.0f}H"),
        ("Priority", "7"),
    )
    actions = ET.SubElement(task, "Actions", Context="Author")
    words = [("Command", program), *([("Arguments", arguments)] if arguments else [])]
    folder = [("WorkingDirectory", schedule.working_folder)] if schedule.working_folder else []
    _add(actions, "Exec", *words, *folder)
    ET.indent(task)
    written: bytes = ET.tostring(task, encoding="utf-16", xml_declaration=True)
    return written


def create(schedule: Schedule, file: str) -> tuple[str, ...]:
    """Return the command that makes the task out of a file, in the place of a former one."""
    as_user = ("/RU", schedule.user, "/NP") if schedule.user else ()
    return ("schtasks", "/Create", "/TN", task_name(schedule.name), "/XML", file, *as_user, "/F")


def is_same(task: str, other: bytes) -> bool:
    """Whether two tasks run the same at the same time; Windows adds to what it is given, so not all is compared."""
    try:
        # Read as text, whatever it says of its encoding. Whoever may make a task of this user may do worse than that.
        theirs = ET.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", task.lstrip("\ufeff")))  # noqa: S314
        return _essence(theirs) == _essence(ET.fromstring(other))  # noqa: S314 - our own
    except ET.ParseError:
        return False


def _essence(task: ET.Element) -> tuple[str | None, ...]:
    paths = (
        *("Triggers/CalendarTrigger/StartBoundary", "Principals/Principal/LogonType", "Settings/Enabled"),
        *("Actions/Exec/Command", "Actions/Exec/Arguments", "Actions/Exec/WorkingDirectory"),
    )
    return tuple(task.findtext("/".join(map(_tag, path.split("/")))) for path in paths)


def _tag(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"


def _add(parent: ET.Element, name: str, *texts: tuple[str, str]) -> ET.Element:
    made = ET.SubElement(parent, name)
    for inner, text in texts:
        ET.SubElement(made, inner).text = text
    return made
