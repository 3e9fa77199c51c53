"""The nightly run as texts: a systemd service and timer, and a line of a crontab; and what is refused."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.health.schedule import Schedule
from diag.health.schedule_cron import line_in, line_of, with_line, without_line
from diag.health.schedule_systemd import units
from diag.subject import InvalidInputError

NIGHTLY = Schedule(
    name="nightly",
    at=time(2, 30),
    command=("/opt/diag/bin/diag", "health", "run", "/etc/diag/scanners.csv", "--deliver", "/etc/diag/to.toml"),
)
HOSTILE = (
    *("two words", "it's", 'say "hi"', "50% off", "%n %h", "$HOME ${USER} $(id) `id`", "a;b", ";", "é ü 漢字"),
    *(
        "#not a comment",
        "*",
        "~",
        "-",
        "!x",
        "&&",
        "|",
        ">",
        "tail\\",
        "C:\\new\\table",
        "'",
        '"',
        '\\"',
        "a=b",
        "@{x}",
    ),
)
NO_BACKSLASH = tuple(word for word in HOSTILE if "\\" not in word)


def refused(**changes: Any) -> str:
    with pytest.raises(InvalidInputError) as raised:
        replace(NIGHTLY, **changes)
    return str(raised.value.sentence)


# --- systemd


def test_a_user_of_systemd_gets_a_service_and_a_timer() -> None:
    made = units(replace(NIGHTLY, working_folder="/srv/50% of it"))
    assert (made.service_name, made.timer_name) == ("diag-health-nightly.service", "diag-health-nightly.timer")
    assert made.service.splitlines() == [
        "# Written by diag health schedule install, which writes it anew.",
        "[Unit]",
        "Description=diag health nightly",
        "",
        "[Service]",
        "Type=oneshot",
        'ExecStart="/opt/diag/bin/diag" "health" "run" "/etc/diag/scanners.csv" "--deliver" "/etc/diag/to.toml"',
        "WorkingDirectory=/srv/50%% of it",
        "# Secrets that are referred to by env:NAME may stand there, as NAME=value; nobody else may read the file.",
        "EnvironmentFile=-%h/.config/diag/environment",
        "TimeoutStartSec=21600",
        "# A run that finds something is no run that failed; 2 and 4 are.",
        "SuccessExitStatus=1 3 5",
        "UMask=0077",
    ]
    assert made.timer.splitlines() == [
        "# Written by diag health schedule install, which writes it anew.",
        "[Unit]",
        "Description=diag health nightly",
        "",
        "[Timer]",
        "OnCalendar=*-*-* 02:30:00",
        "Persistent=true",
        "RandomizedDelaySec=900",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]


def _unquoted(line: str) -> list[str]:
    """Read words as systemd.service(5) describes them: quotes, backslashes, then %% and $$."""
    return [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(line)]


def test_words_that_mean_something_to_systemd_reach_the_program_as_they_are() -> None:
    made = units(replace(NIGHTLY, command=("/opt/di ag$x/diag", *HOSTILE)))
    (line,) = [line for line in made.service.splitlines() if line.startswith("ExecStart=")]
    assert line.startswith('ExecStart="/opt/di ag$x/diag" ')
    # Inside double quotes a shell leaves a backslash that stands before other than " and \; there is none such here.
    assert _unquoted(line.removeprefix("ExecStart=")) == ["/opt/di ag$x/diag", *HOSTILE]


ANALYZE = shutil.which("systemd-analyze")


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    if ANALYZE is None:
        if "systemd" in os.environ.get("DIAG_TEST_REQUIRE", ""):
            pytest.fail("systemd-analyze is not installed")
        pytest.skip("systemd-analyze is not installed")
    environment = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": "/nonexistent", "HOME": "/nonexistent"}
    return subprocess.run(  # noqa: S603 - what systemd says of our own files
        [ANALYZE, *arguments], capture_output=True, text=True, check=False, env=environment
    )


@pytest.mark.parametrize("words", [(), HOSTILE], ids=["usual", "hostile"])
def test_systemd_itself_has_nothing_to_say_against_the_units(words: Sequence[str], tmp_path: Path) -> None:
    program = tmp_path / "my 100% dïag"
    program.write_text("#!/bin/sh\n", encoding="ascii")
    program.chmod(0o755)
    made = units(replace(NIGHTLY, command=(str(program), *words), working_folder=str(tmp_path)))
    for name, text in ((made.service_name, made.service), (made.timer_name, made.timer)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = analyze(
        "verify",
        "--man=no",
        "--recursive-errors=no",
        str(tmp_path / made.service_name),
        str(tmp_path / made.timer_name),
    )
    told = [line for line in found.stderr.splitlines() if "diag-health" in line]
    assert (found.returncode, told) == (0, [])


def test_systemd_understands_the_time() -> None:
    found = analyze("calendar", "*-*-* 02:30:00")
    assert found.returncode == 0
    assert "Normalized form: *-*-* 02:30:00" in found.stdout


# --- cron


def test_cron_gets_one_line_with_a_mark() -> None:
    assert line_of(NIGHTLY) == (
        "30 2 * * * /opt/diag/bin/diag health run /etc/diag/scanners.csv --deliver /etc/diag/to.toml"
        " # diag health nightly"
    )


def _as_cron_does(line: str) -> list[str]:
    """What the program is given: cron makes \\% a %, and any other % the end; the rest is a shell's."""
    command = line.split(" ", 5)[5]
    assert "%" not in command.replace("\\%", "")
    script = command.replace("\\%", "%").replace("/opt/diag/bin/diag", "printf '%s\\0'", 1)
    found = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True)  # noqa: S603 - as cron does
    return found.stdout.decode().split("\0")[:-1]


