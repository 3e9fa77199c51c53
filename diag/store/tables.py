"""The tables of the store, as they are now; how they came to be stands in migrations/, and a test compares the two."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

METADATA = MetaData()


# PostgreSQL sorts as its administrator likes; with this it sorts as Python and SQLite do.
_KEY = Text().with_variant(Text(collation="C"), "postgresql")


class Utc(TypeDecorator[datetime]):
    """An aware time: kept as UTC, and aware again when it comes back. SQLite has no type for it, and holds text.

    That text is made and read here: health runs have many, and SQLAlchemy's own way to one takes five times as long.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """Return what turns a time into what the database takes."""
        return _written if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Return what turns what the database holds into an aware time; a server's comes in the zone it is set to."""
        del coltype
        return _read if dialect.name == "sqlite" else _in_utc


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(" ", "microseconds").removesuffix("+00:00")


def _in_utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)


def _read(text: str | None) -> datetime | None:
    if text is None:
        return None
    return datetime.fromisoformat(f"{text}+00:00")


# One row for each intent. The keys are tenant and mailbox without regard to case, as Python sees it: databases differ.
CHANGE = Table(
    "change",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("mailbox", Text, nullable=False),
    Column("tenant_key", Text, nullable=False),
    Column("mailbox_key", Text, nullable=False),
    Column("asked", Text),
    Column("asked_key", Text),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("organisation", Text),
    Column("backend", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("ticket", Text),
    Column("undoes", Integer, ForeignKey("change.id", name="change_undoes")),
    CheckConstraint("before IN ('on', 'off', 'unset')", name="change_before"),
    CheckConstraint("after IN ('on', 'off', 'unset')", name="change_after"),
    CheckConstraint("organisation IN ('on', 'off')", name="change_organisation"),
    Index("change_by_mailbox", "mailbox_key", "tenant_key"),
    Index("change_by_asked", "asked_key"),
    sqlite_autoincrement=True,  # a number is never given twice
)

STEP = Table(
    "step",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("change", Integer, ForeignKey("change.id", name="step_change"), nullable=False),
    Column("progress", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("note", Text, nullable=False),
    CheckConstraint("progress IN ('intended', 'written', 'effective', 'not_done', 'overtaken')", name="step_progress"),
    Index("step_by_change", "change"),
    sqlite_autoincrement=True,
)

# --- the history of health runs: not guarded as the ledger is, since old runs are removed

RUN = Table(
    "health_run",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("series", Text, nullable=False),
    Column("inventory", Text, nullable=False),
    Column("diag_version", Text, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("before", Integer),  # no reference: that run may be removed, and this one was compared with it all the same
    Column("finished_at", Utc),
    Column("notes", Text, nullable=False),  # JSON
    Column("removed", Boolean, nullable=False),  # nobody is shown it any more, and its entries go little by little
    sqlite_autoincrement=True,
)

# One row for each mailbox of a run, by its key. There is no index by key alone: the runs are few, and with a run's
# number the primary key finds its mailbox; one would cost every run more than all the rest of a row.
ENTRY = Table(
    "health_entry",
    METADATA,
    Column("run", Integer, ForeignKey("health_run.id", name="health_entry_run"), primary_key=True),
    Column("key", _KEY, primary_key=True),
    Column("mailbox", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("credential", Text, nullable=False),
    Column("smtp_host", Text, nullable=False),
    Column("tls", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("status", Text, nullable=False),
    # The first of what was found; for those who ask the database themselves.
    Column("cause", Text, nullable=False),
    Column("certainty", Text),
    Column("found", Text, nullable=False),  # JSON
    Column("because", Text),  # JSON
    Column("checked_at", Utc, nullable=False),
    Column("duration_ms", Float, nullable=False),
    Column("past_status", Text, nullable=False),
    Column("past_cause", Text, nullable=False),
    Column("past_since", Utc, nullable=False),
    Column("past_last_good", Utc),
    Column("past_trail", Text, nullable=False),
    Column("change", Text, nullable=False),
    CheckConstraint(
        "status IN ('broken', 'will_break', 'degraded', 'inconclusive', 'healthy')", name="health_entry_status"
    ),
    CheckConstraint(
        "past_status IN ('broken', 'will_break', 'degraded', 'inconclusive', 'healthy')",
        name="health_entry_past_status",
    ),
    CheckConstraint(
        "change IN ('first', 'new', 'other', 'still', 'fixed', 'same', 'unknown')", name="health_entry_change"
    ),
    Index("health_entry_by_status", "run", "status"),  # to count with
)

# Apart from the entries, so that who looks through those does not read it, and so that it can be removed earlier.
EVIDENCE = Table(
    "health_evidence",
    METADATA,
    Column("run", Integer, primary_key=True),
    Column("key", _KEY, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    ForeignKeyConstraint(["run", "key"], ["health_entry.run", "health_entry.key"], name="health_evidence_entry"),
)

DELIVERY = Table(
    "health_delivery",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("run", Integer, ForeignKey("health_run.id", name="health_delivery_run"), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("because", Text),  # JSON
    Index("health_delivery_by_run", "run"),
)
