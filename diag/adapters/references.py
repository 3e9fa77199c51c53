"""Reading a secret where it stands: in a variable, a file of its owner's alone, the system's keyring."""

import os
import shlex
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from diag.adapters.threads import abandonable
from diag.files import why
from diag.reference import FromFile, FromKeyring, FromVariable, reference
from diag.secret import Secret
from diag.sentence import Sentence, say
from diag.subject import printable

_MAX_BYTES = 64 * 1024
_LONGEST_S = 20  # a secret service may wait for somebody to unlock it
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_OTHERS = 0o077  # what the group and everybody may do
# Backends of the keyring library that keep nothing, keep it in clear, or ask for a password on the terminal.
_NO_VAULTS = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt.")


class Vault(Protocol):
    """What a keyring is here."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return the secret that is kept under these names; None without one."""
        ...


def system_keyring() -> Vault:
    """Return what the keyring library has chosen on this computer; raises whatever keeps it from choosing."""
    import keyring

    return keyring.get_keyring()


async def reveal(
    text: str,
    *,
    relative_to: Path | None,
    environment: Mapping[str, str],
    keyring: Callable[[], Vault] = system_keyring,
    longest_s: float = _LONGEST_S,
) -> Secret | Sentence:
    """Return the secret that a reference leads to. No sentence quotes it, nor what is no reference.

    A file is looked for in `relative_to`; where that is None, in the current folder.
    """
    match found := reference(text):
        case None:
            return say("It does not say where a secret stands: env:NAME, file:PATH or keyring:SERVICE/NAME is needed.")
        case FromVariable():
            return _from_variable(found, environment)
        case FromFile() | FromKeyring():
            try:
                if isinstance(found, FromFile):
                    return await abandonable(longest_s, _from_file, found, relative_to)
                return await abandonable(longest_s, _from_keyring, found, keyring)
            except TimeoutError:
                return say(
                    "{reference} did not answer within {seconds} seconds; a keyring may be waiting to be unlocked.",
                    reference=printable(text),
                    seconds=longest_s,
                )


def _from_variable(found: FromVariable, environment: Mapping[str, str]) -> Secret | Sentence:
    secret = environment.get(found.name)
    if secret is None:
        return say("The variable {name} is not set.", name=found.name)
    if not secret.strip():
        return say("The variable {name} is empty.", name=found.name)
    return Secret(secret)


def _from_file(found: FromFile, relative_to: Path | None) -> Secret | Sentence:
    shown = printable(found.path, 200)
    try:
        path = (relative_to or Path()) / Path(found.path).expanduser()
        # Not blocking: a pipe would keep whoever opens it waiting.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:  # noqa: PTH123 - an open descriptor
            if (problem := _unfit(os.fstat(file.fileno()), path, shown)) is not None:
                return problem
            content = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError, RuntimeError) as problem:  # a path without meaning; a user without a folder
        reason = why(problem) if isinstance(problem, OSError) else type(problem).__name__
        return say("{path} cannot be read: {reason}.", path=shown, reason=reason)
    return _text(content, shown)


def _unfit(status: os.stat_result, path: Path, shown: str) -> Sentence | None:
    """Say what keeps a file from being one for secrets."""
    if not stat.S_ISREG(status.st_mode):
        return say("{path} is not a regular file.", path=shown)
    if os.name == "posix" and status.st_mode & _OTHERS:
        return say(
            "{path} can be read or written by other users, so it is not used. Make it its owner's alone: {command}",
            path=shown,
            command=f"chmod 600 {shlex.quote(printable(str(path), 400))}",
        )
    return None


def _text(content: bytes, shown: str) -> Secret | Sentence:
    if len(content) > _MAX_BYTES:
        return say("{path} is larger than 64 KiB; that is no secret.", path=shown)
    if content.startswith(_UTF16):
        return say("{path} is UTF-16, as PowerShell's > writes; save it as UTF-8.", path=shown)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return say("{path} is binary, not text.", path=shown)
    if not text.strip():
        return say("{path} is empty.", path=shown)
    return Secret(text.rstrip("\r\n"))


def _from_keyring(found: FromKeyring, keyring: Callable[[], Vault]) -> Secret | Sentence:
    shown = {"service": printable(found.service), "name": printable(found.name)}
    try:
        vaults = _vaults(keyring())
        if not vaults:
            return say("This computer has no keyring that keeps secrets encrypted. Use file:PATH or env:NAME.")
        kept = (vault.get_password(found.service, found.name) for vault in vaults)
        secret = next((one for one in kept if one), None)
    except ImportError:
        return say("A credential in the keyring needs diag's extra 'keyring'.")
    except Exception as problem:  # noqa: BLE001 - each backend raises its own, in words that may quote the secret
        return say(
            "The keyring does not hand out '{name}' of '{service}' ({reason}).",
            **shown,
            reason=type(problem).__name__,
        )
    if secret is None:
        return say("The keyring holds no '{name}' of '{service}'.", **shown)
    return Secret(secret)


def _vaults(chosen: Vault) -> list[Vault]:
    """Return what really keeps secrets: the keyring itself, or those that it is a chain of."""
    chain = getattr(chosen, "backends", None)
    several = list(chain) if isinstance(chain, list | tuple) else [chosen]
    return [vault for vault in several if not type(vault).__module__.startswith(_NO_VAULTS)]
