"""Opening the store: find its place, bring it to the version of this diag, hand the ledger or the history over."""

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from diag.sentence import say
from diag.setting import LedgerError
from diag.store.place import File, Place, place_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncEngine

    from diag.store.history import SqlHistory
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
    async with _opened(named, patience_s) as (engine, place):
        from diag.store.ledger import SqlLedger

        yield SqlLedger(engine, place, patience_s)


@asynccontextmanager
async def open_history(named: str | Path | None = None, *, patience_s: float = 5.0) -> "AsyncIterator[SqlHistory]":
    """Open the history of health runs, which stands in the same file or database as the ledger; else the same."""
    async with _opened(named, patience_s, often=True) as (engine, place):
        from diag.store.history import SqlHistory
        from diag.store.transactions import transactions

        async with transactions(place, engine, patience_s) as store:
            yield SqlHistory(store)


@asynccontextmanager
async def _opened(
    named: str | Path | None, patience_s: float, *, often: bool = False
) -> "AsyncIterator[tuple[AsyncEngine, Place]]":
    place = place_of(named)
    if isinstance(place, File):
        place.make()
    # Here, and not above: this brings SQLAlchemy in.
    from diag.store.engine import connecting
    from diag.store.versions import bring_up_to_date

    try:
        engine = connecting(place, patience_s, often=often)
    except ImportError:
        raise LedgerError(
            say(
                "The driver of PostgreSQL is not installed: install diag with its extra, for example {command}.",
                command='pip install "diag[postgresql]"',
            )
        ) from None
    try:
        await bring_up_to_date(engine, place, patience_s)
        yield engine, place
    finally:
        await engine.dispose()
