"""What can be wrong with a ledger on a server, or with any, made wrong for real, and the sentence that says so."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from diag.store.engine import TURN
from diag.store.versions import HEAD
from tests.store.books import WRITTEN, Store, begin, reason
from tests.store.postgresql import PostgreSQL

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(postgresql: PostgreSQL) -> Store:
    return Store(postgresql.url(postgresql.database()))


def test_a_ledger_of_a_newer_diag_is_left_alone(store: Store) -> None:
    change = begin(store)
    store.execute("UPDATE diag_version SET version_num = '2099'")
    expected = "The ledger P cannot be used: a newer version of diag wrote it; update diag on this computer."
    assert reason(store, patience_s=5) == expected
    store.execute(f"UPDATE diag_version SET version_num = '{HEAD}'")  # noqa: S608 - a constant
    assert store.changes() == (change,)


def test_a_ledger_whose_table_was_removed_is_told(store: Store) -> None:
    begin(store)
    store.execute("DROP TABLE step")
    assert "step" in reason(store, patience_s=5)


def refused_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def test_a_server_that_is_not_there_is_told() -> None:
    store = Store(f"postgresql://diag:secret@127.0.0.1:{refused_port()}/diag")
    assert reason(store, patience_s=5) == "The server of the ledger, P, cannot be reached: Connection refused."


def test_a_name_that_is_nobodys_is_told() -> None:
    store = Store("postgresql://diag:secret@db.invalid/diag")
    assert reason(store, patience_s=5).startswith("The server of the ledger, P, cannot be reached: ")


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = Store(f"postgresql://diag:secret@127.0.0.1:{silent.getsockname()[1]}/diag?sslmode=disable")
        assert reason(store) == "The ledger P cannot be used: the server does not answer in time."


def test_a_wrong_password_is_refused(postgresql: PostgreSQL) -> None:
    store = Store(postgresql.url(postgresql.database(), password="wrong"))
    expected = 'The server of the ledger, P, refuses: password authentication failed for user "diag".'
    assert reason(store, patience_s=5) == expected


def test_a_database_that_does_not_exist_is_told(postgresql: PostgreSQL) -> None:
    store = Store(postgresql.url("nowhere"))
    assert reason(store, patience_s=5) == 'The server of the ledger, P, refuses: database "nowhere" does not exist.'


def test_a_role_that_may_not_make_tables_is_told(postgresql: PostgreSQL) -> None:
    store = Store(postgresql.url(postgresql.database(owner="postgres")))
    expected = "The ledger P cannot be used: a permission is missing: permission denied for schema public."
    assert reason(store, patience_s=5) == expected


def test_a_role_that_may_only_read_reads(postgresql: PostgreSQL) -> None:
    name = postgresql.database()
    store = Store(postgresql.url(name))
    change = begin(store)
    postgresql.administer("ALTER TABLE change OWNER TO postgres; GRANT SELECT ON change TO diag", name)
    assert store.changes() == (change,)
    store.use(lambda ledger: ledger.add(change.id, WRITTEN))
    expected = "The ledger P cannot be used: a permission is missing: permission denied for table change."
    assert reason(store, patience_s=5) == expected


def test_a_server_that_only_reads_is_told(postgresql: PostgreSQL) -> None:
    name = postgresql.database()
    postgresql.administer(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert reason(Store(postgresql.url(name)), patience_s=5) == "The ledger P cannot be used: it is read-only."


def test_a_writer_who_does_not_end_is_not_waited_for(server: Store, postgresql: PostgreSQL) -> None:
    assert server.changes() == ()
    with postgresql.as_administrator(server.named.rpartition("/")[2]) as other:
        other.execute(b"SELECT pg_advisory_lock(%d)" % TURN)
        assert server.changes() == ()
        assert reason(server) == "The ledger P cannot be used: it is locked by another process."
    begin(server)


def test_a_table_of_another_program_is_left_alone(server: Store) -> None:
    server.execute("CREATE TABLE change (coins INTEGER)")
    expected = "The ledger P cannot be used: the database belongs to another program."
    assert reason(server, patience_s=5) == expected
    assert server.execute("SELECT * FROM change") == []


def test_other_tables_in_the_database_do_not_matter(server: Store) -> None:
    server.execute("CREATE TABLE alembic_version (version_num TEXT); CREATE TABLE tickets (id INTEGER)")
    begin(server)


def test_connections_that_the_server_ends_are_told(server: Store, postgresql: PostgreSQL) -> None:
    assert server.changes() == ()
    name = server.named.rpartition("/")[2]
    postgresql.administer(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
    expected = f'The server of the ledger, P, refuses: too many connections for database "{name}".'
    assert reason(server, patience_s=5) == expected


def test_diag_without_the_driver_says_what_to_install() -> None:
    code = (
        "import asyncio, sys\nsys.modules['psycopg'] = None\n"
        "from diag.setting import LedgerError\nfrom diag.store import open_ledger\n"
        "try: asyncio.run(open_ledger('postgresql://db/diag').__aenter__())\n"
        "except LedgerError as problem: print(problem)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
    assert 'pip install "diag[postgresql]"' in ran.stdout
