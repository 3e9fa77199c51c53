from dataclasses import replace
from typing import Any

import pytest

from checks.app_known import judge
from diag.evidence import Evidence
from diag.obstacle import Obstacle
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import (
    APP,
    CLIENT,
    NOBODY,
    administered,
    alone,
    expired,
    healthy,
    knowing,
    no_answer,
    refusal,
    refused,
    unspoken,
    with_sign_in,
    without_token,
)


def with_app(evidence: Evidence, **app: Any) -> Evidence:
    return knowing(evidence, app=replace(APP, **app))


def without_app(evidence: Evidence) -> Evidence:
    return knowing(evidence, app=no_answer(Obstacle.NOT_FOUND))


def test_a_known_app_that_is_on_clears_two_causes() -> None:
    assert passed(judge(administered(refused(healthy())))) == {"app_not_found", "app_disabled"}
    assert passed(judge(administered(without_token(healthy(), refusal(700016))))) == {"app_disabled"}


def test_a_missing_app_is_proven_where_the_sign_in_service_says_so_too() -> None:
    outcome = judge(without_app(without_token(healthy(), refusal(700016))))
    assert suspects(outcome) == {"app_not_found": PROVEN}
    assert CLIENT in because(outcome)


def test_a_missing_app_of_a_maker_comes_with_the_first_consent() -> None:
    assert suspects(judge(without_app(without_token(healthy(), refusal())))) == {"consent_missing": LIKELY}
    assert suspects(judge(without_app(expired(healthy())))) == {"consent_missing": POSSIBLE}
    assert suspects(judge(without_app(unspoken(without_token(healthy(), NOBODY))))) == {"consent_missing": POSSIBLE}


def test_a_missing_app_that_signs_in_by_itself_is_likely_mistyped_or_deleted() -> None:
    evidence = without_token(alone(healthy()), refusal(error="invalid_client"))
    assert suspects(judge(without_app(evidence))) == {"app_not_found": LIKELY}


@pytest.mark.parametrize("evidence", [healthy(), refused(healthy())])
def test_an_app_that_was_given_a_token_is_known_somewhere(evidence: Evidence) -> None:
    assert "a token was issued" in skipped(judge(without_app(evidence)))


@pytest.mark.parametrize(
    "app", [{"enabled": False}, {"blocked_by_microsoft": "DisabledDueToViolationOfServicesAgreement"}]
)
def test_an_app_that_is_switched_off_is_proven(app: dict[str, Any]) -> None:
    assert suspects(judge(with_app(without_token(healthy(), refusal(7000112)), **app))) == {"app_disabled": PROVEN}
    outcome = judge(with_app(healthy(), **app))
    assert passed(outcome) == set()
    assert "still accepted" in shown(outcome)


def test_microsofts_word_for_not_disabled_disables_nothing() -> None:
    outcome = judge(with_app(expired(healthy()), blocked_by_microsoft="NotDisabled", enabled=None))
    assert passed(outcome) == {"app_not_found", "app_disabled"}


def test_an_account_that_is_not_assigned_is_proven_by_the_number() -> None:
    outcome = judge(with_app(without_token(healthy(), refusal(50105)), assignment_required=True))
    assert suspects(outcome) == {"consent_missing": PROVEN}
    assert "only for accounts assigned" in because(outcome)


def test_who_is_assigned_is_not_known_so_it_is_possible_where_nobody_said_why() -> None:
    assert suspects(judge(with_app(expired(healthy()), assignment_required=True))) == {"consent_missing": POSSIBLE}
    for evidence in (healthy(), refused(healthy()), without_token(healthy(), refusal(50126))):
        assert passed(judge(with_app(evidence, assignment_required=True))) == {"app_not_found", "app_disabled"}


def test_without_an_answer_or_a_client_id_nothing_is_said() -> None:
    nobody = with_sign_in(unspoken(healthy()), client_id=None)
    assert skipped(judge(knowing(nobody, app=no_answer(Obstacle.NOT_ASKED)))) == "there was no answer"
    assert skipped(judge(healthy())) == "no administrator is signed in"
