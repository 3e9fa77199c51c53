"""The administrator's sign-in: one for all that administrators may see and change, apart from the device's.

It is another application than the device's, so that no permission of an administrator's can stand in the token that
goes to the mail server.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from diag.adapters.entra import Entra
from diag.evidence import Acquisition, Auth, Claims, CodeExpired, Declined, Granted, NotAsked, Refusal, Silence
from diag.naming import reason
from diag.obstacle import NotAnswered, Obstacle
from diag.ports import Acquired
from diag.secret import Secret
from diag.sentence import Sentence, say
from diag.token import read_token

if TYPE_CHECKING:
    from msal import TokenCache


Cache: TypeAlias = "TokenCache"


def new_cache() -> Cache:
    """Return a cache that lives as long as this process."""
    import msal

    return msal.TokenCache()


class Resource(StrEnum):
    """Whom an administrator's token is for."""

    EXCHANGE = "exchange"
    GRAPH = "graph"


@dataclass(slots=True)
class Administrator:
    """Tokens of one administrator, or of an application by itself, for each resource.

    `services` hold one sign-in service for each resource, of one application and with one cache: a person signs in once
    for all of them. `may_ask` says whether a person may be asked to; else only a sign-in that is kept counts. `home`
    asks for the id of the tenant that `realm` belongs to: tokens of another one are no help. `unusable` says why a
    sign-in that is kept cannot be used on this computer.
    """

    services: dict[Resource, Entra]
    may_ask: bool
    realm: str = ""
    home: Callable[[], Awaitable[str | None]] | None = None
    unusable: NotAnswered | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    _refused: dict[Resource, NotAnswered] = field(default_factory=dict, repr=False)
    _was_asked: bool = field(default=False, repr=False)

    async def token(self, resource: Resource) -> Secret | NotAnswered:
        """Return a token for the resource, or why there is none; a person is shown one code a run."""
        async with self._turn:
            refused = self.unusable or self._refused.get(resource)
            return refused or await self._fitting(await self._obtained(resource), resource)

    async def ready(self) -> None:
        """Have a person sign in now, if one will be asked to: before others are, and before anything is waited for.

        For Graph first, since every permission there is asked for by one word, consented or not; an application that is
        refused there may still administer Exchange Online.
        """
        if not self.may_ask or not self._by_code:
            return
        answer = await self.token(Resource.GRAPH)
        if isinstance(answer, NotAnswered) and Resource.EXCHANGE not in self._refused:
            self._was_asked = False
            await self.token(Resource.EXCHANGE)

    def asks(self, resource: Resource) -> Callable[[], Awaitable[Secret | NotAnswered]]:
        """Return what asks for a token for the resource each time it is called."""
        return lambda: self.token(resource)

    @property
    def _by_code(self) -> bool:
        return any(service.auth is Auth.DEVICE_CODE for service in self.services.values())

    async def _obtained(self, resource: Resource) -> Secret | NotAnswered:
        """Renew the sign-in, or ask for one."""
        service = self.services[resource]
        found = await service.silently()
        if found is not None and found.token is not None:
            return found.token
        if self._was_asked:
            return self._none(resource, _why(found.acquisition) if found else say("no administrator is signed in"))
        if not self.may_ask:
            return self._none(resource, _renewal(found), found)
        if self._by_code:
            self._was_asked = True
            if found is not None:  # what is kept is over, and stays what it is: whoever signs in now may be another
                fresh = new_cache()
                for one in self.services.values():
                    one.cache = fresh
        found = await service.acquire()
        if found.token is not None:
            return found.token
        answer = self._none(resource, _why(found.acquisition), found)
        if isinstance(found.acquisition, Declined | CodeExpired):
            self._refused = dict.fromkeys(self.services, answer)
        return answer

    async def _fitting(self, token: Secret | NotAnswered, resource: Resource) -> Secret | NotAnswered:
        """Return a token that is of the mailbox's tenant, as far as both can be told."""
        if isinstance(token, NotAnswered) or self.home is None:
            return token
        found = read_token(token)
        theirs = found.tenant if isinstance(found, Claims) else None
        ours = await self.home() if theirs else None
        if not theirs or not ours or theirs.casefold() == ours.casefold():
            return token
        elsewhere = say(
            "the administrator is signed in to the tenant {theirs}, and {realm} belongs to {ours}",
            theirs=theirs,
            realm=self.realm,
            ours=ours,
        )
        return self._none(resource, elsewhere)

    def _none(self, resource: Resource, because: Sentence, found: Acquired | None = None) -> NotAnswered:
        """Say why there is no token, and keep to it, unless the service was only silent."""
        answer = NotAnswered(obstacle=Obstacle.NO_TOKEN, because=because)
        if found is None or not isinstance(found.acquisition, Silence):
            self._refused[resource] = answer
        return answer


def _renewal(found: Acquired | None) -> Sentence:
    if found is None:
        return say("no administrator is signed in")
    return say(
        "the sign-in of the administrator is over, so sign in again with diag login: {why}", why=_why(found.acquisition)
    )


def _why(acquisition: Acquisition) -> Sentence:
    match acquisition:
        case Granted():
            return say("the sign-in service gave no token")
        case Refusal(description=words, error=error):
            return say("the sign-in service refuses the administrator: {words}", words=words or error)
        case Declined():
            return say("the administrator declined in the browser")
        case CodeExpired():
            return say("no administrator finished signing in before the code expired")
        case Silence(who=who, reason=cause):
            return say("the sign-in service {host} did not answer ({reason})", host=who, reason=reason(cause))
        case NotAsked(because=because):
            return because
