import pytest

from checks.tls_not_inspected import judge
from diag.evidence import Flaw
from diag.stage import Stage
from tests.checks.outcomes import LIKELY, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import (
    answered,
    asking,
    certificate,
    greeting,
    healthy,
    silent,
    unspoken,
    with_tls,
)

FORTINET = certificate(issuer="CN=FG100E,O=Fortinet")


def test_a_public_issuer_is_shown_and_clears_interception() -> None:
    outcome = judge(healthy())
    assert passed(outcome) == {"tls_intercepted"}
    assert shown(outcome) == "issued by CN=DigiCert Global Root CA"


@pytest.mark.parametrize("verified", [True, False])
def test_a_product_that_names_itself_is_found_even_where_this_computer_trusts_it(verified: bool) -> None:
    flaws = () if verified else (Flaw.UNKNOWN_ROOT, Flaw.INSPECTED)
    outcome = judge(
        with_tls(healthy(), verified=verified, flaws=flaws, product="FortiGate", chain=(FORTINET,), error="unable")
    )
    assert suspects(outcome) == {"tls_intercepted": LIKELY if verified else PROVEN}
    assert "FortiGate (CN=FG100E,O=Fortinet)" in because(outcome)


@pytest.mark.parametrize("flaw", [Flaw.UNKNOWN_ROOT, Flaw.SELF_SIGNED])
def test_exchange_online_behind_a_private_issuer_is_likely_intercepted(flaw: Flaw) -> None:
    evidence = with_tls(healthy(), verified=False, flaws=(flaw,), chain=(certificate(issuer="CN=Proxy"),), error="x")
    outcome = judge(evidence)
    assert suspects(outcome) == {"tls_intercepted": LIKELY}
    assert "CN=Proxy" in because(outcome)


def test_another_mail_server_with_a_private_issuer_is_not_accused() -> None:
    evidence = greeting(healthy(), "mail.example.net ESMTP Postfix", name="mail.example.net")
    evidence = with_tls(evidence, verified=False, flaws=(Flaw.UNKNOWN_ROOT,), error="x")
    assert passed(judge(evidence)) == {"tls_intercepted"}
    assert passed(judge(asking(evidence, smtp_host="mail.example.net"))) == {"tls_intercepted"}


@pytest.mark.parametrize("flaw", [Flaw.EXPIRED, Flaw.WRONG_NAME, Flaw.MISSING_INTERMEDIATE, Flaw.NOT_YET_VALID])
def test_other_flaws_do_not_speak_of_interception(flaw: Flaw) -> None:
    assert passed(judge(with_tls(healthy(), verified=False, flaws=(flaw,), error="x"))) == {"tls_intercepted"}


def test_without_a_certificate_nobody_can_be_named() -> None:
    assert skipped(judge(with_tls(healthy(), verified=False, chain=(), error="x")))
    assert skipped(judge(silent(healthy(), Stage.STARTTLS))) == "the dialogue ended before, at the step STARTTLS"
    assert skipped(judge(answered(healthy(), Stage.STARTTLS, 454, "no"))) == "an earlier step was refused"
    assert "could be reached" in skipped(judge(unspoken(healthy())))
