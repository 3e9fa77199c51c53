from datetime import timedelta

import pytest

from checks.sign_in_not_revoked import judge
from diag.evidence import Evidence, Opaque
from tests.checks.outcomes import LIKELY, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import (
    NOW,
    TENANT_OFF,
    administered,
    alone,
    expired,
    healthy,
    knowing,
    no_answer,
    refusal,
    refused,
    with_account,
    with_token,
    without_token,
)

MINUTE_AGO = NOW - timedelta(minutes=1)


def revoked(evidence: Evidence) -> Evidence:
    """The token of five minutes ago is older than this."""
    return with_account(evidence, password_changed_at=None, sessions_valid_from=MINUTE_AGO)


def test_a_revocation_after_the_token_is_likely_why_it_is_refused() -> None:
    outcome = judge(revoked(refused(healthy())))
    assert suspects(outcome) == {"refresh_token_revoked": LIKELY}
    assert "sign-ins revoked at 2026-11-23 09:29 UTC" in because(outcome)


def test_a_changed_password_revokes_too() -> None:
    outcome = judge(with_account(refused(healthy()), password_changed_at=MINUTE_AGO))
    assert "password changed at 2026-11-23 09:29 UTC" in because(outcome)


def test_the_number_proves_it_and_the_directory_says_when() -> None:
    outcome = judge(administered(without_token(healthy(), refusal(50173))))
    assert suspects(outcome) == {"refresh_token_revoked": PROVEN}
    assert "password changed at 2026-08-25" in because(outcome)


@pytest.mark.parametrize(
    "evidence",
    [
        administered(refused(healthy())),
        revoked(healthy()),
        revoked(refused(healthy(), TENANT_OFF)),
        revoked(expired(healthy())),
        revoked(with_token(refused(healthy()), Opaque(length=1200))),
        revoked(with_token(refused(healthy()), issued_at=None)),
    ],
)
def test_without_evidence_a_revocation_accuses_nobody(evidence: Evidence) -> None:
    assert passed(judge(evidence)) == set()
    assert " at 2026-" in shown(judge(evidence))


def test_what_does_not_matter_or_is_not_known_is_skipped() -> None:
    assert "no password ends" in skipped(judge(revoked(alone(refused(healthy())))))
    nothing = with_account(healthy(), password_changed_at=None, sessions_valid_from=None)
    assert "does not say when" in skipped(judge(nothing))
    assert skipped(judge(knowing(healthy(), account=no_answer()))) == "there was no answer"
