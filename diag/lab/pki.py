"""Certificates made for one lab: a root that clients are given, the server certificates, and their TLS settings.

Elliptic curve keys, because making them takes no time worth naming.
"""

import ipaddress
import ssl
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from diag.lab import scenario as sc

_ROOT_DAYS = 3650


def _name(common: str) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "diag lab")
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, common)])


@dataclass(frozen=True, slots=True)
class Holder:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def pem(self) -> bytes:
        """Return the certificate alone."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        """Return the key, not encrypted: it lives in the lab's temporary folder and dies with it."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def _issue(
    subject: x509.Name, issuer: Holder | None, valid: tuple[datetime, datetime], names: tuple[str, ...] = ()
) -> Holder:
    """Make a certificate: for a server where there are `names`, else for an authority; no issuer means self-signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = issuer.key if issuer else key
    authority = not names
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=authority,
                crl_sign=authority,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(map(_general, names))), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    if names and issuer and issuer.certificate.issuer != issuer.certificate.subject:
        # As public authorities do: where the certificate of the issuing authority can be fetched.
        place = x509.UniformResourceIdentifier("http://authority.example/issuing.cer")
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    return Holder(builder.sign(signer, hashes.SHA256()), key)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Pki:
    """The authorities of one lab, and what they issue; files go to `folder`."""

    def __init__(self, now: datetime, folder: Path) -> None:
        self._now = now
        self._folder = folder
        self._long = (now - timedelta(days=_ROOT_DAYS // 2), now + timedelta(days=_ROOT_DAYS))
        self._root = _issue(_name("diag lab root"), None, self._long)
        self._intermediate = _issue(_name("diag lab issuing authority"), self._root, self._long)
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(self._root.pem())

    def server(self, certificate: sc.Shown, names: tuple[str, ...], smtp: sc.Server) -> ssl.SSLContext:
        """Return the settings of a server that shows a certificate for `names`, with the faults that are asked for."""
        leaf, sent = self._chain(certificate, names)
        file = self._folder / f"server-{leaf.certificate.serial_number:x}.pem"
        file.write_bytes(leaf.key_pem() + b"".join(holder.pem() for holder in sent))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        file.unlink()
        _limit(context, smtp)
        return context

    def _chain(self, certificate: sc.Shown, names: tuple[str, ...]) -> tuple[Holder, tuple[Holder, ...]]:
        """Return the server's certificate, and the certificates it sends, its own first."""
        day = timedelta(days=1)
        valid = (self._now + certificate.valid_from_days * day, self._now + certificate.valid_to_days * day)
        subject = _name(names[0])
        match certificate.issuer:
            case "self-signed":
                leaf = _issue(subject, None, valid, names)
                return leaf, (leaf,)
            case "trusted":
                issuer = self._intermediate
            case "unknown":
                root = _issue(_name("Unknown root"), None, self._long)
                issuer = _issue(_name("Unknown issuing authority"), root, self._long)
            case named:
                issuer = _issue(x509.Name.from_rfc4514_string(named), None, self._long)
        leaf = _issue(subject, issuer, valid, names)
        return leaf, (leaf,) if certificate.missing_intermediate else (leaf, issuer)


def _limit(context: ssl.SSLContext, smtp: sc.Server) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.1 is the point here
        match smtp.tls_maximum:
            case "1.1":
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
                context.set_ciphers("ALL:@SECLEVEL=0")
            case "1.2":
                context.maximum_version = ssl.TLSVersion.TLSv1_2
            case "":
                pass
    if smtp.tls_minimum == "1.3":
        context.minimum_version = ssl.TLSVersion.TLSv1_3
