"""The history of health runs, beside the ledger, which stays as it is."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATUS = "IN ('broken', 'will_break', 'degraded', 'inconclusive', 'healthy')"
_SCANNER = ("mailbox", "tenant", "site", "sender", "device", "owner", "client_id", "credential", "smtp_host", "tls")


def upgrade() -> None:
    """Make the tables."""
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    time = sa.DateTime(timezone=True)
    op.create_table(
        "health_run",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("series", sa.Text, nullable=False),
        sa.Column("inventory", sa.Text, nullable=False),
        sa.Column("diag_version", sa.Text, nullable=False),
        sa.Column("started_at", time, nullable=False),
        sa.Column("seen_at", time, nullable=False),
        sa.Column("before", sa.Integer),
        sa.Column("finished_at", time),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("removed", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "health_entry",
        sa.Column("run", sa.Integer, sa.ForeignKey("health_run.id", name="health_entry_run"), primary_key=True),
        sa.Column("key", key, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in _SCANNER),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("certainty", sa.Text),
        sa.Column("found", sa.Text, nullable=False),
        sa.Column("because", sa.Text),
        sa.Column("checked_at", time, nullable=False),
        sa.Column("duration_ms", sa.Float, nullable=False),
        sa.Column("past_status", sa.Text, nullable=False),
        sa.Column("past_cause", sa.Text, nullable=False),
        sa.Column("past_since", time, nullable=False),
        sa.Column("past_last_good", time),
        sa.Column("past_trail", sa.Text, nullable=False),
        sa.Column("change", sa.Text, nullable=False),
        sa.CheckConstraint(f"status {_STATUS}", name="health_entry_status"),
        sa.CheckConstraint(f"past_status {_STATUS}", name="health_entry_past_status"),
        sa.CheckConstraint(
            "change IN ('first', 'new', 'other', 'still', 'fixed', 'same', 'unknown')", name="health_entry_change"
        ),
    )
    op.create_index("health_entry_by_status", "health_entry", ["run", "status"])
    op.create_table(
        "health_evidence",
        sa.Column("run", sa.Integer, primary_key=True),
        sa.Column("key", key, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["run", "key"], ["health_entry.run", "health_entry.key"], name="health_evidence_entry"),
    )
    op.create_table(
        "health_delivery",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run", sa.Integer, sa.ForeignKey("health_run.id", name="health_delivery_run"), nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("at", time, nullable=False),
        sa.Column("because", sa.Text),
    )
    op.create_index("health_delivery_by_run", "health_delivery", ["run"])
