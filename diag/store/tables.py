"""The tables of the ledger, as they are now; how they came to be stands in migrations/, and a test compares the two."""

from datetime import UTC, datetime

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

METADATA = MetaData()


class Utc(TypeDecorator[datetime]):
    """An aware time: kept as UTC, and aware again when it comes back. SQLite has no type for it, and holds text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn what the ledger hands over into what the database takes."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn what the database holds into an aware time."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


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
