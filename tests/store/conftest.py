"""Every test of the ledger runs on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.books import Store
from tests.store.postgresql import PostgreSQL, running


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A place where there is no ledger yet."""
    if request.param == "sqlite":
        return Store(str(tmp_path / "new" / "diag.db"))
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return Store(server.url(server.database()))
