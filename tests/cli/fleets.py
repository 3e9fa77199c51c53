"""A lab with a few scanner mailboxes, in this process and yet behind the file that `--lab` names, and the command."""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from diag.cli.app import run
from diag.lab import Lab, Scenario
from diag.lab.served import hand_out, handed_out
from tests.e2e.command import Ran

LAB = ("--lab", "lab.json")


@dataclass(slots=True)
class Desk:
    """Somebody who types `diag health ...` in a folder of their own."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def file(self, name: str, text: str) -> str:
        """Write a file for its owner alone, and return its name."""
        path = self.folder / name
        path.write_text(text, "utf-8")
        path.chmod(0o600)
        return name

    def sheet(self, *mailboxes: str, name: str = "scanners.csv") -> str:
        """Write an inventory of nothing but mailboxes."""
        return self.file(name, "\n".join(("mailbox", *mailboxes, "")))

    def diag(self, *words: str, **environment: str) -> Ran:
        """Run `diag` with these words, and nothing but this in its environment."""
        self.capsys.readouterr()
        code = run(list(words), environment)
        out, err = self.capsys.readouterr()
        return Ran(code, out, err)

    def health(self, *words: str, **environment: str) -> Ran:
        """Run `diag health` in the lab."""
        return self.diag("health", *words, *LAB, **environment)

    def report(self, *words: str, **environment: str) -> dict[str, Any]:
        """Run `diag health run` in the lab, and return its report as JSON."""
        return json_of(self.health("run", *words, "--format", "json", **environment))


def json_of(ran: Ran) -> dict[str, Any]:
    """What a command printed."""
    assert ran.out, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def counts(report: Mapping[str, Any]) -> dict[str, int]:
    """How many mailboxes there are in each state, without those in which there are none."""
    return {status: number for status, number in report["counts"].items() if number}


@contextlib.contextmanager
def opened(desk: Desk, scenario: Scenario) -> Iterator[Lab]:
    """Serve a scenario for the length of a test; the lab must not break meanwhile."""
    with Lab(scenario) as lab:
        hand_out(handed_out(lab), desk.folder / "lab.json")
        yield lab
    assert lab.bugs == []


def requests(lab: Lab, part: str) -> Sequence[str]:
    """What was asked of the lab's web services so far, where path or cmdlet hold a text."""
    return [f"{one.method} {one.path} {one.cmdlet}".strip() for one in lab.requests if part in one.path + one.cmdlet]
