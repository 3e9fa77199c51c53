"""What a server's certificate chain says, and each of its flaws apart."""

import re
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from diag.evidence import Certificate, Flaw

if TYPE_CHECKING:
    from cryptography import x509

_MOST_NAMES = 50
_MOST_CERTIFICATES = 10
# X509_V_ERR_* of OpenSSL's x509_vfy.h, as ssl.SSLCertVerificationError.verify_code gives them.
SELF_SIGNED_LEAF, _SELF_SIGNED_IN_CHAIN, _NO_LOCAL_ISSUER, _NO_FIRST_ISSUER = 18, 19, 20, 21
_NOT_YET_VALID, _EXPIRED, _WRONG_NAME, _WRONG_ADDRESS = 9, 10, 62, 64

# What firewalls, gateways and virus scanners write into the issuer of the certificates they make on the fly.
_PRODUCTS = {
    "fortinet": "Fortinet FortiGate",
    "fortigate": "Fortinet FortiGate",
    "palo alto": "Palo Alto Networks",
    "zscaler": "Zscaler",
    "sophos": "Sophos",
    "netskope": "Netskope",
    "cisco umbrella": "Cisco Umbrella",
    "cisco secure": "Cisco Secure",
    "check point": "Check Point",
    "checkpoint": "Check Point",
    "blue coat": "Blue Coat",
    "bluecoat": "Blue Coat",
    "forcepoint": "Forcepoint",
    "websense": "Forcepoint",
    "barracuda": "Barracuda",
    "watchguard": "WatchGuard",
    "sonicwall": "SonicWall",
    "stormshield": "Stormshield",
    "olfeo": "Olfeo",
    "skyhigh": "Skyhigh",
    "mcafee": "McAfee",
    "kaspersky": "Kaspersky",
    "avast": "Avast",
    "avg web/mail": "AVG",
    "eset ssl": "ESET",
    "bitdefender": "Bitdefender",
    "norton web/mail": "Norton",
    "trend micro": "Trend Micro",
    "g data": "G DATA",
    "dr.web": "Dr.Web",
    "smoothwall": "Smoothwall",
    "untangle": "Untangle",
    "iboss": "iboss",
    "cato networks": "Cato Networks",
    "menlo security": "Menlo Security",
    "squid": "Squid",
    "pfsense": "pfSense",
    "mitmproxy": "mitmproxy",
}


def chain_of(tls: ssl.SSLObject) -> list[bytes]:
    """The certificates as the peer sent them, DER, leaf first."""
    if hasattr(tls, "get_unverified_chain"):  # Python 3.13 and later
        return list(tls.get_unverified_chain())
    inner: Any = getattr(tls, "_sslobj", None)  # Python 3.10 to 3.12 have it without a public name
    chain = inner.get_unverified_chain() if inner is not None else None
    if chain is None:
        leaf = tls.getpeercert(binary_form=True)
        return [leaf] if leaf else []
    return [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in chain]


def _names(certificate: "x509.Certificate") -> list[str]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def _key(certificate: "x509.Certificate") -> str:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        key: Any = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "unknown"
    kind = type(key).__name__.removesuffix("PublicKey").removesuffix("Key").strip("_")
    return f"{kind} {key.key_size}" if hasattr(key, "key_size") else kind


def _parsed(der: bytes) -> "x509.Certificate":
    """Parse a certificate; raises `ValueError` where that fails, for whatever reason."""
    from cryptography import x509

    try:
        certificate = x509.load_der_x509_certificate(der)
        _ = certificate.extensions, _names(certificate)
    except (x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType) as problem:
        raise ValueError(type(problem).__name__) from problem
    return certificate


@lru_cache(maxsize=64)  # Exchange Online shows the same few in every session
def describe(der: bytes) -> Certificate:
    """Read one certificate; raises `ValueError` where it cannot be parsed."""
    from cryptography.hazmat.primitives import hashes

    certificate = _parsed(der)
    names = _names(certificate)
    return Certificate(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        names=tuple(names[:_MOST_NAMES]),
        names_total=len(names),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key=_key(certificate),
        signature=certificate.signature_algorithm_oid._name,  # noqa: SLF001 - the only readable name there is
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
    )


