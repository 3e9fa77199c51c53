from checks.account_synced import judge
from tests.checks.outcomes import LIKELY, because, passed, shown, skipped, suspects
from tests.evidence_cases import (
    administered,
    healthy,
    knowing,
    no_answer,
    refusal,
    refused,
    with_account,
    without_token,
)

AGENT_SILENT = 80001


def test_an_account_of_the_cloud_is_in_order() -> None:
    assert passed(judge(administered(healthy()))) == set()
    assert shown(judge(administered(without_token(healthy(), refusal(AGENT_SILENT))))) == "in the cloud"


def test_a_synchronised_account_is_a_note_and_no_fault() -> None:
    for evidence in (healthy(), refused(healthy()), without_token(healthy(), refusal(50126))):
        assert "Active Directory" in shown(judge(with_account(evidence, synced=True)))
        assert passed(judge(with_account(evidence, synced=True))) == set()


def test_a_number_of_the_servers_on_site_gains_weight_by_it() -> None:
    outcome = judge(with_account(without_token(healthy(), refusal(AGENT_SILENT)), synced=True))
    assert suspects(outcome) == {"on_premises_sign_in_failed": LIKELY}
    assert f"AADSTS{AGENT_SILENT}" in because(outcome)


def test_without_the_account_nothing_is_said() -> None:
    assert skipped(judge(knowing(healthy(), account=no_answer()))) == "there was no answer"
