import pytest

from checks.xoauth2_offered import judge
from diag.evidence import Flaw
from diag.stage import Stage
from tests.checks.outcomes import PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import answered, healthy, saying, unspoken, with_tls


@pytest.mark.parametrize("line", ["AUTH LOGIN XOAUTH2", "auth xoauth2", "AUTH=XOAUTH2 PLAIN"])
def test_the_offer_is_read_in_every_spelling(line: str) -> None:
    outcome = judge(saying(healthy(), features_after=(line,)))
    assert passed(outcome) == {"xoauth2_not_offered"}
    assert line in shown(outcome)


@pytest.mark.parametrize("features", [("AUTH LOGIN PLAIN",), ("AUTH NOT-XOAUTH2",), ("XOAUTH2",), ()])
def test_a_server_that_offers_other_ways_is_proven_to_lack_it(features: tuple[str, ...]) -> None:
    assert suspects(judge(saying(healthy(), features_after=features))) == {"xoauth2_not_offered": PROVEN}


def test_the_ways_that_are_offered_are_listed() -> None:
    assert "AUTH LOGIN PLAIN" in because(judge(saying(healthy(), features_after=("SIZE", "AUTH LOGIN PLAIN"))))


def test_what_is_offered_before_tls_does_not_count() -> None:
    evidence = saying(healthy(), features_before=("STARTTLS", "AUTH XOAUTH2"), features_after=("SIZE",))
    assert suspects(judge(evidence)) == {"xoauth2_not_offered": PROVEN}


def test_without_a_second_ehlo_nothing_is_offered() -> None:
    refused = with_tls(healthy(), verified=False, flaws=(Flaw.EXPIRED,), error="x")
    assert skipped(judge(refused)) == "the dialogue ended before, at the step TLS handshake"
    assert skipped(judge(answered(healthy(), Stage.STARTTLS, 454, "no"))) == "an earlier step was refused"
    assert "could be reached" in skipped(judge(unspoken(healthy())))
