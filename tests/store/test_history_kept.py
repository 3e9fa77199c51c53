"""Whatever stands in an entry or in the notes of a run comes back as it was written, or marked."""

import itertools
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, timedelta, timezone
from enum import Enum
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from diag.health.past import Change, Past
from diag.health.result import Found, Result, Status
from diag.health.run import BadRow, Delivery, Entry, Kept, Notes, Run, Stopped, Unasked
from diag.health.scanner import Scanner
from diag.outcome import Certainty
from diag.sentence import Sentence, say
from diag.store.history import SqlHistory
from diag.store.tables import ENTRY
from tests.store.books import NOON, Store
from tests.store.runs import begin, kept, listed, look

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=20)  # NUL and lone surrogates too
PARIS = timezone(timedelta(hours=2))
TIMES = st.timedeltas(timedelta(days=-9999), timedelta(days=9999)).map(lambda off: (NOON + off).astimezone(PARIS))
WHOLE = st.integers(0, 2**31 - 1)


def sentences(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Sentence]:
    return st.builds(Sentence, ANYTHING, st.lists(st.tuples(ANYTHING, values), max_size=3).map(tuple))


VALUES = st.recursive(ANYTHING | st.integers() | st.floats(allow_nan=False), sentences, max_leaves=4)
SENTENCES = sentences(VALUES)
SCANNERS = st.builds(
    Scanner,
    **{field.name: WHOLE if field.name == "line" else ANYTHING for field in fields(Scanner)},
)
FOUND = st.builds(
    Found,
    cause=ANYTHING,
    certainty=st.sampled_from(Certainty),
    status=st.sampled_from(Status),
    because=st.lists(SENTENCES, max_size=2).map(tuple),
)
RESULTS = st.builds(
    Result,
    scanner=SCANNERS,
    status=st.sampled_from(Status),
    found=st.lists(FOUND, max_size=2).map(tuple),
    checked_at=TIMES,
    duration_ms=st.floats(0, 1e9),
    because=st.none() | SENTENCES,
)
PASTS = st.builds(
    Past,
    status=st.sampled_from(Status),
    cause=ANYTHING,
    since=TIMES,
    last_good=st.none() | TIMES,
    trail=ANYTHING,
)
ENTRIES = st.builds(Entry, result=RESULTS, past=PASTS, change=st.sampled_from(Change))
NOTES = st.builds(
    Notes,
    bad_rows=st.lists(st.builds(BadRow, line=WHOLE, because=SENTENCES), max_size=2).map(tuple),
    bad_rows_total=WHOLE,
    duplicates=WHOLE,
    stopped=st.lists(st.builds(Stopped, tenant=ANYTHING, cause=ANYTHING, alike=WHOLE, left=WHOLE), max_size=2).map(
        tuple
    ),
    unasked=st.lists(st.builds(Unasked, tenant=ANYTHING, what=SENTENCES, because=SENTENCES), max_size=2).map(tuple),
)
HARD = kept("x", Status.BROKEN)
LIKE_ESCAPES = say("\\u0000 {a} %s %(b)s :c ?", a=say('"{nested}"', nested="\\ud800 \0 \ud800"))


def clean(part: Any) -> Any:
    """The same, with what a database cannot hold marked."""
    match part:
        case Enum():
            return part
        case str():
            return "".join("?" if "\ud800" <= c <= "\udfff" else c for c in part).replace("\0", "␀")
        case tuple():
            return tuple(map(clean, part))
        case _ if is_dataclass(part) and not isinstance(part, type):
            return replace(part, **{field.name: clean(getattr(part, field.name)) for field in fields(part)})
        case _:
            return part


def key(entry: Entry) -> str:
    scanner: Scanner = clean(entry.result.scanner)
    return scanner.key


def firsts(entries: list[Entry]) -> list[Entry]:
    """The first entry of each mailbox, by key."""
    ordered = itertools.groupby(sorted(entries, key=key), key=key)
    return [next(same) for _, same in ordered]


def times(part: Any) -> Iterator[Any]:
    if is_dataclass(part):
        for field in fields(part):
            yield from times(getattr(part, field.name))
    elif hasattr(part, "tzinfo"):
        yield part


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(ENTRIES, max_size=4), evidence=st.binary())
@example(entries=[replace(HARD.entry, result=replace(HARD.entry.result, because=LIKE_ESCAPES))], evidence=b"\0")
def test_any_entry_comes_back_as_it_was_written_or_marked(
    store: Store, *, entries: list[Entry], evidence: bytes
) -> None:
    async def there_and_back(history: SqlHistory) -> None:
        run = await begin(history, series=str(len(await history.runs(most=1000))))
        await history.add(run.id, [Kept(entry=entry, evidence=evidence) for entry in entries], NOON)
        read = await listed(history.entries(run.id))
        assert read == [clean(entry) for entry in firsts(entries)]
        assert {time.tzinfo for entry in read for time in times(entry)} <= {UTC}
        assert await listed(history.evidence(run.id)) == [(entry, evidence) for entry in read]
        keys = [entry.result.scanner.key for entry in entries]
        assert await history.done(run.id, keys) == frozenset(keys)
        assert await history.pasts(run.id, keys) == {
            one: next(entry.past for entry in read if key(entry) == clean(one)) for one in keys
        }
        for entry in entries:
            assert (await history.of_mailbox(entry.result.scanner.mailbox))[0][0].id == run.id

    look(store, there_and_back)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(series=ANYTHING, inventory=ANYTHING, notes=NOTES, to=ANYTHING, because=st.none() | SENTENCES)
def test_any_run_comes_back_as_it_was_written_or_marked(
    store: Store, *, series: str, inventory: str, notes: Notes, to: str, because: Sentence | None
) -> None:
    async def there_and_back(history: SqlHistory) -> None:
        begun = await history.begin(series=series, inventory=inventory, diag_version=to, at=NOON)
        delivery = Delivery(to=to, at=NOON, because=because)
        await history.delivered(begun.id, delivery)
        run: Run = await history.finish(begun.id, notes, NOON)
        assert (run.series, run.inventory, run.diag_version) == (clean(series), clean(inventory), clean(to))
        assert run.notes == clean(notes)
        assert (await history.runs(series=series))[0] == run
        assert await history.deliveries(run.id) == (clean(delivery),)

    look(store, there_and_back)


def test_a_sentence_comes_back_to_be_shown_in_another_language(store: Store) -> None:
    french = {"the setting is {value}": "le réglage est {value}", "off": "désactivé"}

    async def there_and_back(history: SqlHistory) -> Sentence:
        run = await begin(history)
        await history.add(run.id, [kept("mfp", Status.BROKEN)], NOON)
        (entry,) = await listed(history.entries(run.id))
        return entry.result.found[0].because[1]

    assert look(store, there_and_back).in_language(lambda text: french[text]) == "le réglage est désactivé"


def test_every_word_of_the_inventory_has_a_column() -> None:
    assert {field.name for field in fields(Scanner)} <= set(ENTRY.columns.keys())


def test_what_stands_first_can_be_asked_of_the_database_itself(store: Store) -> None:
    async def two(history: SqlHistory) -> None:
        run = await begin(history)
        await history.add(run.id, [kept("mfp", Status.BROKEN), kept("attic")], NOON)

    look(store, two)
    asked = "SELECT mailbox, status, cause, certainty FROM health_entry ORDER BY key"
    assert store.execute(asked) == [
        ("attic@contoso.com", "healthy", "", None),
        ("mfp@contoso.com", "broken", "smtp_auth_disabled_mailbox", "proven"),
    ]
