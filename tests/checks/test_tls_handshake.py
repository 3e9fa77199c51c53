import pytest

from checks.tls_handshake import judge
from diag.evidence import Evidence, Flaw, Reason
from diag.stage import Stage
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import answered, healthy, saying, silent, talk_of, unspoken, with_tls


def failed(error: str, reason: Reason = Reason.TLS) -> Evidence:
    refused = with_tls(healthy(), verified=False, version=None, cipher=None, chain=(), error=error)
    return saying(silent(refused, Stage.TLS, reason), tls=talk_of(refused).tls)


def test_version_and_cipher_are_shown() -> None:
    outcome = judge(healthy())
    assert passed(outcome) == {"tls_handshake_failed"}
    assert shown(outcome) == "TLSv1.3, TLS_AES_256_GCM_SHA384"


def test_an_unknown_cipher_is_no_failure() -> None:
    assert shown(judge(with_tls(healthy(), cipher=None))) == "TLSv1.3, ?"


def test_a_refused_certificate_is_no_failed_handshake() -> None:
    evidence = with_tls(healthy(), verified=False, version=None, flaws=(Flaw.EXPIRED,), error="certificate has expired")
    assert passed(judge(evidence)) == {"tls_handshake_failed"}


@pytest.mark.parametrize(
    "error",
    [
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "UNSUPPORTED_PROTOCOL",
        "tlsv1 alert protocol_version",
        "VERSION_TOO_LOW",
        "NO_PROTOCOLS_AVAILABLE",
    ],
)
def test_a_server_that_speaks_only_old_tls_is_proven(error: str) -> None:
    outcome = judge(failed(error))
    assert suspects(outcome) == {"tls_version_too_old": PROVEN}
    assert error in because(outcome)


def test_any_other_tls_error_is_a_failed_handshake() -> None:
    assert suspects(judge(failed("SSLV3_ALERT_HANDSHAKE_FAILURE"))) == {"tls_handshake_failed": LIKELY}


@pytest.mark.parametrize("reason", [Reason.DROPPED, Reason.TIMEOUT, Reason.DEADLINE])
def test_a_handshake_that_is_swallowed_may_be_an_inspecting_firewall(reason: Reason) -> None:
    outcome = judge(failed("time-out", reason))
    assert suspects(outcome) == {"tls_handshake_failed": LIKELY, "tls_intercepted": POSSIBLE}


def test_without_starttls_there_is_no_handshake() -> None:
    assert skipped(judge(answered(healthy(), Stage.STARTTLS, 454, "no"))) == "an earlier step was refused"
    assert "could be reached" in skipped(judge(unspoken(healthy())))
