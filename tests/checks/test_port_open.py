import pytest

from checks.port_open import judge
from diag.evidence import ContactStatus, Discovery, Evidence, Reason, Silence
from diag.outcome import Certainty
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, passed, shown, skipped, suspects
from tests.evidence_cases import IPV4, IPV6, contact, discovering, healthy, refusal, with_network

NOBODY_ANSWERS = Silence(who="login.microsoftonline.com", reason=Reason.TIMEOUT)


def unreached(*statuses: ContactStatus, discovery: Discovery | None = None) -> Evidence:
    contacts = tuple(contact(address, status) for address, status in zip((IPV4, IPV6), statuses, strict=False))
    evidence = with_network(healthy(), contacts=contacts)
    return evidence if discovery is None else discovering(evidence, discovery)


def test_one_connected_address_is_enough_and_every_attempt_is_shown() -> None:
    outcome = judge(with_network(healthy(), contacts=(contact(IPV4, ContactStatus.TIMEOUT), contact(IPV6))))
    assert passed(outcome) == set()
    assert shown(outcome) == f"port 587: {IPV4} no answer in time (12 ms), {IPV6} connected (12 ms)"


@pytest.mark.parametrize("other", [ContactStatus.REFUSED, ContactStatus.TIMEOUT, ContactStatus.UNREACHABLE])
def test_a_refused_connection_is_proven_whatever_the_other_address_did(other: ContactStatus) -> None:
    assert suspects(judge(unreached(other, ContactStatus.REFUSED))) == {"connection_refused": PROVEN}


def test_silence_of_the_port_alone_is_likely_a_blocked_port() -> None:
    assert suspects(judge(unreached(ContactStatus.TIMEOUT))) == {"port_blocked": LIKELY}


def test_a_sign_in_service_that_refuses_is_an_answer_too() -> None:
    assert suspects(judge(unreached(ContactStatus.TIMEOUT, discovery=refusal(90002)))) == {"port_blocked": LIKELY}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (ContactStatus.TIMEOUT, {"network_unreachable": LIKELY, "port_blocked": POSSIBLE}),
        (ContactStatus.UNREACHABLE, {"network_unreachable": LIKELY}),
    ],
)
def test_where_the_sign_in_service_is_silent_too_the_network_is_suspected(
    status: ContactStatus, expected: dict[str, Certainty]
) -> None:
    assert suspects(judge(unreached(status, discovery=NOBODY_ANSWERS))) == expected


def test_no_way_to_the_host_alone_is_not_blamed_on_the_whole_network() -> None:
    assert suspects(judge(unreached(ContactStatus.UNREACHABLE))) == {"host_unreachable": LIKELY}


def test_without_an_address_nothing_can_be_reached() -> None:
    assert skipped(judge(with_network(healthy(), lookups=(), contacts=()))) == "smtp.office365.com has no address"
