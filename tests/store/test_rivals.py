"""Two processes at once, and one that dies: real ones, on a real store."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from diag.setting import Busy, Progress
from diag.store import open_ledger
from diag.store.engine import connecting, writing
from diag.store.ledger import SqlLedger
from diag.store.place import place_of
from tests.store.books import INTENT, MAILBOX, NOON, WRITTEN, Store, begun

if TYPE_CHECKING:
    from tests.store.postgresql import PostgreSQL

ROOT = Path(__file__).parents[2]
ROUNDS = [f"scanner{number}@contoso.com" for number in range(60)]


class Rival:
    """Another diag, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin
        assert process.stdout
        self.process, self._orders, self._answers = process, process.stdin, process.stdout
        assert self._answers.readline() == "ready\n"

    def order(self, stores: list[str], mailboxes: list[str]) -> None:
        self._orders.write(json.dumps({"stores": stores, "mailboxes": mailboxes}) + "\n")
        self._orders.flush()

    def answers(self) -> list[list[tuple[bool, int]]]:
        """For each store and mailbox, whether the change was begun, and which one is open."""
        return [[(won, number) for won, number in one] for one in cast("Any", json.loads(self._answers.readline()))]


@contextmanager
def rival() -> Iterator[Rival]:
    command = [sys.executable, "-m", "tests.store.rival"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ourselves
        try:
            yield Rival(process)
        finally:
            process.kill()


@contextmanager
def two_rivals() -> Iterator[tuple[Rival, Rival]]:
    with ExitStack() as stack:
        yield stack.enter_context(rival()), stack.enter_context(rival())


def race(stores: list[str], mailboxes: list[str]) -> list[list[tuple[tuple[bool, int], tuple[bool, int]]]]:
    """Let two processes begin a change of each mailbox in each store, and return both answers to each."""
    with two_rivals() as rivals:
        for one in rivals:
            one.order(stores, mailboxes)
        first, second = (one.answers() for one in rivals)
    return [list(zip(*both, strict=True)) for both in zip(first, second, strict=True)]


def test_of_two_processes_that_begin_a_change_of_a_mailbox_one_wins(store: Store) -> None:
    (answers,) = race([store.named], ROUNDS)
    changes = {change.id: change.intent.mailbox for change in store.changes()}
    assert sorted(changes.values()) == sorted(ROUNDS)
    for mailbox, ((first, open_first), (second, open_second)) in zip(ROUNDS, answers, strict=True):
        assert first is not second, f"both or none began a change of {mailbox}"
        assert changes[open_first] == mailbox
        assert open_first == open_second


def test_two_processes_may_open_a_new_store_at_once(
    request: pytest.FixtureRequest, store: Store, tmp_path: Path
) -> None:
    if store.is_file:
        stores = [str(tmp_path / f"store{number}" / "diag.db") for number in range(12)]
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        stores = [server.url(server.database()) for _ in range(6)]
    for ((first, _), (second, _)), *_ in race(stores, [MAILBOX]):
        assert first is not second
    assert [len(Store(named).changes()) for named in stores] == [1] * len(stores)


def test_one_program_may_open_new_stores_at_once(tmp_path: Path) -> None:
    async def fresh(number: int) -> None:
        async with open_ledger(tmp_path / f"{number}.db", patience_s=30) as ledger:
            await ledger.begin(INTENT, NOON)

    async def all_of_them() -> None:
        await asyncio.gather(*map(fresh, range(6)))

    asyncio.run(all_of_them())
    assert [len(Store(str(tmp_path / f"{number}.db")).changes()) for number in range(6)] == [1] * 6


def test_no_other_task_gives_the_lock_of_a_transaction_away(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "diag.db"))
    begun(store.use(lambda ledger: ledger.begin(INTENT, NOON)))
    place = place_of(store.named)
    from_outside = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"

    async def reads_while_another_writes(ledger: SqlLedger) -> str:
        engine = connecting(place, 5)
        async with writing(engine, place, 5):
            await ledger.changes()
            command = [sys.executable, "-c", from_outside, store.named]
            process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE)
            _, said = await process.communicate()
        return said.decode()

    assert "database is locked" in store.use(reads_while_another_writes)


def test_a_process_that_was_killed_after_its_intent_leaves_an_open_change(store: Store) -> None:
    with rival() as doomed:
        doomed.order([store.named], [MAILBOX])
        (((won, number),),) = doomed.answers()
        doomed.process.kill()
        doomed.process.wait()
    assert won

    (change,) = store.changes()
    assert (change.id, change.is_open, change.intent) == (number, True, replace(INTENT, mailbox=MAILBOX))
    assert store.use(lambda ledger: ledger.begin(INTENT, NOON)) == Busy(change)
    store.use(lambda ledger: ledger.add(number, WRITTEN))
    assert store.changes()[0].progress is Progress.WRITTEN
