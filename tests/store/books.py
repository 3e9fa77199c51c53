"""What the tests of the ledger share: a store, an intent, and a look into the database past the ledger."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import psycopg
import pytest

from diag.setting import Change, Intent, LedgerError, Progress, Step, Switch
from diag.store import open_ledger
from diag.store.ledger import SqlLedger

T = TypeVar("T")
MAILBOX = "Scanner@contoso.com"
NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
INTENT = Intent(
    tenant="contoso.com",
    mailbox=MAILBOX,
    before=Switch.UNSET,
    after=Switch.ON,
    organisation=Switch.OFF,
    backend="exchange",
    operator="admin@contoso.com",
    ticket="INC-4711",
)
WRITTEN = Step(progress=Progress.WRITTEN, at=NOON + timedelta(seconds=2), note="read back")


@dataclass(frozen=True, slots=True)
class Store:
    """Where a ledger is: a path, or the URL of a PostgreSQL database."""

    named: str

    @property
    def is_file(self) -> bool:
        return "://" not in self.named

    def use(self, what: Callable[[SqlLedger], Awaitable[T]], *, patience_s: float = 5.0) -> T:
        """Open the ledger, do `what` with it, and close it again."""

        async def opened() -> T:
            async with open_ledger(self.named, patience_s=patience_s) as ledger:
                return await what(ledger)

        return asyncio.run(opened())

    def changes(self) -> tuple[Change, ...]:
        return self.use(lambda ledger: ledger.changes())

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as an administrator with a database shell would."""
        if self.is_file:
            with contextlib.closing(sqlite3.connect(self.named, isolation_level=None)) as file:
                return file.execute(statement).fetchall()
        with psycopg.connect(self.named, autocommit=True) as server:
            found = server.execute(statement.encode())
            return found.fetchall() if found.description else []


def begun(outcome: object) -> Change:
    """The change, where one was begun."""
    assert isinstance(outcome, Change)
    return outcome


def begin(store: Store, *, patience_s: float = 5.0) -> Change:
    """Begin a change."""
    return begun(store.use(lambda ledger: ledger.begin(INTENT, NOON), patience_s=patience_s))


def reason(store: Store, *, patience_s: float = 0.1) -> str:
    """Why a change of one more mailbox cannot be begun: the whole sentence, with the place taken out."""
    intent = replace(INTENT, mailbox="mfp@contoso.com")
    with pytest.raises(LedgerError) as raised:
        store.use(lambda ledger: ledger.begin(intent, NOON), patience_s=patience_s)
    place = store.named if store.is_file else f"postgresql://{store.named.rpartition('@')[2].partition('?')[0]}"
    assert place in str(raised.value)
    return str(raised.value).replace(place, "P")
