from dataclasses import replace
from datetime import timedelta

import pytest

from checks import CHECKS
from checks.credential_valid import judge
from diag.catalogue import load
from diag.diagnosis import Verdict
from diag.directory import AppCredential
from diag.evidence import Evidence
from diag.pipeline import replay
from tests.checks.outcomes import PROVEN, because, passed, skipped, suspects
from tests.evidence_cases import (
    NOW,
    REGISTRATION,
    SECRET,
    administered,
    alone,
    healthy,
    knowing,
    no_answer,
    reading,
    refusal,
    refused,
    sending,
    without_token,
)

CERTIFICATE = replace(SECRET, form="certificate", name="CN=scanners")


def holding(evidence: Evidence, *credentials: AppCredential) -> Evidence:
    return knowing(evidence, registration=replace(REGISTRATION, credentials=credentials))


def until(days: int, credential: AppCredential = SECRET) -> AppCredential:
    return replace(credential, ends_at=NOW + timedelta(days=days))


def test_a_secret_that_lasts_clears_the_one_that_expired() -> None:
    assert passed(judge(administered(alone(refused(healthy()))))) == {"client_secret_expired"}
    assert passed(judge(holding(alone(healthy()), replace(SECRET, ends_at=None)))) == {"client_secret_expired"}
    assert passed(judge(holding(without_token(alone(healthy()), refusal(7000222)), SECRET))) == set()


@pytest.mark.parametrize(
    ("credential", "cause"), [(SECRET, "client_secret_expired"), (CERTIFICATE, "client_certificate_wrong")]
)
def test_the_last_one_that_ended_is_proven(credential: AppCredential, cause: str) -> None:
    evidence = without_token(alone(healthy()), refusal(error="invalid_client"))
    outcome = judge(holding(evidence, until(-40, credential), until(-3, credential)))
    assert suspects(outcome) == {cause: PROVEN}
    assert f"'{credential.name}' of the app ended on 2026-11-20" in because(outcome)


@pytest.mark.parametrize("days", [-1, 1, 30])
def test_one_about_to_end_is_a_notice_and_no_fault(days: int) -> None:
    evidence = holding(reading(alone(sending(healthy()))), until(-100), until(days))
    assert suspects(judge(evidence)) == {"app_credential_expiring": PROVEN}
    assert replay(evidence, CHECKS, load()).verdict is Verdict.DEGRADED


def test_one_that_lasts_longer_makes_up_for_another() -> None:
    assert passed(judge(holding(alone(healthy()), until(3), until(31)))) == {"client_secret_expired"}


def test_what_takes_no_secret_or_shows_none_is_skipped() -> None:
    assert "a person's account" in skipped(judge(administered(healthy())))
    assert "neither a secret nor" in skipped(judge(holding(alone(healthy()))))
    assert skipped(judge(knowing(alone(healthy()), registration=no_answer()))) == "there was no answer"
