"""Which credential a secret is that an inventory refers to: a certificate, a token that exists, or a client secret."""

from diag.adapters.credentials import AppCertificate, AppSecret, Credential, Given, credential_in, pem_in
from diag.secret import Secret
from diag.sentence import Sentence, say
from diag.token import is_token_shaped

_PEM, _JWT, _JSON = "-----BEGIN ", "eyJ", "{"


def credential_from(secret: Secret, client_id: str | None) -> Credential | Sentence:
    """Return what the device signs in with, told from what the secret looks like; else the sentence that says why not.

    A token that is no JWT looks like a client secret, and is only known for what it is in a JSON token response.
    """
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
