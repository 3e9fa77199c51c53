import pytest

from checks.every_address import judge
from diag.evidence import ContactStatus
from tests.checks.outcomes import LIKELY, passed, shown, skipped, suspects
from tests.evidence_cases import IPV4, IPV6, contact, healthy, with_network


def test_all_addresses_that_answer_are_counted() -> None:
    outcome = judge(healthy())
    assert passed(outcome) == set()
    assert shown(outcome) == "2 of 2 addresses answer"


@pytest.mark.parametrize("status", [ContactStatus.TIMEOUT, ContactStatus.REFUSED])
@pytest.mark.parametrize(("dead", "alive"), [(IPV4, IPV6), (IPV6, IPV4)])
def test_a_dead_address_beside_a_good_one_is_named(status: ContactStatus, dead: str, alive: str) -> None:
    outcome = judge(with_network(healthy(), contacts=(contact(dead, status), contact(alive))))
    assert suspects(outcome) == {"address_unreachable": LIKELY}
    assert dead in shown(outcome)
    assert alive not in shown(outcome)


def test_no_way_to_ipv6_at_all_is_harmless() -> None:
    outcome = judge(with_network(healthy(), contacts=(contact(IPV4), contact(IPV6, ContactStatus.UNREACHABLE))))
    assert passed(outcome) == set()
    assert shown(outcome) == "1 of 2 addresses answer"


def test_where_nothing_answers_another_check_says_so() -> None:
    evidence = with_network(healthy(), contacts=(contact(IPV4, ContactStatus.TIMEOUT),))
    assert skipped(judge(evidence)) == "no address could be reached"
