from datetime import timedelta

import pytest

from checks.clock_right import judge
from tests.checks.outcomes import LIKELY, PROVEN, passed, shown, skipped, suspects
from tests.evidence_cases import clocks, healthy

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("ahead", [0 * MINUTE, 5 * MINUTE, -5 * MINUTE])
def test_five_minutes_are_tolerated_in_both_directions(ahead: timedelta) -> None:
    assert passed(judge(clocks(healthy(), ahead, 0 * MINUTE))) == {"clock_off"}


@pytest.mark.parametrize("ahead", [6 * MINUTE, -6 * MINUTE])
def test_two_servers_that_agree_prove_this_clock_wrong(ahead: timedelta) -> None:
    outcome = judge(clocks(healthy(), ahead, ahead + timedelta(seconds=2)))
    assert suspects(outcome) == {"clock_off": PROVEN}


@pytest.mark.parametrize(
    "ahead",
    [(90 * MINUTE,), (90 * MINUTE, 0 * MINUTE), (90 * MINUTE, -90 * MINUTE), (90 * MINUTE, 20 * MINUTE)],
)
def test_servers_that_do_not_agree_prove_nothing(ahead: tuple[timedelta, ...]) -> None:
    assert suspects(judge(clocks(healthy(), *ahead))) == {"clock_off": LIKELY}


def test_the_worst_difference_is_shown_with_its_source() -> None:
    assert shown(judge(clocks(healthy(), 1 * MINUTE, -2 * MINUTE))) == "differs by 120 s from server1.example"


def test_without_a_date_there_is_nothing_to_compare() -> None:
    assert skipped(judge(clocks(healthy()))) == "no server stated a date"
