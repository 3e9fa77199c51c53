import pytest

from checks.account_member import judge
from diag.evidence import Evidence
from tests.checks.outcomes import LIKELY, POSSIBLE, passed, shown, skipped, suspects
from tests.evidence_cases import (
    administered,
    alone,
    expired,
    healthy,
    knowing,
    no_answer,
    refused,
    with_account,
)


def test_a_member_is_no_guest() -> None:
    assert passed(judge(administered(refused(healthy())))) == {"guest_account_used"}


@pytest.mark.parametrize("evidence", [refused(healthy()), expired(healthy())])
def test_a_guest_without_a_mailbox_here_is_likely_the_cause(evidence: Evidence) -> None:
    assert suspects(judge(with_account(evidence, member=False, plans=()))) == {"guest_account_used": LIKELY}


def test_a_guest_with_a_licence_here_may_be_in_order() -> None:
    assert suspects(judge(with_account(refused(healthy()), member=False))) == {"guest_account_used": POSSIBLE}


@pytest.mark.parametrize("evidence", [healthy(), alone(refused(healthy()))])
def test_a_guest_is_only_noted_where_it_keeps_nobody_out(evidence: Evidence) -> None:
    assert shown(judge(with_account(evidence, member=False))).startswith("a guest, and yet")


def test_without_the_account_nothing_is_said() -> None:
    assert skipped(judge(knowing(healthy(), account=no_answer()))) == "there was no answer"
