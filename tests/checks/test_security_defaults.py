import pytest

from checks.security_defaults import judge
from diag.directory import SecurityDefaults
from diag.evidence import Evidence, Page
from tests.checks.outcomes import POSSIBLE, PROVEN, passed, shown, skipped, suspects
from tests.evidence_cases import (
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


def on(evidence: Evidence) -> Evidence:
    return knowing(evidence, security_defaults=SecurityDefaults(enabled=True))


def test_off_clears_them() -> None:
    assert passed(judge(administered(refused(healthy())))) == {"security_defaults"}


def test_off_does_not_clear_what_the_sign_in_service_names() -> None:
    assert passed(judge(administered(without_token(healthy(), refusal(530035))))) == set()


@pytest.mark.parametrize(
    "evidence",
    [healthy(), refused(healthy()), alone(refused(healthy())), expired(healthy()), expired(healthy(), Page.OTHER)],
)
def test_on_is_no_fault_by_itself(evidence: Evidence) -> None:
    assert passed(judge(on(evidence))) == set()
    assert "OAuth 2.0 is not" in shown(judge(on(evidence)))


def test_on_is_proven_where_the_refusal_names_them() -> None:
    assert suspects(judge(on(without_token(healthy(), refusal(530035))))) == {"security_defaults": PROVEN}


@pytest.mark.parametrize(("page", "cause"), [(Page.SECOND_PROOF, "mfa_required"), (Page.BLOCKED, "security_defaults")])
def test_on_may_be_behind_what_the_browser_showed(page: Page, cause: str) -> None:
    assert suspects(judge(on(expired(healthy(), page)))) == {cause: POSSIBLE}


def test_what_may_not_be_read_is_skipped() -> None:
    assert skipped(judge(knowing(healthy(), security_defaults=no_answer()))) == "there was no answer"
