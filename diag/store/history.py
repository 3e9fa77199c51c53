"""The history of health runs in a database: which runs were made, and what each found for every mailbox."""

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Row,
    Select,
    cast,
    exists,
    func,
    insert,
    literal,
    select,
    true,
    update,
)

from diag.health.past import Change, Past
from diag.health.result import Status
from diag.health.run import DEAD_AFTER, Delivery, Entry, Kept, Notes, Run, UnderWayError
from diag.health.scanner import Scanner
from diag.store.fitting import fit, folded, utc
from diag.store.pruning import Pruning
from diag.store.rows import (
    PAST,
    SCANNER,
    WHOLE,
    delivery_of,
    delivery_row,
    entry_of,
    entry_row,
    notes_text,
    past_of,
    run_of,
    scanner_of,
)
from diag.store.tables import DELIVERY, ENTRY, EVIDENCE, RUN
from diag.store.transactions import Transactions

_PAGE = 1000  # entries that are read at once
_PAGE_OF_EVIDENCE = 100
_SOME_RUNS = 1000
_LONGEST_NUMBER = 31  # bits
_QUIET = (Change.SAME.value, Change.FIRST.value)
_SHOWN = ~RUN.c.removed


class SqlHistory:
    """The port `History`, on SQLite and PostgreSQL.

    Texts are kept as they are, but for what a database cannot hold: a NUL is kept as its symbol, a lone surrogate as a
    question mark. Times must be aware (else `ValueError`), and what writes needs the number of a run (else `KeyError`).

    Entries are read page by page, and between two pages nothing is held in the database: whoever takes an hour over
    them keeps nobody waiting, and may meet entries that were added in the meantime.
    """

    def __init__(self, store: Transactions) -> None:
        self._store = store

    async def begin(self, *, series: str, inventory: str, diag_version: str, at: datetime) -> Run:
        """Start a run, after the last finished one of its series; raises `UnderWayError`."""
        row = {
            "series": fit(series),
            "inventory": fit(inventory),
            "diag_version": fit(diag_version),
            "started_at": utc(at),
            "seen_at": utc(at),
            "notes": notes_text(Notes()),
            "removed": False,
        }

        def begun(connection: Connection) -> Run:
            _nobody_runs(connection, series, at)
            finished = select(func.max(RUN.c.id)).where(*_of(series), RUN.c.finished_at.is_not(None))
            row["before"] = connection.scalar(finished)
            key = connection.execute(insert(RUN).values(row)).inserted_primary_key
            assert key is not None, "what SQLAlchemy answers where several rows are inserted"  # noqa: S101 - for the type
            return _run(connection, int(key[0]))

        return await self._store.writing(begun)

    async def resume(self, *, series: str, at: datetime) -> Run | None:
        """Take up the newest run of the series, where that was cut off (None: it was not); raises `UnderWayError`."""

        def taken_up(connection: Connection) -> Run | None:
            _nobody_runs(connection, series, at)
            newest = connection.execute(_runs(*_of(series)).limit(1)).one_or_none()
            if newest is None or newest.finished_at is not None:
                return None
            _seen(connection, newest.id, at)
            return _run(connection, newest.id)

        return await self._store.writing(taken_up)

    async def beat(self, run: int, at: datetime, notes: Notes) -> None:
        """Say that the run is under way, and what it has to say so far."""
        known = update(RUN).where(RUN.c.id == run, RUN.c.finished_at.is_(None)).values(notes=notes_text(notes))

        def noted(connection: Connection) -> None:
            _seen(connection, run, at)
            connection.execute(known)

        await self._store.writing(noted)

    async def done(self, run: int, keys: Collection[str]) -> frozenset[str]:
        """Return those of these mailboxes (by `Scanner.key`) that the run has an entry of."""
        wanted = [folded(key) for key in keys]

        def there(connection: Connection) -> frozenset[str]:
            return frozenset(row.key for row in _named(connection, run, wanted, ENTRY.c.key))

        found = await self._store.reading(there)
        return frozenset(key for key, kept in zip(keys, wanted, strict=True) if kept in found)

    async def pasts(self, run: int, keys: Collection[str]) -> Mapping[str, Past]:
        """Return what these mailboxes were like with that run, by key; those it has no entry of are left out."""
        wanted = [folded(key) for key in keys]

        def there(connection: Connection) -> dict[str, Past]:
            return {row[0]: past_of(row[1:]) for row in _named(connection, run, wanted, ENTRY.c.key, *PAST)}

        found = await self._store.reading(there)
        return {key: found[kept] for key, kept in zip(keys, wanted, strict=True) if kept in found}

    async def add(self, run: int, kept: Sequence[Kept], at: datetime) -> None:
        """Add entries, all or none, as a sign of life too; of a mailbox that is there already the first is kept."""
        rows: dict[str, tuple[dict[str, Any], bytes | None]] = {}
        for one in kept:
            row = entry_row(run, one.entry)
            rows.setdefault(row["key"], (row, one.evidence))

        def added(connection: Connection) -> None:
            _seen(connection, run, at)
            there = {row.key for row in _named(connection, run, list(rows), ENTRY.c.key)}
            new = {key: one for key, one in rows.items() if key not in there}
            if new:
                connection.execute(insert(ENTRY), [row for row, _ in new.values()])
            evidence = [{"run": run, "key": key, "content": one} for key, (_, one) in new.items() if one is not None]
            if evidence:
                connection.execute(insert(EVIDENCE), evidence)

        await self._store.writing(added)

    async def finish(self, run: int, notes: Notes, at: datetime) -> Run:
        """Close the run; one that is closed already stays as it is."""
        closed = {"finished_at": utc(at), "seen_at": utc(at), "notes": notes_text(notes)}

        def finished(connection: Connection) -> Run:
            connection.execute(update(RUN).where(RUN.c.id == run, RUN.c.finished_at.is_(None)).values(closed))
            return _run(connection, run)

        return await self._store.writing(finished)

    async def run(self, number: int) -> Run | None:
        """Return a run by its number, whatever somebody typed for that."""
        if number.bit_length() > _LONGEST_NUMBER:
            return None
        rows = await self._rows(_runs(RUN.c.id == number))
        return run_of(rows[0]) if rows else None

    async def runs(self, *, series: str | None = None, most: int = 30) -> tuple[Run, ...]:
        """Return the newest runs, the newest first."""
        wanted = () if series is None else _of(series)
        return tuple(map(run_of, await self._rows(_runs(*wanted).limit(most))))

    async def counts(self, runs: Collection[int]) -> Mapping[int, Mapping[Status, int]]:
        """Count the mailboxes of each run by status; what no mailbox has is left out."""
        counted: dict[int, dict[Status, int]] = {run: {} for run in runs}
        by_status = (
            select(ENTRY.c.run, ENTRY.c.status, func.count().label("mailboxes"))
            .where(ENTRY.c.run.in_(counted))
            .group_by(ENTRY.c.run, ENTRY.c.status)
        )
        for row in await self._rows(by_status):
            counted[row.run][Status(row.status)] = row.mailboxes
        return counted

    async def entries(self, run: int, *, quiet: bool = False) -> AsyncIterator[Entry]:
        """Yield the entries of a run by key; if `quiet` without `Change.SAME` and `FIRST`."""
        wanted = select(ENTRY.c.key, *WHOLE).where(ENTRY.c.run == run)
        if quiet:
            # What is well today may have turned back and forth: then its trail has a night on which it did not send.
            wanted = wanted.where(ENTRY.c.change.not_in(_QUIET) | ENTRY.c.past_trail.contains(Status.BROKEN.letter))
        async for row in self._paged(wanted, _PAGE):
            yield entry_of(row[1:])

    async def gone(self, run: int) -> tuple[Scanner, ...]:
        """Return the mailboxes that the run before had, and this one has not, by key."""
        now = ENTRY.alias("now")
        missing = (
            select(*SCANNER)
            .join(RUN, RUN.c.before == ENTRY.c.run)
            .where(RUN.c.id == run, ~exists().where(now.c.run == run, now.c.key == ENTRY.c.key))
            .order_by(ENTRY.c.key)
        )
        return tuple(map(scanner_of, await self._rows(missing)))

    async def of_mailbox(self, mailbox: str, *, most: int = 100) -> tuple[tuple[Run, Entry], ...]:
        """Return what the runs found for one mailbox, the newest first; case does not matter."""

        def found(connection: Connection) -> tuple[tuple[Run, Entry], ...]:
            # The runs by their numbers, so that each mailbox is looked up: a join might be made the other way round.
            runs = connection.scalars(select(RUN.c.id).where(_SHOWN).order_by(RUN.c.id.desc()))
            entries: list[Row[Any]] = []
            while len(entries) < most and (some := runs.fetchmany(_SOME_RUNS)):
                one = select(ENTRY.c.run, *WHOLE).where(ENTRY.c.run.in_(some), ENTRY.c.key == folded(mailbox))
                rest = one.order_by(ENTRY.c.run.desc()).limit(most - len(entries))
                entries += connection.execute(rest).all()
            wanted = _runs(RUN.c.id.in_([row.run for row in entries]))
            return tuple(
                (run_of(run), entry_of(row[1:])) for run, row in zip(connection.execute(wanted), entries, strict=True)
            )

        return await self._store.reading(found)

    async def evidence(self, run: int) -> AsyncIterator[tuple[Entry, bytes]]:
        """Yield the entries of a run that have evidence, with it, by key."""
        wanted = select(ENTRY.c.key, EVIDENCE.c.content, *WHOLE).where(ENTRY.c.run == run)
        wanted = wanted.join(EVIDENCE, (EVIDENCE.c.run == ENTRY.c.run) & (EVIDENCE.c.key == ENTRY.c.key))
        async for row in self._paged(wanted, _PAGE_OF_EVIDENCE):
            yield entry_of(row[2:]), row.content

    async def delivered(self, run: int, delivery: Delivery) -> None:
        """Write down an attempt to deliver the report."""
        row = delivery_row(run, delivery)

        def written(connection: Connection) -> None:
            _run(connection, run)
            connection.execute(insert(DELIVERY).values(row))

        await self._store.writing(written)

    async def deliveries(self, run: int) -> tuple[Delivery, ...]:
        """Return the attempts to deliver the report of a run, the oldest first."""
        rows = await self._rows(select(DELIVERY).where(DELIVERY.c.run == run).order_by(DELIVERY.c.id))
        return tuple(map(delivery_of, rows))

    async def prune(self, *, before: datetime, evidence_before: datetime, dry_run: bool = False) -> tuple[int, int]:
        """Remove finished or dead runs that began before a date, and older evidence; return how many of both."""
        pruning = Pruning(store=self._store, before=utc(before), evidence_before=utc(evidence_before))
        return await (pruning.counted() if dry_run else pruning.done())

    async def _rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        return await self._store.reading(lambda connection: connection.execute(statement).all())

    async def _paged(self, wanted: Select[Any], size: int) -> AsyncIterator[Row[Any]]:
        wanted = wanted.order_by(ENTRY.c.key).limit(size)
        rows = await self._rows(wanted)
        while rows:
            for row in rows:
                yield row
            rows = await self._rows(wanted.where(ENTRY.c.key > rows[-1].key)) if len(rows) == size else ()


