from dataclasses import replace

import pytest

from checks.public_client import judge
from diag.evidence import Evidence
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, passed, shown, skipped, suspects
from tests.evidence_cases import (
    REGISTRATION,
    administered,
    alone,
    expired,
    healthy,
    knowing,
    no_answer,
    refusal,
    refused,
    without_token,
)

CAUSE = "app_is_not_public_client"


def registered(evidence: Evidence, public_client: bool | None) -> Evidence:
    return knowing(evidence, registration=replace(REGISTRATION, public_client=public_client))


def test_a_public_client_is_cleared() -> None:
    assert passed(judge(administered(expired(healthy())))) == {CAUSE}
    assert passed(judge(administered(without_token(healthy(), refusal(7000218))))) == set()


def test_another_kind_of_client_is_proven_by_the_number_and_likely_without() -> None:
    assert suspects(judge(registered(without_token(healthy(), refusal(7000218)), False))) == {CAUSE: PROVEN}
    assert suspects(judge(registered(expired(healthy()), False))) == {CAUSE: LIKELY}
    assert suspects(judge(registered(without_token(healthy(), refusal(65001)), False))) == {CAUSE: POSSIBLE}


@pytest.mark.parametrize("evidence", [healthy(), refused(healthy())])
def test_a_token_that_was_issued_accuses_no_registration(evidence: Evidence) -> None:
    assert "yet a token was issued" in shown(judge(registered(evidence, False)))


def test_what_does_not_matter_or_is_not_known_is_skipped() -> None:
    assert skipped(judge(administered(alone(healthy())))) == "no device code is used"
    assert "does not say" in skipped(judge(registered(healthy(), None)))
    assert skipped(judge(knowing(healthy(), registration=no_answer()))) == "there was no answer"
