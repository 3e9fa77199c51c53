"""A store that an earlier diag made becomes one of this diag, with all that it holds."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

import pytest
from alembic import command
from alembic.config import Config

from diag.setting import Busy, Change, LedgerError
from diag.store.engine import connecting, connecting_in_thread, taking_turns
from diag.store.ledger import SqlLedger
from diag.store.place import File, place_of
from diag.store.versions import HEAD
from tests.store.books import INTENT, NOON, WRITTEN, Store, begun
from tests.store.runs import kept, look, whole
from tests.store.test_guards import EITHER, REFUSED


def first_version(store: Store, *work: Callable[[SqlLedger], Awaitable[Any]]) -> None:
    """Make a store as the first version of diag did, and work with it as that did."""
    place = place_of(store.named)
    if isinstance(place, File):
        place.make()
    config = Config()
    config.set_main_option("script_location", "diag.store:migrations")
    engine = connecting_in_thread(place, 5)
    with taking_turns(engine).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()

    async def used() -> None:
        engine = connecting(place, 5)
        for one in work:
            await one(SqlLedger(engine, place, 5))
        await engine.dispose()

    asyncio.run(used())


async def changed(ledger: SqlLedger) -> None:
    done = begun(await ledger.begin(INTENT, NOON))
    await ledger.add(done.id, WRITTEN)
    begun(await ledger.begin(INTENT, NOON))  # and this one is still open


@pytest.fixture
def earlier(store: Store) -> Store:
    """A store of the first version, with two changes in it."""
    first_version(store, changed)
    assert store.execute("SELECT version_num FROM diag_version") == [("0001",)]
    return store


def test_the_changes_of_an_earlier_diag_are_all_there(earlier: Store) -> None:
    before = earlier.execute("SELECT * FROM change ORDER BY id"), earlier.execute("SELECT * FROM step ORDER BY id")
    run = look(earlier, lambda history: whole(history, [kept("mfp")]))
    assert earlier.execute("SELECT version_num FROM diag_version") == [(HEAD,)]
    assert (
        earlier.execute("SELECT * FROM change ORDER BY id"),
        earlier.execute("SELECT * FROM step ORDER BY id"),
    ) == before
    still_open, done = earlier.changes()
    assert (still_open.is_open, done.intent, done.steps[1:]) == (True, INTENT, (WRITTEN,))
    assert look(earlier, lambda history: history.runs()) == (run,)


def test_the_ledger_goes_on_where_it_was(earlier: Store) -> None:
    (still_open, _) = earlier.changes()

    async def goes_on(ledger: SqlLedger) -> Change:
        assert await ledger.begin(INTENT, NOON) == Busy(still_open)
        await ledger.add(still_open.id, WRITTEN)
        return begun(await ledger.begin(INTENT, NOON))

    assert earlier.use(goes_on).id == still_open.id + 1


@pytest.mark.parametrize("statement", EITHER)
def test_what_was_written_down_is_still_guarded(earlier: Store, statement: str) -> None:
    before = earlier.changes()
    with pytest.raises(REFUSED, match="the ledger is only ever added to"):
        earlier.execute(statement)
    assert earlier.changes() == before


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("old", [False, True])
def test_every_file_gives_room_back(store: Store, old: bool) -> None:
    if old:
        first_version(store, changed)
        assert store.execute("PRAGMA auto_vacuum") == [(0,)]
    store.changes()
    full = 1
    assert store.execute("PRAGMA auto_vacuum") == [(full,)]
    assert store.execute("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_an_upgrade_that_has_to_wait_for_too_long_changes_nothing(store: Store) -> None:
    first_version(store, changed)
    with closing(sqlite3.connect(store.named, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="it is locked by another process"):
            look(store, whole, patience_s=0.1)
    assert store.execute("SELECT version_num FROM diag_version") == [("0001",)]
    assert len(store.changes()) == 2
