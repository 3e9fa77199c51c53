"""The database itself lets the ledger only grow, whoever writes to it."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import errors
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import IntegrityError

from diag.store.engine import connecting_in_thread
from diag.store.ledger import SqlLedger
from diag.store.place import place_of
from diag.store.tables import METADATA, STEP
from diag.store.versions import HEAD, VERSION_TABLE
from tests.store.books import INTENT, NOON, WRITTEN, Store, begun

REFUSED = (sqlite3.IntegrityError, errors.RestrictViolation, errors.FeatureNotSupported)
ONE_MORE = """INSERT INTO change (id, tenant, mailbox, tenant_key, mailbox_key, before, after, backend, operator)
    VALUES (99, 'contoso.com', 'x', 'contoso.com', 'scanner@contoso.com', 'on', 'off', 'exchange', 'x')"""
EITHER = [
    "UPDATE change SET operator = 'somebody else'",
    "UPDATE change SET mailbox_key = 'x'",
    "DELETE FROM change",
    "UPDATE step SET progress = 'not_done'",
    "UPDATE step SET note = ''",
    "DELETE FROM step",
]
SQLITE = [
    ONE_MORE.replace("INSERT", "REPLACE").replace("99", "1"),
    "REPLACE INTO step (id, change, progress, at, note) VALUES (1, 1, 'written', '2026-11-23 12:00:00', '')",
    ONE_MORE.replace("99", "1") + " ON CONFLICT (id) DO UPDATE SET operator = 'x'",
]
POSTGRESQL = [
    "TRUNCATE change, step",
    "TRUNCATE step",
    "TRUNCATE change CASCADE",
]


def used(store: Store) -> Store:
    async def once(ledger: SqlLedger) -> None:
        change = begun(await ledger.begin(INTENT, NOON))
        await ledger.add(change.id, WRITTEN)

    store.use(once)
    return store


@pytest.mark.parametrize(
    ("store", "statement"),
    [
        *(("sqlite", statement) for statement in (*EITHER, *SQLITE)),
        *(("postgresql", statement) for statement in (*EITHER, *POSTGRESQL)),
    ],
    indirect=["store"],
)
def test_nothing_that_was_written_down_is_changed_or_removed(store: Store, statement: str) -> None:
    before = used(store).changes()
    with pytest.raises(REFUSED, match="the ledger is only ever added to"):
        store.execute(statement)
    assert store.changes() == before


def test_not_even_an_administrator_opens_a_second_change_of_a_mailbox(store: Store) -> None:
    before = (begun(store.use(lambda ledger: ledger.begin(INTENT, NOON))),)
    with pytest.raises(
        (sqlite3.IntegrityError, errors.UniqueViolation), match="another change of this mailbox is open"
    ):
        store.execute(ONE_MORE)
    assert store.changes() == before


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO step (change, progress, at, note) VALUES (1, 'done', '2026-11-23 12:00:00', '')",
        "INSERT INTO step (change, progress, at, note) VALUES (1, 'written', NULL, '')",
        ONE_MORE.replace("'on'", "'yes'"),
    ],
)
def test_what_diag_could_not_read_again_is_not_written(store: Store, statement: str) -> None:
    used(store)
    with pytest.raises((sqlite3.IntegrityError, errors.IntegrityError)):
        store.execute(statement)


@contextlib.contextmanager
def engine_of(store: Store) -> Iterator[Engine]:
    engine = connecting_in_thread(place_of(store.named), 1)
    yield engine
    engine.dispose()


def test_the_versions_lead_to_the_tables(store: Store) -> None:
    store.changes()
    with engine_of(store) as engine, engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, METADATA) == []


def test_the_last_version_is_the_one_that_opening_looks_for() -> None:
    config = Config()
    config.set_main_option("script_location", "diag.store:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_opening_again_changes_nothing(store: Store) -> None:
    before = used(store).changes()
    assert store.changes() == before
    assert store.execute("SELECT version_num FROM diag_version") == [(HEAD,)]


def test_sqlite_is_told_to_survive_a_power_cut_and_to_know_its_references(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "diag.db"))
    store.changes()
    with engine_of(store) as engine, engine.begin() as connection:
        extra, on = 3, 1
        assert connection.scalar(text("PRAGMA synchronous")) == extra
        assert connection.scalar(text("PRAGMA foreign_keys")) == on


def test_what_goes_wrong_quotes_nothing_that_was_to_be_written(store: Store) -> None:
    used(store)
    row = {"change": 99, "progress": "written", "at": NOON, "note": "Kanarienvogel4711"}
    with engine_of(store) as engine, engine.begin() as connection, pytest.raises(IntegrityError) as raised:
        connection.execute(insert(STEP).values(row))
    assert "Kanarienvogel4711" not in str(raised.value)
