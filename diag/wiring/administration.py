"""Choose what an administrator's questions and changes go through, from the options of a command."""

import getpass
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from diag.adapters.administrator import Administrator, Cache, Resource, new_cache
from diag.adapters.credentials import AppCertificate, AppSecret, Credential, DeviceCode, Given
from diag.adapters.entra import Entra
from diag.adapters.exchange import EXCHANGE_URLS, ExchangeOnline
from diag.adapters.graph import GRAPH_URLS, Graph
from diag.adapters.graph_apps import GraphApplications
from diag.adapters.graph_snapshot import GraphSnapshot
from diag.adapters.kept import Kept, cache_in, kept_in
from diag.adapters.network import Route
from diag.adapters.trust import Trust, trust
from diag.evidence import Claims
from diag.obstacle import NotAnswered
from diag.ports import Applications, Clock, Directory, MailboxSetting, Person
from diag.secret import Redactor, Secret
from diag.sentence import say
from diag.subject import HOSTS, InvalidInputError, address, tenant_name
from diag.token import read_token
from diag.wiring import credentials
from diag.wiring.addresses import sign_in_url
from diag.wiring.clock import SystemClock
from diag.wiring.options import Options
from diag.wiring.world import World, in_lab, started

if TYPE_CHECKING:
    from diag.lab import Lab


def sign_in_folder() -> Path:
    """The folder in which a sign-in is kept."""
    from platformdirs import user_data_path

    return user_data_path("diag", appauthor=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """What an administrator's commands work with; `authority` is where they sign in, `realm` the tenant as given."""

    administrator: Administrator
    setting: MailboxSetting
    directory: Directory
    applications: Applications
    clock: Clock
    redactor: Redactor
    trust: Trust
    realm: str
    authority: str
    client_id: str

    async def reads(self, resource: Resource, *, ask: bool = True) -> Claims | NotAnswered | None:
        """Return what the administrator's token for a service says; None where it cannot be read.

        Without `ask` nobody who has signed in for another service is asked to sign in again.
        """
        administrator = self.administrator
        token = await (administrator.token(resource) if ask else administrator.without_asking(resource))
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
    return options.lab is not None or options.admin_client_id is not None or kept_in(sign_in_folder()) is not None


def admin_tokens(options: Options, lab: "Lab") -> dict[Resource, Secret] | None:
    """Return the tokens of a lab's administrator, who is signed in already; None where the options name another."""
    if options.admin_client_id is not None:
        return None
    return {Resource.EXCHANGE: Secret(lab.admin_token()), Resource.GRAPH: Secret(lab.graph_token())}


@contextmanager
def administration(
    options: Options,
    person: Person,
    *,
    lab: "Lab | None" = None,
    keep: bool = False,
) -> Iterator[Administration]:
    """Yield an administrator's side of the tenant, in `lab` if one is given; starts the lab that the options name.

    `keep` puts a new sign-in where later runs find it. Raises `InvalidInputError` for whatever cannot be used as it was
    given, and where no application is known that administrators could sign in with.
    """
    with ExitStack() as stack:
        world, given = World(ca_file=options.ca_file), None
        lab = lab or started(options, stack)
        if lab is not None:
            given = admin_tokens(options, lab)
            options, world = in_lab(options, lab)
        yield made(options, person, world, stack, given=given, keep=keep)


def made(  # noqa: PLR0913 - what an administrator's side depends on
    options: Options,
    person: Person,
    world: World,
    stack: ExitStack,
    *,
    given: dict[Resource, Secret] | None = None,
    keep: bool = False,
    may_ask: bool = True,
) -> Administration:
    """Make it for options that are filled already; `given` are tokens that are there already."""
    realm = options.tenant or address(options.mailbox or "").rpartition("@")[2]
    tenant_name(realm)
    redactor, roots = Redactor(), trust(world.ca_file)
    authority = sign_in_url(options.authority or f"https://{HOSTS[options.cloud].sign_in}/{realm}")
    chosen: dict[Resource, Credential]
    cache: Cache | None = None
    if given is not None:
        chosen = {resource: Given(token=token) for resource, token in given.items()}
    else:
        found, authority, cache = _signing_in(options, authority, keep=keep)
        chosen = dict.fromkeys(Resource, found)
    services = {
        resource: Entra(
            authority=authority,
            oidc=False,
            credential=credential,
            scope=_scope(resource, credential, options),
            audiences=(),
            trust=roots,
            redactor=redactor,
            person=person,
            timeout_s=min(20, options.timeout_s),
            cache=cache,
        )
        for resource, credential in chosen.items()
    }
    for service in services.values():
        stack.callback(service.close)
    administrator = Administrator(services=services, may_ask=may_ask)
    reach = _Reach(administrator=administrator, trust=roots, redactor=redactor, route=world.route)
    return Administration(
        administrator=administrator,
        setting=_setting(options, realm, reach),
        directory=Graph(
            token=administrator.asks(Resource.GRAPH),
            trust=roots,
            redactor=redactor,
            base=options.graph_url or GRAPH_URLS[options.cloud],
            timeout_s=min(30, options.timeout_s),
            route=world.route,
        ),
        applications=GraphApplications(
            token=administrator.asks(Resource.GRAPH),
            trust=roots,
            redactor=redactor,
            base=options.graph_url or GRAPH_URLS[options.cloud],
            timeout_s=options.timeout_s,
            route=world.route,
        ),
        clock=SystemClock(),
        redactor=redactor,
        trust=roots,
        realm=realm,
        authority=authority,
        client_id=next((service.client_id for service in services.values() if service.client_id), ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """With what the services are reached."""

    administrator: Administrator
    trust: Trust
    redactor: Redactor
    route: Route


def _setting(options: Options, realm: str, reach: _Reach) -> MailboxSetting:
    """Return the backend that is to be asked for the setting."""
    if options.backend == "graph":
        return GraphSnapshot(
            token=reach.administrator.asks(Resource.GRAPH),
            trust=reach.trust,
            redactor=reach.redactor,
            base=options.graph_url or GRAPH_URLS[options.cloud],
            route=reach.route,
        )
    return ExchangeOnline(
        tenant=realm,
        token=reach.administrator.asks(Resource.EXCHANGE),
        trust=reach.trust,
        redactor=reach.redactor,
        base=options.exchange_url or EXCHANGE_URLS[options.cloud],
        timeout_s=options.timeout_s,
        route=reach.route,
    )


def _signing_in(
    options: Options, authority: str, *, keep: bool
) -> tuple[DeviceCode | AppSecret | AppCertificate, str, "Cache | None"]:
    """Return what administrators sign in with, where, and the cache in which a person's sign-in stays."""
    found = credentials.administrator(options)
    folder = sign_in_folder()
    kept = kept_in(folder) if options.lab is None else None
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
    is_kept = kept == Kept(client_id=found.client_id, authority=authority, account=kept.account) if kept else False
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
