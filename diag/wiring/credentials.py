"""Which credential the options of a command come to."""

from pathlib import Path

from diag.adapters.credentials import (
    AppCertificate,
    AppSecret,
    Credential,
    DeviceCode,
    Nobody,
    credential_in,
    pem_with_key,
)
from diag.evidence import Auth
from diag.files import why
from diag.secret import Secret
from diag.sentence import say
from diag.subject import InvalidInputError, printable
from diag.wiring.options import Options, given_auth


def credential(options: Options) -> Credential:
    """Return what the device signs in with; raises `InvalidInputError` where what was given does not go together."""
    auth = given_auth(options)
    match auth:
        case None:
            return Nobody()
        case Auth.TOKEN:
            return _token(options)
        case Auth.DEVICE_CODE:
            return DeviceCode(client_id=_client_id(options))
        case Auth.APP:
            return _application(options)


def _client_id(options: Options) -> str:
    if options.client_id is None:
        raise InvalidInputError(
            say("Signing in needs the client id of the device's application: give it with --client-id.")
        )
    if not options.client_id.isprintable() or not options.client_id.strip():
        raise InvalidInputError(say("'{shown}' is not a client id.", shown=printable(options.client_id)))
    return options.client_id


def _token(options: Options) -> Credential:
    if options.token is None:
        raise InvalidInputError(say("There is no token: give it with --token-file, or in DIAG_TOKEN."))
    found = credential_in(options.token, options.client_id)
    if found is None:
        raise InvalidInputError(
            say(
                "The token is neither an access token nor a JSON token response"
                " (a refresh token also needs --client-id)."
            )
        )
    return found


def _application(options: Options) -> Credential:
    found = _by_itself(_client_id(options), options.client_secret, options.client_certificate)
    if found is None:
        raise InvalidInputError(
            say("--auth app needs --client-secret-file, DIAG_CLIENT_SECRET or --client-certificate.")
        )
    return found


def administrator(options: Options) -> DeviceCode | AppSecret | AppCertificate | None:
    """Return what administrators sign in with; None where no application was given for that.

    Raises `InvalidInputError` for the device's own application: its token goes to the mail server, and must not carry
    what an administrator may do.
    """
    client_id = options.admin_client_id
    if client_id is None:
        if options.admin_client_secret is not None or options.admin_client_certificate is not None:
            raise InvalidInputError(say("The administrator's secret or certificate needs --admin-client-id."))
        return None
    if not client_id.isprintable() or not client_id.strip():
        raise InvalidInputError(say("'{shown}' is not a client id.", shown=printable(client_id)))
    if options.client_id is not None and client_id.casefold() == options.client_id.casefold():
        raise one_for_both()
    if options.admin_client_pem is not None:
        return AppCertificate(client_id=client_id, pem=options.admin_client_pem)
    found = _by_itself(client_id, options.admin_client_secret, options.admin_client_certificate)
    return found or DeviceCode(client_id=client_id)


def one_for_both() -> InvalidInputError:
    """Return what to raise where the device's application is to be the administrators' too."""
    return InvalidInputError(
        say(
            "The administrators' application is the device's application. Use another one: what an administrator may do"
            " must not stand in the token that goes to the mail server."
        )
    )


def _by_itself(client_id: str, secret: Secret | None, certificate: Path | None) -> AppSecret | AppCertificate | None:
    """Return the credential of an application by itself, its certificate before its secret; None without either."""
    if certificate is not None:
        shown = printable(str(certificate), 200)
        try:
            pem = pem_with_key(certificate)
        except OSError as problem:
            raise InvalidInputError(
                say("The certificate file '{file}' cannot be read: {reason}.", file=shown, reason=why(problem))
            ) from problem
        if pem is None:
            raise InvalidInputError(
                say(
                    "The file '{file}' must hold a private key without passphrase and its certificate, as PEM.",
                    file=shown,
                )
            )
        return AppCertificate(client_id=client_id, pem=pem)
    return None if secret is None else AppSecret(client_id=client_id, secret=secret)
