from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from checks import CHECKS
from checks.refresh_token_used import judge
from diag.catalogue import load
from diag.diagnosis import Verdict
from diag.directory import Consent, Grant, LastSignIn, SignInRecord, SignIns
from diag.evidence import Evidence, NotAsked
from diag.pipeline import replay
from diag.sentence import say
from tests.checks.outcomes import LIKELY, POSSIBLE, because, passed, shown, skipped, suspects
from tests.evidence_cases import (
    CLIENT,
    EXCHANGE,
    GRANT,
    NOW,
    SIGNED_IN,
    administered,
    alone,
    clocks,
    healthy,
    knowing,
    no_answer,
    reading,
    sending,
    with_sign_in,
    with_token,
)


def logged(evidence: Evidence, *records: SignInRecord, days: float = 30, background: bool = True) -> Evidence:
    log = SignIns(since=NOW - timedelta(days=days), records=records, background=background)
    return knowing(reading(evidence), sign_ins=log)


def left_alone(days: float, **answers: Any) -> Evidence:
    """Nobody has signed in to the account for so many days; the log has a week, unless something else is said."""
    log = SignIns(since=NOW - timedelta(days=7), records=(), background=True)
    last = LastSignIn(at=NOW - timedelta(days=days))
    return knowing(reading(healthy()), **{"sign_ins": log, "last_sign_in": last} | answers)


def used(days_ago: float, **fields: object) -> SignInRecord:
    return replace(SIGNED_IN, at=NOW - timedelta(days=days_ago), **fields)  # type: ignore[arg-type] # any field of it


@pytest.mark.parametrize("days_ago", [-1, 0, 7, 29])
def test_a_use_within_the_last_weeks_is_enough(days_ago: float) -> None:
    outcome = judge(logged(healthy(), used(days_ago)))
    assert passed(outcome) == set()
    assert shown(outcome).startswith("last used on 2026-1")


@pytest.mark.parametrize(("days_ago", "sure"), [(30, POSSIBLE), (59, POSSIBLE), (60, LIKELY), (89, LIKELY)])
def test_one_that_was_not_used_for_long_runs_out(days_ago: int, sure: str) -> None:
    outcome = judge(logged(healthy(), used(days_ago), used(days_ago + 3), days=100))
    assert suspects(outcome) == {"refresh_token_ageing": sure}
    assert f"{days_ago} days ago" in because(outcome)


@pytest.mark.parametrize(
    "record",
    [
        used(1, code=700082),
        used(1, app_id="another"),
        used(1, app_id=None),
    ],
)
def test_failures_and_other_applications_are_no_use(record: SignInRecord) -> None:
    outcome = judge(logged(healthy(), record))
    assert suspects(outcome) == {"refresh_token_ageing": POSSIBLE}
    assert "for 30 days, which is as far as the log goes back" in because(outcome)


def test_a_log_that_begins_seconds_after_the_run_goes_back_as_many_days() -> None:
    assert suspects(judge(logged(healthy(), days=30 - 0.001))) == {"refresh_token_ageing": POSSIBLE}


def test_a_short_log_shows_nothing() -> None:
    assert skipped(judge(logged(healthy(), days=7))) == (
        "the log has no sign-in of the device's application, and goes back only 7 days"
    )


def test_a_log_without_the_sign_ins_that_devices_make_shows_nothing() -> None:
    assert "as a device renews its own" in skipped(judge(logged(healthy(), background=False)))
    assert passed(judge(logged(healthy(), used(1), background=False))) == set()


@pytest.mark.parametrize(("days", "sure"), [(30, POSSIBLE), (59, POSSIBLE), (60, LIKELY), (400, LIKELY)])
def test_an_account_that_nobody_has_signed_in_to_for_long_shows_that_its_device_has_not(days: int, sure: str) -> None:
    for evidence in (left_alone(days), left_alone(days, sign_ins=no_answer())):
        outcome = judge(evidence)
        assert suspects(outcome) == {"refresh_token_ageing": sure}
        assert f"{days} days ago, with any application" in because(outcome)


@pytest.mark.parametrize(
    ("roles", "grants", "sure"),
    [
        ((), (GRANT,), LIKELY),
        (("SMTP.SendAsApp",), (GRANT,), POSSIBLE),
        ((), (), POSSIBLE),
        (("SMTP.SendAsApp",), (), None),
    ],
)
def test_where_nobody_signed_in_what_was_consented_to_tells_whether_anything_is_stored(
    roles: tuple[str, ...], grants: tuple[Grant, ...], sure: str | None
) -> None:
    consent = Consent(exchange=EXCHANGE, grants=grants, roles=roles)
    evidence = left_alone(80, consent=consent)
    outcome = judge(replace(evidence, sign_in=replace(evidence.sign_in, auth=None, token=NotAsked(because=say("no")))))
    if sure is None:
        assert "an application signs in by itself" in skipped(outcome)
    else:
        assert suspects(outcome) == {"refresh_token_ageing": sure}


def test_an_account_that_somebody_uses_says_nothing_of_its_device() -> None:
    assert "goes back only 7 days" in skipped(judge(left_alone(29)))
    assert skipped(judge(left_alone(29, sign_ins=no_answer()))) == "there was no answer"
    assert "goes back only 7 days" in skipped(judge(left_alone(0, last_sign_in=LastSignIn(at=None))))


def test_a_sign_in_that_the_log_has_counts_before_a_date_that_may_be_a_day_behind() -> None:
    log = SignIns(since=NOW - timedelta(days=7), records=(used(0.1),), background=True)
    assert passed(judge(left_alone(45, sign_ins=log))) == set()


def test_an_application_by_itself_has_nothing_that_ages() -> None:
    assert "an application signs in by itself" in skipped(judge(logged(alone(healthy()), used(80), days=100)))
    assert "an application signs in by itself" in skipped(judge(logged(alone(healthy()))))
    alone_and_idle = replace(alone(healthy()), directory=left_alone(80).directory)
    assert "an application signs in by itself" in skipped(judge(alone_and_idle))


def test_the_application_is_the_tokens_where_none_was_given() -> None:
    nameless = with_sign_in(healthy(), client_id=None)
    assert passed(judge(logged(nameless, used(1, app_id=CLIENT.upper())))) == set()
    assert "which application" in skipped(judge(logged(with_token(nameless, app_id=None), used(1))))


def test_days_are_counted_by_a_clock_to_rely_on() -> None:
    wrong = clocks(logged(healthy(), used(1)), timedelta(days=50), timedelta(days=50))
    assert passed(judge(replace(wrong, started_at=NOW + timedelta(days=50)))) == set()


def test_it_stands_beside_an_accepted_sign_in_as_what_lies_ahead() -> None:
    for evidence in (logged(sending(healthy()), used(70), days=90), logged(sending(healthy()))):
        diagnosis = replay(evidence, CHECKS, load())
        assert diagnosis.verdict is Verdict.DEGRADED
        assert [finding.cause.id for finding in diagnosis.findings] == ["refresh_token_ageing"]


def test_where_the_log_is_not_known_nothing_is_said() -> None:
    assert skipped(judge(healthy())) == "no administrator is signed in"
    assert skipped(judge(knowing(healthy(), sign_ins=no_answer()))) == "there was no answer"
    assert passed(judge(administered(healthy()))) == set()
