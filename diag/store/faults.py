"""What keeps the ledger from being used, told by the databases' own codes and said in a sentence."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from diag.sentence import Sentence, say
from diag.setting import LedgerError
from diag.store.place import File, Place, Server
from diag.subject import printable

_LOCKED = say("it is locked by another process")
_READ_ONLY = say("it is read-only")
_FULL = say("the disk is full")
_DENIED = say("access is denied")
_NO_JOURNAL = say("no file can be made in its folder")

# SQLite's result codes: https://www.sqlite.org/rescode.html
_SQLITE = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_READONLY_DIRECTORY: _NO_JOURNAL,
    sqlite3.SQLITE_CANTOPEN: _NO_JOURNAL,  # the database itself was opened a moment ago
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_PERM: _DENIED,
    sqlite3.SQLITE_AUTH: _DENIED,
    sqlite3.SQLITE_IOERR: say("the disk reports an error"),
    sqlite3.SQLITE_NOTADB: say("it is no SQLite database, or it is encrypted"),
    sqlite3.SQLITE_CORRUPT: say("the database is damaged"),
}

# PostgreSQL's: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = {
    "25006": _READ_ONLY,
    "40001": _LOCKED,
    "40P01": _LOCKED,
    "53100": _FULL,
    "55P03": _LOCKED,
    "57014": say("the server does not answer in time"),
}
_TAKEN = frozenset({"42P07", "42723", "42710"})  # a table, function or trigger of this name exists already
_MISSING = frozenset({"42P01", "3F000"})  # a table, or the schema, is not there
_NOT_PERMITTED = "42501"
_GONE = ("08", "57P")  # the connection broke; the server is shut down


@contextmanager
def understood(place: Place) -> Iterator[None]:
    """Raise `LedgerError` for everything that a person can put right; what is left is a bug, and stays what it is."""
    try:
        yield
    except TimeoutError:
        raise _unusable(place, say("the server does not answer in time")) from None
    except DBAPIError as problem:
        fault = _of_server(problem, place) if isinstance(place, Server) else _of_file(problem, place)
        if fault is None:
            raise
        raise fault from None  # the cause may quote what was to be written


def foreign(place: Place) -> LedgerError:
    """Return what to raise where the database is used by another program."""
    return _unusable(place, say("the database belongs to another program"))


def newer(place: Place) -> LedgerError:
    """Return what to raise where a later version of diag made the ledger."""
    return _unusable(place, say("a newer version of diag wrote it; update diag on this computer"))


def _unusable(place: Place, reason: Sentence | str) -> LedgerError:
    return LedgerError(say("The ledger {place} cannot be used: {reason}.", place=place.shown, reason=reason))


def _of_file(problem: DBAPIError, place: File) -> LedgerError | None:
    raised = problem.driver_exception
    code = getattr(raised, "sqlite_errorcode", 0)
    if known := _SQLITE.get(code) or _SQLITE.get(code & 0xFF):
        return _unusable(place, known)
    if isinstance(problem, IntegrityError | ProgrammingError):
        return None
    return _unusable(place, printable(str(raised), 200))


def _of_server(problem: DBAPIError, place: Server) -> LedgerError | None:
    raised = problem.driver_exception
    state = getattr(raised, "sqlstate", None)
    told = getattr(getattr(raised, "diag", None), "message_primary", None) or _reason(str(raised))
    words = printable(place.clean(" ".join(told.split())), 200).removesuffix(".")
    if state is None or state.startswith(_GONE):
        return _without_connection(place, words)
    if state in _TAKEN:
        return foreign(place)
    if isinstance(problem, IntegrityError | ProgrammingError) and state not in {_NOT_PERMITTED, *_MISSING}:
        return None
    if state == _NOT_PERMITTED:
        return _unusable(place, say("a permission is missing: {words}", words=words))
    return _unusable(place, _POSTGRESQL.get(state) or words)


def _reason(told: str) -> str:
    """Leave out what libpq says before the reason, and the advice after it."""
    first = told.strip().partition("\n")[0]
    return first.rpartition("failed: ")[2] if "failed: " in first else told


def _without_connection(place: Server, words: str) -> LedgerError:
    # A server that was reached and refuses says FATAL, in front of the words that name the reason.
    _, refused, reason = words.rpartition("FATAL:")
    if refused:
        sentence = say(
            "The server of the ledger, {place}, refuses: {reason}.", place=place.shown, reason=reason.strip()
        )
    else:
        sentence = say(
            "The server of the ledger, {place}, cannot be reached: {reason}.", place=place.shown, reason=reason
        )
    return LedgerError(sentence)