def describe_chain(chain: Sequence[bytes]) -> tuple[Certificate, ...]:
    """Read a chain as far as it can be parsed, at most ten certificates."""
    described: list[Certificate] = []
    for der in chain[:_MOST_CERTIFICATES]:
        try:
            described.append(describe(der))
        except ValueError:
            break
    return tuple(described)


def inspecting_product(chain: Sequence[Certificate]) -> str | None:
    """The TLS-inspecting product that issued the leaf, by the names of its issuers; None where they name none."""
    if not chain:
        return None
    issuers, by_subject = [chain[0].issuer], {certificate.subject: certificate for certificate in chain[1:]}
    while (issuer := by_subject.pop(issuers[-1], None)) is not None:
        issuers.append(issuer.issuer)
    words = " ".join(re.findall(r"[\w./]+", " ".join(issuers).lower()))
    return next((product for mark, product in _PRODUCTS.items() if f" {mark}" in f" {words}"), None)


def _matches(host: str, name: str) -> bool:
    """RFC 6125: the whole name, or one left-most label by a wildcard."""
    host, name = host.rstrip(".").lower(), name.rstrip(".").lower()
    if name.startswith("*."):
        return "." in host and host.partition(".")[2] == name[2:]
    try:
        return ip_address(host) == ip_address(name)
    except ValueError:
        return host == name


def _has_issuer_address(der: bytes) -> bool:
    """Whether the certificate says where its issuer can be fetched, as public authorities' certificates do."""
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID

    try:
        access = _parsed(der).extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except (x509.ExtensionNotFound, ValueError):
        return False
    issuers = AuthorityInformationAccessOID.CA_ISSUERS
    return any(description.access_method == issuers for description in access.value)


def _trust_flaws(chain: Sequence[bytes], described: Sequence[Certificate], verify_code: int) -> list[Flaw]:
    """What keeps the chain from ending in a trusted root; OpenSSL looks for that before names and dates."""
    if verify_code not in {SELF_SIGNED_LEAF, _SELF_SIGNED_IN_CHAIN, _NO_LOCAL_ISSUER, _NO_FIRST_ISSUER}:
        return []
    if len(described) == 1 and described[0].self_issued:
        return [Flaw.SELF_SIGNED]
    # A lone leaf whose issuer was left out: a public authority says where to fetch the issuer, a private one does not.
    if len(described) == 1 and _has_issuer_address(chain[0]):
        return [Flaw.MISSING_INTERMEDIATE]
    return [Flaw.UNKNOWN_ROOT]


def flaws_of(chain: Sequence[bytes], host: str, problem: ssl.SSLCertVerificationError) -> tuple[Flaw, ...]:
    """Every flaw of a chain that OpenSSL refused; never empty.

    OpenSSL names only the first it meets, so the dates and the name are looked at here again.
    """
    described = describe_chain(chain)
    now = datetime.now(UTC)
    flaws = _trust_flaws(chain, described, problem.verify_code) if described else []
    if any(certificate.not_after < now for certificate in described) or problem.verify_code == _EXPIRED:
        flaws.append(Flaw.EXPIRED)
    if any(certificate.not_before > now for certificate in described) or problem.verify_code == _NOT_YET_VALID:
        flaws.append(Flaw.NOT_YET_VALID)
    named = not described or any(_matches(host, name) for name in _names_in_full(chain[0]))
    if not named or problem.verify_code in {_WRONG_NAME, _WRONG_ADDRESS}:
        flaws.append(Flaw.WRONG_NAME)
    if inspecting_product(described):
        flaws.append(Flaw.INSPECTED)
    return tuple(flaws) or (Flaw.OTHER,)


def _names_in_full(der: bytes) -> list[str]:
    try:
        return _names(_parsed(der))
    except ValueError:
        return []
