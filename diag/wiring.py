"""Choose what stands behind the ports, from the options of a command."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from diag.adapters.credentials import (
    AppCertificate,
    AppSecret,
    Credential,
    DeviceCode,
    Nobody,
    credential_in,
    pem_with_key,
)
from diag.adapters.entra import Entra
from diag.adapters.network import Route, SystemNetwork, straight
from diag.adapters.smtp import Patience, Submission
from diag.adapters.trust import trust
from diag.evidence import Auth
from diag.files import why
from diag.ports import Person, Ports
from diag.secret import Redactor, Secret
from diag.sentence import say
from diag.subject import EXCHANGE_ONLINE_ID, HOSTS, Cloud, InvalidInputError, Subject, host_name, printable

if TYPE_CHECKING:
    from diag.lab import Lab


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says, and None where it says nothing. `token` is the raw content of a token file."""

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
    cloud: Cloud = Cloud.GLOBAL
    authority: str | None = None
    oidc_authority: str | None = None
    scope: str | None = None
    ca_file: Path | None = None
    lab: str | None = None
    timeout_s: float = 60


@dataclass(frozen=True, slots=True)
class Examination:
    """What is examined, and by which ports; `redactor` knows every secret of the run."""

    subject: Subject
    ports: Ports
    redactor: Redactor


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The `Clock` port."""

    began: float = field(default_factory=perf_counter)

    def now(self) -> datetime:
        """See the port."""
        return datetime.now(UTC)

    def elapsed_ms(self) -> float:
        """See the port."""
        return (perf_counter() - self.began) * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    """Where names, connections and roots come from: the real world, or a lab."""

    nameserver: tuple[str, int] | None = None
    route: Route = straight
    ca_file: Path | None = None


def _https_url(url: str) -> str:
    """Return `url` unchanged if a token may be asked for there: https, a host, nothing secret in it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    plain = url.isascii() and url.isprintable() and " " not in url  # urlsplit drops control characters without a word
    if not plain or parts.scheme != "https" or not host or "@" in parts.netloc or parts.query or parts.fragment:
        shown = printable(re.sub(r"//[^/]*@", "//***@", url))  # a password may stand there
        raise InvalidInputError(say("'{url}' is not an https:// address of a sign-in service.", url=shown))
    host_name(host)
    if not parts.path.strip("/"):
        raise InvalidInputError(say("'{url}' names no tenant or realm: its path is empty.", url=printable(url)))
    return url


def _subject(options: Options) -> Subject:
    if options.mailbox is None:
        raise InvalidInputError(say("No mailbox was given."))
    hosts = HOSTS[options.cloud]
    return Subject(
        mailbox=options.mailbox,
        sender=options.mailbox if options.sender is None else options.sender,
        recipient=options.recipient,
        tenant=options.tenant,
        smtp_host=hosts.smtp if options.smtp_host is None else options.smtp_host,
        smtp_port=587 if options.smtp_port is None else options.smtp_port,
        cloud=options.cloud,
    )


def _given_auth(options: Options) -> Auth | None:
    """The way of signing in: the one asked for, else the one that the other options make possible."""
    if options.auth is not None:
        return options.auth
    if options.token is not None:
        return Auth.TOKEN
    if options.client_id is None:
        return None
    by_itself = options.client_secret is not None or options.client_certificate is not None
    return Auth.APP if by_itself else Auth.DEVICE_CODE


def _credential(options: Options) -> Credential:
    auth = _given_auth(options)
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
    credential = credential_in(options.token, options.client_id)
    if credential is None:
        raise InvalidInputError(
            say(
                "The token is neither an access token nor a JSON token response"
                " (a refresh token also needs --client-id)."
            )
        )
    return credential


def _application(options: Options) -> Credential:
    client_id = _client_id(options)
    if options.client_certificate is not None:
        shown = printable(str(options.client_certificate), 200)
        try:
            pem = pem_with_key(options.client_certificate)
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
    if options.client_secret is None:
        raise InvalidInputError(
            say("--auth app needs --client-secret-file, DIAG_CLIENT_SECRET or --client-certificate.")
        )
    return AppSecret(client_id=client_id, secret=options.client_secret)


