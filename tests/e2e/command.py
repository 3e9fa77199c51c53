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


def diag(*arguments: str, folder: Path, stdin: str | None = None, **environment: str) -> Ran:
    """Run `diag` in `folder`, with an environment of its own: nothing of this computer's settings reaches it."""
    return _run(["-m", "diag", *arguments], folder, stdin, environment)


def python(code: str, *, folder: Path) -> Ran:
    """Run Python code in the same surroundings."""
    return _run(["-c", code], folder, None, {})


def _run(arguments: Sequence[str], folder: Path, stdin: str | None, environment: Mapping[str, str]) -> Ran:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMP") if name in os.environ}
    home = {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "APPDATA": str(folder),
        "LOCALAPPDATA": str(folder),
    }
    ran = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, *arguments],
        cwd=folder,
        env={**kept, **home, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "LANG": "C.UTF-8", **environment},
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        encoding="utf-8",
        timeout=50,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)
