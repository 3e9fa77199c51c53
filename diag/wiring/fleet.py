"""Choose what stands behind the ports of a run over many mailboxes: once for all, once a tenant, once a mailbox."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from diag import pipeline
from diag.adapters.credentials import AppCertificate, AppSecret, Credential, Nobody, application_from, credential_from
from diag.adapters.entra import Entra
from diag.adapters.references import reveal
from diag.adapters.smtp import Submission
from diag.adapters.trust import Trust, trust
from diag.discovery import Senders
from diag.evidence import Evidence, NotAsked
from diag.fleet.ground import Examinable, NotExaminable
from diag.fleet.shared import KnownDirectory, KnownSetting, SharedNetwork, SharedTokens, Unattended
from diag.fleet.tenancy import Tenancy
from diag.health.run import Unasked
from diag.health.scanner import Scanner
from diag.health.tenant import unasked, unseen
from diag.obstacle import NotAnswered, Obstacle
from diag.overview import Overview
from diag.ports import Ledger, MailboxSetting, Person, Ports, Tenant, Tokens
from diag.secret import Redactor, Secret
from diag.sentence import Sentence, say
from diag.setting import Setting
from diag.subject import InvalidInputError, Subject, tenant_name
from diag.wiring.administration import Administration, admin_tokens, has_administrator, made
from diag.wiring.clock import SystemClock
from diag.wiring.credentials import credential
from diag.wiring.examination import conversing, subject_of, tokens_of
from diag.wiring.options import Options
from diag.wiring.world import World, entered, started

if TYPE_CHECKING:
    from diag.adapters.administrator import Resource
    from diag.lab import AnyLab

_CLOSED = frozenset(
    {Obstacle.NO_TOKEN, Obstacle.NOT_SIGNED_IN, Obstacle.NO_PERMISSION, Obstacle.NO_ROLE, Obstacle.NOT_SPOKEN}
)
_NOBODY = Unattended()
_ANYBODY = "scanner"  # the local part of the address that stands for all of a tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventoried:
    """What inventories say beyond mailboxes: the tenants, and where files that they name are looked for."""

    tenancies: Mapping[str, Tenancy] = field(default_factory=dict)
    folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """What the mailboxes of one tenant have in common; `tokens` is a sentence where nobody can sign in."""

    options: Options
    tokens: Tokens | Sentence
    overview: Overview | None = None
    tenant: Tenant | None = None
    setting: MailboxSetting | None = None


@dataclass(slots=True, kw_only=True)
class Fleet:
    """The `Ground` of a run.

    `person` is told what takes long and holds up a whole tenant, and is asked nothing. `ledger` knows the changes that
    may still be on their way; `inventory` is a file with the mailboxes of a lab.
    """

    options: Options
    inventoried: Inventoried
    environment: Mapping[str, str] = field(repr=False)
    person: Person
    world: World
    stack: ExitStack
    redactor: Redactor
    roots: Trust
    clock: SystemClock
    network: SharedNetwork
    smtp: Submission
    given: "dict[Resource, Secret] | None" = field(default=None, repr=False)
    ledger: Ledger | None = None
    inventory: Path | None = None
    _sides: "dict[str, asyncio.Task[_Side]]" = field(default_factory=dict, repr=False)
    _unasked: list[Unasked] = field(default_factory=list)
    _closed: set[tuple[str, str]] = field(default_factory=set)

    # --- the port

    @property
    def unasked(self) -> tuple[Unasked, ...]:
        """See the port."""
        return tuple(self._unasked)

    def lane(self, scanner: Scanner) -> str:
        """See the port."""
        tenancy = self.inventoried.tenancies.get(scanner.realm)
        host = scanner.smtp_host or (tenancy.smtp_host if tenancy else "")
        return f"{scanner.realm} {host.lower()} {scanner.client_id.lower()}"

    @asynccontextmanager
    async def ready(self, scanner: Scanner) -> AsyncIterator[Examinable | NotExaminable]:
        """See the port."""
        try:
            side = await self._side(scanner.realm)
            subject = subject_of(_for_one(scanner, side.options))
        except InvalidInputError as problem:
            yield NotExaminable(problem.sentence)
            return
        if not scanner.credential and not (scanner.client_id and _nobody_signs_in(side)):
            yield self._examinable(side, subject, side.tokens, self.smtp)
            return
        with self.redactor.scope() as redactor:
            tokens = await self._own(scanner, side, subject, redactor)
            try:
                yield self._examinable(side, subject, tokens, replace(self.smtp, redactor=redactor))
            finally:
                if isinstance(tokens, Entra):
                    tokens.close()

    def _examinable(
        self, side: _Side, subject: Subject, tokens: Tokens | Sentence, smtp: Submission
    ) -> Examinable | NotExaminable:
        if isinstance(tokens, Sentence):
            return NotExaminable(tokens)
        known = side.overview
        ports = Ports(
            network=self.network,
            smtp=smtp,
            tokens=tokens,
            clock=self.clock,
            person=_NOBODY,
            setting=KnownSetting(known) if known is not None else None,
            directory=KnownDirectory(known) if known is not None else None,
        )
        return Examinable(subject, ports)

    async def closer(self, scanner: Scanner, known: Evidence) -> Evidence:
        """See the port."""
        side = await self._side(scanner.realm)
        directory, switch = (scanner.realm, "directory"), (scanner.realm, "setting")
        if side.tenant is not None and not isinstance(known.directory, NotAsked) and directory not in self._closed:
            more = await side.tenant.closer(scanner.mailbox, known.directory, auth=known.sign_in.auth)
            self._close(directory, more.account)
            known = replace(known, directory=more)
        if side.setting is not None and switch not in self._closed:
            setting = await side.setting.read(scanner.mailbox)
            self._close(switch, setting)
            if isinstance(known.setting, NotAnswered | NotAsked) or isinstance(setting, Setting):
                known = replace(known, setting=setting)
        return known if self.ledger is None else await pipeline.follow(known, self.ledger, self.clock.now())

    def _close(self, door: tuple[str, str], answer: object) -> None:
        """Ask there no more, where the answer would be the same for every other mailbox of the tenant."""
        if isinstance(answer, NotAnswered) and answer.obstacle in _CLOSED:
            self._closed.add(door)

    # --- once a tenant

    async def _side(self, realm: str) -> _Side:
        if realm not in self._sides:
            self._sides[realm] = asyncio.create_task(self._made(realm))
        return await asyncio.shield(self._sides[realm])

    async def _made(self, realm: str) -> _Side:
        tenancy = self.inventoried.tenancies.get(realm) or Tenancy(name=realm)
        options = self._options(tenancy)
        chosen = await self._credential(tenancy, options)
        tokens: Tokens | Sentence
        if isinstance(chosen, Sentence):
            tokens, client_id, auth = chosen, options.client_id, None
        else:
            shared = SharedTokens(self._entra(options, subject_of(options), chosen), self.clock)
            tokens, client_id, auth = shared, shared.client_id, shared.auth
        side = await self._administration(tenancy, options)
        if side is None:
            return _Side(options=options, tokens=tokens)
        wanted = options.settings_from != "none"
        overview = await side.tenant.overview(client_id=client_id, auth=auth, settings=wanted)
        self._unasked += unasked(overview, realm)
        return _Side(options=options, tokens=tokens, overview=overview, tenant=side.tenant, setting=side.setting)

    async def _administration(self, tenancy: Tenancy, options: Options) -> Administration | None:
        given = self.given
        if tenancy.admin_client_id:
            found, given = await self._administered(tenancy, options), None
            if isinstance(found, Sentence):
                what = say("everything that an administrator may ask")
                self._unasked.append(Unasked(tenant=tenancy.realm, what=what, because=found))
                return None
            options = found
        if given is None and not has_administrator(options):
            return None
        by_itself = (options.admin_client_secret, options.admin_client_certificate, options.admin_client_pem)
        may_ask = given is not None or any(one is not None for one in by_itself)  # nobody, of a person
        return made(
            options,
            self.person,
            self.world,
            self.stack,
            given=given,
            may_ask=may_ask,
            is_optional=True,
            redactor=self.redactor,
        )

    async def _administered(self, tenancy: Tenancy, options: Options) -> Options | Sentence:
        """The options with the administrators' application of a tenant; else why that cannot sign in."""
        own = replace(
            options,
            admin_client_id=tenancy.admin_client_id,
            admin_client_secret=None,
            admin_client_certificate=None,
        )
        if not tenancy.admin_credential:
            return own
        secret = await self._revealed(tenancy.admin_credential)
        found = secret if isinstance(secret, Sentence) else application_from(secret, tenancy.admin_client_id)
        match found:
            case AppSecret(secret=revealed):
                return replace(own, admin_client_secret=revealed)
            case AppCertificate(pem=pem):
                return replace(own, admin_client_pem=pem)
            case because:
                return because

    def _options(self, tenancy: Tenancy) -> Options:
        """The options of the command, as what the inventory says of this tenant changes them."""
        base = self.options
        is_lab = base.lab is not None
        options = replace(
            base,
            mailbox=f"{_ANYBODY}@{tenancy.name if '.' in tenancy.name else 'tenant.invalid'}",
            tenant=base.tenant if is_lab or not tenancy.name else tenant_name(tenancy.name),
            client_id=tenancy.client_id or base.client_id,
            smtp_host=tenancy.smtp_host or base.smtp_host,
            authority=tenancy.authority or base.authority,
            settings_from=tenancy.settings if tenancy.admin_client_id else base.settings_from,
        )
        known = tenancy in self.inventoried.tenancies.values()
        return replace(options, cloud=tenancy.cloud) if known else options

    async def _credential(self, tenancy: Tenancy, options: Options) -> Credential | Sentence:
        if tenancy.credential:
            return await self._referred(tenancy.credential, options.client_id)
        if options.token is None and options.client_secret is None and options.client_certificate is None:
            # A client id alone would mean a device code, and nobody is there to type it.
            return Nobody(client_id=options.client_id)
        return credential(options)

    # --- once a mailbox

    async def _own(self, scanner: Scanner, side: _Side, subject: Subject, redactor: Redactor) -> Entra | Sentence:
        client_id = scanner.client_id or side.options.client_id
        found: Credential | Sentence = Nobody(client_id=client_id)
        if scanner.credential:
            found = await self._referred(scanner.credential, client_id)
        if isinstance(found, Sentence):
            return found
        options = replace(side.options, client_id=client_id)
        entra = tokens_of(options, subject, found, roots=self.roots, redactor=redactor, person=_NOBODY)
        if not isinstance(side.tokens, Sentence):
            entra.discovery = side.tokens.discover
        return entra

    async def _referred(self, reference: str, client_id: str | None) -> Credential | Sentence:
        """What a reference leads to, as a credential; else why it leads to none."""
        secret = await self._revealed(reference)
        return secret if isinstance(secret, Sentence) else credential_from(secret, client_id)

    async def _revealed(self, reference: str) -> Secret | Sentence:
        return await reveal(reference, relative_to=self.inventoried.folder, environment=self.environment)

    def _entra(self, options: Options, subject: Subject, chosen: Credential) -> Entra:
        entra = tokens_of(options, subject, chosen, roots=self.roots, redactor=self.redactor, person=_NOBODY)
        self.stack.callback(entra.close)
        return entra

    # --- which mailboxes there are

    async def senders(self) -> Senders | NotAnswered:
        """Find the mailboxes that devices of the options' tenant send from; `unasked` has where nobody could look."""
        realm = self.options.tenant or ""
        tenancy = self.inventoried.tenancies.get(realm.casefold()) or Tenancy(name=realm)
        options = self._options(tenancy)
        side = await self._administration(tenancy, options)
        if side is None:
            because = say(
                "To find mailboxes an administrator must be signed in: give --admin-client-id ID with its secret, or"
                " sign in once with diag login --keep."
            )
            return NotAnswered(obstacle=Obstacle.NO_TOKEN, because=because)
        found = await side.tenant.discover(client_id=options.client_id, settings=options.settings_from != "none")
        self._unasked += unseen(found, tenancy.realm)
        return found


