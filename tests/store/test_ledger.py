"""The ledger: what was written down is found again, and a mailbox has one open change at most."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diag.ports import Ledger
from diag.setting import Busy, Change, Intent, Progress, Step, Switch
from diag.store.ledger import SqlLedger
from tests.store.books import INTENT, MAILBOX, NOON, WRITTEN, Store, begun

MINUTE = timedelta(minutes=1)


def test_a_change_is_found_again_by_the_next_start(store: Store) -> None:
    change = begun(store.use(lambda ledger: ledger.begin(INTENT, NOON)))
    assert change == Change(id=1, intent=INTENT, steps=(Step(progress=Progress.INTENDED, at=NOON),))
    assert store.changes() == (change,)


def test_steps_are_added_in_their_order(store: Store) -> None:
    effective = Step(progress=Progress.EFFECTIVE, at=NOON + 14 * MINUTE)

    async def whole(ledger: SqlLedger) -> None:
        change = begun(await ledger.begin(INTENT, NOON))
        await ledger.add(change.id, WRITTEN)
        await ledger.add(change.id, effective)

    store.use(whole)
    (change,) = store.changes()
    assert change.steps[1:] == (WRITTEN, effective)
    assert change.progress is Progress.EFFECTIVE
    assert change.took_s == 14 * 60 - 2


def test_the_newest_change_comes_first_whatever_its_clock_said(store: Store) -> None:
    async def three(ledger: SqlLedger) -> list[int]:
        numbers = []
        for mailbox, at in (("a@contoso.com", NOON), ("b@contoso.com", NOON - MINUTE), ("c@contoso.com", NOON)):
            numbers.append(begun(await ledger.begin(replace(INTENT, mailbox=mailbox), at)).id)
        await ledger.add(numbers[0], WRITTEN)
        return numbers

    first, second, third = store.use(three)
    assert [change.id for change in store.changes()] == [third, second, first]


@pytest.mark.parametrize("mailbox", [MAILBOX, "scanner@CONTOSO.com"])
def test_a_second_change_of_a_mailbox_is_refused_while_the_first_is_open(store: Store, mailbox: str) -> None:
    async def two(ledger: SqlLedger) -> None:
        first = begun(await ledger.begin(INTENT, NOON))
        again = replace(
            INTENT, tenant=INTENT.tenant.upper(), mailbox=mailbox, after=Switch.OFF, operator="b@contoso.com"
        )
        assert await ledger.begin(again, NOON + MINUTE) == Busy(first)
        await ledger.add(first.id, WRITTEN)
        assert begun(await ledger.begin(again, NOON + MINUTE)).intent == again

    store.use(two)
    assert len(store.changes()) == 2


@pytest.mark.parametrize("outcome", [Progress.WRITTEN, Progress.EFFECTIVE, Progress.NOT_DONE, Progress.OVERTAKEN])
def test_every_outcome_closes_a_change(store: Store, outcome: Progress) -> None:
    async def two(ledger: SqlLedger) -> None:
        first = begun(await ledger.begin(INTENT, NOON))
        await ledger.add(first.id, replace(WRITTEN, progress=outcome))
        begun(await ledger.begin(INTENT, NOON))

    store.use(two)


def test_a_note_without_an_outcome_leaves_a_change_open(store: Store) -> None:
    async def two(ledger: SqlLedger) -> None:
        first = begun(await ledger.begin(INTENT, NOON))
        await ledger.add(first.id, Step(progress=Progress.INTENDED, at=NOON, note="no answer came"))
        busy = await ledger.begin(INTENT, NOON)
        assert isinstance(busy, Busy)
        assert busy.change.steps[-1].note == "no answer came"

    store.use(two)


def test_a_change_whose_outcome_is_known_is_not_opened_again(store: Store) -> None:
    async def closed(ledger: SqlLedger) -> None:
        first = begun(await ledger.begin(INTENT, NOON))
        await ledger.add(first.id, WRITTEN)
        with pytest.raises(ValueError, match="opened again"):
            await ledger.add(first.id, Step(progress=Progress.INTENDED, at=NOON))

    store.use(closed)
    assert store.changes()[0].progress is Progress.WRITTEN


def test_other_mailboxes_and_tenants_do_not_wait(store: Store) -> None:
    async def three(ledger: SqlLedger) -> None:
        begun(await ledger.begin(INTENT, NOON))
        begun(await ledger.begin(replace(INTENT, mailbox="mfp@contoso.com"), NOON))
        begun(await ledger.begin(replace(INTENT, tenant="fabrikam.com"), NOON))

    store.use(three)


def test_changes_are_found_by_tenant_and_mailbox_in_any_case(store: Store) -> None:
    async def ask(ledger: Ledger) -> None:
        ours = begun(await ledger.begin(INTENT, NOON))
        other = begun(await ledger.begin(replace(INTENT, mailbox="mfp@contoso.com"), NOON))
        theirs = begun(await ledger.begin(replace(INTENT, tenant="fabrikam.com"), NOON))
        assert await ledger.changes(tenant="CONTOSO.com") == (other, ours)
        assert await ledger.changes(mailbox="sCANNER@contoso.com") == (theirs, ours)
        assert await ledger.changes(tenant="contoso.com", mailbox=MAILBOX) == (ours,)
        assert await ledger.changes(mailbox="%") == ()

    store.use(ask)


def test_an_undo_names_the_change_that_it_takes_back(store: Store) -> None:
    async def undo(ledger: SqlLedger) -> None:
        first = begun(await ledger.begin(INTENT, NOON))
        await ledger.add(first.id, WRITTEN)
        back = replace(INTENT, before=Switch.ON, after=Switch.UNSET, undoes=first.id)
        assert begun(await ledger.begin(back, NOON)).intent == back

    store.use(undo)


def test_an_unknown_number_is_a_mistake_of_the_caller_and_leaves_nothing(store: Store) -> None:
    async def wrong(ledger: SqlLedger) -> None:
        with pytest.raises(KeyError):
            await ledger.add(7, WRITTEN)
        with pytest.raises(KeyError):
            await ledger.begin(replace(INTENT, undoes=7), NOON)

    store.use(wrong)
    assert store.changes() == ()


def test_a_time_is_kept_as_utc_and_comes_back_aware(store: Store) -> None:
    paris = timezone(timedelta(hours=2))
    change = begun(store.use(lambda ledger: ledger.begin(INTENT, NOON.astimezone(paris))))
    (kept,) = store.changes()
    assert kept == change
    assert [step.at.tzinfo for step in (*kept.steps, *change.steps)] == [UTC, UTC]
    ((shown,),) = store.execute("SELECT CAST(at AS VARCHAR) FROM step")
    assert shown.startswith("2026-11-23 12:00:00.123456")


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    naive = NOON.replace(tzinfo=None)

    async def wrong(ledger: SqlLedger) -> None:
        with pytest.raises(ValueError, match="aware"):
            await ledger.begin(INTENT, naive)
        with pytest.raises(ValueError, match="aware"):
            await ledger.add(1, replace(WRITTEN, at=naive))

    store.use(wrong)


def test_tasks_of_one_program_take_turns(store: Store) -> None:
    async def at_once(ledger: SqlLedger) -> None:
        outcomes = await asyncio.gather(*(ledger.begin(INTENT, NOON) for _ in range(8)))
        (won,) = [one for one in outcomes if isinstance(one, Change)]
        assert [one for one in outcomes if isinstance(one, Busy)] == [Busy(won)] * 7

    store.use(at_once, patience_s=20)


ANYTHING = st.text(st.characters(exclude_categories=()), max_size=60)  # NUL and lone surrogates too
TIMES = st.timedeltas(timedelta(days=-9999), timedelta(days=9999)).map(lambda off: NOON + off)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(note=ANYTHING, ticket=st.none() | ANYTHING, operator=ANYTHING, name=ANYTHING, at=TIMES)
def test_any_text_comes_back_as_it_was_written_or_marked(
    store: Store, *, note: str, ticket: str | None, operator: str, name: str, at: datetime
) -> None:
    intent = replace(INTENT, mailbox=name, ticket=ticket, operator=operator)

    async def there_and_back(ledger: SqlLedger) -> tuple[Change, Change]:
        change = begun(await ledger.begin(intent, at))
        await ledger.add(change.id, Step(progress=Progress.NOT_DONE, at=at, note=note))
        return change, (await ledger.changes(mailbox=name))[0]

    begun_as, kept = store.use(there_and_back)
    assert kept.intent == begun_as.intent == marked(intent)
    assert [step.at for step in kept.steps] == [at, at]
    assert kept.steps[1].note == clean(note)


def clean(text: str) -> str:
    return "".join("?" if "\ud800" <= c <= "\udfff" else c for c in text).replace("\0", "␀")


def marked(intent: Intent) -> Intent:
    return replace(
        intent,
        mailbox=clean(intent.mailbox),
        operator=clean(intent.operator),
        ticket=None if intent.ticket is None else clean(intent.ticket),
    )
