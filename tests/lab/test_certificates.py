"""The submission server's certificate, as OpenSSL sees it."""

import ssl
from dataclasses import replace

import pytest
from cryptography import x509

from diag.lab import Lab, load_scenario
from diag.lab.scenario import Certificate
from tests.lab.device import connected

HEALTHY = load_scenario("healthy")


def shown(certificate: Certificate) -> x509.Certificate:
    """Return the certificate a client is shown that trusts the lab's root; raises where it would not go on."""
    with Lab(replace(HEALTHY, certificate=certificate)) as lab, connected(lab) as device:
        device.say("EHLO mfp")
        device.say("STARTTLS")
        context = ssl.create_default_context(cafile=str(lab.ca_file))
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        device.secure(context)
        der = device.tls.getpeercert(binary_form=True)
        assert der is not None
        return x509.load_der_x509_certificate(der)


def test_a_healthy_chain_passes_the_strictest_check() -> None:
    assert "diag lab issuing authority" in shown(Certificate()).issuer.rfc4514_string()


@pytest.mark.parametrize(
    ("certificate", "verdict"),
    [
        (Certificate(issuer="unknown"), "unable to get local issuer certificate"),
        (Certificate(issuer="self-signed"), "self-signed certificate"),
        (Certificate(issuer="CN=FortiGate CA,O=Fortinet"), "self-signed certificate in certificate chain"),
        (Certificate(missing_intermediate=True), "unable to get local issuer certificate"),
        (Certificate(valid_from_days=-400, valid_to_days=-3), "certificate has expired"),
        (Certificate(valid_from_days=3), "certificate is not yet valid"),
        (Certificate(names=("mail.webhost.example",)), "Hostname mismatch"),
    ],
    ids=["unknown", "self-signed", "inspected", "incomplete", "expired", "not yet", "name"],
)
def test_a_fault_is_the_one_that_was_asked_for(certificate: Certificate, verdict: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=verdict):
        shown(certificate)


def test_an_inspecting_firewall_shows_its_own_name() -> None:
    with Lab(load_scenario("tls-intercepted")) as lab, connected(lab) as device:
        device.say("EHLO mfp")
        device.say("STARTTLS")
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        device.secure(context)
        der = device.tls.getpeercert(binary_form=True)
    assert der is not None
    issuer = x509.load_der_x509_certificate(der).issuer
    assert issuer.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)[0].value == "Fortinet"
    assert issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value == "FortiGate CA"
