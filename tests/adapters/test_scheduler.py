"""The nightly run installed, shown and removed: with systemd, cron and Windows' own, each a real program."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from diag.adapters.programs import Programs
from diag.adapters.scheduler import Failed, Installed, Removed, Scheduler, Shown
from diag.health.schedule import Kind, Plan, Schedule
from diag.health.schedule_cron import line_of
from diag.health.schedule_windows import task_of
from diag.subject import InvalidInputError
from tests.adapters.machine import Machine, is_windows

pytestmark = pytest.mark.skipif(is_windows(), reason="the programs are scripts with a first line of Unix")

ON_UNIX = Schedule(name="nightly", at=time(2, 30), command=("/opt/my diag/50%/diag", "health", "run", "é's.csv"))
ON_WINDOWS = replace(ON_UNIX, command=("C:\\Program Files\\diag.exe", "health", "run", "é's.csv"))
PROGRAMS = {
    Kind.SYSTEMD: ("systemctl", "loginctl"),
    Kind.CRON: ("crontab",),
    Kind.WINDOWS: ("schtasks",),
}
KINDS = list(PROGRAMS)
UNITS = {f".config/systemd/user/diag-health-nightly.{kind}" for kind in ("service", "timer")}


def schedule(kind: Kind) -> Schedule:
    return ON_WINDOWS if kind is Kind.WINDOWS else ON_UNIX


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of temporary files, which must be empty in the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture
def machine(kind: Kind, tmp_path: Path) -> Machine:
    return Machine(tmp_path / "home folder", PROGRAMS[kind])


def test_the_scheduler_that_is_there_is_found(kind: Kind, machine: Machine) -> None:
    assert machine.scheduler().found() is kind


def test_what_is_installed_is_shown_and_what_is_removed_is_gone(kind: Kind, machine: Machine) -> None:
    scheduler = machine.scheduler()
    assert scheduler.show("nightly") == Shown(kind=kind, text="")
    before = machine.files()
    installed = scheduler.install(schedule(kind))
    assert isinstance(installed, Installed)
    assert not installed.already
    shown = scheduler.show("nightly")
    assert isinstance(shown, Shown)
    assert "é's.csv" in shown.text.replace("'\"'\"'", "'")
    assert scheduler.remove("nightly") == Removed(kind=kind, was_there=True)
    assert scheduler.show("nightly") == Shown(kind=kind, text="")
    assert machine.files() - before <= {"crontab", "timers"}  # both empty again


def test_a_second_install_finds_all_as_it_should_be_and_changes_nothing(kind: Kind, machine: Machine) -> None:
    scheduler = machine.scheduler()
    scheduler.install(schedule(kind))
    machine.calls()
    again = scheduler.install(schedule(kind))
    assert isinstance(again, Installed)
    assert again.already
    asked = {"show --property=Version", "is-enabled", "is-active", "loginctl", "crontab -l", "/Query"}
    assert all(any(word in told for word in asked) for told in machine.told())


def test_another_time_replaces_the_one_before(kind: Kind, machine: Machine) -> None:
    scheduler = machine.scheduler()
    scheduler.install(schedule(kind))
    later = scheduler.install(replace(schedule(kind), at=time(4, 5)))
    assert isinstance(later, Installed)
    assert not later.already
    shown = scheduler.show("nightly")
    assert isinstance(shown, Shown)
    assert "02:30" not in shown.text
    assert "30 2 *" not in shown.text
    assert "04:05" in shown.text or "5 4 *" in shown.text


def test_removing_what_was_never_there_says_so(kind: Kind, machine: Machine) -> None:
    before = machine.files()
    assert machine.scheduler().remove("nightly") == Removed(kind=kind, was_there=False)
    assert machine.files() == before


def test_a_dry_run_says_what_would_be_done_and_does_nothing(kind: Kind, machine: Machine) -> None:
    plan = machine.scheduler().plan(schedule(kind))
    assert machine.files() == set()
    installed = machine.scheduler().install(schedule(kind))
    assert isinstance(installed, Installed)
    assert isinstance(plan, Plan)
    assert plan == installed.plan
    for one in plan.written:
        assert one.path is None or one.path.read_text("utf-8") == one.text
    assert plan.run
    assert any("env:NAME" in str(hint) for hint in plan.hints)


def test_two_schedules_do_not_stand_in_each_others_way(kind: Kind, machine: Machine) -> None:
    scheduler, other = machine.scheduler(), replace(schedule(kind), name="nightly2", at=time(5))
    scheduler.install(schedule(kind))
    scheduler.install(other)
    assert scheduler.remove("nightly") == Removed(kind=kind, was_there=True)
    again = scheduler.install(other)
    assert isinstance(again, Installed)
    assert again.already


def test_a_program_that_fails_is_quoted(kind: Kind, machine: Machine) -> None:
    program = PROGRAMS[kind][0]
    scheduler = machine.scheduler(kind)
    machine.trouble(program, 3, "Access is\n denied.\x1b[31m")
    outcome = scheduler.install(schedule(kind))
    assert isinstance(outcome, Failed)
    assert str(outcome.because).startswith(f"'{program} ")
    assert "did not work: Access is denied." in str(outcome.because)
    assert str(outcome.because).isprintable()


def test_a_program_that_never_ends_is_left_in_time(kind: Kind, machine: Machine) -> None:
    machine.trouble(PROGRAMS[kind][0], None)
    outcome = machine.scheduler(kind, timeout_s=0.5).install(schedule(kind))
    assert isinstance(outcome, Failed)
    assert "no answer in time" in str(outcome.because)


@pytest.mark.parametrize("name", ["../../x", "a b", "", "a\nb", "%x%"])
def test_a_name_that_is_none_reaches_no_program(name: str, machine: Machine) -> None:
    scheduler = machine.scheduler()
    for act in (scheduler.show, scheduler.remove):
        with pytest.raises(InvalidInputError, match="cannot be the name of a schedule"):
            act(name)
    assert machine.calls() == []


# --- each its own way


def test_systemd_is_told_in_this_order(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ("systemctl", "crontab"))
    machine.scheduler().install(ON_UNIX)
    assert [told for told in machine.told() if "show" not in told] == [
        "systemctl --user daemon-reload",
        "systemctl --user enable diag-health-nightly.timer",
        "systemctl --user restart diag-health-nightly.timer",
    ]
    assert machine.files() >= UNITS
    machine.scheduler().remove("nightly")
    assert [told for told in machine.told() if "show" not in told] == [
        "systemctl --user disable --now diag-health-nightly.timer",
        "systemctl --user daemon-reload",
    ]
    assert not machine.files() & UNITS


def test_the_folder_of_the_units_is_the_one_that_the_environment_names(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ("systemctl",))
    machine.environment["XDG_CONFIG_HOME"] = str(tmp_path / "elsewhere")
    machine.scheduler().install(ON_UNIX)
    assert (tmp_path / "elsewhere/systemd/user/diag-health-nightly.timer").exists()


def test_a_systemd_that_does_not_answer_leaves_it_to_cron(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ("systemctl", "crontab"))
    machine.trouble("systemctl", 1, "Failed to connect to bus: No medium found")
    assert machine.scheduler().found() is Kind.CRON


def test_a_timer_that_somebody_switched_off_is_switched_on_again(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ("systemctl",))
    machine.scheduler().install(ON_UNIX)
    (tmp_path / "timers").write_text("", "utf-8")
    again = machine.scheduler().install(ON_UNIX)
    assert isinstance(again, Installed)
    assert not again.already


def test_how_timers_outlive_a_sign_in_is_said_unless_they_do(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ("systemctl", "loginctl"))

    def hints() -> list[str]:
        plan = machine.scheduler().plan(ON_UNIX)
        assert isinstance(plan, Plan)
        return [str(hint) for hint in plan.hints if "loginctl" in str(hint)]

    assert len(hints()) == 1
    assert hints()[0].endswith(": loginctl enable-linger ops")
    (tmp_path / "lingers").touch()
    assert hints() == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ("systemctl",))
    (tmp_path / ".config").write_text("a file", "utf-8")
    outcome = machine.scheduler().install(ON_UNIX)
    assert isinstance(outcome, Failed)
    assert "cannot be written" in str(outcome.because)


OTHERS = b"MAILTO=ops\n\n*/5 * * * * \xff\xfe backup 50\\%\n# the end"


def test_a_crontab_keeps_every_other_byte(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ("crontab",))
    (tmp_path / "crontab").write_bytes(OTHERS)
    scheduler = machine.scheduler()
    scheduler.install(ON_UNIX)
    assert (tmp_path / "crontab").read_bytes() == OTHERS + b"\n" + line_of(ON_UNIX).encode() + b"\n"
    scheduler.remove("nightly")
    assert (tmp_path / "crontab").read_bytes() == OTHERS + b"\n"


def test_a_crontab_that_cannot_be_read_is_not_written(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ("crontab",))
    machine.trouble("crontab", 1, "you (ops) are not allowed to use this program (crontab)")
    scheduler = machine.scheduler()
    for outcome in (scheduler.install(ON_UNIX), scheduler.show("nightly"), scheduler.remove("nightly")):
        assert isinstance(outcome, Failed)
        assert "not allowed to use this program" in str(outcome.because)
    assert set(machine.told()) == {"crontab -l"}


def test_a_task_that_runs_as_somebody_is_made_anew_each_time(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ("schtasks", "crontab", "systemctl"))
    for user in ("CONTOSO\\old", "CONTOSO\\new", "CONTOSO\\new"):
        installed = machine.scheduler().install(replace(ON_WINDOWS, user=user))
        assert isinstance(installed, Installed)
        assert not installed.already
        assert (tmp_path / "_diag_health nightly").read_bytes() == task_of(replace(ON_WINDOWS, user=user))
        told = " ".join(map(str, installed.plan.hints))
        assert "--config and --ledger" in told
        assert "keyring:" not in told


def test_windows_is_given_a_file_that_is_gone_afterwards(tmp_path: Path, temporary: Path) -> None:
    machine = Machine(tmp_path, ("schtasks", "crontab", "systemctl"))
    user = "CONTOSO\\svc diag"
    machine.scheduler().install(replace(ON_WINDOWS, user=user))
    ((_, words, _),) = machine.calls()
    file = words.pop(words.index("/XML") + 1)
    assert words == ["/Create", "/TN", "\\diag\\health nightly", "/XML", "/RU", user, "/NP", "/F"]
    assert Path(file).parent == temporary
    assert (tmp_path / "_diag_health nightly").read_bytes() == task_of(replace(ON_WINDOWS, user=user))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_a_task_is_read_in_whatever_the_console_speaks(encoding: str, tmp_path: Path) -> None:
    machine = Machine(tmp_path, ("schtasks",))
    (tmp_path / "_diag_health nightly").write_bytes(task_of(ON_WINDOWS).decode("utf-16").encode(encoding))
    found = machine.scheduler().install(ON_WINDOWS)
    assert isinstance(found, Installed)
    assert found.already


def test_a_machine_without_a_scheduler_is_told(tmp_path: Path) -> None:
    scheduler = Machine(tmp_path, ()).scheduler()
    assert scheduler.found() is None
    outcomes: list[Any] = [
        scheduler.plan(ON_UNIX),
        scheduler.install(ON_UNIX),
        scheduler.show("x"),
        scheduler.remove("x"),
    ]
    for outcome in outcomes:
        assert isinstance(outcome, Failed)
        assert "no scheduler that diag knows" in str(outcome.because)


def test_a_command_that_a_scheduler_cannot_be_told_changes_nothing(machine: Machine) -> None:
    with pytest.raises(InvalidInputError):
        machine.scheduler().install(replace(ON_UNIX, command=("relative", "x")))
    assert machine.files() == set()


def test_programs_say_nothing_of_their_environment(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ("crontab",))
    assert "CaNaRy" not in repr(machine.scheduler())


def test_a_real_crontab_takes_the_line_and_gives_it_back() -> None:
    if "cron" not in os.environ.get("DIAG_TEST_REQUIRE", "").split(","):
        pytest.skip("the crontab is somebody's own")
    scheduler = Scheduler(programs=Programs(), kind=Kind.CRON)
    odd = replace(ON_UNIX, name="diag-test-of-crontab", at=time(3, 33))
    try:
        assert isinstance(scheduler.install(odd), Installed)
        assert scheduler.show(odd.name) == Shown(kind=Kind.CRON, text=line_of(odd))
    finally:
        assert scheduler.remove(odd.name) == Removed(kind=Kind.CRON, was_there=True)
    assert scheduler.show(odd.name) == Shown(kind=Kind.CRON, text="")
