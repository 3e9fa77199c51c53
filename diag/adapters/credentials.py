"""What a token can be obtained with, and where that is read from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from diag.secret import Secret
from diag.sentence import Sentence, say

_PEM, _JWT, _JSON = "-----BEGIN ", "eyJ", "{"


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


def credential_from(secret: Secret, client_id: str | None) -> Credential | Sentence:
    """Return what to sign in with, told from what the secret looks like; else the sentence that says why not.

    A token that is no JWT looks like a client secret, and is only known for what it is in a JSON token response.
    """
    from diag.token import is_token_shaped

    text = secret.reveal().strip()
    if text.startswith(_JWT) and is_token_shaped(text):
        return Given(token=Secret(text))
    if text.startswith(_JSON):
        found = credential_in(secret, client_id)
        if found is None:
            return say(
                "What the credential refers to is JSON, but no token response with an access token, or with a refresh"
                " token and a client id."
            )
        return found
    return application_from(secret, client_id)


def application_from(secret: Secret, client_id: str | None) -> AppSecret | AppCertificate | Sentence:
    """Return what an application signs in with by itself: its certificate or its secret; else why there is none."""
    text = secret.reveal().strip()
    if not client_id:
        return say("A client secret or certificate needs the client id of its application: say it in 'client_id'.")
    if _PEM in text:
        pem = pem_in(text.encode("utf-8", "replace"))
        if pem is None:
            return say(
                "What the credential refers to must hold a private key without passphrase and its certificate, as PEM."
            )
        return AppCertificate(client_id=client_id, pem=pem)
    if not text.isprintable() or not text or " " in text or text.startswith((_JWT, _JSON)):
        return say("What the credential refers to is no client secret, certificate or token.")
    return AppSecret(client_id=client_id, secret=Secret(text))
