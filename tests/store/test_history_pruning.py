"""Old runs are removed, but for what the next one is compared with."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from diag.health.run import DEAD_AFTER, Delivery, Run
from diag.store.history import SqlHistory
from tests.store.books import NOON, Store
from tests.store.runs import NIGHT, begin, kept, listed, look, many, names, whole

LATER = NOON + 30 * NIGHT


async def nights(history: SqlHistory) -> dict[str, Run]:
    """Runs of two series, one on each night, with evidence of one mailbox each."""
    made = {}
    for night, (name, series) in enumerate([("a1", "a"), ("b1", "b"), ("a2", "a"), ("a3", "a")]):
        made[name] = await whole(history, [kept("mfp", evidence=b"x"), kept("attic")], series=series, night=night)
        await history.delivered(made[name].id, Delivery(to="ops@contoso.com", at=NOON))
    return made


def test_all_but_the_newest_finished_run_of_each_series_is_removed(store: Store) -> None:
    async def prune(history: SqlHistory) -> None:
        made = await nights(history)
        assert await history.prune(before=LATER, evidence_before=NOON, dry_run=True) == (2, 2)
        assert len(await history.runs()) == 4
        assert await history.prune(before=LATER, evidence_before=NOON) == (2, 2)
        assert await history.prune(before=LATER, evidence_before=NOON) == (0, 0)
        assert await history.runs() == (made["a3"], made["b1"])
        assert await history.run(made["a1"].id) is None
        assert [run.id for run, _ in await history.of_mailbox("mfp@contoso.com")] == [made["a3"].id, made["b1"].id]
        assert await history.counts([made["a1"].id]) == {made["a1"].id: {}}
        for name in ("a3", "b1"):
            assert await names(history, made[name].id) == ["attic", "mfp"]
            assert len(await listed(history.evidence(made[name].id))) == 1
            assert len(await history.deliveries(made[name].id)) == 1
        assert await history.deliveries(made["a1"].id) == ()
        # What a3 was compared with is no longer there; that it was compared is.
        assert made["a3"].before == made["a2"].id
        assert await history.gone(made["a3"].id) == ()

    look(store, prune)
    assert store.execute("SELECT count(*) FROM health_entry") == [(4,)]
    assert store.execute("SELECT count(*) FROM health_delivery") == [(2,)]


def test_what_began_on_the_date_itself_is_kept(store: Store) -> None:
    async def prune(history: SqlHistory) -> None:
        made = await nights(history)
        assert await history.prune(before=made["a2"].started_at, evidence_before=NOON) == (1, 1)
        assert await history.runs() == (made["a3"], made["a2"], made["b1"])

    look(store, prune)


def test_evidence_goes_before_its_run_even_that_of_the_newest(store: Store) -> None:
    async def prune(history: SqlHistory) -> None:
        made = await nights(history)
        date = made["a2"].started_at
        assert await history.prune(before=NOON, evidence_before=date, dry_run=True) == (0, 2)
        assert await history.prune(before=NOON, evidence_before=date) == (0, 2)
        assert len(await history.runs()) == 4
        assert await listed(history.evidence(made["b1"].id)) == []
        assert await names(history, made["b1"].id) == ["attic", "mfp"]
        assert len(await listed(history.evidence(made["a2"].id))) == 1

    look(store, prune)


@pytest.mark.parametrize(("silent_for", "removed"), [(DEAD_AFTER, 1), (DEAD_AFTER - timedelta(microseconds=1), 0)])
def test_a_run_that_was_cut_off_is_removed_and_one_that_goes_on_is_not(
    store: Store, silent_for: timedelta, removed: int
) -> None:
    async def prune(history: SqlHistory) -> None:
        run = await begin(history)
        await history.add(run.id, [kept("mfp", evidence=b"x")], NOON + NIGHT)
        date: datetime = NOON + NIGHT + silent_for
        assert await history.prune(before=date, evidence_before=date, dry_run=True) == (removed, removed)
        assert await history.prune(before=date, evidence_before=date) == (removed, removed)
        assert len(await history.runs()) == 1 - removed

    look(store, prune)


def test_a_number_is_never_given_twice(store: Store) -> None:
    async def prune(history: SqlHistory) -> None:
        run = await begin(history)
        assert await history.prune(before=LATER, evidence_before=LATER) == (1, 0)
        assert (await begin(history)).id > run.id

    look(store, prune)


def test_a_run_of_many_mailboxes_is_removed_whole_and_the_file_becomes_small_again(store: Store) -> None:
    def size() -> int:
        return Path(store.named).stat().st_size if store.is_file else 0

    look(store, lambda history: whole(history, [kept("mfp")], night=1))
    small = size()
    look(store, lambda history: whole(history, many(4100, evidence=b"x" * 200)))
    large = size()
    # The newest finished run is the one with many: once it no longer is, it goes.
    look(store, lambda history: whole(history, [kept("mfp")], night=2))
    assert look(store, lambda history: history.prune(before=NOON + NIGHT, evidence_before=NOON)) == (1, 4100)
    assert store.execute("SELECT count(*) FROM health_entry") == [(2,)]
    if store.is_file:
        assert size() <= small + 3 * 4096 < large
