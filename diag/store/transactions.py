"""Whole transactions: the history makes many, and what they cost is taken from the run that waits for them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from diag.store.engine import connecting_in_thread, reading, taking_turns, writing
from diag.store.faults import understood
from diag.store.place import File, Place, Server

T = TypeVar("T")


class Transactions(Protocol):
    """Runs what is to be done in one transaction, from its beginning to its end; faults are raised as `LedgerError`."""

    async def reading(self, work: Callable[[Connection], T]) -> T:
        """Do what only reads."""
        ...

    async def writing(self, work: Callable[[Connection], T]) -> T:
        """Do it while nobody else writes."""
        ...


class _InFile:
    """In SQLite; a transaction runs in a thread as a whole, since handing over each step costs more than the step.

    The threads are its own: those of asyncio may all be waiting for the names of hosts.
    """

    def __init__(self, place: File, threads: ThreadPoolExecutor, patience_s: float) -> None:
        self._place = place
        self._threads = threads
        self._engine = connecting_in_thread(place, patience_s)
        self._taking_turns = taking_turns(self._engine)

    async def reading(self, work: Callable[[Connection], T]) -> T:
        return await self._in_thread(self._engine, work)

    async def writing(self, work: Callable[[Connection], T]) -> T:
        return await self._in_thread(self._taking_turns, work)

    async def _in_thread(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        def whole() -> T:
            self._place.check()
            with understood(self._place), engine.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._threads, whole)


class _OnServer:
    """In PostgreSQL."""

    def __init__(self, place: Server, engine: AsyncEngine, patience_s: float) -> None:
        self._place = place
        self._engine = engine
        self._patience_s = patience_s

    async def reading(self, work: Callable[[Connection], T]) -> T:
        async with reading(self._engine, self._place, self._patience_s) as connection:
            return await connection.run_sync(work)

    async def writing(self, work: Callable[[Connection], T]) -> T:
        async with writing(self._engine, self._place, self._patience_s) as connection:
            return await connection.run_sync(work)


@asynccontextmanager
async def transactions(place: Place, engine: AsyncEngine, patience_s: float) -> AsyncIterator[Transactions]:
    """Make what runs transactions at a place, to which `engine` connects; what was begun ends before this does."""
    match place:
        case Server():
            yield _OnServer(place, engine, patience_s)
        case File():
            with ThreadPoolExecutor(max_workers=4, thread_name_prefix="diag-history") as threads:
                yield _InFile(place, threads, patience_s)