def _audiences(options: Options, subject: Subject) -> tuple[str, ...]:
    """What Exchange Online accepts; unknown for any other server, and for tokens of any other provider."""
    hosts = HOSTS[options.cloud]
    known = options.oidc_authority is None and subject.smtp_host.rstrip(".") == hosts.smtp
    return (*hosts.resources, EXCHANGE_ONLINE_ID) if known else ()


def _scope(options: Options, credential: Credential) -> str:
    """The permission a device asks for; an application on its own can only ask for all it was given."""
    if options.scope is not None:
        return options.scope
    resources = HOSTS[options.cloud].resources
    by_itself = isinstance(credential, AppSecret | AppCertificate)
    return f"{resources[-1]}/.default" if by_itself else f"{resources[0]}/SMTP.Send"


def _examination(options: Options, person: Person, world: _World, stack: ExitStack) -> Examination:
    subject = _subject(options)
    if options.authority and options.oidc_authority:
        raise InvalidInputError(say("Give either --authority or --oidc-authority, not both."))
    credential = _credential(options)
    authority = options.oidc_authority or options.authority
    redactor, roots = Redactor(), trust(world.ca_file)
    tokens = Entra(
        authority=_https_url(authority or f"https://{HOSTS[options.cloud].sign_in}/{subject.realm}"),
        oidc=options.oidc_authority is not None,
        credential=credential,
        scope=_scope(options, credential),
        audiences=_audiences(options, subject),
        trust=roots,
        redactor=redactor,
        person=person,
        timeout_s=min(20, options.timeout_s),
    )
    stack.callback(tokens.close)
    ports = Ports(
        network=SystemNetwork(route=world.route, nameserver=world.nameserver, timeout_s=min(10, options.timeout_s)),
        smtp=Submission(
            trust=roots,
            redactor=redactor,
            patience=Patience(step_s=min(20, options.timeout_s), total_s=options.timeout_s),
            route=world.route,
        ),
        tokens=tokens,
        clock=SystemClock(),
        person=person,
    )
    return Examination(subject, ports, redactor)


def _said(given: str | None, otherwise: str | None) -> str | None:
    """What was given, an empty text too: it is refused where it is read, and not replaced in silence."""
    return otherwise if given is None else given


def _in_lab(options: Options, lab: "Lab") -> tuple[Options, _World]:
    """Fill what was not said with what the scenario says, and turn every way out towards the lab."""
    said = lab.scenario.run
    auth = _given_auth(options) or said.auth
    token, client_secret = options.token, options.client_secret
    if auth is Auth.TOKEN and token is None:
        redeemable = said.holds == "refresh_token"
        token = Secret(json.dumps({"refresh_token": lab.refresh_token()}) if redeemable else lab.token())
    if auth is Auth.APP and client_secret is None and options.client_certificate is None:
        client_secret = Secret(lab.client_secret)
    filled = replace(
        options,
        mailbox=_said(options.mailbox, said.mailbox),
        sender=_said(options.sender, said.sender),
        recipient=_said(options.recipient, said.recipient),
        tenant=_said(options.tenant, said.tenant),
        smtp_host=_said(options.smtp_host, lab.scenario.network.host),
        auth=auth,
        token=token,
        client_id=_said(options.client_id, lab.client_id),
        client_secret=client_secret,
        authority=options.authority or (None if options.oidc_authority else lab.authority),
    )
    return filled, _World(nameserver=lab.nameserver, route=lab.route, ca_file=options.ca_file or lab.ca_file)


@contextmanager
def examination(options: Options, person: Person, lab: "Lab | None" = None) -> Iterator[Examination]:
    """Yield what to examine and how, in `lab` if one is given; starts and stops the lab that the options name.

    Raises `InvalidInputError` for whatever cannot be used as it was given, before anything leaves this computer.
    """
    with ExitStack() as stack:
        world = _World(ca_file=options.ca_file)
        if lab is None and options.lab is not None:
            lab = _started(options.lab, stack)
        if lab is not None:
            options, world = _in_lab(options, lab)
        yield _examination(options, person, world, stack)


def _started(name: str, stack: ExitStack) -> "Lab":
    """Start the lab for a scenario; its libraries, an extra of the installation, are first needed here."""
    from diag.lab import Lab, load_scenario

    scenario = load_scenario(name)
    try:
        return stack.enter_context(Lab(scenario))
    except ModuleNotFoundError as missing:
        raise InvalidInputError(
            say("The lab is not installed: install diag with its extra, as in 'pip install \"diag[lab]\"'.")
        ) from missing
