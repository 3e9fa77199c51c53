"""The questions about a tenant and the device's application, put at the same time; none is about a mailbox."""

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias, TypeGuard, TypeVar

from diag.adapters import graph_reading, graph_words
from diag.adapters.graph_reading import Record
from diag.adapters.graph_wire import Conversation
from diag.directory import Consent, EnterpriseApp, Policies, Registration, SecurityDefaults, ServiceHealth
from diag.evidence import Auth
from diag.obstacle import NotAnswered, Obstacle
from diag.sentence import say

_CLIENT_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_Found = TypeVar("_Found")
Later: TypeAlias = "asyncio.Task[_Found | NotAnswered]"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTenant:
    """What they came to."""

    security_defaults: SecurityDefaults | NotAnswered
    app: EnterpriseApp | NotAnswered
    consent: Consent | NotAnswered
    registration: Registration | NotAnswered
    health: ServiceHealth | NotAnswered


def nothing_of_tenant(why: NotAnswered) -> OfTenant:
    """Return that nothing could be asked."""
    return OfTenant(security_defaults=why, app=why, consent=why, registration=why, health=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantQuestions:
    """All that can be asked of a tenant, and of the application that signs in for mailboxes."""

    conversation: Conversation
    client_id: str | None
    auth: Auth | None

    async def put(self) -> OfTenant:
        """Put them all, but for the policies: which of those apply can be asked for a mailbox."""
        async with asyncio.TaskGroup() as group:
            begin = group.create_task
            app, exchange = begin(self._app()), begin(self._exchange())
            consent, registration = begin(self._consent(app, exchange)), begin(self._registration())
            defaults, health = begin(self._security_defaults()), begin(self._health())
        return OfTenant(
            security_defaults=defaults.result(),
            app=app.result(),
            consent=consent.result(),
            registration=registration.result(),
            health=health.result(),
        )

    async def _security_defaults(self) -> SecurityDefaults | NotAnswered:
        return await self.conversation.ask(
            graph_words.SECURITY_DEFAULTS, lambda sdk: sdk.security_defaults(), graph_reading.security_defaults
        )

    async def policies(self) -> Policies | NotAnswered:
        """Read all Conditional Access policies."""
        found = await self.conversation.ask_rows(graph_words.POLICIES, lambda sdk: sdk.policies())
        if isinstance(found, NotAnswered):
            return found
        flow = "device_code" if self.auth is Auth.DEVICE_CODE else None
        return Policies(asked="read", flow=flow, policies=read(found, graph_reading.policy))  # type: ignore[arg-type] # one of the two words

    async def _app(self) -> EnterpriseApp | NotAnswered:
        client_id = self._known_client_id()
        if isinstance(client_id, NotAnswered):
            return client_id
        return await self.conversation.ask(
            graph_words.APP,
            lambda sdk: sdk.app(client_id),
            lambda record: graph_reading.app(record, client_id),
        )

    async def _exchange(self) -> Record | NotAnswered:
        client_id = self._known_client_id()
        if isinstance(client_id, NotAnswered):
            return client_id
        return await self.conversation.ask(
            graph_words.EXCHANGE, lambda sdk: sdk.exchange(), lambda record: record if record.id("id") else None
        )

    async def _consent(
        self, later_app: "Later[EnterpriseApp]", later_exchange: "Later[Record]"
    ) -> Consent | NotAnswered:
        app = await later_app
        if isinstance(app, NotAnswered):
            return _without_app(app)
        granted, assigned = await asyncio.gather(
            self.conversation.ask_rows(graph_words.GRANTS, lambda sdk: sdk.grants(app.object_id)),
            self.conversation.ask(graph_words.ROLES, lambda sdk: sdk.roles(app.object_id), rows),
        )
        exchange = await later_exchange
        if isinstance(granted, NotAnswered):
            return granted
        if isinstance(assigned, NotAnswered):
            return assigned
        if isinstance(exchange, NotAnswered):
            return exchange
        return Consent(
            exchange=exchange.id("id"),
            grants=read(granted, graph_reading.grant),
            roles=graph_reading.roles(assigned, exchange),
        )

    async def _registration(self) -> Registration | NotAnswered:
        client_id = self._known_client_id()
        if isinstance(client_id, NotAnswered):
            return client_id
        return await self.conversation.ask(
            graph_words.REGISTRATION, lambda sdk: sdk.registration(client_id), graph_reading.registration
        )

    def _known_client_id(self) -> str | NotAnswered:
        if is_client_id(self.client_id):
            return self.client_id
        unknown = say("It is not known which application the device signs in with.")
        return NotAnswered(obstacle=Obstacle.NOT_ASKED, because=unknown)

    async def _health(self) -> ServiceHealth | NotAnswered:
        status, incidents = await asyncio.gather(
            self.conversation.ask(
                graph_words.HEALTH, lambda sdk: sdk.health(), lambda record: record.text("status") or None
            ),
            self.conversation.ask(graph_words.INCIDENTS, lambda sdk: sdk.incidents(), rows),
        )
        if isinstance(status, NotAnswered):
            return status
        if isinstance(incidents, NotAnswered):
            return incidents
        return ServiceHealth(status=status, incidents=read(incidents, graph_reading.incident))


def is_client_id(given: str | None) -> TypeGuard[str]:
    """Whether it can stand in a path and in a filter."""
    return given is not None and _CLIENT_ID.fullmatch(given) is not None


def rows(found: Record) -> tuple[Record, ...] | None:
    """The rows of a list; None where there is none."""
    return found.rows("value") if found.has_rows("value") else None


def read(found: Iterable[Record], reader: Callable[[Record], _Found | None]) -> tuple[_Found, ...]:
    """What can be read of rows."""
    return tuple(one for row in found if (one := reader(row)) is not None)


def stamp(at: datetime) -> str:
    """A time as Graph's filters take it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _without_app(app: NotAnswered) -> NotAnswered:
    because = say("This could not be asked without the enterprise application. {why}", why=app.because)
    return NotAnswered(obstacle=Obstacle.NOT_ASKED, because=because)
