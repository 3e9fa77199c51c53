"""A secret that an inventory refers to is told for what it is."""

import json
from collections.abc import Callable

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.adapters.credentials import (
    AppCertificate,
    AppSecret,
    Credential,
    Given,
    Refresh,
    application_from,
    credential_from,
)
from diag.secret import Secret
from diag.sentence import Sentence
from tests.fakes import jwt

CLIENT = "5ca11ab1-e0de-4d1a-9f00-0123456789ab"
CANARY = "Xy7~canary.secret-42"
TOKEN = jwt()


@pytest.fixture(scope="module")
def pem() -> str:
    issued = trustme.CA().issue_cert("app.example").private_key_and_cert_chain_pem
    return issued.bytes().decode()


def revealed(found: Credential | Sentence) -> tuple[type, str, str]:
    """The kind of a credential, its client id, and its secret."""
    match found:
        case AppSecret(client_id=client_id, secret=secret) | AppCertificate(client_id=client_id, pem=secret):
            return type(found), client_id, secret.reveal()
        case Refresh(client_id=client_id, token=secret):
            return type(found), client_id, secret.reveal()
        case Given(token=secret):
            return type(found), "", secret.reveal()
        case _:
            pytest.fail(str(found))


def because(found: Credential | Sentence) -> str:
    assert isinstance(found, Sentence)
    assert CANARY not in str(found)
    return str(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (CANARY, (AppSecret, CLIENT, CANARY)),
        (f" {CANARY}\n", (AppSecret, CLIENT, CANARY)),
        (TOKEN, (Given, "", TOKEN)),
        (f"{TOKEN}\n", (Given, "", TOKEN)),
        (TOKEN[:200], (Given, "", TOKEN[:200])),
        (json.dumps({"access_token": TOKEN}), (Given, "", TOKEN)),
        (json.dumps({"access_token": "EwB4A", "refresh_token": "1.AX"}), (Given, "", "EwB4A")),
        (json.dumps({"refresh_token": "1.AX-refresh"}, indent=2), (Refresh, CLIENT, "1.AX-refresh")),
    ],
    ids=[
        *("a client secret", "one with blanks", "a JWT", "one with an end of line", "one that was cut off"),
        *("a token response", "one that is opaque", "a refresh token"),
    ],
)
def test_a_secret_is_told_by_its_looks(text: str, found: tuple[type, str, str]) -> None:
    assert revealed(credential_from(Secret(text), CLIENT)) == found


def test_a_key_and_its_certificate_are_a_certificate(pem: str) -> None:
    assert revealed(credential_from(Secret(pem), CLIENT)) == (AppCertificate, CLIENT, pem.strip())
    assert revealed(application_from(Secret(f"# ours\n{pem}"), CLIENT))[0] is AppCertificate


def test_a_token_needs_no_client_id_and_the_rest_does(pem: str) -> None:
    assert revealed(credential_from(Secret(TOKEN), None))[0] is Given
    whole = json.dumps({"refresh_token": CANARY, "client_id": "theirs"})
    assert revealed(credential_from(Secret(whole), None)) == (Refresh, "theirs", CANARY)
    for text in (CANARY, pem):
        assert "needs the client id" in because(credential_from(Secret(text), None))
        assert "needs the client id" in because(credential_from(Secret(text), ""))
    assert "a client id" in because(credential_from(Secret(json.dumps({"refresh_token": CANARY})), None))


def key_alone(pem: str) -> str:
    return pem[: pem.index("-----BEGIN CERTIFICATE")]


def certificate_alone(pem: str) -> str:
    return pem[pem.index("-----BEGIN CERTIFICATE") :]


def locked(pem: str) -> str:
    key = load_pem_private_key(pem.encode(), None)
    with_phrase = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(CANARY.encode()))
    return with_phrase.decode() + certificate_alone(pem)


@pytest.mark.parametrize("spoiled", [key_alone, certificate_alone, locked, lambda pem: pem.replace("M", "\u00e9")])
def test_half_a_certificate_is_none(pem: str, spoiled: Callable[[str], str]) -> None:
    said = because(credential_from(Secret(spoiled(pem)), CLIENT))
    assert "a private key without passphrase and its certificate" in said


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"a": ' * 50_000, json.dumps({"access_token": 5}), json.dumps({"client_secret": CANARY})]
)
def test_json_that_is_no_token_response_is_said(text: str) -> None:
    assert "no token response" in because(credential_from(Secret(text), CLIENT))


@pytest.mark.parametrize("text", [f"{CANARY}\n{CANARY}", f"my {CANARY}", f"{CANARY}\udc80", "a\0b", "", "eyJ a"])
def test_what_no_client_secret_can_be_is_said(text: str) -> None:
    assert "no client secret, certificate or token" in because(credential_from(Secret(text), CLIENT))


def test_an_application_does_not_sign_in_with_somebody_elses_token() -> None:
    for token in (TOKEN, json.dumps({"access_token": TOKEN}, separators=(",", ":"))):
        said = because(application_from(Secret(token), CLIENT))
        assert "no client secret" in said
        assert TOKEN[:20] not in said


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(["", "{", "eyJ", "-----BEGIN PRIVATE KEY-----\n"]), st.booleans())
def test_any_text_comes_to_a_credential_or_a_sentence(text: str, start: str, named: bool) -> None:
    found = credential_from(Secret(start + text), CLIENT if named else None)
    assert isinstance(found, Sentence) or revealed(found)[2]
