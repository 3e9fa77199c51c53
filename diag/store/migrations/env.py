"""What Alembic runs, and nobody imports: one transaction, on the connection that diag.store.versions hands over."""

from alembic import context

from diag.store.tables import METADATA
from diag.store.versions import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, version_table=VERSION_TABLE
)
with context.begin_transaction():
    context.run_migrations()
