"""The real command in a process of its own, as a person runs it."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


def command(*arguments: str) -> list[str]:
    """The words that run `diag` in a process of its own."""
    return [sys.executable, "-m", "diag", *arguments]


def surroundings(folder: Path, **environment: str) -> dict[str, str]:
    """An environment whose home is `folder`: nothing of this computer's settings reaches what runs in it."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMP") if name in os.environ}
    home = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "APPDATA", "LOCALAPPDATA"), str(folder))
    return {**kept, **home, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "LANG": "C.UTF-8", **environment}


def diag(*arguments: str, folder: Path, stdin: str | None = None, **environment: str) -> Ran:
    """Run `diag` in `folder`, with an environment of its own."""
    return run(command(*arguments), folder, environment, stdin=stdin)


def python(code: str, *, folder: Path) -> Ran:
    """Run Python code in the same surroundings."""
    return run([sys.executable, "-c", code], folder, {})


def run(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    stdin: str | None = None,
    timeout_s: float = 50,
) -> Ran:
    """Run a program in `folder` to its end, in the surroundings of tests."""
    ran = subprocess.run(  # noqa: S603 - our own command
        words,
        cwd=folder,
        env=surroundings(folder, **environment),
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)
