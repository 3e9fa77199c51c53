import pytest

from checks import CHECKS
from checks.account_found import judge
from diag.catalogue import load
from diag.evidence import Evidence
from diag.obstacle import Obstacle
from diag.pipeline import replay
from tests.checks.outcomes import LIKELY, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import (
    MAILBOX,
    MAILBOX_OFF,
    TENANT_OFF,
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
    with_token,
    without_token,
)

UPN = "mfp7@contoso.com"
NOT_FOUND = no_answer(Obstacle.NOT_FOUND)


def known_by_alias(evidence: Evidence) -> Evidence:
    return with_account(evidence, found_by="alias", sign_in_name=UPN, aliases=(MAILBOX,))


def test_an_account_under_its_sign_in_name_clears_two_causes() -> None:
    assert passed(judge(administered(refused(healthy())))) == {"account_not_found", "upn_differs_from_email"}


def test_a_live_refusal_is_not_cleared_by_the_directory() -> None:
    evidence = administered(without_token(healthy(), refusal(50034)))
    assert passed(judge(evidence)) == {"upn_differs_from_email"}


@pytest.mark.parametrize("evidence", [expired(healthy()), unspoken(without_token(healthy(), refusal(50126)))])
def test_an_address_nobody_has_is_an_answer(evidence: Evidence) -> None:
    outcome = judge(knowing(evidence, account=NOT_FOUND))
    assert suspects(outcome) == {"account_not_found": PROVEN}
    assert MAILBOX in because(outcome)


@pytest.mark.parametrize("evidence", [healthy(), refused(healthy())])
def test_an_account_that_signed_in_exists_whatever_the_directory_says(evidence: Evidence) -> None:
    assert "signed in, but the organisation" in skipped(judge(knowing(evidence, account=NOT_FOUND)))


def test_a_token_of_the_very_account_proves_that_its_two_names_differ() -> None:
    evidence = known_by_alias(with_token(refused(healthy()), users=(("upn", UPN),)))
    outcome = judge(evidence)
    assert suspects(outcome) == {"upn_differs_from_email": PROVEN}
    assert f"has to sign in as {UPN}" in because(outcome)
    assert [finding.cause.id for finding in replay(evidence, CHECKS, load()).findings] == ["upn_differs_from_email"]


@pytest.mark.parametrize(
    "evidence",
    [
        expired(healthy()),
        unspoken(healthy()),
        refused(healthy(), TENANT_OFF),
        with_token(refused(healthy()), users=(("upn", "admin@contoso.com"),)),
    ],
)
def test_an_alias_is_likely_the_cause_where_nothing_shows_it(evidence: Evidence) -> None:
    assert suspects(judge(known_by_alias(evidence))) == {"upn_differs_from_email": LIKELY}


@pytest.mark.parametrize("evidence", [healthy(), alone(refused(healthy())), refused(healthy(), MAILBOX_OFF)])
def test_an_alias_is_only_noted_where_it_cannot_be_the_cause(evidence: Evidence) -> None:
    outcome = judge(known_by_alias(evidence))
    assert passed(outcome) == set()
    assert f"{MAILBOX} is another address of {UPN}" in shown(outcome)


def test_an_account_nobody_may_read_says_what_is_missing() -> None:
    missing = no_answer(Obstacle.NO_PERMISSION, "User.Read.All")
    assert skipped(judge(knowing(healthy(), account=missing))).endswith("(missing permission: User.Read.All)")
    assert skipped(judge(healthy())) == "no administrator is signed in"
