"""The ledger: changes and their steps, which the database itself only ever lets grow."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEPT = "the ledger is only ever added to"
_OPEN = "another change of this mailbox is open"

# Whether NEW meets a change of the same mailbox of which nothing but the intent is known.
_FOUND_OPEN = """EXISTS (
    SELECT 1 FROM change WHERE tenant_key = NEW.tenant_key AND mailbox_key = NEW.mailbox_key AND NOT EXISTS (
        SELECT 1 FROM step WHERE step.change = change.id AND progress <> 'intended'))"""


def upgrade() -> None:
    """Make the tables, and the triggers that guard them."""
    op.create_table(
        "change",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("mailbox", sa.Text, nullable=False),
        sa.Column("tenant_key", sa.Text, nullable=False),
        sa.Column("mailbox_key", sa.Text, nullable=False),
        sa.Column("asked", sa.Text),
        sa.Column("asked_key", sa.Text),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text),
        sa.Column("backend", sa.Text, nullable=False),
        sa.Column("operator", sa.Text, nullable=False),
        sa.Column("ticket", sa.Text),
        sa.Column("undoes", sa.Integer, sa.ForeignKey("change.id", name="change_undoes")),
        sa.CheckConstraint("before IN ('on', 'off', 'unset')", name="change_before"),
        sa.CheckConstraint("after IN ('on', 'off', 'unset')", name="change_after"),
        sa.CheckConstraint("organisation IN ('on', 'off')", name="change_organisation"),
        sqlite_autoincrement=True,
    )
    op.create_index("change_by_mailbox", "change", ["mailbox_key", "tenant_key"])
    op.create_index("change_by_asked", "change", ["asked_key"])
    op.create_table(
        "step",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("change", sa.Integer, sa.ForeignKey("change.id", name="step_change"), nullable=False),
        sa.Column("progress", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.CheckConstraint(
            "progress IN ('intended', 'written', 'effective', 'not_done', 'overtaken')", name="step_progress"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("step_by_change", "step", ["change"])
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    for table in ("change", "step"):
        # INSERT OR REPLACE deletes a row without asking the trigger against that.
        replaced = f"INSERT ON {table} WHEN NEW.id IN (SELECT id FROM {table})"  # noqa: S608 - a name from above
        for number, what in enumerate((f"UPDATE ON {table}", f"DELETE ON {table}", replaced), 1):
            op.execute(f"CREATE TRIGGER {table}_kept_{number} BEFORE {what} BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END")
    op.execute(
        f"CREATE TRIGGER change_one_open BEFORE INSERT ON change WHEN {_FOUND_OPEN} "
        f"BEGIN SELECT RAISE(ABORT, '{_OPEN}'); END"
    )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION diag_kept() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{_KEPT}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in ("change", "step"):
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION diag_kept()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION diag_kept()"
        )
    # The lock is the one that diag's writers hold: whoever writes without it waits for them here.
    turn = int.from_bytes(b"diag")
    op.execute(
        "CREATE FUNCTION diag_one_open() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN PERFORM pg_advisory_xact_lock({turn}); IF {_FOUND_OPEN} THEN "
        f"RAISE EXCEPTION '{_OPEN}' USING ERRCODE = 'unique_violation'; END IF; RETURN NEW; END $$"
    )
    op.execute("CREATE TRIGGER change_one_open BEFORE INSERT ON change FOR EACH ROW EXECUTE FUNCTION diag_one_open()")
