from typing import Any

import pytest

from checks import CHECKS
from checks.conditional_access import judge
from diag.catalogue import load
from diag.directory import Policies, Policy, Scope
from diag.evidence import Auth, Evidence, Page
from diag.outcome import Failed
from diag.pipeline import replay
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import (
    ACCOUNT_ID,
    NOBODY,
    administered,
    alone,
    expired,
    healthy,
    knowing,
    no_answer,
    policy,
    refusal,
    refused,
    unspoken,
    with_sign_in,
    without_token,
)

FLOW, BLOCK = "device_code_blocked", "conditional_access_blocked"
GROUP = "6a000000-0000-4000-8000-000000000006"


def asked(evidence: Evidence, *policies: Policy, **answers: Any) -> Evidence:
    """Entra itself said which of the policies apply."""
    return knowing(evidence, policies=Policies(asked="what_if", flow="device_code", policies=policies), **answers)


def read(evidence: Evidence, *policies: Policy, **answers: Any) -> Evidence:
    """The policies were only read."""
    return knowing(evidence, policies=Policies(asked="read", flow="device_code", policies=policies), **answers)


# --- what Entra itself says


@pytest.mark.parametrize(
    "evidence", [expired(healthy()), expired(healthy(), Page.BLOCKED), without_token(healthy(), refusal(53003))]
)
def test_a_block_that_entra_names_is_proven_where_the_sign_in_failed_that_way(evidence: Evidence) -> None:
    outcome = judge(asked(evidence, policy(applies=True)))
    assert suspects(outcome) == {FLOW: PROVEN}
    assert "Block device codes" in because(outcome)


@pytest.mark.parametrize(
    "evidence",
    [unspoken(without_token(healthy(), NOBODY)), without_token(healthy(), refusal(65001))],
)
def test_it_is_likely_where_nothing_was_tried_or_another_reason_was_given(evidence: Evidence) -> None:
    assert suspects(judge(asked(evidence, policy(applies=True)))) == {FLOW: LIKELY}


def test_a_code_nobody_typed_is_not_proven_to_be_blocked() -> None:
    evidence = asked(expired(healthy(), Page.NOT_OPENED), policy(applies=True))
    assert suspects(judge(evidence)) == {FLOW: LIKELY}
    found = [finding.cause.id for finding in replay(evidence, CHECKS, load()).findings]
    assert found == ["device_code_expired", FLOW]


def test_a_refusal_by_a_policy_of_another_kind_is_no_block_of_device_codes() -> None:
    managed = policy(flows=(), controls=("compliantDevice",), name="Managed devices only")
    evidence = without_token(healthy(), refusal(53003, policies=(managed.id,)))
    found = replay(read(evidence, managed), CHECKS, load()).findings
    assert [(finding.cause.id, finding.certainty) for finding in found] == [(BLOCK, PROVEN)]
    also = without_token(healthy(), refusal(53003, policies=(managed.id, "somebody else's")))
    assert FLOW in suspects_of_the_run(read(also, managed))
    assert FLOW in suspects_of_the_run(read(evidence, managed, policy(id="another")))


def suspects_of_the_run(evidence: Evidence) -> list[str]:
    return [finding.cause.id for finding in replay(evidence, CHECKS, load()).findings]


def test_a_block_explains_the_code_that_ran_out() -> None:
    for evidence in (asked(expired(healthy()), policy(applies=True)), read(expired(healthy()), policy())):
        assert [finding.cause.id for finding in replay(evidence, CHECKS, load()).findings] == [FLOW]


# Place and device decide too, and they are not asked about: no refusal is ruled out.
def test_a_policy_that_entra_says_does_not_apply_accuses_nobody() -> None:
    outcome = judge(asked(expired(healthy()), policy(applies=False)))
    assert passed(outcome) == set()
    assert shown(outcome) == "no enforced policy applies"


def test_the_policy_that_the_refusal_names_is_proven() -> None:
    named = policy()
    evidence = read(without_token(healthy(), refusal(53003, policies=(named.id.upper(),))), named)
    assert suspects(judge(evidence)) == {FLOW: PROVEN}
    assert "in its refusal" in because(judge(evidence))


# --- what can be read


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"users": Scope(included=(ACCOUNT_ID,))},
        {"applications": Scope(included=("Office365",))},
        {"clients": ("mobileAppsAndDesktopClients", "browser")},
        {"clients": ()},
        {"locations": Scope(included=("All",))},
    ],
)
def test_a_policy_whose_conditions_all_fit_is_likely(fields: dict[str, Any]) -> None:
    assert suspects(judge(read(expired(healthy()), policy(**fields)))) == {FLOW: LIKELY}


