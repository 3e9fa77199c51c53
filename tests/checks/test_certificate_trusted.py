import pytest

from checks.certificate_trusted import judge
from diag.evidence import Certificate, Evidence, Flaw
from diag.outcome import Certainty
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import CHAIN, certificate, healthy, unspoken, with_tls

LEAF = CHAIN[:1]


def flawed(*flaws: Flaw, chain: tuple[Certificate, ...] = CHAIN) -> Evidence:
    return with_tls(healthy(), verified=False, flaws=flaws, chain=chain, error="unable to get issuer")


def test_a_trusted_chain_says_by_whose_roots() -> None:
    outcome = judge(healthy())
    assert passed(outcome) == {"certificate_untrusted", "certificate_chain_incomplete"}
    assert shown(outcome) == "2 certificates, roots: system"


ROOTED = (certificate("CN=a", "CN=b"), certificate("CN=b", "CN=c"), certificate("CN=c", "CN=c"))


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (flawed(Flaw.SELF_SIGNED, chain=(certificate("CN=a", "CN=a"),)), {"certificate_untrusted": PROVEN}),
        (flawed(Flaw.UNKNOWN_ROOT, chain=ROOTED), {"certificate_untrusted": PROVEN}),
        (
            flawed(Flaw.UNKNOWN_ROOT),
            {"certificate_untrusted": LIKELY, "certificate_chain_incomplete": POSSIBLE},
        ),
        (
            flawed(Flaw.UNKNOWN_ROOT, chain=(ROOTED[0], ROOTED[2])),
            {"certificate_chain_incomplete": LIKELY, "certificate_untrusted": POSSIBLE},
        ),
        (
            flawed(Flaw.MISSING_INTERMEDIATE, Flaw.UNKNOWN_ROOT, chain=LEAF),
            {"certificate_chain_incomplete": LIKELY, "certificate_untrusted": POSSIBLE},
        ),
        (
            flawed(Flaw.UNKNOWN_ROOT, chain=LEAF),
            {"certificate_untrusted": LIKELY, "certificate_chain_incomplete": POSSIBLE},
        ),
        (flawed(Flaw.OTHER), {"certificate_untrusted": LIKELY}),
        (flawed(Flaw.UNKNOWN_ROOT, chain=()), {"certificate_untrusted": LIKELY}),
    ],
)
def test_a_chain_that_leads_nowhere_is_told_apart(evidence: Evidence, expected: dict[str, Certainty]) -> None:
    assert suspects(judge(evidence)) == expected


def test_the_issuer_that_is_missing_is_named() -> None:
    assert CHAIN[0].issuer in because(judge(flawed(Flaw.MISSING_INTERMEDIATE, chain=LEAF)))


@pytest.mark.parametrize("flaw", [Flaw.EXPIRED, Flaw.NOT_YET_VALID, Flaw.WRONG_NAME])
def test_a_flaw_of_another_kind_leaves_the_trust_alone(flaw: Flaw) -> None:
    assert "certificate_untrusted" in passed(judge(flawed(flaw)))


def test_a_handshake_that_failed_before_the_certificate_says_nothing_about_trust() -> None:
    outcome = judge(with_tls(healthy(), verified=False, version=None, chain=(), error="HANDSHAKE_FAILURE"))
    assert skipped(outcome) == "the handshake did not get as far as the certificate"


def test_without_a_handshake_there_is_no_trust_to_judge() -> None:
    assert "could be reached" in skipped(judge(unspoken(healthy())))