def _nobody_signs_in(side: _Side) -> bool:
    return not isinstance(side.tokens, Sentence) and side.tokens.auth is None


def _for_one(scanner: Scanner, options: Options) -> Options:
    """The options of a tenant, as what the inventory says of one mailbox changes them."""
    return replace(
        options,
        mailbox=scanner.mailbox,
        sender=scanner.sender or None,
        recipient=None,
        smtp_host=scanner.smtp_host or options.smtp_host,
        device_tls=scanner.tls or None,
    )


@contextmanager
def fleet(
    options: Options,
    person: Person,
    inventoried: Inventoried,
    environment: Mapping[str, str],
    lab: "AnyLab | None" = None,
) -> Iterator[Fleet]:
    """Yield the ground of a run, in the lab that the options name, if they name one.

    Raises `InvalidInputError` for whatever cannot be used as it was given, before anything leaves this computer.
    """
    with ExitStack() as stack:
        lab = lab or started(options, stack)
        given = admin_tokens(options, lab)
        options, world = entered(options, lab)
        redactor, roots, clock = Redactor(), trust(world.ca_file), SystemClock()
        network, smtp = conversing(options, world, roots, redactor)
        yield Fleet(
            options=options,
            inventoried=inventoried,
            environment=environment,
            person=person,
            world=world,
            stack=stack,
            redactor=redactor,
            roots=roots,
            clock=clock,
            network=SharedNetwork(network, clock),
            smtp=smtp,
            given=given,
            inventory=None if lab is None else _written(lab, stack),
        )


def _written(lab: "AnyLab", stack: ExitStack) -> Path:
    """Write the inventory of a lab's mailboxes to a file, for as long as the run takes."""
    from diag.lab import inventory_of

    file = Path(stack.enter_context(TemporaryDirectory(prefix="diag-lab-"))) / "scanners.csv"
    file.write_text(inventory_of(lab.scenario), encoding="utf-8")
    return file