def _of(series: str) -> tuple[ColumnElement[bool], ...]:
    return (RUN.c.series == fit(series), _SHOWN)


def _runs(*wanted: ColumnElement[bool]) -> Select[Any]:
    return select(RUN).where(*wanted, _SHOWN).order_by(RUN.c.id.desc())


def _run(connection: Connection, number: int) -> Run:
    row = connection.execute(_runs(RUN.c.id == number)).one_or_none()
    if row is None:
        raise KeyError(number)
    return run_of(row)


def _nobody_runs(connection: Connection, series: str, at: datetime) -> None:
    """Raise `UnderWayError` where a run of the series has shown a sign of life just now."""
    alive = _runs(*_of(series), RUN.c.finished_at.is_(None), RUN.c.seen_at > utc(at) - DEAD_AFTER)
    row = connection.execute(alive.limit(1)).one_or_none()
    if row is not None:
        raise UnderWayError(run_of(row))


def _seen(connection: Connection, run: int, at: datetime) -> None:
    if not connection.execute(update(RUN).where(RUN.c.id == run, _SHOWN).values(seen_at=utc(at))).rowcount:
        raise KeyError(run)


def _named(connection: Connection, run: int, keys: Sequence[str], *columns: ColumnElement[Any]) -> Sequence[Row[Any]]:
    """Return the rows of mailboxes in a run, by keys as the table has them."""
    # All keys as one value: as one each, they would cost more than the rows do, and there is a limit to their number.
    one = literal(json.dumps(keys, ensure_ascii=False))
    wanted = select(*columns).where(ENTRY.c.run == run)
    if connection.dialect.name == "sqlite":
        each = func.json_each(one).table_valued("value")
        return connection.execute(wanted.where(ENTRY.c.key.in_(select(each.c.value)))).all()
    # Key by key: PostgreSQL takes a run that it has no statistics of for a small one, and reads all of it each time.
    each = func.json_array_elements_text(cast(one, JSON)).table_valued("value")
    found = wanted.where(ENTRY.c.key == each.c.value).limit(1).lateral()
    return connection.execute(select(*found.c).select_from(each.join(found, true()))).all()
