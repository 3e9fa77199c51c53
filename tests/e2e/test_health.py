"""The real command over a thousand mailboxes of a lab in another process: counted, killed, taken up, compared."""

import csv
import io
import json
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from diag.lab import truth_of
from tests.e2e.command import Ran, command, diag, run, surroundings
from tests.lab.crowd import crowd, crowd_text
from tests.lab.serving import serving

PATIENCE_S = 300


@contextmanager
def served(folder: Path, count: int) -> Iterator[Path]:
    """Serve a crowd in another process, and yield the file that leads to it."""
    scenario = folder / "crowd.toml"
    scenario.write_text(crowd_text(count), "utf-8")
    with serving(str(scenario), folder, file="lab.json") as running:
        yield running.file


def health(folder: Path, *arguments: str, **more: str) -> Ran:
    """Run `diag health` with these arguments, to its end."""
    return run(command("health", *arguments), folder, more, timeout_s=PATIENCE_S)


def report_of(ran: Ran) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ran.out)
    return found


def found_in(folder: Path, number: int) -> dict[str, tuple[str, str]]:
    """Status and first cause of every mailbox that is not healthy, by the findings of a run."""
    shown = health(folder, "report", "--lab", "lab.json", "--run", str(number), "--format", "csv")
    rows = csv.DictReader(io.StringIO(shown.out.removeprefix("\ufeff")))
    found: dict[str, tuple[str, str]] = {}
    for row in rows:
        found.setdefault(row["mailbox"], (row["status"], row["cause"]))
    return found


def expected(count: int) -> Mapping[str, tuple[str, str]]:
    return {box: (status.value, cause) for box, (status, cause) in truth_of(crowd(count)).items()}


def healthless(truth: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {box: told for box, told in truth.items() if told[0] != "healthy"}


@pytest.mark.timeout(3 * PATIENCE_S)
def test_a_thousand_mailboxes_are_counted_as_they_are_and_the_second_run_says_exactly_what_changed(
    tmp_path: Path,
) -> None:
    count, truth = 1000, expected(1000)
    with served(tmp_path, count):
        first = health(tmp_path, "run", "--lab", "lab.json", "--format", "json")
        assert first.code == 1, first.err
        report = report_of(first)
        assert {status: number for status, number in report["counts"].items() if number} == dict(
            Counter(status for status, _ in truth.values())
        )
        assert found_in(tmp_path, report["run"]["id"]) == healthless(truth)
        for verb, mailbox in (("enable", "off-00001@contoso.com"), ("disable", "healthy-00007@contoso.com")):
            changed = diag("smtp-auth", verb, mailbox, "--lab", "lab.json", "--yes", folder=tmp_path)
            assert changed.code == 5, changed.err
        time.sleep(2)  # the lab makes a change effective after so long
        second = report_of(health(tmp_path, "run", "--lab", "lab.json", "--format", "json"))
        changes = second["changes"]
        assert changes["fixed"] == ["off-00001@contoso.com"]
        assert changes["new"] == ["healthy-00007@contoso.com"]
        assert (changes["other"], changes["gone"], changes["flapping"]) == ([], [], [])
        assert len(changes["still"]) == len(healthless(truth)) - 1


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal here")
@pytest.mark.timeout(3 * PATIENCE_S)
def test_a_run_that_was_killed_is_taken_up_again_repeats_nothing_and_counts_the_same(tmp_path: Path) -> None:
    count, truth = 300, expected(300)
    with served(tmp_path, count):
        running = subprocess.Popen(  # noqa: S603 - our own command
            command("health", "run", "--lab", "lab.json", "--at-once", "20"),
            cwd=tmp_path,
            env=surroundings(tmp_path),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        kept = 0
        while kept < 50:
            assert running.poll() is None, "it ended before it could be killed"
            kept = len(entries(tmp_path))
            time.sleep(0.02)
        running.kill()
        running.wait()
        before = entries(tmp_path)
        assert 50 <= len(before) < count
        resumed = health(tmp_path, "run", "--lab", "lab.json", "--resume", "--format", "json")
        assert "was cut off: it goes on" in resumed.err
        report = report_of(resumed)
        assert report["run"]["id"] == 1
        assert {status: number for status, number in report["counts"].items() if number} == dict(
            Counter(status for status, _ in truth.values())
        )
        after = entries(tmp_path)
        assert {key: at for key, at in after.items() if key in before} == before
        assert found_in(tmp_path, 1) == healthless(truth)


def entries(folder: Path) -> dict[str, str]:
    """When each mailbox was examined, by what the history has in this moment."""
    for file in folder.rglob("diag.db"):
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as store:
            return dict(store.execute("SELECT key, checked_at FROM health_entry"))
    return {}
