"""What can be wrong with a store that the history uses, each made wrong for real, and the sentence that says so."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Pool, event

from diag.health.run import Notes, Run
from diag.setting import LedgerError
from diag.store import open_history
from diag.store.engine import TURN
from diag.store.history import SqlHistory
from tests.store.books import NOON, Store
from tests.store.postgresql import PostgreSQL
from tests.store.rights import as_anybody, posix, powerless
from tests.store.runs import begin, kept, listed, look, many, names, whole

T = TypeVar("T")


def reason(store: Store, what: Callable[[SqlHistory], Awaitable[Any]], *, patience_s: float = 0.1) -> str:
    """Why something cannot be done: the whole sentence, with the place taken out."""
    with pytest.raises(LedgerError) as raised:
        look(store, what, patience_s=patience_s)
    place = store.named if store.is_file else f"postgresql://{store.named.rpartition('@')[2]}"
    assert place in str(raised.value)
    return str(raised.value).replace(place, "P")


@pytest.fixture
def file(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "diag.db"))


def test_a_file_that_another_process_holds_is_locked(file: Store) -> None:
    run = look(file, whole)
    with contextlib.closing(sqlite3.connect(file.named, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        locked = "The ledger P cannot be used: it is locked by another process."
        assert reason(file, lambda history: history.beat(run.id, NOON, Notes())) == locked
        assert reason(file, lambda history: history.add(run.id, [kept("mfp")], NOON)) == locked
        assert look(file, lambda history: history.runs()) == (run,)
    look(file, lambda history: history.beat(run.id, NOON, Notes()))


def test_a_writer_who_does_not_end_is_not_waited_for(postgresql: PostgreSQL) -> None:
    name = postgresql.database()
    store = Store(postgresql.url(name))
    run = look(store, whole)
    with postgresql.as_administrator(name) as other:
        other.execute(b"SELECT pg_advisory_lock(%d)" % TURN)
        locked = "The ledger P cannot be used: it is locked by another process."
        assert reason(store, lambda history: history.beat(run.id, NOON, Notes()), patience_s=1) == locked
        assert look(store, lambda history: history.runs()) == (run,)


@posix
def test_a_read_only_file_is_read_and_not_written() -> None:
    with powerless() as folder:
        file = Store(str(folder / "diag.db"))
        run = look(file, lambda history: whole(history, [kept("mfp")]))
        Path(file.named).chmod(0o444)
        with as_anybody():
            assert look(file, lambda history: names(history, run.id)) == ["mfp"]
            assert reason(file, begin) == "The ledger P cannot be used: it is read-only."


def test_of_a_batch_that_does_not_fit_on_the_disk_nothing_is_written(file: Store) -> None:
    def small(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # at least as many as it has

    run = look(file, lambda history: begin_with(history, "mfp"))
    event.listen(Pool, "connect", small)
    try:
        full = "The ledger P cannot be used: the disk is full."
        assert reason(file, lambda history: history.add(run.id, many(300, evidence=b"x" * 900), NOON)) == full
    finally:
        event.remove(Pool, "connect", small)
    assert look(file, lambda history: names(history, run.id)) == ["mfp"]
    look(file, lambda history: history.add(run.id, many(300), NOON))


async def begin_with(history: SqlHistory, name: str) -> Run:
    run = await begin(history)
    await history.add(run.id, [kept(name)], NOON)
    return run


def test_a_file_that_is_gone_is_not_made_again_behind_an_open_history(file: Store) -> None:
    path = Path(file.named)
    remove = path.unlink

    async def gone(history: SqlHistory) -> None:
        run = await begin_with(history, "mfp")
        remove()
        with pytest.raises(LedgerError, match=r"cannot be opened: there is no such file or folder\.$"):
            await history.beat(run.id, NOON, Notes())
        with pytest.raises(LedgerError, match=r"cannot be opened: there is no such file or folder\.$"):
            await listed(history.entries(run.id))

    look(file, gone)
    assert not path.exists()


def test_a_store_of_a_newer_diag_is_left_alone(store: Store) -> None:
    look(store, whole)
    store.execute("UPDATE diag_version SET version_num = '2099'")
    expected = "The ledger P cannot be used: a newer version of diag wrote it; update diag on this computer."
    assert reason(store, begin, patience_s=5) == expected


def test_a_connection_that_was_lost_between_two_transactions_is_made_again(postgresql: PostgreSQL) -> None:
    name = postgresql.database()
    gone = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND usename = 'diag'"  # noqa: S608 - ours

    async def interrupted(history: SqlHistory) -> None:
        run = await begin_with(history, "mfp")
        postgresql.administer(gone)
        await history.add(run.id, [kept("attic")], NOON)
        assert await names(history, run.id) == ["attic", "mfp"]

    look(Store(postgresql.url(name)), interrupted)


def test_connections_to_a_server_are_kept_from_one_transaction_to_the_next(postgresql: PostgreSQL) -> None:
    name = postgresql.database()
    store = Store(postgresql.url(name))

    async def several(history: SqlHistory) -> None:
        run = await begin_with(history, "mfp")
        postgresql.administer(f"ALTER DATABASE {name} CONNECTION LIMIT 0")  # nobody gets in any more
        await history.add(run.id, [kept("attic")], NOON)
        await history.finish(run.id, Notes(), NOON)

    look(store, several)
    postgresql.administer(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
    assert len(look(store, lambda history: history.runs())) == 1


def test_nothing_of_sqlalchemy_stands_in_what_is_raised(file: Store) -> None:
    look(file, whole)
    file.execute("DROP TABLE health_evidence")
    told = reason(file, lambda history: history.add(1, [kept("kanarienvogel4711", evidence=b"x")], NOON))
    assert told == "The ledger P cannot be used: no such table: health_evidence."
    assert "4711" not in told


def test_the_ledger_and_the_history_are_one_store(store: Store) -> None:
    assert store.changes() == ()
    run = look(store, begin)
    assert store.changes() == ()
    assert look(store, lambda history: history.runs()) == (run,)


def test_what_was_begun_ends_before_the_history_is_closed(file: Store) -> None:
    async def abandoned() -> None:
        async with open_history(file.named) as history:
            run = await begin(history)
            adding = asyncio.create_task(history.add(run.id, many(500), NOON))
            await asyncio.sleep(0)  # it begins
            adding.cancel()
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("diag-history")]

    asyncio.run(abandoned())
    assert file.execute("SELECT count(*) FROM health_entry") in ([(500,)], [(0,)])
