import pytest

from checks.host_resolves import judge
from diag.evidence import LookupStatus, Reason, Silence
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, because, passed, shown, suspects
from tests.evidence_cases import IPV4, IPV6, discovering, healthy, lookup, with_network

A, AAAA = LookupStatus.ANSWERED, LookupStatus.ANSWERED


def test_all_addresses_are_shown() -> None:
    outcome = judge(healthy())
    assert passed(outcome) == set()
    assert shown(outcome) == f"smtp.office365.com is {IPV4}, {IPV6}"


def test_one_address_is_enough_even_where_the_other_question_failed() -> None:
    lookups = (lookup(LookupStatus.TIMEOUT), lookup(LookupStatus.ANSWERED, IPV6, aaaa=True))
    assert passed(judge(with_network(healthy(), lookups=lookups))) == set()


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ((LookupStatus.NO_SUCH_NAME, LookupStatus.NO_SUCH_NAME), "no such name"),
        ((LookupStatus.TIMEOUT, LookupStatus.TIMEOUT), "No name server answered"),
        ((LookupStatus.NO_RECORDS, LookupStatus.NO_RECORDS), "has no address"),
        ((LookupStatus.NO_RECORDS, LookupStatus.NO_SUCH_NAME), "has no address"),
        ((LookupStatus.FAILED, LookupStatus.FAILED), "could not answer"),
        ((LookupStatus.FAILED, LookupStatus.TIMEOUT), "could not answer"),
    ],
)
def test_a_name_without_address_is_a_proven_failure_that_says_how(
    statuses: tuple[LookupStatus, LookupStatus], said: str
) -> None:
    lookups = (lookup(statuses[0]), lookup(statuses[1], aaaa=True))
    outcome = judge(with_network(healthy(), lookups=lookups, contacts=()))
    assert suspects(outcome) == {"dns_failure": PROVEN}
    assert said in because(outcome)


def test_where_no_name_resolves_the_network_is_at_fault_and_not_one_name() -> None:
    silence = Silence(who="login.microsoftonline.com", reason=Reason.DNS)
    evidence = discovering(with_network(healthy(), lookups=(lookup(LookupStatus.NO_SUCH_NAME),)), silence)
    assert suspects(judge(evidence)) == {"network_unreachable": LIKELY, "dns_failure": POSSIBLE}
