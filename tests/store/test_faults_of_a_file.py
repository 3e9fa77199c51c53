"""What can be wrong with a ledger in a file, each made wrong for real, and the one sentence that says so."""

import contextlib
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Pool, event

from diag.setting import LedgerError
from diag.store.ledger import SqlLedger
from tests.store.books import INTENT, NOON, WRITTEN, Store, begin, begun, reason
from tests.store.rights import as_anybody, posix, powerless


@pytest.fixture
def file(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "diag.db"))


def test_a_new_file_that_another_process_holds_is_locked(file: Store) -> None:
    assert file.changes() == ()
    with contextlib.closing(sqlite3.connect(file.named, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert reason(file) == "The ledger P cannot be used: it is locked by another process."
    begin(file)


def test_who_only_reads_need_not_wait_for_a_writer(file: Store) -> None:
    change = begin(file)
    with contextlib.closing(sqlite3.connect(file.named, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert file.changes() == (change,)
        assert reason(file) == "The ledger P cannot be used: it is locked by another process."


@posix
def test_a_read_only_file_is_read_and_not_written() -> None:
    with powerless() as folder:
        file = Store(str(folder / "diag.db"))
        change = begin(file)
        Path(file.named).chmod(0o444)
        with as_anybody():
            assert file.changes() == (change,)
            assert reason(file) == "The ledger P cannot be used: it is read-only."


@posix
def test_a_file_in_a_read_only_folder_is_read_and_not_written() -> None:
    with powerless() as folder:
        file = Store(str(folder / "diag.db"))
        change = begin(file)
        Path(file.named).chmod(0o666)
        folder.chmod(0o555)
        with as_anybody():
            assert file.changes() == (change,)
            assert reason(file) == "The ledger P cannot be used: no file can be made in its folder."


@posix
def test_a_file_of_somebody_else_is_denied() -> None:
    with powerless() as folder:
        file = Store(str(folder / "diag.db"))
        begin(file)
        Path(file.named).chmod(0)
        with as_anybody():
            assert reason(file) == "The ledger P cannot be opened: access is denied."


def test_a_file_that_is_gone_is_not_made_again_behind_an_open_ledger(file: Store) -> None:
    path = Path(file.named)
    remove = path.unlink

    async def gone(ledger: SqlLedger) -> None:
        await ledger.begin(INTENT, NOON)
        remove()
        with pytest.raises(LedgerError, match=r"cannot be opened: there is no such file or folder\.$"):
            await ledger.changes()

    file.use(gone)
    assert not path.exists()


@posix
def test_a_new_file_in_a_read_only_folder_is_denied() -> None:
    with powerless() as folder:
        folder.chmod(0o555)
        with as_anybody():
            assert reason(Store(str(folder / "diag.db"))) == "The ledger P cannot be opened: access is denied."
            assert reason(Store(str(folder / "a" / "b.db"))) == "The ledger P cannot be opened: access is denied."


@posix
def test_an_empty_file_that_is_read_only_does_not_become_a_ledger() -> None:
    with powerless() as folder:
        path = folder / "diag.db"
        path.touch()
        path.chmod(0o444)
        with as_anybody():
            assert reason(Store(str(path))) == "The ledger P cannot be used: it is read-only."


def test_what_does_not_fit_on_the_disk_is_not_half_written(file: Store) -> None:
    assert file.changes() == ()

    def small(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # at least as many as it has

    async def fill(ledger: SqlLedger) -> None:
        change = begun(await ledger.begin(INTENT, NOON))
        await ledger.add(change.id, replace(WRITTEN, note="x" * 100_000))

    event.listen(Pool, "connect", small)
    try:
        with pytest.raises(LedgerError, match=r": the disk is full\.$"):
            file.use(fill)
    finally:
        event.remove(Pool, "connect", small)
    assert file.changes()[0].is_open


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux makes small disks of memory")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: S603 - as it stands above
        pytest.skip("nobody but root may mount a disk, and root not everywhere")
    try:
        file = Store(str(disk / "diag.db"))
        begin(file)
        with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
            while filler.write(b"x" * 1024):
                pass
        assert reason(file) == "The ledger P cannot be used: the disk is full."
        assert reason(Store(str(disk / "new.db"))) == "The ledger P cannot be used: the disk is full."
        (disk / "filler").unlink()
        assert len(file.changes()) == 1
    finally:
        subprocess.run(["umount", str(disk)], check=True)  # noqa: S603, S607 - as it stands above


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"From: scanner@contoso.com\r\n" * 100, "it is no SQLite database, or it is encrypted"),
        (b"SQLite format 3\0" + b"\xff" * 4080, "it is no SQLite database, or it is encrypted"),
        (b"ledger", "it is no SQLite database, or it is encrypted"),
    ],
)
def test_another_file_is_no_ledger_and_stays_what_it_is(file: Store, content: bytes, expected: str) -> None:
    Path(file.named).write_bytes(content)
    assert reason(file) == f"The ledger P cannot be used: {expected}."
    assert Path(file.named).read_bytes() == content


def test_a_damaged_ledger_is_told(file: Store) -> None:
    begin(file)
    content = Path(file.named).read_bytes()
    Path(file.named).write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    assert reason(file) == "The ledger P cannot be used: the database is damaged."


def test_a_database_of_another_program_is_left_alone(file: Store) -> None:
    file.execute("CREATE TABLE bookmarks (url TEXT)")
    before = Path(file.named).read_bytes()
    assert reason(file) == "The ledger P cannot be used: the database belongs to another program."
    assert Path(file.named).read_bytes() == before


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    assert reason(Store(str(tmp_path))) == "The ledger P cannot be opened: it is a folder."


@posix
def test_a_pipe_and_a_device_are_no_ledger(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (str(pipe), "/dev/null"):
        assert reason(Store(path)) == "The ledger P cannot be opened: it is not a file."


def test_a_path_through_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store(str(tmp_path / "file" / "diag.db"))
    assert reason(store).startswith("The ledger P cannot be opened: ")
