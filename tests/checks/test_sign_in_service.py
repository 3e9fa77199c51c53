import pytest

from checks.sign_in_service import judge
from diag.evidence import Auth, Reason, SignInService, Silence
from tests.checks.outcomes import LIKELY, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import AUTHORITY, NOBODY, TENANT, discovering, healthy, refusal, with_sign_in

OTHER = SignInService(authority="https://id.example", issuer="https://id.example", tenant=None, device_code=False)


def test_a_service_that_describes_itself_shows_the_tenant() -> None:
    outcome = judge(healthy())
    assert passed(outcome) == {"tenant_not_found", "sign_in_unreachable", "sign_in_tls_untrusted"}
    assert shown(outcome) == f"tenant {TENANT}"


def test_a_service_without_tenants_shows_its_issuer() -> None:
    evidence = with_sign_in(discovering(healthy(), OTHER), auth=Auth.APP)
    assert shown(judge(evidence)) == "issuer https://id.example"


def test_a_service_without_device_code_is_likely_the_trouble_of_a_device() -> None:
    outcome = judge(discovering(healthy(), OTHER))
    assert suspects(outcome) == {"device_code_not_supported": LIKELY}
    assert "https://id.example" in because(outcome)


def test_an_unknown_tenant_is_read_from_its_number() -> None:
    outcome = judge(discovering(healthy(), refusal(90002, step="discovery", error="invalid_tenant")))
    assert suspects(outcome) == {"tenant_not_found": PROVEN}


def test_an_untrusted_certificate_is_told_apart_from_silence() -> None:
    silence = Silence(who=AUTHORITY, reason=Reason.TLS, detail="self-signed certificate in chain")
    outcome = judge(discovering(healthy(), silence))
    assert suspects(outcome) == {"sign_in_tls_untrusted": PROVEN}
    assert "self-signed certificate in chain" in because(outcome)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.TLS])
def test_every_other_silence_is_an_unreachable_service(reason: Reason) -> None:
    outcome = judge(discovering(healthy(), Silence(who=AUTHORITY, reason=reason)))
    assert suspects(outcome) == {"sign_in_unreachable": LIKELY if reason is Reason.PROTOCOL else PROVEN}


def test_a_service_that_was_not_asked_is_not_judged() -> None:
    assert skipped(judge(discovering(healthy(), NOBODY))) == "nobody asked"
