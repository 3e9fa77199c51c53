"""The history of health runs: what was found is found again, and runs of a series follow each other."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from diag.health.past import Change
from diag.health.result import Status
from diag.health.run import DEAD_AFTER, BadRow, Delivery, History, Notes, Run, Stopped, Unasked, UnderWayError
from diag.sentence import say
from diag.store.history import SqlHistory
from tests.store.books import NOON, Store
from tests.store.runs import DEAD, NIGHT, SERIES, begin, changes, kept, listed, look, many, whole

SECOND = timedelta(seconds=1)
NOTES = Notes(
    bad_rows=(BadRow(line=7, because=say("'{shown}' is not a mail address", shown="x")),),
    bad_rows_total=31,
    duplicates=2,
    stopped=(Stopped(tenant="contoso.com", cause="account_disabled", alike=20, left=80),),
    unasked=(Unasked(tenant="contoso.com", what=say("the sign-in log"), because=say("it is {n} days old", n=3)),),
    retried=5,
    broke=1,
)


def test_a_run_is_found_again_by_the_next_start(store: Store) -> None:
    run = look(store, begin)
    assert run == Run(
        id=run.id,
        series=SERIES,
        inventory="/etc/diag/scanners.csv",
        diag_version="1.2.3",
        started_at=NOON,
        seen_at=NOON,
        before=None,
    )
    assert look(store, lambda history: history.run(run.id)) == run
    assert look(store, lambda history: history.runs()) == (run,)


def test_a_run_is_finished_with_what_it_has_to_say(store: Store) -> None:
    async def closed(history: SqlHistory) -> Run:
        run = await begin(history)
        done = await history.finish(run.id, NOTES, NOON + SECOND)
        assert done == replace(run, seen_at=NOON + SECOND, finished_at=NOON + SECOND, notes=NOTES)
        return done

    run = look(store, closed)
    assert look(store, lambda history: history.run(run.id)) == run


def test_a_run_that_is_finished_stays_as_it_is(store: Store) -> None:
    async def twice(history: SqlHistory) -> None:
        run = await begin(history)
        first = await history.finish(run.id, NOTES, NOON + SECOND)
        assert await history.finish(run.id, Notes(), NOON + NIGHT) == first

    look(store, twice)


def test_a_run_comes_after_the_last_finished_one_of_its_series(store: Store) -> None:
    async def nights(history: SqlHistory) -> None:
        first = await whole(history, night=0)
        await whole(history, night=1, series="other.csv")
        cut_off = await begin(history, night=2)
        third = await whole(history, night=3)
        assert (first.before, cut_off.before, third.before) == (None, first.id, first.id)
        assert (await begin(history, night=4)).before == third.id
        assert [run.id for run in await history.runs(series=SERIES, most=3)] == [third.id + 1, third.id, cut_off.id]
        assert len(await history.runs()) == 5
        assert await history.runs(series="scanners") == ()

    look(store, nights)


async def begin_at(history: SqlHistory, at: datetime) -> Run | None:
    return await history.begin(series=SERIES, inventory="", diag_version="", at=at)


async def resume_at(history: SqlHistory, at: datetime) -> Run | None:
    return await history.resume(series=SERIES, at=at)


@pytest.mark.parametrize("enter", [begin_at, resume_at])
def test_a_run_that_was_seen_a_moment_ago_is_under_way(
    store: Store, enter: Callable[[SqlHistory, datetime], Awaitable[Run | None]]
) -> None:
    async def meet(history: SqlHistory) -> None:
        first = await begin(history)
        await history.beat(first.id, NOON + SECOND, Notes())
        with pytest.raises(UnderWayError) as raised:
            await enter(history, NOON + DEAD_AFTER)
        assert raised.value.run == replace(first, seen_at=NOON + SECOND)
        assert await enter(history, NOON + SECOND + DEAD_AFTER) is not None
        with pytest.raises(UnderWayError):
            await enter(history, NOON + SECOND + DEAD_AFTER)

    look(store, meet)


def test_other_series_do_not_wait(store: Store) -> None:
    async def three(history: SqlHistory) -> None:
        await begin(history)
        await begin(history, series="other.csv")
        assert await history.resume(series="third.csv", at=NOON) is None

    look(store, three)


def test_entries_are_a_sign_of_life(store: Store) -> None:
    async def adds(history: SqlHistory) -> None:
        run = await begin(history)
        await history.add(run.id, [kept("mfp")], NOON + 5 * SECOND)
        with pytest.raises(UnderWayError):
            await history.resume(series=SERIES, at=DEAD)

    look(store, adds)


def test_the_newest_run_is_taken_up_as_it_was(store: Store) -> None:
    async def cut_off_twice(history: SqlHistory) -> None:
        before = await whole(history, night=-2)
        await begin(history, night=-1)
        newest = await begin(history)
        await history.add(newest.id, [kept("mfp")], NOON)
        assert await history.resume(series=SERIES, at=DEAD) == replace(newest, seen_at=DEAD, before=before.id)
        assert await history.done(newest.id, ["mfp@contoso.com", "other@contoso.com"]) == {"mfp@contoso.com"}

    look(store, cut_off_twice)


def test_nothing_is_taken_up_after_a_run_that_was_finished(store: Store) -> None:
    async def cut_off_before(history: SqlHistory) -> None:
        assert await history.resume(series=SERIES, at=NOON) is None
        await begin(history, night=-1)
        await whole(history)
        assert await history.resume(series=SERIES, at=DEAD) is None

    look(store, cut_off_before)


def test_what_was_found_is_read_again_by_key(store: Store) -> None:
    ours = [
        kept("mfp", Status.BROKEN, site="Lyon"),
        kept("Zebra", Status.INCONCLUSIVE),
        kept("attic"),
        kept("a_b", Status.WILL_BREAK),
        kept("a-b", Status.DEGRADED),
    ]

    async def there_and_back(history: SqlHistory) -> None:
        run = await begin(history)
        await history.add(run.id, ours, NOON)
        entries = await listed(history.entries(run.id))
        assert entries == sorted((one.entry for one in ours), key=lambda entry: entry.result.scanner.key)
        assert await history.counts([run.id]) == {run.id: dict.fromkeys(Status, 1)}

    look(store, there_and_back)


def test_of_a_mailbox_that_is_there_already_the_first_is_kept(store: Store) -> None:
    async def again(history: SqlHistory) -> None:
        run = await begin(history)
        first = [kept("mfp", Status.BROKEN), kept("MFP", evidence=b"second"), kept("attic", evidence=b"first")]
        await history.add(run.id, first, NOON)
        await history.add(run.id, [kept("Attic", Status.BROKEN, evidence=b"second"), kept("mfp", evidence=b"3")], NOON)
        await history.add(run.id, [], NOON)
        entries = await listed(history.entries(run.id))
        assert entries == [first[2].entry, first[0].entry]
        assert await listed(history.evidence(run.id)) == [(first[2].entry, b"first")]

    look(store, again)


def test_the_same_mailbox_stands_in_every_run(store: Store) -> None:
    async def nights(history: SqlHistory) -> None:
        broken = kept("mfp", Status.BROKEN)
        first = await whole(history, [kept("attic"), broken])
        other = await whole(history, [kept("mfp")], series="other.csv")
        fixed = kept("MFP", before=broken.entry.past, night=1)
        second = await whole(history, [fixed], night=1)
        found = await history.of_mailbox("mFp@Contoso.com")
        assert [run for run, _ in found] == [second, other, first]
        assert [entry.change for _, entry in found] == [Change.FIXED, Change.FIRST, Change.NEW]
        assert found[0][1] == fixed.entry
        assert await history.of_mailbox("mfp@contoso.com", most=1) == found[:1]
        assert await history.of_mailbox("%@contoso.com") == ()

    look(store, nights)


def test_what_did_not_change_is_left_out_where_it_shall_be(store: Store) -> None:
    broken, well = kept("x", Status.BROKEN).entry.past, kept("x").entry.past
    ours = [
        kept("first"),
        kept("same", before=well),
        kept("new", Status.BROKEN, before=well),
        kept("still", Status.BROKEN, before=broken),
        kept("other", Status.DEGRADED, before=broken),
        kept("fixed", before=broken),
        kept("unknown", Status.INCONCLUSIVE, before=well),
    ]

    async def quiet(history: SqlHistory) -> None:
        run = await whole(history, ours)
        assert changes(await listed(history.entries(run.id))) == {change.value: change for change in Change}
        loud = changes(await listed(history.entries(run.id, quiet=True)))
        assert loud == {change.value: change for change in Change if change not in {Change.FIRST, Change.SAME}}

    look(store, quiet)


def test_what_mailboxes_were_like_is_told_by_key(store: Store) -> None:
    async def ask(history: SqlHistory) -> None:
        ours = [kept("mfp", Status.BROKEN), kept("Attic")]
        run = await whole(history, ours)
        keys = ["attic@contoso.com", "nobody@contoso.com", "mfp@contoso.com"]
        assert await history.pasts(run.id, keys) == {keys[0]: ours[1].entry.past, keys[2]: ours[0].entry.past}
        assert await history.done(run.id, keys) == {keys[0], keys[2]}
        assert (await history.pasts(run.id, []), await history.done(run.id, [])) == ({}, frozenset())

    look(store, ask)


def test_mailboxes_that_the_inventory_no_longer_has_are_gone(store: Store) -> None:
    async def nights(history: SqlHistory) -> None:
        left, attic = kept("left", site="Lyon"), kept("Attic")
        first = await whole(history, [left, kept("stays"), attic])
        await whole(history, [kept("elsewhere")], series="other.csv", night=1)
        second = await whole(history, [kept("Stays"), kept("joined")], night=1)
        assert await history.gone(second.id) == (attic.entry.result.scanner, left.entry.result.scanner)
        assert await history.gone(first.id) == ()

    look(store, nights)


def test_evidence_is_kept_where_there_is_some(store: Store) -> None:
    async def some(history: SqlHistory) -> None:
        ours = [kept("b", evidence=b"\x00\xff" * 5000), kept("a"), kept("c", evidence=b"")]
        run = await whole(history, ours)
        assert await listed(history.evidence(run.id)) == [(ours[0].entry, b"\x00\xff" * 5000), (ours[2].entry, b"")]

    look(store, some)


def test_many_entries_are_read_page_by_page_and_none_twice(store: Store) -> None:
    async def pages(history: SqlHistory) -> None:
        ours = many(2000, evidence=b"x")
        run = await whole(history, reversed(ours))
        assert await listed(history.entries(run.id)) == [one.entry for one in ours]
        assert [entry async for entry, _ in history.evidence(run.id)] == [one.entry for one in ours]

    look(store, pages)


def test_more_keys_can_be_asked_for_than_a_statement_takes(store: Store) -> None:
    async def ask(history: SqlHistory) -> None:
        run = await whole(history, [kept("0"), kept("69999")])
        keys = [f"{n}@contoso.com" for n in range(70_000)]
        assert await history.done(run.id, keys) == {keys[0], keys[-1]}
        assert set(await history.pasts(run.id, keys)) == {keys[0], keys[-1]}

    look(store, ask)


def test_who_reads_slowly_keeps_no_writer_waiting(store: Store) -> None:
    async def slowly(history: SqlHistory) -> None:
        run = await begin(history)
        await history.add(run.id, many(1500, evidence=b"x"), NOON)
        entries, evidence = history.entries(run.id), history.evidence(run.id)
        await anext(entries)
        await anext(evidence)
        await history.add(run.id, [kept("zzz")], NOON)
        assert [entry.result.scanner.mailbox async for entry in entries][-1] == "zzz@contoso.com"
        assert len(await listed(evidence)) == 1499

    look(store, slowly, patience_s=3)


def test_attempts_to_deliver_are_told_in_their_order(store: Store) -> None:
    failed = Delivery(to="ops@contoso.com", at=NOON, because=say("{host} does not answer", host="smtp.contoso.com"))
    taken = Delivery(to="ops@contoso.com", at=NOON - SECOND)

    async def attempts(history: SqlHistory) -> None:
        run, other = await whole(history), await whole(history, night=1)
        for one in (failed, taken):
            await history.delivered(run.id, one)
        assert await history.deliveries(run.id) == (failed, taken)
        assert await history.deliveries(other.id) == ()

    look(store, attempts)


def test_an_unknown_number_is_a_mistake_of_who_writes_and_leaves_nothing(store: Store) -> None:
    async def wrong(history: SqlHistory) -> None:
        with pytest.raises(KeyError):
            await history.beat(7, NOON, Notes())
        with pytest.raises(KeyError):
            await history.add(7, [kept("mfp", evidence=b"x")], NOON)
        with pytest.raises(KeyError):
            await history.finish(7, Notes(), NOON)
        with pytest.raises(KeyError):
            await history.delivered(7, Delivery(to="x", at=NOON))

    look(store, wrong)
    assert store.execute("SELECT count(*) FROM health_entry") == [(0,)]


def test_of_an_unknown_number_nothing_is_read(store: Store) -> None:
    async def ask(history: History) -> None:
        for number in (7, 0, -1, 2**31, 2**70):
            assert await history.run(number) is None
        assert await history.counts([7]) == {7: {}}
        assert await history.counts([]) == {}
        assert await history.gone(7) == ()
        assert await listed(history.entries(7)) == []
        assert await listed(history.evidence(7)) == []
        assert await history.deliveries(7) == ()
        assert await history.done(7, ["mfp@contoso.com"]) == frozenset()

    look(store, ask)


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    naive = NOON.replace(tzinfo=None)

    async def wrong(history: SqlHistory) -> None:
        run = await begin(history)
        for refused in (
            lambda: begin_at(history, naive),
            lambda: history.beat(run.id, naive, Notes()),
            lambda: history.finish(run.id, Notes(), naive),
            lambda: history.prune(before=naive, evidence_before=NOON),
        ):
            with pytest.raises(ValueError, match="aware"):
                await refused()

    look(store, wrong)
