import re
import subprocess
import sys
from collections.abc import Iterable, Iterator

import pytest

from diag import __version__
from diag.cli.app import COMMANDS, run
from diag.cli.command import Command, Group
from diag.cli.options import options


def _paths(entries: Iterable[Command | Group], above: tuple[str, ...] = ()) -> Iterator[list[str]]:
    for entry in entries:
        path = (*above, entry.name)
        yield [*path]
        if isinstance(entry, Group):
            yield from _paths(entry.commands, path)


PATHS = [*_paths(COMMANDS), []]
# Words of typer's own, and of ours where the French would be the English still.
ENGLISH = re.compile(
    r"\b(the|and|with|where|this|show|usage|command|commands|file|address|exit|required|default|missing|host|name"
    r"|seconds|mailbox|write|language|server|from the|settings)\b",
    re.IGNORECASE,
)


def _help(path: list[str], capsys: pytest.CaptureFixture[str], **environment: str) -> str:
    assert run([*path, "--help"], environment) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_help_loads_nothing_that_only_a_diagnosis_needs() -> None:
    code = "import sys; from diag.cli import main; main(); print('\\n'.join(sys.modules), file=sys.stderr)"
    # `-c` leaves "-c" in argv[0], which main passes over as it does the program's name.
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert "typer" in loaded
    heavy = "msal aiosmtplib dns rich pydantic cryptography structlog asyncio requests tomllib platformdirs checks"
    assert loaded.isdisjoint(heavy.split())
    assert loaded.isdisjoint({"diag.catalogue", "diag.wiring", "diag.pipeline", "diag.lab", "diag.adapters"})


@pytest.mark.parametrize("path", PATHS)
def test_every_command_has_help_in_both_languages(path: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    english, french = _help(path, capsys), _help(path, capsys, LANG="fr_FR.UTF-8")
    assert english.startswith("Usage: diag")
    assert french.startswith("Utilisation\u00a0: diag")
    assert max(len(line) for page in (english, french) for line in page.splitlines()) <= 80


@pytest.mark.parametrize("path", PATHS)
def test_french_help_has_no_english_left(path: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    names = "|".join({path[-1] for path in PATHS if path})
    others = rf"^  (?:{names}) +|^Utilisation.*|--[\w-]+|\w+\|[\w|-]+|«[^»]*»|\(client id\)"
    words = re.sub(others, "", _help(path, capsys, DIAG_LANG="fr"), flags=re.MULTILINE)
    assert ENGLISH.findall(words) == []


@pytest.mark.parametrize("command", ["scan-to-email", "explain"])
def test_the_help_of_a_command_names_every_option_of_its_own_and_no_other(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    named = set(re.findall(r"^ +--([a-z-]+)", _help([command], capsys), re.MULTILINE))
    assert named == {option.name for option in options(of=command)} | {"help"}


def test_every_option_of_administrators_is_taken_by_a_command_of_theirs(capsys: pytest.CaptureFixture[str]) -> None:
    pages = "".join(_help(path, capsys) for path in PATHS if path[:1] in (["smtp-auth"], ["login"], ["setup"]))
    named = set(re.findall(r"^ +--([a-z-]+)", pages, re.MULTILINE))
    assert {option.name for option in options(of="admin")} <= named


def test_every_option_of_health_runs_is_taken_by_a_command_of_theirs(capsys: pytest.CaptureFixture[str]) -> None:
    pages = "".join(_help(path, capsys) for path in PATHS if path[:1] == ["health"])
    named = set(re.findall(r"^ +--([a-z-]+)", pages, re.MULTILINE))
    assert {option.name for option in options(of="health")} <= named


def test_what_is_not_there_yet_is_not_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    page = _help(["scan-to-email"], capsys)
    for later in ("--panel-code", "--device", "html", "junit"):
        assert later not in page


def test_help_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    page = _help(["scan-to-email"], capsys)
    assert "\x1b" not in page
    assert page.isascii()


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"], {}) == 0
    assert capsys.readouterr().out == f"diag {__version__}\n"


def test_the_commands_are_those_there_are() -> None:
    names = [
        (entry.name, [command.name for command in entry.commands] if isinstance(entry, Group) else [])
        for entry in COMMANDS
    ]
    assert names == [
        ("scan-to-email", []),
        ("smtp-auth", ["get", "enable", "disable", "inherit", "undo", "history"]),
        ("health", ["run", "report", "history", "runs", "rejudge", "discover", "deliver", "schedule", "prune"]),
        ("explain", []),
        ("replay", []),
        ("login", []),
        ("logout", []),
        ("setup", []),
        ("lab", ["list", "run", "inventory", "serve", "reset"]),
    ]
    assert all(entry.help.text for entry in COMMANDS)
