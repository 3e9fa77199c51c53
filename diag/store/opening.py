"""Opening the ledger: find its place, bring it to the version of this diag, hand it over."""

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from diag.sentence import say
from diag.setting import LedgerError
from diag.store.place import File, place_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from diag.store.ledger import SqlLedger


def is_there(named: str | Path | None = None) -> bool:
    """Whether there is a ledger to read: its file exists, or it is a server's, which is asked when it is opened.

    Raises `InvalidInputError` where the URL is not understood.
    """
    place = place_of(named)
    return not isinstance(place, File) or place.path.exists()


@asynccontextmanager
async def open_ledger(named: str | Path | None = None, *, patience_s: float = 5.0) -> "AsyncIterator[SqlLedger]":
    """Open the ledger at a path, at a URL, or (None) in the user's data folder, and make it where there is none.

    `patience_s` is how long to wait for a lock that somebody else holds, and for a server that does not answer.
    Raises `LedgerError` where the ledger cannot be used, `InvalidInputError` where the URL is not understood.
    """
    place = place_of(named)
    if isinstance(place, File):
        place.make()
    # Here, and not above: this brings SQLAlchemy in.
    from diag.store.engine import connecting
    from diag.store.ledger import SqlLedger
    from diag.store.versions import bring_up_to_date

    try:
        engine = connecting(place, patience_s)
    except ImportError:
        raise LedgerError(
            say(
                "The driver of PostgreSQL is not installed: install diag with its extra, for example {command}.",
                command='pip install "diag[postgresql]"',
            )
        ) from None
    try:
        await bring_up_to_date(engine, place, patience_s)
        yield SqlLedger(engine, place, patience_s)
    finally:
        await engine.dispose()
