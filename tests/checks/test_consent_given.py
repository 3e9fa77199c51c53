from dataclasses import replace
from typing import Any

import pytest

from checks.consent_given import judge
from diag.directory import Consent, Grant
from diag.evidence import Evidence, Page
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import (
    ACCOUNT_ID,
    APP,
    EXCHANGE,
    GRANT,
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
    with_token,
    without_token,
)

OWN = replace(GRANT, everybody=False, account_id=ACCOUNT_ID)


def granted(evidence: Evidence, *grants: Grant, roles: tuple[str, ...] = (), **answers: Any) -> Evidence:
    return knowing(evidence, consent=Consent(exchange=EXCHANGE, grants=grants, roles=roles), **answers)


def test_a_consent_for_everybody_clears_both_causes() -> None:
    assert passed(judge(administered(refused(healthy())))) == {"consent_missing", "admin_consent_required"}


def test_the_accounts_own_consent_is_enough() -> None:
    assert passed(judge(granted(expired(healthy()), OWN))) == {"consent_missing", "admin_consent_required"}


def test_an_assignment_may_still_be_missing() -> None:
    app = replace(APP, assignment_required=True)
    assert passed(judge(granted(expired(healthy()), GRANT, app=app))) == {"admin_consent_required"}


def test_what_the_sign_in_service_still_names_is_not_cleared() -> None:
    assert passed(judge(granted(without_token(healthy(), refusal(65001)), GRANT))) == {"admin_consent_required"}


def test_somebodys_consent_clears_nothing_where_the_account_is_not_known() -> None:
    assert passed(judge(granted(expired(healthy()), OWN, account=no_answer()))) == set()


@pytest.mark.parametrize(
    "grants",
    [
        (),
        (replace(OWN, account_id="somebody"),),
        (replace(GRANT, scopes=("IMAP.AccessAsUser.All",)),),
        (replace(GRANT, resource="another"),),
    ],
)
def test_a_consent_that_does_not_cover_the_account_is_none(grants: tuple[Grant, ...]) -> None:
    assert suspects(judge(granted(without_token(healthy(), refusal(65001)), *grants))) == {"consent_missing": PROVEN}


@pytest.mark.parametrize(
    "evidence", [without_token(healthy(), refusal(90094)), expired(healthy(), Page.NEEDS_APPROVAL)]
)
def test_who_must_consent_is_shown_by_the_sign_in(evidence: Evidence) -> None:
    assert suspects(judge(granted(evidence))) == {"admin_consent_required": PROVEN}


def test_before_the_first_sign_in_there_is_never_a_consent() -> None:
    for evidence in (expired(healthy()), unspoken(without_token(healthy(), NOBODY))):
        assert suspects(judge(granted(evidence))) == {"consent_missing": POSSIBLE}
    assert suspects(judge(granted(without_token(healthy(), refusal())))) == {"consent_missing": LIKELY}
    assert suspects(judge(granted(without_token(healthy(), refusal(50126))))) == {"consent_missing": POSSIBLE}


@pytest.mark.parametrize("evidence", [healthy(), refused(healthy())])
def test_a_token_that_holds_the_permission_shows_that_somebody_consented(evidence: Evidence) -> None:
    outcome = judge(granted(evidence))
    assert passed(outcome) == set()
    assert "the token holds it" in shown(outcome)


def test_a_token_without_the_permission_does_not() -> None:
    assert suspects(judge(granted(with_token(refused(healthy()), scopes=())))) == {"consent_missing": POSSIBLE}


# --- an application by itself


def test_an_application_with_its_permission_is_in_order() -> None:
    outcome = judge(granted(alone(refused(healthy())), roles=("SMTP.SendAsApp",)))
    assert passed(outcome) == set()
    assert shown(outcome) == "application permissions: SMTP.SendAsApp"


def test_an_application_without_it_is_no_proof() -> None:
    outcome = judge(granted(alone(refused(healthy()))))
    assert suspects(outcome) == {"app_only_not_set_up": POSSIBLE}
    assert "no proof" in because(outcome)
    assert "role assignment" in shown(judge(granted(alone(healthy()))))


def test_what_may_not_be_read_is_skipped() -> None:
    assert skipped(judge(knowing(healthy(), consent=no_answer()))) == "there was no answer"