@pytest.mark.parametrize(
    "fields",
    [
        {"groups": Scope(excluded=(GROUP,))},
        {"users": Scope(), "groups": Scope(included=(GROUP,))},
        {"users": Scope(), "roles": Scope(included=(GROUP,))},
        {"locations": Scope(included=("All",), excluded=("AllTrusted",))},
        {"locations": Scope(included=(GROUP,))},
        {"platforms": Scope(included=("android",))},
    ],
)
def test_a_policy_that_depends_on_what_was_not_read_is_possible(fields: dict[str, Any]) -> None:
    outcome = judge(read(expired(healthy()), policy(**fields)))
    assert suspects(outcome) == {FLOW: POSSIBLE}
    assert "may apply" in because(outcome)


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "disabled"},
        {"state": "enabledForReportingButNotEnforced"},
        {"users": Scope(included=("None",))},
        {"users": Scope(included=("All",), excluded=(ACCOUNT_ID,))},
        {"users": Scope(included=("GuestsOrExternalUsers",))},
        {"users": Scope(included=(GROUP,))},
        {"applications": Scope(included=("0f000000-0000-4000-8000-000000000007",))},
        {"applications": Scope(included=("All",), excluded=("Office365",))},
        {"clients": ("other", "exchangeActiveSync")},
        {"flows": ("authenticationTransfer",)},
        {"controls": ("passwordChange",)},
        {"controls": ("mfa",)},
    ],
)
def test_a_policy_that_does_not_fit_or_only_reports_accuses_nobody(fields: dict[str, Any]) -> None:
    assert passed(judge(read(expired(healthy()), policy(**fields)))) == set()


def test_without_the_account_a_policy_for_some_may_apply() -> None:
    some = policy(users=Scope(included=(GROUP,)))
    excluding = policy(users=Scope(included=("All",), excluded=(GROUP,)))
    for one in (some, excluding):
        assert suspects(judge(read(expired(healthy()), one, account=no_answer()))) == {FLOW: POSSIBLE}


def test_where_nobody_said_how_the_device_signs_in_a_block_of_device_codes_may_apply() -> None:
    evidence = with_sign_in(expired(healthy()), auth=Auth.TOKEN)
    assert suspects(judge(read(evidence, policy()))) == {FLOW: POSSIBLE}


# --- what a policy demands


def test_a_block_of_everything_is_no_block_of_device_codes() -> None:
    assert suspects(judge(asked(expired(healthy()), policy(flows=(), applies=True)))) == {BLOCK: PROVEN}


@pytest.mark.parametrize(
    ("controls", "operator", "blocked"),
    [
        (("compliantDevice",), "OR", True),
        (("compliantDevice", "domainJoinedDevice"), "OR", True),
        (("compliantDevice", "mfa"), "AND", True),
        (("compliantDevice", "mfa"), "OR", False),
    ],
)
def test_a_managed_device_is_what_a_scanner_cannot_show(
    controls: tuple[str, ...], operator: str, *, blocked: bool
) -> None:
    outcome = judge(asked(expired(healthy()), policy(flows=(), controls=controls, operator=operator, applies=True)))
    assert isinstance(outcome, Failed) is blocked
    if blocked:
        assert suspects(outcome) == {BLOCK: PROVEN}


@pytest.mark.parametrize("evidence", [expired(healthy(), Page.SECOND_PROOF), without_token(healthy(), refusal(50076))])
def test_a_second_proof_is_accused_where_the_sign_in_failed_for_want_of_one(evidence: Evidence) -> None:
    outcome = judge(asked(evidence, policy(name="MFA for all", flows=(), controls=("mfa",), applies=True)))
    assert suspects(outcome) == {"mfa_required": LIKELY}
    assert "MFA for all" in because(outcome)


# --- what is left alone


@pytest.mark.parametrize("evidence", [healthy(), refused(healthy())])
def test_a_token_that_was_issued_came_past_every_policy(evidence: Evidence) -> None:
    outcome = judge(asked(evidence, policy(applies=True)))
    assert passed(outcome) == set()
    assert shown(outcome) == "a token was issued; these apply or may apply: Block device codes"


def test_an_application_by_itself_is_no_concern_of_policies_for_people() -> None:
    assert "policies for people" in skipped(judge(asked(alone(refused(healthy())), policy(applies=True))))


def test_what_may_not_be_read_is_skipped() -> None:
    assert skipped(judge(knowing(healthy(), policies=no_answer()))) == "there was no answer"
    assert passed(judge(administered(expired(healthy())))) == set()
