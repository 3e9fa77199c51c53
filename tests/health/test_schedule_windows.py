"""The nightly run as a task of Windows: the XML, who it runs as, and what the Task Scheduler would change."""

from dataclasses import replace
from datetime import time
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.health.schedule import Schedule
from diag.health.schedule_windows import create, is_same, task_name, task_of
from diag.subject import InvalidInputError

PROGRAM = "C:\\Program Files\\diag\\diag.exe"
ON_WINDOWS = Schedule(
    name="nightly",
    at=time(2, 30),
    command=(PROGRAM, "health", "run", "C:\\scanners.csv", "--deliver", "C:\\to whom.toml"),
)
WORDS = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), min_size=1, max_size=30).filter(
    lambda word: word == word.strip() and word.isprintable()
)
NS = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def read(written: bytes) -> ET.Element:
    return ET.fromstring(written)  # noqa: S314 - our own


def names(element: ET.Element) -> list[str]:
    return [one.tag.removeprefix(NS) for one in element]


def under(task: ET.Element, path: str) -> ET.Element:
    found = task.find("/".join(NS + one for one in path.split("/")))
    assert found is not None
    return found


def test_windows_gets_a_task_in_the_order_of_its_schema() -> None:
    written = task_of(replace(ON_WINDOWS, working_folder="C:\\Users\\diag"))
    assert written.startswith(b"\xff\xfe")
    assert written.decode("utf-16").startswith("<?xml version='1.0' encoding='utf-16'?>")
    task = read(written)
    assert (task.tag, task.attrib) == (f"{NS}Task", {"version": "1.2"})
    assert names(task) == ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]
    assert names(under(task, "Triggers/CalendarTrigger")) == [
        *("StartBoundary", "Enabled", "RandomDelay", "ScheduleByDay"),
    ]
    assert under(task, "Triggers/CalendarTrigger/StartBoundary").text == "2026-01-01T02:30:00"
    settings = {one.tag.removeprefix(NS): one.text for one in under(task, "Settings")}
    assert list(settings) == [
        *("MultipleInstancesPolicy", "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries", "AllowHardTerminate"),
        *("StartWhenAvailable", "RunOnlyIfNetworkAvailable", "AllowStartOnDemand", "Enabled", "Hidden"),
        *("RunOnlyIfIdle", "WakeToRun", "ExecutionTimeLimit", "Priority"),
    ]
    assert (settings["MultipleInstancesPolicy"], settings["StartWhenAvailable"]) == ("IgnoreNew", "true")
    assert settings["ExecutionTimeLimit"] == "PT6H"
    assert under(task, "Actions").attrib == {"Context": under(task, "Principals/Principal").attrib["id"]}
    execute = under(task, "Actions/Exec")
    assert [(one.tag.removeprefix(NS), one.text) for one in execute] == [
        ("Command", PROGRAM),
        ("Arguments", 'health run C:\\scanners.csv --deliver "C:\\to whom.toml"'),
        ("WorkingDirectory", "C:\\Users\\diag"),
    ]


@pytest.mark.parametrize(
    ("user", "who", "as_user"),
    [
        (None, [("LogonType", "InteractiveToken"), ("RunLevel", "LeastPrivilege")], ()),
        (
            "CONTOSO\\svc & diag",
            [("UserId", "CONTOSO\\svc & diag"), ("LogonType", "S4U"), ("RunLevel", "LeastPrivilege")],
            ("/RU", "CONTOSO\\svc & diag", "/NP"),
        ),
    ],
)
def test_a_task_runs_as_whoever_is_named_without_a_password(
    user: str | None, who: list[tuple[str, str]], as_user: tuple[str, ...]
) -> None:
    schedule = replace(ON_WINDOWS, user=user)
    principal = under(read(task_of(schedule)), "Principals/Principal")
    assert [(one.tag.removeprefix(NS), one.text) for one in principal] == who
    assert create(schedule, "C:\\x.xml") == (
        *("schtasks", "/Create", "/TN", "\\diag\\health nightly", "/XML", "C:\\x.xml"),
        *as_user,
        "/F",
    )
    assert task_name("nightly") == "\\diag\\health nightly"


def _as_windows_does(line: str) -> list[str]:
    """Split a command line as Microsoft's C runtime documents it."""
    words: list[str] = []
    word, quoted, open_, at = "", False, False, 0
    while at < len(line):
        slashes = len(line[at:]) - len(line[at:].lstrip("\\"))
        at += slashes
        if line[at : at + 1] == '"':
            word += "\\" * (slashes // 2)
            open_ = True
            if slashes % 2:
                word += '"'
            else:
                quoted = not quoted
            at += 1
            continue
        word += "\\" * slashes
        open_ = open_ or slashes > 0
        if at == len(line):
            break
        if line[at] in " \t" and not quoted:
            if open_:
                words.append(word)
            word, open_ = "", False
        else:
            word, open_ = word + line[at], True
        at += 1
    return [*words, word] if open_ else words


@given(st.lists(WORDS.filter(lambda word: "%" not in word and "$(" not in word), min_size=1, max_size=5))
def test_words_reach_a_program_on_windows_as_they_are(words: list[str]) -> None:
    try:
        schedule = replace(ON_WINDOWS, command=(PROGRAM, *words))
    except InvalidInputError:
        return  # it looked like a secret
    arguments = under(read(task_of(schedule)), "Actions/Exec/Arguments").text
    assert _as_windows_does(arguments or "") == words


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"command": (PROGRAM, "%TEMP%\\x")}, "%NAME%"),
        ({"command": (PROGRAM, "50%", "60%")}, "%NAME%"),
        ({"command": (PROGRAM, "$(Arg0)")}, "%NAME%"),
        ({"working_folder": "C:\\%x%"}, "%NAME%"),
        ({"working_folder": "x"}, "'x' is not the whole path of a folder."),
        ({"command": ("diag.exe", "x")}, "'diag.exe' is not the whole path of a program."),
    ],
)
def test_what_the_task_scheduler_would_change_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        task_of(replace(ON_WINDOWS, **changes))


def test_a_task_that_windows_gives_back_is_known_again() -> None:
    ours = task_of(ON_WINDOWS)
    theirs = ours.decode("utf-16").replace("<Description>", "<URI>\\diag\\x</URI><Description>")
    assert is_same(theirs, ours)
    assert is_same("\ufeff" + theirs, ours)
    assert not is_same(theirs, task_of(replace(ON_WINDOWS, at=time(3))))
    assert not is_same(theirs.replace("run", "runs"), ours)
    assert not is_same("", ours)
    assert not is_same("<x", ours)
