"""What a command was told, before anything is made of it."""

from dataclasses import dataclass
from pathlib import Path

from diag.evidence import Auth
from diag.secret import Secret
from diag.subject import Cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says, and None where it says nothing. `token` is the raw content of a token file.

    `ledger` is a path or the URL of a database. Where `lab_remembers`, changes made to a lab
    outlive it. The admin_ ones are for the administrator's application, whose certificate is a file or its text.
    `settings_from` is whom to ask at once for the setting of all mailboxes: "graph", "exchange" or "none".
    """

    mailbox: str | None
    sender: str | None = None
    recipient: str | None = None
    tenant: str | None = None
    auth: Auth | None = None
    token: Secret | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    client_certificate: Path | None = None
    smtp_host: str | None = None
    smtp_port: int | None = None
    device_tls: str | None = None
    cloud: Cloud = Cloud.GLOBAL
    authority: str | None = None
    oidc_authority: str | None = None
    scope: str | None = None
    ca_file: Path | None = None
    admin_client_id: str | None = None
    admin_client_secret: Secret | None = None
    admin_client_certificate: Path | None = None
    admin_client_pem: Secret | None = None
    backend: str = "exchange"
    settings_from: str = "none"
    exchange_url: str | None = None
    graph_url: str | None = None
    ledger: str | None = None
    lab: str | None = None
    lab_remembers: bool = True
    timeout_s: float = 60


def given_auth(options: Options) -> Auth | None:
    """The way of signing in: the one asked for, else the one that the other options make possible."""
    if options.auth is not None:
        return options.auth
    if options.token is not None:
        return Auth.TOKEN
    if options.client_id is None:
        return None
    by_itself = options.client_secret is not None or options.client_certificate is not None
    return Auth.APP if by_itself else Auth.DEVICE_CODE
