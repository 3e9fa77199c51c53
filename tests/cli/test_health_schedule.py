"""`diag health schedule install|show|remove`, with programs of our own in the place of systemd and cron."""

import os
import shlex
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

from diag.cli import health_schedule
from tests.adapters.machine import Machine, is_windows
from tests.cli.fleets import Desk

pytestmark = pytest.mark.skipif(is_windows(), reason="the programs are scripts with a first line of Unix")
PROGRAMS = {"systemd": ("systemctl", "loginctl"), "cron": ("crontab",)}  # Windows' own wants paths with drives


@pytest.fixture(params=list(PROGRAMS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def machine(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path / "home folder", PROGRAMS[kind])
    for name in list(os.environ):
        if name.startswith("XDG_"):
            monkeypatch.delenv(name)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


def test_a_nightly_run_is_installed_shown_and_removed(desk: Desk, machine: Machine, kind: str) -> None:
    sheet = desk.sheet("a@contoso.com", name="les scanners d'été.csv")
    desk.file("who.toml", "")
    who = ("--deliver", "who.toml", "--per-tenant", "4", "--tenant", "x")
    words = ("schedule", "install", sheet, "--at", "3:05", *who)
    before = machine.files()
    dry = desk.diag("health", *words, "--dry-run")
    assert dry.code == 0, dry.err
    assert dry.out.startswith(f"This would be done, with {kind}:")
    assert machine.files() == before
    done = desk.diag("health", *words)
    assert done.code == 0, done.err
    assert done.out.startswith(f"The run 'les-scanners-d-ete' is made every day at 03:05 by {kind}.\n")
    again = desk.diag("health", *words)
    assert again.out.startswith("The run 'les-scanners-d-ete' was scheduled like that already.\n")
    shown = desk.diag("health", "schedule", "show", sheet)
    assert shown.code == 0
    for part in (sheet.replace("'", ""), str(desk.folder / "who.toml"), sys.executable, "--per-tenant"):
        assert part in shown.out.replace("'\"'\"'", "").replace("'", ""), part
    assert "CaNaRy" not in shown.out + done.out
    would = desk.diag("health", "schedule", "remove", sheet, "--dry-run")
    assert would.out == "The run 'les-scanners-d-ete' would be scheduled no more.\n"
    removed = desk.diag("health", "schedule", "remove", sheet)
    assert removed.out == "The run 'les-scanners-d-ete' is scheduled no more.\n"
    assert desk.diag("health", "schedule", "show", sheet).out == ("No run 'les-scanners-d-ete' is scheduled here.\n")


@pytest.mark.usefixtures("machine")
def test_systemd_and_cron_run_as_nobody_else(desk: Desk, machine: Machine) -> None:
    before = machine.files()
    refused = desk.diag("health", "schedule", "install", desk.sheet("a@contoso.com"), "--run-as", "scan-run")
    assert refused.code == 2
    assert "so install it as scan-run." in refused.err
    assert machine.files() == before


@pytest.mark.parametrize("name", [None, "CONTOSO\\scan-run"])
def test_a_task_of_windows_runs_as_whom_one_names(
    name: str | None, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_schedule, "_command", lambda *_: ("C:\\diag\\python.exe", "-m", "diag", "health", "run"))
    monkeypatch.setattr(Path, "cwd", lambda: PureWindowsPath("C:\\scans"))
    user = ("--run-as", name) if name else ()
    words = ("schedule", "install", desk.sheet("a@contoso.com"), "--scheduler", "windows", "--dry-run")
    shown = desk.diag("health", *words, *user)
    assert shown.code == 0, shown.err
    assert (f"<UserId>{name}</UserId>" in shown.out) == (name is not None)
    assert ("<LogonType>InteractiveToken</LogonType>" in shown.out) == (name is None)
    assert ("--run-as NAME" in shown.out) == (name is None)
    assert (f"/RU '{name}' /NP" in shown.out) == (name is not None)


@pytest.mark.parametrize("kind", ["cron"], indirect=True)
@pytest.mark.usefixtures("machine")
def test_what_is_scheduled_is_a_command_that_works(desk: Desk, machine: Machine) -> None:
    sheet = desk.file("scanners.csv", "mailbox,smtp_host\na@contoso.com,127.0.0.1\n")
    away = ("--smtp-port", "1", "--authority", "https://127.0.0.1:1/contoso.com", "--ledger", "runs.db")
    assert desk.diag("health", "schedule", "install", sheet, *away).code == 0
    (line,) = [one for one in (machine.home / "crontab").read_text("utf-8").splitlines() if "health run" in one]
    command = line.split(maxsplit=5)[5].replace("\\%", "%")
    ran = subprocess.run(  # noqa: S603 - our own command, as cron runs it
        ["/bin/sh", "-c", command],
        cwd="/",
        env={
            **machine.environment,
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "1 of 1 mailboxes cannot send" in ran.stdout, (command, ran)
    assert (desk.folder / "runs.db").exists()
    assert shlex.quote(str(desk.folder / "scanners.csv")) in command


@pytest.mark.parametrize("kind", ["cron"], indirect=True)
@pytest.mark.usefixtures("machine")
def test_a_run_without_mailboxes_is_not_scheduled(desk: Desk, machine: Machine) -> None:
    refused = desk.diag("health", "schedule", "install")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("diag: Give an inventory, a CSV or TOML file that names the mailboxes")
    absent = desk.diag("health", "schedule", "install", "absent.csv")
    assert absent.err == "diag: absent.csv cannot be read: there is no such file or folder.\n"
    senseless = desk.diag(
        "health", "schedule", "install", "--discover", "--tenant", "x.example", "--per-tenant", "zero"
    )
    assert senseless.err == "diag: --per-tenant takes a number from 1 to 1000, not 'zero'.\n"
    for at in ("25:00", "3", "3:5", "noon"):
        wrong = desk.diag("health", "schedule", "install", "--discover", "--tenant", "x", "--at", at)
        assert wrong.err == f"diag: --at takes a time of day, like 02:30, not '{at}'.\n"
    assert machine.calls() == []
    assert desk.diag("health", "schedule", "install", "--discover", "--tenant", "contoso.com").code == 0


@pytest.mark.parametrize("kind", ["cron"], indirect=True)
def test_settings_of_the_environment_are_no_part_of_a_schedule(desk: Desk, machine: Machine) -> None:
    sheet = desk.sheet("a@contoso.com")
    done = desk.diag("health", "schedule", "install", sheet, DIAG_CLIENT_ID="my-own-id", DIAG_CLIENT_SECRET="hunter22")
    assert done.code == 0, done.err
    crontab = (machine.home / "crontab").read_text("utf-8")
    assert "my-own-id" not in crontab
    assert "hunter22" not in crontab


@pytest.mark.parametrize("kind", ["cron"], indirect=True)
def test_a_scheduler_that_fails_is_told_in_one_sentence(desk: Desk, machine: Machine) -> None:
    machine.trouble("crontab", 1, "you (ops) are not allowed to use this program")
    for words in (("install", desk.sheet("a@contoso.com")), ("show",), ("remove",)):
        ran = desk.diag("health", "schedule", *words, "--scheduler", "cron")
        assert (ran.code, ran.out) == (2, "")
        (line,) = ran.err.splitlines()
        assert "not allowed" in line


@pytest.mark.parametrize("kind", ["cron"], indirect=True)
@pytest.mark.usefixtures("machine")
def test_a_scheduler_that_is_not_there_is_told(desk: Desk) -> None:
    ran = desk.diag("health", "schedule", "install", desk.sheet("a@contoso.com"), "--scheduler", "windows")
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    bad = desk.diag("health", "schedule", "show", "--scheduler", "launchd")
    assert bad.err == "diag: --scheduler takes one of systemd, cron, windows, not 'launchd'.\n"
