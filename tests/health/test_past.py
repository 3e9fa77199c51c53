from datetime import datetime, timedelta

import pytest

from diag.health.past import LONGEST_TRAIL, Change, Past, went_on
from diag.health.result import Result, Status
from diag.sentence import say
from tests.health.fleet import EXPIRING, NIGHT, OFF, OFF_FOR_ALL, found, result, scanner

# By letter: what a run finds. A small letter is the same status for another reason.
FOUND = {
    "B": (OFF, Status.BROKEN),
    "b": (OFF_FOR_ALL, Status.BROKEN),
    "W": (EXPIRING, Status.WILL_BREAK),
    "D": ("tls_version_too_old", Status.DEGRADED),
}


def night(number: int) -> datetime:
    return NIGHT + timedelta(days=number)


def of_letter(letter: str, number: int) -> Result:
    if letter in FOUND:
        return result(scanner(1), found(*FOUND[letter]), at=night(number))
    status = Status.HEALTHY if letter == "H" else Status.INCONCLUSIVE
    return result(scanner(1), status=status, at=night(number))


def live(letters: str) -> tuple[Past, list[Change]]:
    past, changes = None, []
    for number, letter in enumerate(letters):
        past, change = went_on(past, of_letter(letter, number))
        changes.append(change)
    assert past is not None
    return past, changes


@pytest.mark.parametrize(
    ("letters", "change", "since", "last_good"),
    [
        ("H", Change.FIRST, 0, 0),
        ("B", Change.NEW, 0, None),
        ("W", Change.NEW, 0, 0),
        ("D", Change.NEW, 0, 0),
        ("I", Change.UNKNOWN, 0, None),
        ("HH", Change.SAME, 0, 1),
        ("HB", Change.NEW, 1, 0),
        ("HBB", Change.STILL, 1, 0),
        ("HBb", Change.OTHER, 2, 0),
        ("HBbb", Change.STILL, 2, 0),
        ("HBH", Change.FIXED, 2, 2),
        ("HBHH", Change.SAME, 2, 3),
        ("WB", Change.OTHER, 1, 0),
        ("BW", Change.OTHER, 1, 1),
        ("WH", Change.FIXED, 1, 1),
        ("DW", Change.OTHER, 1, 1),
        # What nobody knows changes nothing of what was known.
        ("HI", Change.UNKNOWN, 0, 0),
        ("HIH", Change.SAME, 0, 2),
        ("HIB", Change.NEW, 2, 0),
        ("HBI", Change.UNKNOWN, 1, 0),
        ("HBIB", Change.STILL, 1, 0),
        ("HBIIIB", Change.STILL, 1, 0),
        ("HBIb", Change.OTHER, 3, 0),
        ("HBIH", Change.FIXED, 3, 3),
        # Nothing was known yet.
        ("IH", Change.FIRST, 1, 1),
        ("IB", Change.NEW, 1, None),
        ("II", Change.UNKNOWN, 0, None),
        ("IIB", Change.NEW, 2, None),
    ],
)
def test_what_a_run_says_beside_those_before(letters: str, change: Change, since: int, last_good: int | None) -> None:
    past, changes = live(letters)
    assert changes[-1] is change
    assert past.since == night(since)
    assert past.last_good == (None if last_good is None else night(last_good))
    assert past.trail == letters.upper()


@pytest.mark.parametrize("letters", ["HBI", "HBII", "WI", "DI"])
def test_an_inconclusive_run_keeps_the_status_and_the_cause(letters: str) -> None:
    past, _ = live(letters)
    known = letters.rstrip("I")[-1]
    assert (past.cause, past.status) == FOUND[known]


@pytest.mark.parametrize(
    ("letters", "flaps"),
    [
        ("H", False),
        ("HBHB", True),
        ("BHBH", True),
        ("HBH", False),
        ("HHHHBBBB", False),
        ("HHBBHHBB", True),
        ("HIBIHIBI", True),  # what is not known is no turn, and hides none
        ("WDWDWDWD", False),  # it sends all the time
        ("WBWB", True),
        ("BbBbBbBb", False),  # it never sends
        ("HBHB" + "H" * 6, False),  # one of the turns is too long ago
        ("HBHB" + "H" * 5, True),
        ("IIIIIIII", False),
    ],
)
def test_a_mailbox_flaps_that_turned_thrice_between_sending_and_not_in_eight_runs(letters: str, flaps: bool) -> None:
    past, _ = live(letters)
    assert past.flaps is flaps


def test_a_trail_does_not_grow_for_ever() -> None:
    past, _ = live("H" * 40 + "B")
    assert past.trail == "H" * (LONGEST_TRAIL - 1) + "B"


def test_that_a_mailbox_will_stop_does_not_say_that_it_was_found_to_send() -> None:
    before, _ = live("HB")
    coming = result(scanner(1), found(EXPIRING, Status.WILL_BREAK), at=night(2), because=say("no answer in time"))
    past, change = went_on(before, coming)
    assert past.last_good == night(0)
    assert (past.status, past.cause, past.since) == (before.status, before.cause, before.since)
    assert (past.trail, change) == ("HBI", Change.UNKNOWN)
    healthy, _ = live("H")
    assert went_on(healthy, coming)[1] is Change.NEW
