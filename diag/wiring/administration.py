"""Choose what an administrator's questions and changes go through, from the options of a command."""

import getpass
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from diag.adapters.administrator import Administrator, Cache, Resource, new_cache
from diag.adapters.credentials import AppCertificate, AppSecret, Credential, DeviceCode, Given, Nobody
from diag.adapters.entra import Entra
from diag.adapters.exchange import EXCHANGE_URLS, ExchangeOnline
from diag.adapters.graph import Graph
from diag.adapters.graph_apps import GraphApplications
from diag.adapters.graph_snapshot import GraphSnapshot
from diag.adapters.graph_tenant import GraphTenant
from diag.adapters.graph_wire import GRAPH_URLS, GraphService
from diag.adapters.kept import Kept, cache_in, kept_in
from diag.adapters.trust import Trust, trust
from diag.evidence import Claims, SignInService
from diag.files import data_folder
from diag.obstacle import NotAnswered, Obstacle
from diag.ports import Applications, Clock, Directory, MailboxSetting, Person, Tenant
from diag.secret import Redactor, Secret
from diag.sentence import say
from diag.subject import HOSTS, InvalidInputError, address, tenant_name
from diag.token import read_token
from diag.wiring import credentials
from diag.wiring.addresses import sign_in_url
from diag.wiring.clock import SystemClock
from diag.wiring.options import Options
from diag.wiring.world import World, entered, started

if TYPE_CHECKING:
    from diag.lab import AnyLab


_LONGEST_QUESTIONS_S = 30  # a diagnosis does not wait longer for the directory
_LONGEST_SNAPSHOT_S = 900
_LONGEST_REQUEST_S = 60  # diag.change.limits reckons with it: an open change is taken for dead after five minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """What an administrator's commands work with; `authority` is where they sign in, `realm` the tenant as given."""

    administrator: Administrator
    setting: MailboxSetting
    directory: Directory
    tenant: Tenant
    applications: Applications
    clock: Clock
    redactor: Redactor
    trust: Trust
    realm: str
    authority: str
    client_id: str

    @property
    def asks_for_setting(self) -> Resource:
        """Whose token the backend of the setting needs."""
        return Resource.GRAPH if self.setting.backend.name == "graph" else Resource.EXCHANGE

    async def reads(self, resource: Resource) -> Claims | NotAnswered | None:
        """Return what the administrator's token for a service says; None where it cannot be read."""
        token = await self.administrator.token(resource)
        if isinstance(token, NotAnswered):
            return token
        found = read_token(token)
        return found if isinstance(found, Claims) else None


def who_and_where(claims: Claims | None, realm: str) -> tuple[str, str]:
    """Return the operator and the tenant that a change is written down with.

    The operator is the administrator who signed in, else whoever is logged on to this computer. The tenant is the id
    that the token names, so that a tenant with several domains has one history.
    """
    operator = claims.user if claims is not None and not claims.app_only else None
    tenant = claims.tenant if claims is not None else None
    return operator or _logged_on(), tenant or realm


def _logged_on() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "?"


def has_administrator(options: Options) -> bool:
    """Whether the options, or a sign-in that is kept, make an administrator's questions possible."""
    return options.lab is not None or options.admin_client_id is not None or _kept(options) is not None


def admin_tokens(options: Options, lab: "AnyLab | None") -> dict[Resource, Secret] | None:
    """Return the tokens of a lab's administrator, who is signed in already; None where the options name another."""
    if lab is None or options.admin_client_id is not None:
        return None
    return {Resource.EXCHANGE: Secret(lab.admin_token()), Resource.GRAPH: Secret(lab.graph_token())}


@contextmanager
def administration(options: Options, person: Person) -> Iterator[Administration]:
    """Yield an administrator's side of the tenant; starts the lab that the options name.

    Raises `InvalidInputError` for whatever cannot be used as it was given, and where no application is known that
    administrators could sign in with.
    """
    with ExitStack() as stack:
        lab = started(options, stack)
        given = admin_tokens(options, lab)
        filled, world = entered(options, lab)
        yield made(filled, person, world, stack, given=given)


