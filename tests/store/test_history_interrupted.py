"""Runs in processes of their own that meet, or are killed: real ones, on a real store."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diag.health.run import Notes, Run
from diag.store.history import SqlHistory
from tests.store.books import NOON, Store
from tests.store.runs import DEAD, NIGHT, SERIES, begin, kept, listed, look, many, names, whole

ROOT = Path(__file__).parents[2]
ROUNDS = [f"{number}.csv" for number in range(15)]
SIZE = 20


class Night:
    """Another diag, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin
        assert process.stdout
        self.process, self._orders, self._answers = process, process.stdin, process.stdout
        assert self.answer() == "ready"

    def order(self, store: Store, do: str, **order: object) -> None:
        self._orders.write(json.dumps({"store": store.named, "do": do, **order}) + "\n")
        self._orders.flush()

    def answer(self) -> Any:
        return json.loads(self._answers.readline())

    def kill(self) -> None:
        """SIGKILL, where there is one."""
        self.process.kill()
        self.process.wait()


@contextmanager
def night() -> Iterator[Night]:
    command = [sys.executable, "-m", "tests.store.night"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ourselves
        try:
            yield Night(process)
        finally:
            process.kill()


@pytest.mark.parametrize("resume", [False, True])
def test_of_two_processes_one_has_the_run(store: Store, resume: bool) -> None:
    async def cut_off(history: SqlHistory) -> list[int]:
        return [(await begin(history, series=series)).id for series in ROUNDS]

    there = look(store, cut_off)
    with night() as one, night() as other:
        for rival in (one, other):
            rival.order(store, "enter", series=ROUNDS, at=DEAD.isoformat(), resume=resume)
        answers = list(zip(one.answer(), other.answer(), strict=True))
    won = [next(answer for answer in both if answer != "under way") for both in answers]
    assert [sorted(map(str, both)) for both in answers] == [[str(number), "under way"] for number in won]
    if resume:
        assert won == there
    else:
        assert set(won).isdisjoint(there)
        assert len(set(won)) == len(ROUNDS)


def test_a_run_that_was_killed_has_whole_batches_and_goes_on(store: Store) -> None:
    run = look(store, begin)
    with night() as doomed:
        doomed.order(store, "add", run=run.id, batches=10_000, size=SIZE, evidence=500)
        told = [doomed.answer() for _ in range(5)]
        doomed.kill()
    assert told == list(range(5))

    async def rest(history: SqlHistory) -> Run:
        again = await history.resume(series=SERIES, at=DEAD)
        assert again == replace(run, seen_at=DEAD)
        done = len(await names(history, run.id))
        assert done >= len(told) * SIZE
        assert done % SIZE == 0
        assert len(await listed(history.evidence(run.id))) == done
        await history.add(run.id, many(done + 7, evidence=b"x"), DEAD)
        return await history.finish(run.id, Notes(), DEAD)

    finished = look(store, rest)
    assert look(store, lambda history: begin(history, night=1)).before == finished.id


def test_of_a_batch_in_the_middle_of_which_a_process_was_killed_nothing_is_left(store: Store) -> None:
    run = look(store, before)
    with night() as doomed:
        # More than SQLite holds in memory: a part of it is in the file, and must be taken back.
        doomed.order(store, "add", run=run.id, batches=1, size=200, evidence=40_000, stop_at=1)
        assert doomed.answer() == "stopped"
        if store.is_file:
            assert Path(f"{store.named}-journal").stat().st_size > 0
            assert Path(store.named).stat().st_size > 4_000_000
        doomed.kill()

    async def rest(history: SqlHistory) -> None:
        assert await history.resume(series=SERIES, at=DEAD) == replace(run, seen_at=DEAD)
        assert await names(history, run.id) == ["attic", "mfp"]
        assert len(await listed(history.evidence(run.id))) == 1
        await history.add(run.id, many(3), DEAD)
        assert len(await names(history, run.id)) == 5

    look(store, rest)
    if store.is_file:
        assert store.execute("PRAGMA integrity_check") == [("ok",)]


async def before(history: SqlHistory) -> Run:
    run = await begin(history)
    await history.add(run.id, [kept("mfp", evidence=b"x"), kept("attic")], NOON)
    return run


def test_what_is_being_written_keeps_no_reader_waiting(store: Store) -> None:
    run = look(store, before)
    with night() as writer:
        writer.order(store, "add", run=run.id, batches=1, size=5, evidence=10, stop_at=1)
        assert writer.answer() == "stopped"
        assert look(store, lambda history: names(history, run.id), patience_s=3) == ["attic", "mfp"]
        writer.kill()


@pytest.mark.parametrize("stop_at", [2, 5])
def test_a_prune_that_was_killed_shows_no_half_run_and_is_finished_by_the_next(store: Store, stop_at: int) -> None:
    async def nights(history: SqlHistory) -> Run:
        old = await whole(history, many(2100, evidence=b"x"))
        await whole(history, [kept("mfp")], night=1)
        return old

    old = look(store, nights)
    with night() as doomed:
        doomed.order(store, "prune", at=(NOON + NIGHT).isoformat(), stop_at=stop_at)
        assert doomed.answer() == "stopped"
        doomed.kill()

    async def again(history: SqlHistory) -> None:
        assert await history.run(old.id) is None
        assert [run.id for run in await history.runs()] == [old.id + 1]
        assert await history.of_mailbox("scanner00001@contoso.com") == ()
        with pytest.raises(KeyError):
            await history.add(old.id, [kept("late")], NOON)
        when = NOON + NIGHT
        left = await history.prune(before=when, evidence_before=when, dry_run=True)
        assert await history.prune(before=when, evidence_before=when) == left
        assert await history.prune(before=when, evidence_before=when) == (0, 0)

    look(store, again)
    assert store.execute("SELECT run, count(*) FROM health_entry GROUP BY run") == [(old.id + 1, 1)]
