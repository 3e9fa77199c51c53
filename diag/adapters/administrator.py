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
from diag.evidence import Acquisition, Auth, CodeExpired, Declined, Granted, NotAsked, Refusal, Silence
from diag.naming import reason
from diag.obstacle import NotAnswered, Obstacle
from diag.ports import Acquired
from diag.secret import Secret
from diag.sentence import Sentence, say

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
    for all of them. `may_ask` says whether a person may be asked to; else only a sign-in that is kept counts.
    """

    services: dict[Resource, Entra]
    may_ask: bool
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    _refused: NotAnswered | None = field(default=None, repr=False)

    async def token(self, resource: Resource) -> Secret | NotAnswered:
        """Return a token for the resource, or why there is none; a person is asked once a run."""
        async with self._turn:
            if self._refused is not None:
                return self._refused
            service = self.services[resource]
            found = await service.silently()
            if found is not None and found.token is not None:
                return found.token
            if not self.may_ask:
                return self._none(_renewal(found))
            found = await service.acquire()
            return found.token if found.token is not None else self._none(_why(found.acquisition))

    async def without_asking(self, resource: Resource) -> Secret | NotAnswered:
        """Return a token where the sign-in that was made for another resource is enough, or why it is not.

        Nobody is asked a second time: whoever lacks a permission would sign in again and still lack it.
        """
        async with self._turn:
            found = await self.services[resource].silently()
        if found is None:
            return await self.token(resource)
        if found.token is not None:
            return found.token
        return NotAnswered(obstacle=Obstacle.NO_TOKEN, because=_why(found.acquisition))

    async def ready(self) -> None:
        """Have a person sign in now, if one will be asked to: before others are, and before anything is waited for."""
        if self.may_ask and any(service.auth is Auth.DEVICE_CODE for service in self.services.values()):
            await self.token(Resource.EXCHANGE)

    def asks(self, resource: Resource) -> Callable[[], Awaitable[Secret | NotAnswered]]:
        """Return what asks for a token for the resource each time it is called."""
        return lambda: self.token(resource)

    def _none(self, because: Sentence) -> NotAnswered:
        self._refused = NotAnswered(obstacle=Obstacle.NO_TOKEN, because=because)
        return self._refused


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
