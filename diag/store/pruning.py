"""Removing old runs: little by little, since others want to write in between."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, exists, func, or_, select, update

from diag.health.run import DEAD_AFTER
from diag.store.tables import DELIVERY, ENTRY, EVIDENCE, RUN
from diag.store.transactions import Transactions

_PAUSE_S = 0.1  # between two; who waits to write to SQLite looks that often, and would else never find it free
_CHUNK = 2000  # rows in one transaction; as that ends, SQLite gives their room back to the disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """What is to be removed: runs that began before one date, and evidence of runs that began before another.

    A run that was not finished counts as dead where its last sign of life lies before that date, too. Both times are
    UTC, and not in the future.
    """

    store: Transactions
    before: datetime
    evidence_before: datetime

    async def counted(self) -> tuple[int, int]:
        """Count the runs, and all the evidence, that would be removed."""
        runs = select(func.count()).select_from(RUN).where(self._runs())
        evidence = select(func.count()).select_from(EVIDENCE).where(EVIDENCE.c.run.in_(self._without_evidence()))
        return await self.store.reading(
            lambda connection: (connection.scalars(runs).one(), connection.scalars(evidence).one())
        )

    async def done(self) -> tuple[int, int]:
        """Remove it, and return how many runs and pieces of evidence that were.

        The runs are marked first, all at once. Where this is cut off, nobody is shown half a run, and the next time
        removes the rest.
        """
        runs, with_evidence = await self.store.writing(self._marked)
        evidence = sum([await self._emptied(EVIDENCE, run) for run in with_evidence])
        for run in runs:
            await self._emptied(ENTRY, run)
        await self.store.writing(lambda connection: _forget(connection, runs))
        return len(runs), evidence

    def _marked(self, connection: Connection) -> tuple[Sequence[int], Sequence[int]]:
        """Mark the runs, and return them, and those of which there is evidence to remove."""
        connection.execute(update(RUN).where(self._runs()).values(removed=True))
        runs = connection.scalars(select(RUN.c.id).where(RUN.c.removed)).all()
        there = exists().where(EVIDENCE.c.run == RUN.c.id)
        return runs, connection.scalars(self._without_evidence().where(there)).all()

    def _runs(self) -> ColumnElement[bool]:
        ended = RUN.c.finished_at.is_not(None) & ~RUN.c.removed
        newest = select(func.max(RUN.c.id)).where(ended).group_by(RUN.c.series)
        return or_(RUN.c.removed, _over(self.before) & RUN.c.id.not_in(newest))

    def _without_evidence(self) -> Select[int]:
        return select(RUN.c.id).where(or_(self._runs(), _over(self.evidence_before)))

    async def _emptied(self, table: Table, run: int) -> int:
        """Remove what a table holds of a run, and return how much that was."""
        first = select(table.c.key).where(table.c.run == run).order_by(table.c.key).limit(_CHUNK).subquery()

        def some_removed(connection: Connection) -> int:
            last = connection.scalar(select(func.max(first.c.key)))
            if last is None:
                return 0
            return connection.execute(delete(table).where(table.c.run == run, table.c.key <= last)).rowcount

        removed = some = await self.store.writing(some_removed)
        while some == _CHUNK:
            await asyncio.sleep(_PAUSE_S)
            some = await self.store.writing(some_removed)
            removed += some
        return removed


def _over(before: datetime) -> ColumnElement[bool]:
    """Whether a run began before a time, and does not go on."""
    dead = RUN.c.seen_at <= before - DEAD_AFTER
    return (RUN.c.started_at < before) & or_(RUN.c.finished_at.is_not(None), dead)


def _forget(connection: Connection, runs: Sequence[int]) -> None:
    for run in runs:
        connection.execute(delete(DELIVERY).where(DELIVERY.c.run == run))
        connection.execute(delete(RUN).where(RUN.c.id == run))
