"""What diag keeps: the ledger of changes and the history of health runs, in SQLite by default or in PostgreSQL.

SQLAlchemy stands only here.
"""

from diag.store.opening import is_there, open_history, open_ledger

__all__ = ["is_there", "open_history", "open_ledger"]
