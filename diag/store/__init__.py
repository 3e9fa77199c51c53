"""What diag keeps: the ledger of changes, in SQLite by default or in PostgreSQL; SQLAlchemy stands only here."""

from diag.store.opening import is_there, open_ledger

__all__ = ["is_there", "open_ledger"]
