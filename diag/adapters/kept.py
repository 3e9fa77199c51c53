"""A sign-in that is kept for later runs: msal's tokens, encrypted by the system, and beside them whose they are.

Only on request, and only where the system has a place for secrets (Windows' data protection, macOS' keychain, a secret
service on Linux): nothing is ever written in clear instead.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diag.files import why, write
from diag.sentence import say
from diag.subject import InvalidInputError, printable

if TYPE_CHECKING:
    from msal import TokenCache

_TOKENS, _WHOSE = "sign-in.bin", "sign-in.json"
Vault = Callable[[str], Any]
"""Makes one of msal-extensions' persistences for a path; raises where the system has no place for secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Whose sign-in is kept, and where it was made; no secret."""

    client_id: str
    authority: str
    account: str


def system_vault(path: str) -> Any:
    """Make the system's own; msal-extensions chooses it."""
    from msal_extensions import build_encrypted_persistence

    vault = build_encrypted_persistence(path)
    if hasattr(vault, "trial_run"):  # only on Linux can it be there and not work
        vault.trial_run()
    return vault


def kept_in(folder: Path) -> Kept | None:
    """Return whose sign-in is kept in a folder; None where none is, or what stands there is not ours."""
    try:
        found = Kept(**json.loads((folder / _WHOSE).read_bytes()))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return found if all(isinstance(value, str) for value in asdict(found).values()) else None


def cache_in(folder: Path, vault: Vault = system_vault) -> "TokenCache":
    """Return the cache in a folder; raises `InvalidInputError` where nothing can be kept secret on this computer."""
    with _explained(folder):
        from msal_extensions import PersistedTokenCache

        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        persistence = vault(str(folder / _TOKENS))
        if not persistence.is_encrypted:
            raise OSError  # never in clear
        return PersistedTokenCache(persistence)


def keep(folder: Path, kept: Kept) -> None:
    """Write down whose sign-in is kept, readable by its owner alone; raises `InvalidInputError` where that fails."""
    write(folder / _WHOSE, json.dumps(asdict(kept)).encode(), private=True)


def forget(folder: Path, vault: Vault = system_vault) -> Kept | None:
    """Remove the sign-in that is kept, and return whose it was; None where none was.

    Raises `InvalidInputError` where it is still there afterwards.
    """
    found = kept_in(folder)
    tokens = folder / _TOKENS
    if found is None and not tokens.exists():
        return None
    with _explained(folder):
        if tokens.exists():
            vault(str(tokens)).save("{}")
        for name in (_TOKENS, f"{_TOKENS}.lockfile", _WHOSE):
            (folder / name).unlink(missing_ok=True)
    return found


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Raise `InvalidInputError` for whatever keeps a secret from being kept."""
    errors: tuple[type[BaseException], ...] = (ImportError, RuntimeError, ValueError)
    with suppress(ImportError):
        from msal_extensions.persistence import PersistenceError

        errors = (*errors, PersistenceError)
    try:
        yield
    except InvalidInputError:
        raise
    except OSError as problem:
        if problem.errno is None:
            raise _nowhere() from None
        raise InvalidInputError(
            say(
                "The sign-in cannot be kept in {folder}: {reason}.",
                folder=printable(str(folder), 200),
                reason=why(problem),
            )
        ) from None
    except errors:  # whose words may quote what was to be kept
        raise _nowhere() from None


def _nowhere() -> InvalidInputError:
    return InvalidInputError(
        say(
            "This computer has no place for secrets that diag can use, so the sign-in is not kept. Sign in with a code"
            " each time, without --keep; on Linux a secret service (such as GNOME Keyring) with PyGObject would be such"
            " a place, and diag needs its extra 'login'."
        )
    )
