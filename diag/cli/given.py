"""Read secrets from where they may come: a file, standard input, the environment."""

import sys
from collections.abc import Mapping
from pathlib import Path

from diag.cli.settings import Settings
from diag.files import why
from diag.secret import Secret
from diag.sentence import say
from diag.subject import InvalidInputError

_MAX_BYTES = 1024 * 1024
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def _secret(content: bytes, option: str) -> Secret:
    """Turn what was read into a secret; `option` is named in place of the file, whose name may be the secret itself."""
    if len(content) > _MAX_BYTES:
        raise InvalidInputError(say("What {option} names is larger than 1 MiB; that is no token.", option=option))
    if content.startswith(_UTF16):
        raise InvalidInputError(
            say("What {option} names is UTF-16, as PowerShell's > writes; save it as UTF-8.", option=option)
        )
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise InvalidInputError(say("What {option} names is binary, not text.", option=option)) from None
    if "\0" in text:
        raise InvalidInputError(say("What {option} names is binary, not text.", option=option))
    if not text:
        raise InvalidInputError(say("What {option} names is empty.", option=option))
    return Secret(text)


def _read(path: str, option: str) -> Secret:
    if path == "-":
        return _secret(sys.stdin.buffer.read(_MAX_BYTES + 1), option)
    try:
        with Path(path).open("rb") as file:
            return _secret(file.read(_MAX_BYTES + 1), option)
    except (OSError, ValueError) as problem:
        if isinstance(problem, InvalidInputError):
            raise
        reason = why(problem) if isinstance(problem, OSError) else type(problem).__name__
        raise InvalidInputError(
            say("The file that {option} names cannot be read: {reason}.", option=option, reason=reason)
        ) from None


def secret_of(name: str, settings: Settings, environment: Mapping[str, str]) -> Secret | None:
    """Return the secret `token` or `client-secret`, from the option's file or from its variable; None without either.

    A file named on the command line goes before the variable DIAG_TOKEN or DIAG_CLIENT_SECRET, which goes before a
    file named elsewhere. Raises `InvalidInputError` for a file that cannot be read as text.
    """
    option, variable = f"{name}-file", "DIAG_" + name.upper().replace("-", "_")
    value = settings.values.get(option)
    held = environment.get(variable, "").strip()
    if value is not None and (value.origin.startswith("--") or not held):
        return _read(value.text, value.origin)
    return Secret(held) if held else None