def made(  # noqa: PLR0913 - what an administrator's side depends on
    options: Options,
    person: Person,
    world: World,
    stack: ExitStack,
    *,
    given: dict[Resource, Secret] | None = None,
    keep: bool = False,
    may_ask: bool = True,
    is_optional: bool = False,
    redactor: Redactor | None = None,
) -> Administration:
    """Make it for options that are filled already; `given` are tokens that are there already.

    Where it `is_optional`, a sign-in that is kept and cannot be opened is a reason not to ask, and no mistake.
    """
    realm = options.tenant or address(options.mailbox or "").rpartition("@")[2]
    tenant_name(realm)
    redactor, roots = redactor or Redactor(), trust(world.ca_file)
    authority = home_authority = _authority(options, realm)
    chosen: dict[Resource, Credential]
    cache: Cache | None = None
    unusable: NotAnswered | None = None
    if given is not None:
        chosen = {resource: Given(token=token) for resource, token in given.items()}
    else:
        try:
            found, authority, cache = _signing_in(options, authority, keep=keep)
        except InvalidInputError as problem:
            if not is_optional or options.admin_client_id is not None:
                raise
            chosen = dict.fromkeys(Resource, Nobody())
            unusable = NotAnswered(obstacle=Obstacle.NO_TOKEN, because=problem.sentence)
        else:
            chosen = dict.fromkeys(Resource, found)

    def service(credential: Credential, authority: str, scope: str = "") -> Entra:
        made = Entra(
            authority=authority,
            oidc=False,
            credential=credential,
            scope=scope,
            audiences=(),
            trust=roots,
            redactor=redactor,
            person=person,
            timeout_s=min(20, options.timeout_s),
            cache=cache,
        )
        stack.callback(made.close)
        return made

    home = service(Nobody(), home_authority)
    services = {resource: service(one, authority, _scope(resource, one, options)) for resource, one in chosen.items()}
    administrator = Administrator(
        services=services, may_ask=may_ask, realm=realm, home=lambda: _tenant_of(home), unusable=unusable
    )
    graph = GraphService(
        token=administrator.asks(Resource.GRAPH),
        trust=roots,
        redactor=redactor,
        base=options.graph_url or GRAPH_URLS[options.cloud],
        timeout_s=options.timeout_s,
        route=world.route,
    )
    exchange = ExchangeOnline(
        tenant=realm,
        token=administrator.asks(Resource.EXCHANGE),
        trust=roots,
        redactor=redactor,
        base=options.exchange_url or EXCHANGE_URLS[options.cloud],
        timeout_s=min(_LONGEST_REQUEST_S, options.timeout_s),
        route=world.route,
    )
    snapshot = GraphSnapshot(replace(graph, timeout_s=_LONGEST_SNAPSHOT_S))
    setting = snapshot if options.backend == snapshot.backend.name else exchange
    directory, clock = replace(graph, timeout_s=min(_LONGEST_QUESTIONS_S, options.timeout_s)), SystemClock()
    return Administration(
        administrator=administrator,
        setting=setting,
        directory=Graph(directory),
        tenant=GraphTenant(
            service=directory,
            settings=snapshot if options.settings_from == snapshot.backend.name else exchange,
            clock=clock,
            person=person,
        ),
        applications=GraphApplications(graph),
        clock=clock,
        redactor=redactor,
        trust=roots,
        realm=realm,
        authority=authority,
        client_id=next((service.client_id for service in services.values() if service.client_id), ""),
    )


def _authority(options: Options, realm: str) -> str:
    return sign_in_url(options.authority or f"https://{HOSTS[options.cloud].sign_in}/{realm}")


async def _tenant_of(home: Entra) -> str | None:
    """Return the id of the tenant whose sign-in service this is; None where it does not say."""
    found = (await home.discover()).discovery
    return found.tenant if isinstance(found, SignInService) else None


def _kept(options: Options) -> Kept | None:
    """Return the sign-in that is kept, if it is for the service that the options mean; a lab has none."""
    kept = kept_in(data_folder()) if options.lab is None else None
    if kept is None:
        return None
    wanted = options.authority or f"https://{HOSTS[options.cloud].sign_in}/"
    return kept if urlsplit(kept.authority).netloc == urlsplit(wanted).netloc else None


def _signing_in(
    options: Options, authority: str, *, keep: bool
) -> tuple[DeviceCode | AppSecret | AppCertificate, str, "Cache | None"]:
    """Return what administrators sign in with, where, and the cache in which a person's sign-in stays."""
    found = credentials.administrator(options)
    folder, kept = data_folder(), _kept(options)
    if kept is not None and options.client_id is not None and kept.client_id.casefold() == options.client_id.casefold():
        raise credentials.one_for_both()
    if found is None:
        if kept is None:
            raise InvalidInputError(
                say(
                    "Say which application administrators sign in with: --admin-client-id ID. 'diag setup' makes one,"
                    " and 'diag login --keep' keeps the sign-in."
                )
            )
        return DeviceCode(client_id=kept.client_id), kept.authority, cache_in(folder)
    if not isinstance(found, DeviceCode):
        return found, authority, None
    is_kept = kept is not None and (kept.client_id, kept.authority) == (found.client_id, authority)
    if keep or is_kept:
        return found, authority, cache_in(folder)
    return found, authority, new_cache()


def _scope(resource: Resource, credential: Credential, options: Options) -> str:
    match resource:
        case Resource.GRAPH:
            return f"{GRAPH_URLS[options.cloud]}/.default"
        case Resource.EXCHANGE:
            what = "Exchange.Manage" if isinstance(credential, DeviceCode) else ".default"
            return f"{EXCHANGE_URLS[options.cloud]}/{what}"
