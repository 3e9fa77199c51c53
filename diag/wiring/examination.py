"""Choose what stands behind the ports of a diagnosis, from the options of a command."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diag.adapters.credentials import AppCertificate, AppSecret, Credential
from diag.adapters.entra import Entra
from diag.adapters.network import SystemNetwork
from diag.adapters.smtp import Patience, Submission
from diag.adapters.trust import Trust, trust
from diag.ports import Person, Ports
from diag.secret import Redactor
from diag.sentence import say
from diag.subject import EXCHANGE_ONLINE_ID, HOSTS, InvalidInputError, Subject
from diag.wiring.addresses import sign_in_url
from diag.wiring.administration import Administration, admin_tokens, has_administrator, made
from diag.wiring.clock import SystemClock
from diag.wiring.credentials import credential
from diag.wiring.options import Options
from diag.wiring.world import World, entered, started

if TYPE_CHECKING:
    from diag.lab import AnyLab


@dataclass(frozen=True, slots=True)
class Examination:
    """What is examined, and by which ports; `redactor` knows every secret of the run.

    `administration` is the administrator's side, None where no administrator can sign in.
    """

    subject: Subject
    ports: Ports
    redactor: Redactor
    administration: Administration | None = None


def subject_of(options: Options) -> Subject:
    """Return what is examined; raises `InvalidInputError` for whatever cannot be."""
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
        device_tls=options.device_tls,
    )


def _audiences(options: Options, subject: Subject) -> tuple[str, ...]:
    """What Exchange Online accepts; unknown for any other server, and for tokens of any other provider."""
    hosts = HOSTS[options.cloud]
    known = options.oidc_authority is None and subject.smtp_host.rstrip(".") == hosts.smtp
    return (*hosts.resources, EXCHANGE_ONLINE_ID) if known else ()


def _scope(options: Options, chosen: Credential) -> str:
    """The permission a device asks for; an application on its own can only ask for all it was given."""
    if options.scope is not None:
        return options.scope
    resources = HOSTS[options.cloud].resources
    by_itself = isinstance(chosen, AppSecret | AppCertificate)
    return f"{resources[-1]}/.default" if by_itself else f"{resources[0]}/SMTP.Send"


def tokens_of(  # noqa: PLR0913 - what a sign-in depends on
    options: Options, subject: Subject, chosen: Credential, *, roots: Trust, redactor: Redactor, person: Person
) -> Entra:
    """Return the `Tokens` port of what signs in to send; raises `InvalidInputError` for an authority of no use."""
    if options.authority and options.oidc_authority:
        raise InvalidInputError(say("Give either --authority or --oidc-authority, not both."))
    authority = options.oidc_authority or options.authority
    return Entra(
        authority=sign_in_url(authority or f"https://{HOSTS[options.cloud].sign_in}/{subject.realm}"),
        oidc=options.oidc_authority is not None,
        credential=chosen,
        scope=_scope(options, chosen),
        audiences=_audiences(options, subject),
        trust=roots,
        redactor=redactor,
        person=person,
        timeout_s=min(20, options.timeout_s),
    )


def conversing(options: Options, world: World, roots: Trust, redactor: Redactor) -> tuple[SystemNetwork, Submission]:
    """Return what the way to the server, and the server, are asked through."""
    network = SystemNetwork(route=world.route, nameserver=world.nameserver, timeout_s=min(10, options.timeout_s))
    patience = Patience(step_s=min(20, options.timeout_s), total_s=options.timeout_s)
    return network, Submission(trust=roots, redactor=redactor, patience=patience, route=world.route)


def _examination(
    options: Options, person: Person, world: World, stack: ExitStack, administration: Administration | None
) -> Examination:
    subject = subject_of(options)
    redactor = Redactor() if administration is None else administration.redactor
    roots = trust(world.ca_file) if administration is None else administration.trust
    tokens = tokens_of(options, subject, credential(options), roots=roots, redactor=redactor, person=person)
    stack.callback(tokens.close)
    network, smtp = conversing(options, world, roots, redactor)
    ports = Ports(
        network=network,
        smtp=smtp,
        tokens=tokens,
        clock=SystemClock(),
        person=person,
        setting=administration.setting if administration else None,
        directory=administration.directory if administration else None,
    )
    return Examination(subject, ports, redactor, administration)


@contextmanager
def examination(
    options: Options, person: Person, lab: "AnyLab | None" = None, *, administrator: Person | None = None
) -> Iterator[Examination]:
    """Yield what to examine and how, in `lab` if one is given; starts and stops the lab that the options name.

    `administrator` is who may be asked to sign in as one, where an application for that was named; without them, only
    a sign-in that is kept, or an application by itself, makes the administrator's questions possible. Raises
    `InvalidInputError` for whatever cannot be used as it was given, before anything leaves this computer.
    """
    with ExitStack() as stack:
        lab = lab or started(options, stack)
        given = admin_tokens(options, lab)
        options, world = entered(options, lab)
        side = None
        # Microsoft's own domains have no administrator whom anybody here could sign in as.
        if subject_of(options).account != "personal" and (given is not None or has_administrator(options)):
            may_ask = administrator is not None and (given is not None or options.admin_client_id is not None)
            side = made(options, administrator or person, world, stack, given=given, may_ask=may_ask, is_optional=True)
        yield _examination(options, person, world, stack, side)
