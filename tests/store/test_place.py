"""Where the ledger is: what may name it, who can read it, and that no password of it is ever shown."""

import logging
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from diag.setting import LedgerError
from diag.store.place import File, Server, place_of
from diag.subject import InvalidInputError
from tests.store.books import INTENT, NOON, Store, begun
from tests.store.postgresql import PASSWORD, PostgreSQL

ROOT = Path(__file__).parents[2]
CANARY = "Kanarienvogel4711"

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_ledger_is_in_the_users_data_folder_unless_it_is_named() -> None:
    assert place_of(None) == File(platformdirs.user_data_path("diag", appauthor=False) / "diag.db")


@pytest.mark.parametrize("form", ["{path}", "sqlite:///{path}", "sqlite+aiosqlite:///{path}", "SQLite:///{path}"])
def test_a_file_is_named_by_its_path_or_by_a_url(tmp_path: Path, form: str) -> None:
    path = tmp_path.resolve() / "50% of file:it #1.db"
    assert place_of(form.format(path=path)) == File(path)
    assert place_of(path) == File(path)
    assert Store(form.format(path=path)).use(lambda ledger: ledger.changes()) == ()
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "PostgreSQL"])
def test_a_server_is_named_by_a_url(scheme: str) -> None:
    place = place_of(f"{scheme}://diag:p%40ss%2Fw%23@db.contoso.com:6543/led%20ger?sslmode=require")
    assert isinstance(place, Server)
    assert (place.host, place.port, place.database, place.user) == ("db.contoso.com", 6543, "led ger", "diag")
    assert place.password is not None
    assert place.password.reveal() == "p@ss/w#"
    assert [(name, value.reveal()) for name, value in place.options] == [("sslmode", "require")]
    assert place.shown == "postgresql://db.contoso.com:6543/led ger"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://", "postgresql:///"),
        ("postgresql:///diag?host=/run/postgresql", "postgresql:///run/postgresql/diag"),
        ("postgresql://[::1]:5433/diag", "postgresql://[::1]:5433/diag"),
        ("postgresql://u@h/d\x1b", "postgresql://h/d\\x1b"),
    ],
)
def test_a_server_is_shown_by_host_and_database(url: str, shown: str) -> None:
    assert place_of(url).shown == shown


@pytest.mark.parametrize(
    "url",
    [
        "mysql://diag:{canary}@db/diag",
        "postgresql+asyncpg://diag:{canary}@db/diag",
        "postgresql://diag:p@{canary}@db/diag",
        "postgresql://diag:p/{canary}@db/diag",
        "postgresql://diag:p#{canary}@db/diag",
        "postgresql://diag:p?{canary}@db/diag",
        "postgresql://diag:{canary}",
        "postgresql://diag:[{canary}@db/diag",
        "postgresql://db:{canary}/diag",
        "postgresql://db/diag/{canary}",
        "postgresql://db/diag?{canary}",
        "sqlite://{canary}",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///x.db?mode=ro",
    ],
)
def test_a_url_that_is_not_understood_is_refused_and_never_quoted(url: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        place_of(url.format(canary=CANARY))
    assert str(refused.value).endswith(".")
    assert CANARY not in f"{refused.value} {refused.value!r} {refused.value.sentence!r}"
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://diag:{canary}@127.0.0.1:{port}/postgres",
        "postgresql://diag@127.0.0.1:{port}/postgres?password={canary}",
        "postgresql://diag:{canary}@127.0.0.1:1/postgres",
        "postgresql://diag:{canary}@127.0.0.1:{port}/postgres?sslmode={canary}",
    ],
)
def test_a_password_appears_in_no_error_log_or_repr(
    postgresql: PostgreSQL, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    caplog.set_level(logging.DEBUG)
    named = url.format(canary=CANARY, port=postgresql.port)
    with pytest.raises(LedgerError) as raised:
        Store(named).changes()
    assert raised.value.__suppress_context__
    said = f"{raised.value} {raised.value!r} {raised.value.sentence!r} {place_of(named)!r} {caplog.text}"
    assert CANARY not in said


def test_a_password_of_special_characters_is_understood(postgresql: PostgreSQL) -> None:
    named = postgresql.url(postgresql.database())
    assert PASSWORD not in named
    assert Store(named).changes() == ()


@posix
def test_only_the_owner_can_read_the_ledger_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = tmp_path / "share" / "diag" / "diag.db"
        place = place_of(path)
        assert isinstance(place, File)
        place.make()
        assert (path.stat().st_size, mode(path)) == (0, 0o600)
        store = Store(str(path))
        begun(store.use(lambda ledger: ledger.begin(INTENT, NOON)))
        with sqlite3.connect(path) as other:
            other.execute("INSERT INTO step (change, progress, at, note) VALUES (1, 'written', '2026-11-23', '')")
            assert mode(path.with_name("diag.db-journal")) == 0o600
        other.close()
    finally:
        os.umask(before)
    assert [mode(one) for one in (path, path.parent, path.parent.parent)] == [0o600, 0o700, 0o700]


@posix
def test_a_link_leads_to_a_file_that_is_private_too(tmp_path: Path) -> None:
    link = tmp_path / "diag.db"
    link.symlink_to(tmp_path / "elsewhere.db")
    before = os.umask(0)
    try:
        assert Store(str(link)).changes() == ()
    finally:
        os.umask(before)
    assert link.is_symlink()
    assert mode(tmp_path / "elsewhere.db") == 0o600


@posix
def test_a_file_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "diag.db"
    path.touch()
    path.chmod(0o640)
    assert Store(str(path)).changes() == ()
    assert mode(path) == 0o640


def test_nothing_of_sqlalchemy_is_loaded_before_a_ledger_is_opened() -> None:
    code = "import sys, diag.store; print(*{'sqlalchemy', 'alembic', 'aiosqlite', 'psycopg'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
    assert loaded.stdout.strip() == ""


def test_opening_again_does_not_load_alembic(tmp_path: Path) -> None:
    path = tmp_path / "diag.db"
    assert Store(str(path)).changes() == ()
    code = (
        "import asyncio, sys\nfrom diag.store import open_ledger\n"
        "async def go():\n async with open_ledger(sys.argv[1]) as ledger: print(await ledger.changes())\n"
        "asyncio.run(go())\nprint('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(path)]
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
    assert ran.stdout.split("\n")[:2] == ["()", "False"]
