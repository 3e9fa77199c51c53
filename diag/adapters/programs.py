"""Programs of this machine: found by its PATH, run with a list of arguments, a time-out and no shell."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from diag.files import why
from diag.secret import scrub
from diag.sentence import Sentence, say
from diag.subject import printable

_MOST_QUOTED = 300  # characters


class RefusedError(Exception):
    """Something did not work; `because` says what."""

    def __init__(self, because: Sentence) -> None:
        super().__init__(str(because))
        self.because = because


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended: `code` is None where it did not start, or not end in time."""

    code: int | None
    out: bytes = b""
    err: bytes = b""

    @property
    def is_good(self) -> bool:
        """Whether it says that all is well."""
        return self.code == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """Runs programs; `environment` is what they are run in, and found by."""

    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    timeout_s: float = 20

    def has(self, program: str) -> bool:
        """Whether there is such a program."""
        return self._path(program) is not None

    def _path(self, program: str) -> str | None:
        return shutil.which(program, path=self.environment.get("PATH", ""))

    def run(self, *command: str, given: bytes = b"") -> Ran:
        """Run a program; it speaks English, so that what is read of it can be read."""
        program = self._path(command[0])
        if program is None:
            return Ran(None, err=b"there is no such program")
        try:
            ran = subprocess.run(  # noqa: S603 - a list, and no shell
                [program, *command[1:]],
                input=given,
                capture_output=True,
                timeout=self.timeout_s,
                env={**self.environment, "LC_ALL": "C.UTF-8", "LANGUAGE": "C"},
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Ran(None, err=b"no answer in time")
        except OSError as problem:
            return Ran(None, err=str(why(problem)).encode())
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def done(self, *command: str, given: bytes = b"") -> None:
        """Run a program that must succeed; raises `RefusedError` with its own words."""
        ran = self.run(*command, given=given)
        if not ran.is_good:
            raise RefusedError(told_by(command, ran))


def told_by(command: tuple[str, ...], ran: Ran) -> Sentence:
    """Say what a program that failed says."""
    words = " ".join((ran.err.strip() or ran.out).decode("utf-8", "replace").split())
    shown = printable(scrub(words), _MOST_QUOTED) or str(ran.code)
    return say("'{command}' did not work: {words}", command=" ".join(command[:3]), words=shown)
