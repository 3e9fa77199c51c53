"""The versions of the store: which one it has, and the way to this diag's, by Alembic."""

import asyncio
import threading

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from diag.store.engine import connecting_in_thread, reading, taking_turns, without_transaction
from diag.store.faults import foreign, newer, understood
from diag.store.place import File, Place

HEAD = "0002"  # the last file in migrations/versions; here too, so that opening need not load Alembic
VERSION_TABLE = "diag_version"  # not Alembic's usual name: the database may belong to more programs than diag

# Alembic hands its context to env.py and to the versions through variables of the whole process.
_ONE_AT_A_TIME = threading.Lock()


async def bring_up_to_date(engine: AsyncEngine, place: Place, patience_s: float) -> None:
    """Make the tables, or change them, where they are not those of this diag; raises `LedgerError`."""
    async with reading(engine, place, patience_s) as connection:
        version = await connection.run_sync(_version, place)
    if version != HEAD:
        await asyncio.to_thread(_upgrade, place, patience_s)


def _version(connection: Connection, place: Place) -> str | None:
    """Return the version of the store; None where it is new."""
    tables = inspect(connection)
    if not tables.has_table(VERSION_TABLE):
        if isinstance(place, File) and tables.get_table_names():
            raise foreign(place)
        return None
    versions: list[str] = list(connection.scalars(text(f"SELECT version_num FROM {VERSION_TABLE}")))  # noqa: S608 - a constant
    return versions[0] if versions else None


def _upgrade(place: Place, patience_s: float) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "diag.store:migrations")
    engine = connecting_in_thread(place, patience_s)
    try:
        # The version is read again in the same transaction: another process may just have done the work.
        with understood(place), _ONE_AT_A_TIME, taking_turns(engine).begin() as connection:
            version = _version(connection, place)
            known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
            if version is not None and version not in known:
                raise newer(place)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        if isinstance(place, File):
            with understood(place), without_transaction(engine).connect() as connection:
                _let_it_shrink(connection)
    finally:
        engine.dispose()


def _let_it_shrink(connection: Connection) -> None:
    """Have an SQLite file give room back whenever rows go; done once, while the file is small: it is written anew."""
    if not connection.exec_driver_sql("PRAGMA auto_vacuum").scalar():
        connection.exec_driver_sql("PRAGMA temp_store = MEMORY")  # a folder for temporary files need not be there
        connection.exec_driver_sql("PRAGMA auto_vacuum = FULL")
        connection.exec_driver_sql("VACUUM")
