"""The three streams of the process: opened where they are closed, and quiet where nobody reads or nothing fits."""

import codecs
import errno
import os
import sys
from dataclasses import dataclass
from typing import Any, TextIO, cast

# A pipe that nobody reads any more; Windows calls that an invalid argument.
_NOBODY_READS = {errno.EPIPE, errno.ESHUTDOWN, errno.ECONNRESET} | ({errno.EINVAL} if os.name == "nt" else set())
# Typographic quotes, spaces, hyphens and dashes, and what else French is set with.
_TYPEWRITTEN = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"'}
    | {"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2014": "-"}
    | {"\u2026": "...", "\u0153": "oe", "\u0152": "OE"}
)
_ENCODING = "diag-typewritten"


@dataclass(slots=True)
class Output:
    """A stream that keeps the first failure to write, and takes whatever comes after it in silence."""

    _stream: TextIO
    problem: OSError | None = None

    def write(self, text: str) -> int:
        """Write `text`, as far as that is possible."""
        if self.problem is None:
            try:
                return self._stream.write(text)
            except OSError as problem:
                self.problem = problem
        return len(text)

    def flush(self) -> None:
        """Pass on what is waiting; what cannot be passed on is dropped, so that nothing tries once more at exit."""
        try:
            self._stream.flush()
        except OSError as problem:
            self.problem = self.problem or problem
        if self.problem is not None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    @property
    def refused(self) -> OSError | None:
        """Why the text was not taken; None where it was, or where its reader has only read enough."""
        return None if self.problem is None or self.problem.errno in _NOBODY_READS else self.problem

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _typewritten(problem: UnicodeError) -> tuple[str, int]:
    """Put what a typewriter has in place of typographic signs, and escapes in place of everything else."""
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    plain = problem.object[problem.start : problem.end].translate(_TYPEWRITTEN)
    return "".join(c if c.isascii() else c.encode("ascii", "backslashreplace").decode() for c in plain), problem.end


def _writable(stream: TextIO | None) -> Output:
    # A process can be started without the stream, or with a closed one.
    open_stream = stream or cast("TextIO", open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - for as long as the process lives
    if hasattr(open_stream, "reconfigure"):
        # A terminal that cannot show a character gets another or its escape, and never a traceback.
        open_stream.reconfigure(errors=_ENCODING)
    return Output(open_stream)


def prepare() -> tuple[Output, Output]:
    """Make the streams of the process safe to use, and return its stdout and stderr."""
    codecs.register_error(_ENCODING, _typewritten)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - the same
    out, err = _writable(sys.stdout), _writable(sys.stderr)
    sys.stdout, sys.stderr = cast("TextIO", out), cast("TextIO", err)
    return out, err