@pytest.mark.skipif(not Path("/bin/sh").exists(), reason="there is no /bin/sh")
def test_words_that_mean_something_to_cron_and_the_shell_reach_the_program_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "50% it's"
    folder.mkdir()
    line = line_of(replace(NIGHTLY, command=("/opt/diag/bin/diag", *NO_BACKSLASH), working_folder=str(folder)))
    assert _as_cron_does(line) == list(NO_BACKSLASH)


OTHERS = (
    "MAILTO=ops\n# diag health nightly\n5 * * * * backup # diag health nightly2\n#1 1 * * * x # diag health nightly"
)


@pytest.mark.parametrize("others", ["", "\n", OTHERS, OTHERS + "\n", "\udcff\x00\r\n"])
def test_a_crontab_keeps_everything_else(others: str) -> None:
    once = with_line(others, NIGHTLY)
    assert once.startswith(others)
    assert line_in(once, "nightly") == line_of(NIGHTLY)
    assert with_line(once, NIGHTLY) == once
    assert without_line(once, "nightly") == (others if others.endswith("\n") or not others else f"{others}\n")


def test_a_line_that_was_there_is_replaced_in_its_place_and_one_of_two_goes() -> None:
    later = replace(NIGHTLY, at=time(4, 5))
    crontab = f"a\n{line_of(NIGHTLY)}\nb\n{line_of(NIGHTLY)}\nc\n"
    assert with_line(crontab, later) == f"a\n{line_of(later)}\nb\nc\n"


@given(st.text(max_size=100))
def test_no_crontab_without_the_line_is_changed_by_its_removal(crontab: str) -> None:
    assert line_in(crontab, "nightly") is None
    assert without_line(crontab, "nightly") == crontab


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("/opt/diag", "a\\b"), "a backslash"),
        (("/opt/diag", "x" * 1500), "more than 990 characters"),
        (("diag", "health"), "'diag' is not the whole path of a program."),
    ],
)
def test_what_cron_cannot_carry_is_refused(command: tuple[str, ...], told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        line_of(replace(NIGHTLY, command=command))


# --- what is refused


@pytest.mark.parametrize(
    "name", ["", "a b", "a/b", "../x", "a'b", 'a"b', "a%b", "é", "a\nb", "a\n", "-x", "x" * 49, "a.b"]
)
def test_a_name_that_is_no_plain_word_is_refused(name: str) -> None:
    assert "cannot be the name of a schedule" in refused(name=name)


@pytest.mark.parametrize("word", ["", "a\nb", "a\r", "\x00", "\x1b[31m", "\u2028", "\ud800", " x", "x ", "x" * 2001])
def test_a_word_that_no_file_can_carry_is_refused(word: str) -> None:
    assert "Word 2 of the command cannot be scheduled" in refused(command=("/x", word))
    assert "The folder of the schedule cannot be used" in refused(working_folder=word)


SECRET = "Xy08Q~CaNaRy4SeCrEt-abcdefghijklmnopqrst"
JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL291dGxvb2sifQ.c2lnbmF0dXJlc2lnbmF0dXJl"
HOOK = "https://hooks.slack.com/services/T00000000/B00000000/CaNaRy4CaNaRy4CaNaRy4CaN"


@pytest.mark.parametrize(
    "words",
    [
        ("--client-secret", "hunter2"),
        ("--client-secret=hunter2",),
        ("--token", "abc"),
        ("--smtp-password", "hunter2"),
        ("--credential=hunter2",),
        ("--x", SECRET),
        (f"--x={SECRET}",),
        (JWT,),
        (HOOK,),
        (f"--deliver={HOOK}",),
        ("https://ops:hunter2@contoso.example/",),
        ("https://contoso.example/workflow?sig=hunter2",),
    ],
)
def test_a_secret_in_a_command_is_refused_and_not_quoted(words: tuple[str, ...]) -> None:
    told = refused(command=("/opt/diag", *words))
    assert "looks like a secret" in told
    for part in ("hunter2", "CaNaRy", "eyJ"):
        assert part not in told


@pytest.mark.parametrize(
    "words",
    [
        ("--credential", "env:DIAG_SECRET"),
        ("--credential=keyring:diag/scanners",),
        ("--client-secret-file", "/etc/diag/secret"),
        ("--token-file=/etc/diag/token",),
        ("--token", "--verbose"),
        ("--client-id", "0a1b2c3d-1111-2222-3333-444455556666"),
        ("--authority", "https://login.microsoftonline.com/0a1b2c3d-1111-2222-3333-444455556666"),
        ("--store", "postgresql://db.contoso.com/diag"),
        ("/srv/Inventories/Health-Of-All-Scanners-2026-Geneva.csv",),
        ("scanner.third-floor.building2@contoso.com",),
        HOSTILE,
    ],
)
def test_references_names_and_paths_are_no_secrets(words: tuple[str, ...]) -> None:
    assert replace(NIGHTLY, command=("/opt/diag", *words)).command[1:] == words


def test_other_things_that_make_no_schedule_are_refused() -> None:
    assert "without a time zone" in refused(at=time(2, tzinfo=UTC))
    assert "one to 200 words" in refused(command=())
    assert "one to 200 words" in refused(command=("/x",) * 201)
    assert "no name of a user" in refused(user="a\nb")
    for made in (units, line_of):
        with pytest.raises(InvalidInputError, match="not the whole path of a folder"):
            made(replace(NIGHTLY, working_folder="relative"))
    with pytest.raises(InvalidInputError, match="'diag' is not the whole path of a program"):
        units(replace(NIGHTLY, command=("diag",)))
