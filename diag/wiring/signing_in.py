"""An administrator signs in, to see what that allows, and perhaps to have it kept."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from diag.adapters.administrator import Resource
from diag.adapters.kept import Kept, forget, keep
from diag.evidence import Claims
from diag.files import data_folder
from diag.obstacle import NotAnswered
from diag.ports import Person
from diag.sentence import say
from diag.subject import InvalidInputError
from diag.wiring.administration import Administration, made, who_and_where
from diag.wiring.options import Options
from diag.wiring.world import entered, started


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who signed in, and what the token for each service says; None where one cannot be read."""

    account: str
    tenant: str
    exchange: Claims | NotAnswered | None
    graph: Claims | NotAnswered | None


def keep_sign_in(side: Administration, account: str) -> None:
    """Write down whose sign-in is kept, so that later runs find it."""
    keep(data_folder(), Kept(client_id=side.client_id, authority=side.authority, account=account))


def forget_sign_in() -> Kept | None:
    """Remove the sign-in that is kept, and return whose it was; None where none was."""
    return forget(data_folder())


async def sign_in(side: Administration) -> SignedIn | NotAnswered:
    """Have an administrator sign in, and return who did; why not, where there is no token for either service."""
    exchange, graph = await side.reads(Resource.EXCHANGE), await side.reads(Resource.GRAPH)
    known = next((one for one in (exchange, graph) if isinstance(one, Claims)), None)
    if known is None and isinstance(exchange, NotAnswered):
        return exchange
    account, tenant = who_and_where(known, side.realm)
    return SignedIn(account=account, tenant=tenant, exchange=exchange, graph=graph)


@contextmanager
def signing_in(options: Options, person: Person, *, keep: bool) -> Iterator[Administration]:
    """Yield what an administrator signs in with, always anew; with `keep` what was kept before is forgotten first."""
    if options.admin_client_id is None and options.lab is None:
        raise InvalidInputError(
            say("Say which application administrators sign in with: --admin-client-id ID. 'diag setup' makes one.")
        )
    if keep:
        forget_sign_in()
    with ExitStack() as stack:
        lab = started(options, stack)
        filled, world = entered(options, lab)
        if lab is not None:
            filled = replace(filled, admin_client_id=options.admin_client_id or lab.admin_client_id)
        yield made(filled, person, world, stack, keep=keep)
