"""Certificates as a server may send them: names, products, and what cannot be parsed."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from diag.adapters.certificates import describe, describe_chain, flaws_of, inspecting_product
from diag.evidence import Flaw

NOW = datetime.now(UTC)


def made(*names: str, issuer: str = "Somebody", subject: str = "Server") -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([general(name) for name in names]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def refused(code: int) -> ssl.SSLCertVerificationError:
    problem = ssl.SSLCertVerificationError(1, "certificate verify failed")
    problem.verify_code, problem.verify_message = code, "refused"
    return problem


@pytest.mark.parametrize(
    ("host", "name", "fits"),
    [
        ("smtp.office365.com", "smtp.office365.com", True),
        ("smtp.office365.com", "SMTP.Office365.COM", True),
        ("smtp.office365.com", "*.office365.com", True),
        ("a.smtp.office365.com", "*.office365.com", False),
        ("office365.com", "*.office365.com", False),
        ("smtp.office365.com", "*.com", False),
        ("smtp.office365.com.evil.example", "smtp.office365.com", False),
        ("192.0.2.10", "192.0.2.10", True),
        ("192.0.2.10", "192.0.2.11", False),
    ],
)
def test_a_name_fits_as_a_whole_or_by_one_label(host: str, name: str, fits: bool) -> None:
    flaws = flaws_of([made(name)], host, refused(20))
    assert (Flaw.WRONG_NAME not in flaws) == fits


def test_a_certificate_without_names_fits_nobody() -> None:
    assert Flaw.WRONG_NAME in flaws_of([made(subject="smtp.office365.com")], "smtp.office365.com", refused(20))


def test_thousands_of_names_are_counted_and_fifty_kept() -> None:
    found = describe(made(*(f"host{number}.example" for number in range(5000))))
    assert (found.names_total, len(found.names)) == (5000, 50)


def test_the_right_name_is_found_behind_the_fiftieth() -> None:
    names = [f"host{number}.example" for number in range(60)]
    assert Flaw.WRONG_NAME not in flaws_of([made(*names)], "host59.example", refused(20))


def test_a_chain_is_read_as_far_as_it_can_be() -> None:
    assert len(describe_chain([made("a.example"), b"no certificate", made("b.example")])) == 1
    assert describe_chain([b""]) == ()


def test_a_refusal_without_a_readable_chain_is_still_a_flaw() -> None:
    assert flaws_of([], "smtp.office365.com", refused(26)) == (Flaw.OTHER,)


@pytest.mark.parametrize(
    ("issuer", "product"),
    [
        ("Fortinet", "Fortinet FortiGate"),
        ("Zscaler Inc.", "Zscaler"),
        ("Avast Web/Mail Shield", "Avast"),
        ("Stormshield", "Stormshield"),
        ("DigiCert Inc", None),
        ("Microsoft Corporation", None),
    ],
)
def test_a_product_that_opens_tls_gives_itself_away_as_issuer(issuer: str, product: str | None) -> None:
    assert inspecting_product([describe(made("a.example", issuer=issuer))]) == product
