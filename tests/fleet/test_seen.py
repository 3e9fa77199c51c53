"""Which mailboxes came before, in little memory: as exactly as a dictionary knows it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from diag.fleet.seen import Seen


@settings(deadline=None)
@given(st.lists(st.text(max_size=2), max_size=60))
def test_it_knows_the_first_place_of_each_key_as_a_dictionary_does(keys: list[str]) -> None:
    seen, known = Seen(), dict[str, int]()
    for place, key in enumerate(keys):
        assert seen.first(key, place) == known.get(key)
        known.setdefault(key, place)


def test_it_forgets_nothing_as_it_grows() -> None:
    seen = Seen()
    assert [seen.first(f"s{n}@b.fr", n) for n in range(20_000)] == [None] * 20_000
    assert [seen.first(f"s{n}@b.fr", 0) for n in range(20_000)] == list(range(20_000))
