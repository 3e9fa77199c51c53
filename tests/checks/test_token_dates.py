from datetime import timedelta

import pytest

from checks.token_dates import judge
from diag.evidence import Unreadable
from diag.sentence import say
from tests.checks.outcomes import PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import NOW, clocks, healthy, with_token

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_the_end_is_shown() -> None:
    outcome = judge(healthy())
    assert passed(outcome) == {"token_expired", "token_not_yet_valid"}
    assert shown(outcome) == "valid until 2026-11-23 10:40 UTC"


@pytest.mark.parametrize("ago", [0 * MINUTE, MINUTE, 1000 * HOUR])
def test_an_expired_token_is_proven_from_its_last_moment_on(ago: timedelta) -> None:
    outcome = judge(with_token(healthy(), expires_at=NOW - ago))
    assert suspects(outcome) == {"token_expired": PROVEN}
    assert "UTC" in because(outcome)


def test_a_token_of_the_future_is_proven() -> None:
    outcome = judge(with_token(healthy(), not_before=NOW + timedelta(seconds=61)))
    assert suspects(outcome) == {"token_not_yet_valid": PROVEN}


def test_a_minute_between_two_clocks_is_no_future() -> None:
    assert passed(judge(with_token(healthy(), not_before=NOW + MINUTE)))


def test_a_token_without_a_beginning_is_judged_by_its_end() -> None:
    assert passed(judge(with_token(healthy(), not_before=None)))


def test_the_clock_of_the_servers_decides() -> None:
    ending = with_token(healthy(), expires_at=NOW - HOUR, not_before=NOW - 3 * HOUR)
    assert passed(judge(clocks(ending, 2 * HOUR)))
    assert suspects(judge(clocks(healthy(), -2 * HOUR))) == {"token_expired": PROVEN}
    assert suspects(judge(clocks(healthy(), 2 * HOUR))) == {"token_not_yet_valid": PROVEN}


def test_a_token_that_names_no_end_is_not_judged() -> None:
    assert skipped(judge(with_token(healthy(), expires_at=None))) == "the token does not say how long it is valid"
    assert skipped(judge(with_token(healthy(), Unreadable(length=1, problem=say("x"))))) == "the token is damaged"
