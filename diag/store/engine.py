"""SQLAlchemy's engines: how SQLite and PostgreSQL are connected to, and how writers take turns."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

from diag.store.faults import understood
from diag.store.place import File, Place, Server

TURN = int.from_bytes(b"diag")  # the advisory lock of PostgreSQL that every writer of the store holds
_TAKES_TURN = "diag_takes_turn"
_BEGINS_NOTHING = "diag_begins_nothing"
_KEPT_S = 30
_SHORTEST_CONNECT_S = 2  # libpq's own least


def connecting(place: Place, patience_s: float, *, often: bool = False) -> AsyncEngine:
    """Make the engine of the store, with a connection for each transaction; nothing is connected to yet.

    Connections are not kept: between two steps of a change may lie an hour, and a firewall that forgets. Where
    transactions follow each other `often`, those to a server are, for half a minute: each is dear to make.
    """
    options = _options(place)
    if often and isinstance(place, Server):
        options |= {"poolclass": AsyncAdaptedQueuePool, "pool_pre_ping": True, "pool_recycle": _KEPT_S}
    engine = create_async_engine(_url(place, "sqlite+aiosqlite"), **options, connect_args=_arguments(place, patience_s))
    _prepare(engine.sync_engine, patience_s)
    return engine


def connecting_in_thread(place: Place, patience_s: float) -> Engine:
    """Make an engine for code that is not asynchronous, the same in all else."""
    engine = create_engine(
        _url(place, "sqlite+pysqlite"), **_options(place), connect_args=_arguments(place, patience_s)
    )
    _prepare(engine, patience_s)
    return engine


def taking_turns(engine: Engine) -> Engine:
    """Return `engine`, its transactions such that none of them begins before the other writers have ended theirs."""
    return engine.execution_options(**{_TAKES_TURN: True})


def without_transaction(engine: Engine) -> Engine:
    """Return `engine` for SQLite, such that each statement stands for itself."""
    return engine.execution_options(**{_BEGINS_NOTHING: True})


@asynccontextmanager
async def reading(engine: AsyncEngine, place: Place, patience_s: float) -> AsyncIterator[AsyncConnection]:
    """Hold a transaction that only reads; faults are raised as `LedgerError`."""
    if isinstance(place, File):
        # aiosqlite, too, is better not asked to open what cannot be opened: its thread then outlives the event loop.
        place.check()
    # What SQLite waits for is a thread that cannot be stopped; it has its own time-out.
    limit = 2 * patience_s if isinstance(place, Server) else None
    with understood(place):
        async with asyncio.timeout(limit), engine.begin() as connection:
            yield connection


@asynccontextmanager
async def writing(engine: AsyncEngine, place: Place, patience_s: float) -> AsyncIterator[AsyncConnection]:
    """Hold a transaction in which nobody else writes; faults are raised as `LedgerError`."""
    async with reading(engine.execution_options(**{_TAKES_TURN: True}), place, patience_s) as connection:
        yield connection


def _url(place: Place, sqlite: str) -> URL:
    match place:
        case File(path=path):
            return URL.create(sqlite, database=str(path))
        case Server():
            return URL.create(
                "postgresql+psycopg",
                username=place.user,
                password=place.password.reveal() if place.password else None,
                host=place.host,
                port=place.port,
                database=place.database,
            )


def _options(place: Place) -> dict[str, Any]:
    # Parameters are hidden from exceptions and logs: notes and tickets are nobody else's business.
    options: dict[str, Any] = {"poolclass": NullPool, "hide_parameters": True}
    if isinstance(place, Server):
        # A stricter default of the server would show a writer what was there before it waited for its turn.
        options["isolation_level"] = "READ COMMITTED"
    return options


def _arguments(place: Place, patience_s: float) -> dict[str, Any]:
    match place:
        case File():
            # Without an isolation level sqlite3 begins no transaction of its own accord.
            return {"timeout": patience_s, "isolation_level": None}
        case Server():
            given = {name: value.reveal() for name, value in place.options}
            return {"connect_timeout": max(_SHORTEST_CONNECT_S, math.ceil(patience_s)), **given}


def _prepare(engine: Engine, patience_s: float) -> None:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _connected_to_sqlite)
        event.listen(engine, "begin", _begin_in_sqlite)
        return

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(_TAKES_TURN):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, round(patience_s * 1000))}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({TURN})")

    event.listen(engine, "begin", begin)


def _connected_to_sqlite(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    # What was written down must outlive a power cut in the next moment, the removal of the journal included. Health
    # runs could do with less, but stand in the same file, and what they wait for is no time of the processor. There is
    # no write-ahead log: it fails on a network share, and where a file may only be read.
    cursor.execute("PRAGMA synchronous = EXTRA")
    cursor.close()


def _begin_in_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(_BEGINS_NOTHING):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_TAKES_TURN) else "BEGIN")
