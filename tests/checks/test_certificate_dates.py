from dataclasses import replace
from datetime import timedelta

from checks.certificate_dates import judge
from diag.evidence import Certificate, Evidence, Flaw
from tests.checks.outcomes import LIKELY, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import CHAIN, NOW, clocks, healthy, unspoken, with_tls

DAY = timedelta(days=1)
EXPIRED = replace(CHAIN[0], not_before=NOW - 9 * DAY, not_after=NOW - DAY)
EARLY = replace(CHAIN[0], not_before=NOW + DAY, not_after=NOW + 9 * DAY)


def sent(*chain: Certificate, flaw: Flaw = Flaw.EXPIRED) -> Evidence:
    return with_tls(healthy(), verified=False, chain=chain, flaws=(flaw,), error="x")


def test_the_earliest_end_of_an_unverified_chain_is_shown() -> None:
    sooner = replace(CHAIN[1], not_after=NOW + 2 * DAY)
    outcome = judge(with_tls(healthy(), verified=False, chain=(CHAIN[0], sooner)))
    assert passed(outcome) == {"certificate_expired", "certificate_not_yet_valid"}
    assert shown(outcome) == "valid until 2026-11-25"


def test_an_expired_certificate_that_nobody_needs_is_no_fault_of_a_chain_that_verified() -> None:
    outcome = judge(with_tls(healthy(), chain=(*CHAIN, EXPIRED)))
    assert passed(outcome) == {"certificate_expired", "certificate_not_yet_valid"}


def test_a_date_that_only_the_greeting_states_proves_nothing_against_a_certificate() -> None:
    evidence = clocks(healthy(), -900 * DAY)
    told = replace(evidence.clocks[0], source=evidence.subject.smtp_host)
    assert passed(judge(replace(evidence, clocks=(told,))))


def test_an_expired_certificate_is_proven_with_its_date() -> None:
    outcome = judge(sent(EXPIRED, CHAIN[1]))
    assert suspects(outcome) == {"certificate_expired": PROVEN}
    assert "2026-11-22 09:30 UTC" in because(outcome)


def test_a_certificate_of_tomorrow_is_proven_with_its_date() -> None:
    outcome = judge(sent(EARLY, CHAIN[1], flaw=Flaw.NOT_YET_VALID))
    assert suspects(outcome) == {"certificate_not_yet_valid": PROVEN}
    assert "2026-11-24 09:30 UTC" in because(outcome)


def test_an_expired_issuer_counts_as_well() -> None:
    outcome = judge(sent(CHAIN[0], replace(CHAIN[1], not_after=NOW - DAY)))
    assert suspects(outcome) == {"certificate_expired": PROVEN}
    assert CHAIN[1].subject in because(outcome)


def test_each_cause_is_named_once_however_many_certificates_share_it() -> None:
    outcome = judge(sent(EXPIRED, replace(CHAIN[1], not_after=NOW - DAY)))
    assert suspects(outcome) == {"certificate_expired": PROVEN}
    assert EXPIRED.subject in because(outcome)


def test_a_wrong_clock_here_is_blamed_in_place_of_a_good_certificate() -> None:
    assert suspects(judge(clocks(sent(EXPIRED), 5 * DAY, 5 * DAY))) == {"clock_off": PROVEN}
    assert suspects(judge(clocks(sent(EARLY, flaw=Flaw.NOT_YET_VALID), -5 * DAY))) == {"clock_off": LIKELY}


def test_a_certificate_that_only_the_wrong_clock_here_calls_valid_has_expired() -> None:
    assert suspects(judge(clocks(healthy(), -300 * DAY))) == {"certificate_expired": PROVEN}


def test_a_certificate_is_valid_in_its_first_and_last_moment() -> None:
    assert passed(judge(with_tls(healthy(), chain=(replace(CHAIN[0], not_before=NOW, not_after=NOW),))))


def test_without_a_certificate_there_are_no_dates() -> None:
    assert skipped(judge(sent()))
    assert "could be reached" in skipped(judge(unspoken(healthy())))
