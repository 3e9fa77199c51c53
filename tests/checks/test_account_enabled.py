import pytest

from checks.account_enabled import judge
from diag.evidence import Evidence
from tests.checks.outcomes import LIKELY, PROVEN, passed, shown, skipped, suspects
from tests.evidence_cases import (
    MAILBOX_OFF,
    administered,
    alone,
    expired,
    healthy,
    knowing,
    no_answer,
    refusal,
    refused,
    unspoken,
    with_account,
    with_sign_in,
    without_token,
)


def test_an_account_that_may_sign_in_clears_the_block() -> None:
    assert passed(judge(administered(refused(healthy())))) == {"account_disabled"}


def test_a_block_that_the_sign_in_service_still_names_is_not_cleared() -> None:
    assert passed(judge(administered(without_token(healthy(), refusal(50057))))) == set()


@pytest.mark.parametrize(
    "evidence", [refused(healthy()), refused(healthy(), MAILBOX_OFF), expired(healthy()), unspoken(healthy())]
)
def test_a_blocked_account_is_proven(evidence: Evidence) -> None:
    assert suspects(judge(with_account(evidence, enabled=False))) == {"account_disabled": PROVEN}


def test_where_nobody_said_how_the_device_signs_in_a_blocked_account_is_likely() -> None:
    evidence = with_sign_in(unspoken(healthy()), auth=None)
    assert suspects(judge(with_account(evidence, enabled=False))) == {"account_disabled": LIKELY}


def test_a_blocked_account_whose_token_was_accepted_is_only_noted() -> None:
    assert "still accepted" in shown(judge(with_account(healthy(), enabled=False)))


def test_an_application_by_itself_does_not_need_the_account() -> None:
    outcome = judge(with_account(alone(refused(healthy())), enabled=False))
    assert passed(outcome) == set()
    assert "does not concern an application" in shown(outcome)


def test_what_is_not_known_is_skipped() -> None:
    assert "does not say" in skipped(judge(with_account(healthy(), enabled=None)))
    assert skipped(judge(knowing(healthy(), account=no_answer()))) == "there was no answer"
