"""`diag health` as a person has it before them: a terminal with a bar, Ctrl-C, a server for the history."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from diag.lab import load_scenario, truth_of
from tests.e2e.command import command, diag, surroundings
from tests.e2e.test_health import health, report_of, served
from tests.store.postgresql import PASSWORD, PostgreSQL, running

TERMINAL = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with running() as started:
        yield started


def test_the_shipped_fleet_is_counted_as_it_is(tmp_path: Path) -> None:
    ran = health(tmp_path, "run", "--lab", "fleet", "--format", "json", "--timeout", "4")
    assert ran.code == 1, ran.err
    report = report_of(ran)
    truth = truth_of(load_scenario("fleet"))
    told = Counter(status.value for status, _ in truth.values())
    assert {status: number for status, number in report["counts"].items() if number} == dict(told)
    causes = Counter(cause for _, cause in truth.values() if cause)
    assert {group["cause"]: len(group["mailboxes"]) for group in report["groups"]} == dict(causes)


class Screen:
    """A process on a terminal of its own, and all it shows there."""

    def __init__(self, folder: Path, *words: str) -> None:
        import pty

        self._ours, theirs = pty.openpty()
        self.shown = b""
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            command("health", *words),
            cwd=folder,
            env=surroundings(folder, TERM="xterm", COLUMNS="100", LINES="24"),
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._watchdog = threading.Timer(120, self.process.kill)  # else one that does not end would hold all others
        self._watchdog.start()

    def until(self, pattern: bytes) -> None:
        """Look on until it shows this."""
        while not re.search(pattern, self.shown):
            more = self._more()
            assert more, self.shown
            self.shown += more

    def to_the_end(self) -> int:
        """Look on until it ends, and return its exit code."""
        while more := self._more():
            self.shown += more
        code = self.process.wait()
        self._watchdog.cancel()
        os.close(self._ours)
        return code

    def _more(self) -> bytes:
        try:
            return os.read(self._ours, 4096)
        except OSError:  # how Linux tells that the other side of a pseudo-terminal is gone
            return b""


@TERMINAL
def test_a_terminal_shows_a_bar_that_goes_away(tmp_path: Path) -> None:
    with served(tmp_path, 40):
        screen = Screen(tmp_path, "run", "--lab", "lab.json", "--at-once", "2")
        screen.until(b"Examining")
        assert screen.to_the_end() == 1
    assert b"/40" in screen.shown
    assert b"/s" in screen.shown
    last = screen.shown.rsplit(b"\x1b[2K", 1)[-1]  # the line was cleared, and nothing was written after that
    assert b"Examining" not in last
    assert b"\x1b[?25h" in screen.shown  # the cursor is there again


@TERMINAL
def test_ctrl_c_in_the_middle_leaves_a_run_that_is_finished_later(tmp_path: Path) -> None:
    with served(tmp_path, 150):
        screen = Screen(tmp_path, "run", "--lab", "lab.json", "--at-once", "1")
        screen.until(rb"[1-9]\d*/150")
        screen.process.send_signal(signal.SIGINT)
        assert screen.to_the_end() == 130
        assert b"Traceback" not in screen.shown
        assert b"diag:" not in screen.shown
        assert b"Connecting to" not in screen.shown  # the bar alone moves, and not each mailbox's steps beside it
        (file,) = tmp_path.rglob("diag.db")
        with contextlib.closing(sqlite3.connect(file)) as store:
            kept = dict(store.execute("SELECT key, checked_at FROM health_entry"))
            assert 0 < len(kept) < 150
            resumed = health(tmp_path, "run", "--lab", "lab.json", "--resume", "--format", "json")
            assert "Run 1 of 'lab' was cut off: it goes on." in resumed.err
            report = report_of(resumed)
            assert (report["run"]["id"], report["total"]) == (1, 150)
            after = dict(store.execute("SELECT key, checked_at FROM health_entry"))
        assert {key: after[key] for key in kept} == kept


def test_runs_are_kept_on_a_server_that_others_read(server: PostgreSQL, tmp_path: Path) -> None:
    database = server.database()
    here = {"PGPASSWORD": PASSWORD}
    with served(tmp_path, 20):
        lab = ("--lab", "lab.json", "--ledger", f"postgresql://diag@127.0.0.1:{server.port}/{database}")
        first = health(tmp_path, "run", *lab, "--format", "json", **here)
        assert first.code == 1, first.err
        off = "off-00001@contoso.com"
        assert diag("smtp-auth", "enable", off, *lab, "--yes", folder=tmp_path, **here).code == 5
        waiting = report_of(health(tmp_path, "run", *lab, "--format", "json", **here))
        assert waiting["before"]["id"] == report_of(first)["run"]["id"]
        history = json.loads(health(tmp_path, "history", off, *lab, "--format", "json", **here).out)
        assert len(history["entries"]) == 2
        listed = health(tmp_path, "runs", *lab, **here)
        assert len([line for line in listed.out.splitlines() if line.lstrip()[:1] in {"1", "2"}]) >= 2
        assert health(tmp_path, "prune", *lab, "--dry-run", **here).out.startswith("To be removed: 0 runs")
        shown = "".join(one.out + one.err for one in (first, listed))
    assert not list(tmp_path.rglob("diag.db"))
    assert PASSWORD not in shown
