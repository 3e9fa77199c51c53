from checks.token_tenant import judge
from diag.evidence import Opaque
from tests.checks.outcomes import PROVEN, because, passed, skipped, suspects
from tests.evidence_cases import NOBODY, OTHER_TENANT, TENANT, asking, discovering, healthy, with_token


def test_the_mailbox_s_own_tenant_is_right_in_upper_case_too() -> None:
    assert passed(judge(healthy())) == {"token_wrong_tenant"}
    assert passed(judge(with_token(healthy(), tenant=TENANT.upper()))) == {"token_wrong_tenant"}


def test_another_tenant_is_proven_with_both_ids() -> None:
    outcome = judge(with_token(healthy(), tenant=OTHER_TENANT))
    assert suspects(outcome) == {"token_wrong_tenant": PROVEN}
    assert TENANT in because(outcome)
    assert OTHER_TENANT in because(outcome)


def test_a_tenant_id_that_was_given_decides() -> None:
    evidence = asking(healthy(), tenant=OTHER_TENANT)
    assert suspects(judge(evidence)) == {"token_wrong_tenant": PROVEN}
    assert passed(judge(with_token(evidence, tenant=OTHER_TENANT)))


def test_a_domain_that_was_given_is_looked_up_at_the_service() -> None:
    assert passed(judge(asking(healthy(), tenant="contoso.com")))


def test_where_one_side_is_not_known_nothing_is_compared() -> None:
    assert skipped(judge(discovering(healthy(), NOBODY))) == "the id of the mailbox's tenant is not known"
    assert skipped(judge(with_token(healthy(), tenant=None))) == "the token names no tenant"
    assert "opaque" in skipped(judge(with_token(healthy(), Opaque(length=9))))
