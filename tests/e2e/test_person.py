"""A person at a terminal changes the setting: asked once, asked twice, and changing their mind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.command import ROOT, diag

pty = pytest.importorskip("pty")  # there is none on Windows

MAILBOX = "scanner@contoso.com"
LAB = ("--lab", "authenticated-smtp-off")


class Terminal:
    """A command on a terminal of its own; what it writes is collected until a text is there."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._side, other = pty.openpty()
        home = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "diag", *arguments],
            cwd=folder,
            env={"PATH": os.environ["PATH"], **home, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "TERM": "xterm"},
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        os.close(other)
        self.seen = ""

    def until(self, text: str) -> None:
        deadline = time.monotonic() + 40
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            self.seen += self._read()

    def type(self, line: str) -> None:
        os.write(self._side, f"{line}\n".encode())

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def ended(self) -> int:
        while piece := self._read():
            self.seen += piece
        os.close(self._side)
        return self._process.wait(20)

    def _read(self) -> str:
        try:
            return os.read(self._side, 4096).decode()
        except OSError:  # the other side is closed
            return ""


def values(folder: Path) -> list[tuple[str, str, str]]:
    """The changes in the ledger, the newest first."""
    ran = diag("smtp-auth", "history", MAILBOX, *LAB, "--format", "json", folder=folder, XDG_DATA_HOME=str(folder))
    return [(one["before"], one["after"], one["progress"]) for one in json.loads(ran.out)["changes"]]


def test_a_plain_yes_makes_the_change_and_anything_else_does_not(tmp_path: Path) -> None:
    for answer, code in (("y", 0), ("no", 0), ("", 0), ("yes", 5)):
        terminal = Terminal(tmp_path, "smtp-auth", "enable", MAILBOX, *LAB)
        terminal.until("Make this change? Type yes to go on;")
        assert "goes from off to on" in terminal.seen
        terminal.type(answer)
        assert terminal.ended() == code
        assert ("Nothing was changed." in terminal.seen) == (code == 0)
    assert values(tmp_path) == [("off", "on", "written")]


def test_a_second_change_soon_after_the_first_is_asked_for_twice(tmp_path: Path) -> None:
    assert diag("smtp-auth", "enable", MAILBOX, *LAB, "--yes", folder=tmp_path, XDG_DATA_HOME=str(tmp_path)).code == 5
    terminal = Terminal(tmp_path, "smtp-auth", "disable", MAILBOX, *LAB)
    terminal.until("Change it again? Type yes to go on;")
    assert "do not change it again meanwhile" in terminal.seen
    terminal.type("yes")
    terminal.until("Make this change? Type yes to go on;")
    terminal.type("yes")
    assert terminal.ended() == 5
    assert [(before, after) for before, after, _ in values(tmp_path)] == [("on", "off"), ("off", "on")]


def test_french_is_answered_in_french(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "smtp-auth", "enable", MAILBOX, *LAB, "--lang", "fr")
    terminal.until("Tapez oui pour continuer")
    terminal.type("oui")
    assert terminal.ended() == 5


def test_ctrl_c_while_waiting_leaves_the_ledger_right(tmp_path: Path) -> None:
    slow = tmp_path / "slow.toml"
    text = (ROOT / "diag" / "lab" / "scenarios" / "authenticated-smtp-off.toml").read_text(encoding="utf-8")
    slow.write_text(f"{text}\n[setting]\ndelay_s = 600.0\n", encoding="utf-8")
    terminal = Terminal(tmp_path, "scan-to-email", MAILBOX, "--lab", str(slow), "--fix", "--yes", "--wait", "10m")
    terminal.until("Not effective yet; next try in")
    terminal.interrupt()
    assert terminal.ended() == 130
    assert "Traceback" not in terminal.seen
    ran = diag(
        "smtp-auth",
        "get",
        MAILBOX,
        "--lab",
        str(slow),
        "--format",
        "json",
        folder=tmp_path,
        XDG_DATA_HOME=str(tmp_path),
    )
    report = json.loads(ran.out)
    assert (ran.code, report["setting"]["mailbox"]) == (0, "on")
    assert report["propagation"]["change"]["progress"] == "written"
