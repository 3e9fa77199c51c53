"""A lab in a process of its own, as `diag lab serve` runs it."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.command import ROOT


@dataclass(frozen=True, slots=True)
class Serving:
    """The process, and the file for `--lab`."""

    process: "subprocess.Popen[str]"
    file: Path


@contextlib.contextmanager
def serving(scenario: str, folder: Path, *, file: str = "served.json") -> Iterator[Serving]:
    """Serve a scenario, by its name or file, from when it answers until the test is done with it.

    An empty `file` leaves open what the file is called.
    """
    home = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "APPDATA", "LOCALAPPDATA")}
    command = [sys.executable, "-m", "diag", "lab", "serve", scenario, *(["--output", file] if file else [])]
    with subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=folder,
        env={**os.environ, **home, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "LANG": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            said = process.stdout.readline()
            assert "--lab" in said, process.stderr.read()
            yield Serving(process, folder / file)
        finally:
            process.terminate()
            process.communicate(timeout=30)
