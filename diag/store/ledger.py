"""The ledger in a database: who wanted to change which mailbox, and what came of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from diag.setting import Busy, Change, Intent, Progress, Step, Switch
from diag.store.engine import reading, writing
from diag.store.fitting import fit, folded, utc
from diag.store.place import Place
from diag.store.tables import CHANGE, STEP


class SqlLedger:
    """The port `Ledger`, on SQLite and PostgreSQL.

    Texts are kept as they are, but for what a database cannot hold: a NUL is kept as its symbol, a lone surrogate as a
    question mark. Refusing them would lose the record of a change that was made, for the sake of a server's odd reply.
    """

    def __init__(self, engine: AsyncEngine, place: Place, patience_s: float) -> None:
        self._engine = engine
        self._place = place
        self._patience_s = patience_s

    async def begin(self, intent: Intent, at: datetime) -> Change | Busy:
        """Write an intent down; refused where a change of the same mailbox is still open.

        What is returned is what was kept. Raises `KeyError` where `undoes` is no number of a change.
        """
        intent, first = _kept(intent), Step(progress=Progress.INTENDED, at=utc(at))
        keys = (CHANGE.c.tenant_key == folded(intent.tenant), CHANGE.c.mailbox_key == folded(intent.mailbox))
        async with writing(self._engine, self._place, self._patience_s) as connection:
            if still_open := await _changes(connection, *keys, ~_closed()):
                return Busy(still_open[0])
            if intent.undoes is not None:
                await _must_exist(connection, intent.undoes)
            number = await _insert(connection, intent)
            await connection.execute(insert(STEP).values(_step_row(number, first)))
        return Change(id=number, intent=intent, steps=(first,))

    async def add(self, change: int, step: Step) -> None:
        """Add a step to the change with this number.

        Raises `KeyError` where there is no such change, and `ValueError` where a change whose outcome is known would
        become open again.
        """
        row = _step_row(change, step)
        async with writing(self._engine, self._place, self._patience_s) as connection:
            await _must_exist(connection, change)
            if step.progress is Progress.INTENDED:
                known = await connection.scalar(select(exists().where(STEP.c.change == change, _tells())))
                if known:
                    message = f"change {change} cannot be opened again"
                    raise ValueError(message)
            await connection.execute(insert(STEP).values(row))

    async def changes(self, *, tenant: str | None = None, mailbox: str | None = None) -> tuple[Change, ...]:
        """Return the changes of a tenant or a mailbox (None: of all), the newest first; case does not matter.

        A mailbox goes by its own address, and by those it was asked for by.
        """
        wanted = []
        if tenant is not None:
            wanted.append(CHANGE.c.tenant_key == folded(tenant))
        if mailbox is not None:
            wanted.append((CHANGE.c.mailbox_key == folded(mailbox)) | (CHANGE.c.asked_key == folded(mailbox)))
        async with reading(self._engine, self._place, self._patience_s) as connection:
            return await _changes(connection, *wanted)


def _kept(intent: Intent) -> Intent:
    return replace(
        intent,
        tenant=fit(intent.tenant),
        mailbox=fit(intent.mailbox),
        backend=fit(intent.backend),
        operator=fit(intent.operator),
        ticket=None if intent.ticket is None else fit(intent.ticket),
        asked=None if intent.asked is None else fit(intent.asked),
    )


def _row(intent: Intent) -> dict[str, str | int | None]:
    return {
        "tenant": intent.tenant,
        "mailbox": intent.mailbox,
        "tenant_key": folded(intent.tenant),
        "mailbox_key": folded(intent.mailbox),
        "asked": intent.asked,
        "asked_key": None if intent.asked is None else folded(intent.asked),
        "before": intent.before.value,
        "after": intent.after.value,
        "organisation": intent.organisation.value if intent.organisation else None,
        "backend": intent.backend,
        "operator": intent.operator,
        "ticket": intent.ticket,
        "undoes": intent.undoes,
    }


def _step_row(change: int, step: Step) -> dict[str, int | str | datetime]:
    return {"change": change, "progress": step.progress.value, "at": utc(step.at), "note": fit(step.note)}


def _tells() -> ColumnElement[bool]:
    """Whether a step tells what came of its change."""
    return STEP.c.progress != Progress.INTENDED.value


def _closed() -> ColumnElement[bool]:
    return exists().where(STEP.c.change == CHANGE.c.id, _tells()).correlate(CHANGE)


async def _must_exist(connection: AsyncConnection, change: int) -> None:
    if not await connection.scalar(select(exists().where(CHANGE.c.id == change))):
        raise KeyError(change)


async def _insert(connection: AsyncConnection, intent: Intent) -> int:
    key = (await connection.execute(insert(CHANGE).values(_row(intent)))).inserted_primary_key
    assert key is not None, "what SQLAlchemy answers where several rows are inserted"  # noqa: S101 - for the type
    return int(key[0])


async def _changes(connection: AsyncConnection, *wanted: ColumnElement[bool]) -> tuple[Change, ...]:
    # One statement, so that a step which is being added is seen whole or not at all.
    statement: Select[Any] = (
        select(CHANGE, STEP.c.progress, STEP.c.at, STEP.c.note)
        .join(STEP, STEP.c.change == CHANGE.c.id)
        .where(*wanted)
        .order_by(CHANGE.c.id.desc(), STEP.c.id)
    )
    rows = (await connection.execute(statement)).all()
    return tuple(_change(number, steps) for number, steps in groupby(rows, key=lambda row: row.id))


def _change(number: int, rows: Iterator[Row[Any]]) -> Change:
    first = next(rows)
    rest = (Step(progress=Progress(row.progress), at=row.at, note=row.note) for row in rows)
    return Change(
        id=number,
        intent=Intent(
            tenant=first.tenant,
            mailbox=first.mailbox,
            before=Switch(first.before),
            after=Switch(first.after),
            organisation=None if first.organisation is None else Switch(first.organisation),
            backend=first.backend,
            operator=first.operator,
            ticket=first.ticket,
            asked=first.asked,
            undoes=first.undoes,
        ),
        steps=(Step(progress=Progress(first.progress), at=first.at, note=first.note), *rest),
    )
