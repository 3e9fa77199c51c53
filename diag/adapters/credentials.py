"""What a token can be obtained with, and where that is read from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from diag.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """A person signs in with a code, in a browser."""

    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSecret:
    """An application signs in by itself, with a secret."""

    client_id: str
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCertificate:
    """An application signs in by itself, with the key and certificate in one PEM text."""

    client_id: str
    pem: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An access token out of somebody's hands."""

    token: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """A refresh token, as a device stores it, to be redeemed once."""

    client_id: str
    token: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Nobody:
    """Nothing was given to sign in with; the device's application may be known all the same."""

    client_id: str | None = None


Credential: TypeAlias = DeviceCode | AppSecret | AppCertificate | Given | Refresh | Nobody


def credential_in(text: Secret, client_id: str | None) -> Credential | None:
    """Read what a token file holds: a bare access token, or a JSON token response (RFC 6749, 5.1).

    A response with a refresh token and no access token gives `Refresh`. None where it is neither, or where a refresh
    token has no client id to go with it.
    """
    from diag.token import is_token_shaped

    content = text.reveal().strip()
    if is_token_shaped(content):
        return Given(token=Secret(content))
    try:
        response = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(response, dict):
        return None
    access, refresh = response.get("access_token"), response.get("refresh_token")
    if isinstance(access, str) and is_token_shaped(access):
        return Given(token=Secret(access))
    client = response.get("client_id")
    client = client_id or (client if isinstance(client, str) else None)
    if isinstance(refresh, str) and refresh and client:
        return Refresh(client_id=client, token=Secret(refresh))
    return None


def pem_with_key(path: Path) -> Secret | None:
    """Return the PEM text of `path` if it holds a private key without passphrase and a certificate; None otherwise.

    Raises `OSError` where it cannot be read.
    """
    return pem_in(path.read_bytes())


def pem_in(content: bytes) -> Secret | None:
    """Return `content` if it is a private key without passphrase and a certificate, as PEM; None otherwise."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        load_pem_private_key(content, None)
        x509.load_pem_x509_certificate(content)
        return Secret(content.decode("ascii"))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
