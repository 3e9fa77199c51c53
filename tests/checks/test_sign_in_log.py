from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from checks import CHECKS
from checks.sign_in_log import judge
from diag.catalogue import load
from diag.directory import AppliedPolicy, Policies, SignInRecord, SignIns
from diag.evidence import Auth, Evidence
from diag.obstacle import Obstacle
from diag.pipeline import replay
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import (
    NOBODY,
    NOW,
    SIGNED_IN,
    administered,
    expired,
    healthy,
    knowing,
    no_answer,
    policy,
    refusal,
    refused,
    unspoken,
    with_sign_in,
    with_token,
    without_token,
)


def failure(code: int, ago: int = 3, **fields: Any) -> SignInRecord:
    usual: dict[str, Any] = {"code": code, "at": NOW - timedelta(minutes=ago), "reason": "Microsoft's words."}
    return replace(SIGNED_IN, **usual | fields)


def logged(evidence: Evidence, *records: SignInRecord, **answers: Any) -> Evidence:
    return knowing(evidence, sign_ins=SignIns(since=NOW - timedelta(days=7), records=records), **answers)


def blocking(result: str = "failure") -> AppliedPolicy:
    return AppliedPolicy(id=policy().id, name=policy().name, result=result)


def test_a_failure_of_the_device_names_its_cause() -> None:
    outcome = judge(logged(expired(healthy()), failure(65001)))
    assert suspects(outcome) == {"consent_missing": PROVEN}
    assert because(outcome) == "The sign-in log has AADSTS65001 at 2026-11-23 09:27 UTC: Microsoft's words."
    assert "minutes behind" in shown(outcome)


def test_a_policy_that_refused_is_named_and_decides() -> None:
    record = failure(53003, policies=(blocking(), AppliedPolicy(id="x", name="Other", result="notApplied")))
    flow = Policies(asked="read", flow="device_code", policies=(policy(),))
    other = Policies(asked="read", flow="device_code", policies=(policy(flows=()),))
    assert suspects(judge(logged(expired(healthy()), record, policies=flow))) == {"device_code_blocked": PROVEN}
    outcome = judge(logged(expired(healthy()), record, policies=other))
    assert suspects(outcome) == {"conditional_access_blocked": PROVEN}
    assert "refused by the policy 'Block device codes'" in because(outcome)


def test_a_block_by_an_unknown_policy_is_the_usual_one() -> None:
    evidence = expired(healthy())
    assert suspects(judge(logged(evidence, failure(53003)))) == {"device_code_blocked": LIKELY}
    by_token = with_sign_in(evidence, auth=Auth.TOKEN)
    assert suspects(judge(logged(by_token, failure(53003)))) == {"conditional_access_blocked": LIKELY}


@pytest.mark.parametrize("records", [(failure(65001, 9), failure(0, 3)), (failure(0, 3), failure(65001, 9))])
def test_a_later_success_of_the_same_app_settles_a_failure(records: tuple[SignInRecord, ...]) -> None:
    outcome = judge(logged(expired(healthy()), *records))
    assert passed(outcome) == set()
    assert shown(outcome) == "the last one logged, of 2026-11-23 09:27 UTC, succeeded"


def test_a_success_of_another_app_settles_nothing() -> None:
    evidence = with_token(with_sign_in(unspoken(healthy()), client_id=None, acquisition=NOBODY), NOBODY)
    records = (failure(0, 1, app_id="another"), failure(65001, 9))
    assert suspects(judge(logged(evidence, *records))) == {"consent_missing": PROVEN}


def test_the_newest_failure_of_an_app_counts() -> None:
    outcome = judge(logged(expired(healthy()), failure(65001, 9), failure(50057, 2)))
    assert suspects(outcome) == {"account_disabled": PROVEN}


@pytest.mark.parametrize("client", ["Authenticated SMTP", "SMTP"])
def test_a_password_over_smtp_counts_but_may_be_another_devices(client: str) -> None:
    outcome = judge(logged(refused(healthy()), failure(50057, app_id="another", client=client)))
    assert suspects(outcome) == {"account_disabled": LIKELY}


@pytest.mark.parametrize(
    "record",
    [
        failure(65001, app_id="another"),
        failure(65001, 9),  # before the token of five minutes ago
        failure(50140),
        failure(70016),
    ],
)
def test_what_is_of_another_app_older_than_the_token_or_on_the_way_says_nothing(record: SignInRecord) -> None:
    outcome = judge(logged(refused(healthy()), record))
    assert passed(outcome) == set()
    assert "no failure since 2026-11-16" in shown(outcome)


def test_without_a_client_id_the_app_of_the_token_or_any_to_exchange_counts() -> None:
    given = with_sign_in(refused(healthy()), client_id=None)
    assert suspects(judge(logged(given, failure(50057)))) == {"account_disabled": PROVEN}
    nobody = with_sign_in(unspoken(without_token(healthy(), NOBODY)), client_id=None)
    assert suspects(judge(logged(nobody, failure(50057)))) == {"account_disabled": PROVEN}
    assert passed(judge(logged(nobody, failure(50057, resource="Microsoft Graph")))) == set()


def test_what_failed_before_yesterday_is_only_likely() -> None:
    assert suspects(judge(logged(expired(healthy()), failure(65001, 25 * 60)))) == {"consent_missing": LIKELY}


def test_a_reason_given_just_now_goes_before_an_older_one() -> None:
    evidence = without_token(healthy(), refusal(50057))
    assert suspects(judge(logged(evidence, failure(65001)))) == {"consent_missing": POSSIBLE}
    assert suspects(judge(logged(evidence, failure(50057)))) == {"account_disabled": PROVEN}


def test_what_was_mended_since_the_failure_is_cleared() -> None:
    findings = replay(logged(expired(healthy()), failure(50057)), CHECKS, load()).findings
    assert [finding.cause.id for finding in findings] == ["device_code_expired"]


def test_a_number_nobody_knows_is_shown_with_the_page_to_look_it_up() -> None:
    outcome = judge(logged(expired(healthy()), failure(999999)))
    assert suspects(outcome) == {"sign_in_refused_unknown": POSSIBLE}
    assert "https://login.microsoftonline.com/error?code=999999" in because(outcome)


def test_an_accepted_sign_in_is_not_accused() -> None:
    outcome = judge(logged(healthy(), failure(50057)))
    assert passed(outcome) == set()
    assert "was accepted now" in shown(outcome)


def test_an_empty_log_is_no_proof_of_anything() -> None:
    assert passed(judge(logged(refused(healthy())))) == set()
    assert passed(judge(administered(healthy()))) == set()


def test_a_licence_that_is_missing_is_named() -> None:
    missing = no_answer(Obstacle.NO_LICENCE, "Microsoft Entra ID P1")
    assert skipped(judge(knowing(healthy(), sign_ins=missing))).endswith("(missing licence: Microsoft Entra ID P1)")
    other = no_answer(Obstacle.NO_ROLE, "Reports Reader")
    assert skipped(judge(knowing(healthy(), sign_ins=other))).endswith("(missing: Reports Reader)")
