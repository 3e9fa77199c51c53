"""Write a file whole or not at all, read TOML, and say in our own words why a file cannot be used."""

import errno
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

from diag.sentence import Sentence, say
from diag.subject import InvalidInputError, printable

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_LINE = re.compile(r"line (\d+)")
_REASONS = {
    errno.ENOENT: say("there is no such file or folder"),
    errno.EACCES: say("access is denied"),
    errno.EPERM: say("access is denied"),
    errno.EISDIR: say("it is a folder"),
    errno.ENOTDIR: say("part of the path is not a folder"),
    errno.ENOSPC: say("the disk is full"),
    errno.EROFS: say("the disk is read-only"),
    errno.ENAMETOOLONG: say("the name is too long"),
}


def data_folder() -> Path:
    """The folder in which diag keeps what is the user's: the ledger, a sign-in, what labs remember."""
    from platformdirs import user_data_path

    return user_data_path("diag", appauthor=False)


def why(problem: OSError) -> Sentence | str:
    """Return the reason of a failure: a sentence of ours for the common ones, else the system's own words."""
    known = _REASONS.get(problem.errno) if problem.errno is not None else None
    return known or problem.strerror or type(problem).__name__


def toml(content: bytes, shown: str) -> dict[str, Any]:
    """Read a TOML file that goes by `shown`; raises `InvalidInputError`, which quotes nothing of it.

    The parser's own words may: somebody may have put a secret there.
    """
    import tomllib

    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        place: Sentence | str = "UTF-8"
    except tomllib.TOMLDecodeError as problem:
        found = _LINE.search(str(problem))
        place = say("line {number}", number=int(found[1]) if found else len(content.splitlines()))
    except ValueError:  # of Python's own, not of the format's: thousands of digits
        place = say("a number is too long")
    except RecursionError:
        place = say("too many brackets in one another")
    raise InvalidInputError(say("{path} is not valid TOML ({place}).", path=shown, place=place))


def _refusal(path: Path, problem: OSError) -> InvalidInputError:
    return InvalidInputError(
        say("{path} cannot be written: {reason}.", path=printable(str(path), 200), reason=why(problem))
    )


def _is_special(path: Path) -> bool:
    """Whether a device or pipe stands there (/dev/stdout, /dev/null), which must be written to and not replaced."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.urandom(4).hex()}")


def check_writable(path: Path) -> None:
    """Make sure that `write` can succeed, and leave nothing behind; raises `InvalidInputError` where it cannot."""
    if path.is_dir():
        raise InvalidInputError(say("{path} is a folder, not a file.", path=printable(str(path), 200)))
    if _is_special(path):
        return
    trial = _beside(path)
    try:
        os.close(os.open(trial, _NEW, 0o600))
        trial.unlink()
    except OSError as problem:
        raise _refusal(path, problem) from None


def write(path: Path, content: bytes, *, private: bool) -> None:
    """Put `content` at `path` in one move; `private` keeps it from other users. A symbolic link is replaced.

    Raises `InvalidInputError` where the file cannot be written; what stood there before then still stands.
    """
    if _is_special(path):
        try:
            with path.open("ab") as special:
                special.write(content)
        except OSError as problem:
            raise _refusal(path, problem) from None
        return
    fresh = _beside(path)
    try:
        with open(os.open(fresh, _NEW, 0o600 if private else 0o666), "wb") as file:  # noqa: PTH123 - an open descriptor
            file.write(content)
        fresh.replace(path)
    except OSError as problem:
        with suppress(OSError):
            fresh.unlink()
        raise _refusal(path, problem) from None
