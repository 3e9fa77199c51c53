"""The `Applications` port: what is registered in the tenant, read and changed through Microsoft Graph.

Every call is in graph_words.py. What changes something is sent once and never again; what came of it is then read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from diag.adapters import graph_apps_reading as reading
from diag.adapters import graph_words
from diag.adapters.answers import ONE_MEBIBYTE
from diag.adapters.graph_reading import Record
from diag.adapters.graph_wire import Conversation, GraphService, conversing
from diag.applications import (
    MICROSOFT_GRAPH_ID,
    Amend,
    Application,
    Consented,
    Enrol,
    Register,
    Sent,
    Service,
    Step,
    Tenant,
)
from diag.obstacle import NotAnswered, Obstacle
from diag.sentence import say
from diag.subject import EXCHANGE_ONLINE_ID

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

    from diag.adapters.graph_sdk import Sdk

_MOST_BYTES = 8 * ONE_MEBIBYTE  # Microsoft Graph describes its own permissions at length


@dataclass(frozen=True, slots=True)
class GraphApplications:
    """The `Applications` port; the service's time-out holds for one look, and for one step."""

    service: GraphService

    async def look(self, names: Mapping[str, str | None]) -> Tenant | NotAnswered:
        """Read what there is; see the port."""
        async with conversing(self._one_by_one) as conversation:
            if isinstance(conversation, NotAnswered):
                return conversation
            return await _Look(conversation).tenant(names)

    async def take(self, step: Step) -> Sent | NotAnswered:
        """Send one step; see the port."""
        async with conversing(self._one_by_one) as conversation:
            if isinstance(conversation, NotAnswered):
                return conversation
            return await _take(conversation, step)

    @property
    def _one_by_one(self) -> GraphService:
        return replace(self.service, at_once=1, most_bytes=_MOST_BYTES)


async def _take(conversation: Conversation, step: Step) -> Sent | NotAnswered:
    from diag.adapters import graph_apps_requests as requests

    match step:
        case Register():
            made = await conversation.ask(
                graph_words.REGISTER, lambda _: requests.register(step), lambda found: found.id("appId") or None
            )
            return made if isinstance(made, NotAnswered) else Sent(client_id=made)
        case Amend():
            refused = await conversation.tell(graph_words.AMEND, lambda _: requests.amend(step))
            return refused or Sent()
        case Enrol(client_id=client_id):
            if client_id is None:
                missing = say("It is not known which application is meant, so nothing was sent.")
                return NotAnswered(obstacle=Obstacle.NOT_ASKED, because=missing)
            enrolled = await conversation.ask(
                graph_words.ENROL, lambda _: requests.enrol(client_id), lambda found: found.id("id") or None
            )
            return enrolled if isinstance(enrolled, NotAnswered) else Sent()


@dataclass(frozen=True, slots=True)
class _Look:
    """One reading, question after question."""

    conversation: Conversation

    async def tenant(self, names: Mapping[str, str | None]) -> Tenant | NotAnswered:
        services = []
        for client_id in (EXCHANGE_ONLINE_ID, MICROSOFT_GRAPH_ID):
            service = await self._service(client_id)
            if isinstance(service, NotAnswered):
                return service
            services.append(service)
        registered: dict[str, tuple[Application, ...]] = {}
        for name, known in names.items():
            found = await self._registered(name, known, tuple(services))
            if isinstance(found, NotAnswered):
                return found
            registered[name] = found
        return Tenant(services=tuple(services), registered=registered)

    async def _service(self, client_id: str) -> Service | NotAnswered:
        from diag.adapters import graph_apps_requests as requests

        is_exchange = client_id == EXCHANGE_ONLINE_ID
        call = graph_words.EXCHANGE if is_exchange else graph_words.MICROSOFT_GRAPH
        build = requests.exchange if is_exchange else requests.microsoft_graph
        return await self.conversation.ask(call, lambda _: build(), lambda found: reading.service(found, client_id))

    async def _registered(
        self, name: str, known: str | None, services: tuple[Service, ...]
    ) -> tuple[Application, ...] | NotAnswered:
        from diag.adapters import graph_apps_requests as requests

        def read(found: Record) -> Application | None:
            return reading.application(found, services)

        if known is None:
            rows = await self.conversation.ask_rows(graph_words.APPLICATIONS, lambda _: requests.applications(name))
        else:
            one = await self.conversation.ask(
                graph_words.REGISTRATION, lambda _: requests.registration(known), lambda found: found
            )
            gone = isinstance(one, NotAnswered) and one.obstacle is Obstacle.NOT_FOUND
            rows = () if gone else one if isinstance(one, NotAnswered) else (one,)
        if isinstance(rows, NotAnswered):
            return rows
        whole = []
        for row in rows:
            application = read(row)
            if application is None:
                return _unreadable(name)
            complete = await self._complete(application, services)
            if isinstance(complete, NotAnswered):
                return complete
            whole.append(complete)
        return tuple(whole)

    async def _complete(self, application: Application, services: tuple[Service, ...]) -> Application | NotAnswered:
        """Add the enterprise application, and what was consented to it."""
        object_id = await self.conversation.ask(
            graph_words.APP, lambda sdk: sdk.app(application.client_id), lambda found: found.id("id") or None
        )
        if isinstance(object_id, NotAnswered):
            return application if object_id.obstacle is Obstacle.NOT_FOUND else object_id
        consented = await self._consented(object_id, services)
        return replace(application, enterprise=object_id, consented=consented)

    async def _consented(self, object_id: str, services: tuple[Service, ...]) -> tuple[Consented, ...] | NotAnswered:
        def grants(sdk: "Sdk") -> "RequestInformation":
            return sdk.grants(object_id)

        granted = await self.conversation.ask_rows(graph_words.GRANTS, grants)
        if isinstance(granted, NotAnswered):
            return granted
        assigned = await self.conversation.ask_rows(graph_words.ROLES, lambda sdk: sdk.roles(object_id))
        if isinstance(assigned, NotAnswered):
            return assigned
        return *reading.granted(granted, services), *reading.assigned(assigned, services)


def _unreadable(name: str) -> NotAnswered:
    because = say(
        "The registration {name} cannot be read whole, so nothing about it is changed: what it asks for is only ever "
        "replaced as a whole.",
        name=name,
    )
    return NotAnswered(obstacle=Obstacle.NOT_SPOKEN, because=because)
