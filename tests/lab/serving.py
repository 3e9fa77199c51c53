"""A lab in a process of its own, as `diag lab serve` runs it."""

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.command import command, surroundings


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
    with subprocess.Popen(  # noqa: S603 - our own command
        command("lab", "serve", scenario, *(["--output", file] if file else [])),
        cwd=folder,
        env=surroundings(folder),
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
