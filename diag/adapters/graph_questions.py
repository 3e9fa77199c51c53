"""The questions about one mailbox, put at the same time: what needs the answer to another one waits for that alone."""

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from diag.adapters import graph_reading, graph_words
from diag.adapters.graph_reading import Record
from diag.adapters.graph_refusals import without_form
from diag.adapters.graph_wire import Conversation
from diag.directory import (
    Account,
    Consent,
    Directory,
    EnterpriseApp,
    MailboxKind,
    Policies,
    Registration,
    SecurityDefaults,
    ServiceHealth,
    SignIns,
    Trace,
)
from diag.evidence import Auth
from diag.obstacle import NotAnswered, Obstacle
from diag.sentence import say

if TYPE_CHECKING:
    from diag.adapters.graph_sdk import Sdk

_REACH = timedelta(days=7)
_MOST_SIGN_INS = 20
_CLIENT_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_REFUSED = frozenset(
    {Obstacle.NO_PERMISSION, Obstacle.NO_LICENCE, Obstacle.NOT_FOUND, Obstacle.REFUSED, Obstacle.NOT_SPOKEN}
)
_Found = TypeVar("_Found")
_Later: TypeAlias = "asyncio.Task[_Found | NotAnswered]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """All that can be asked about one mailbox and the application that signs in for it."""

    conversation: Conversation
    mailbox: str
    client_id: str | None
    auth: Auth | None

    async def put(self) -> Directory:
        """Put them all."""
        async with asyncio.TaskGroup() as group:
            begin = group.create_task
            account, app, exchange = begin(self._account()), begin(self._app()), begin(self._exchange())
            sign_ins, policies = begin(self._sign_ins(account)), begin(self._policies(account))
            kind, consent = begin(self._kind(account)), begin(self._consent(app, exchange))
            registration, defaults = begin(self._registration()), begin(self._security_defaults())
            health = begin(self._health())
        return Directory(
            account=account.result(),
            mailbox=kind.result(),
            security_defaults=defaults.result(),
            policies=policies.result(),
            app=app.result(),
            consent=consent.result(),
            registration=registration.result(),
            sign_ins=sign_ins.result(),
            health=health.result(),
            trace=not_asked_yet(),
        )

    async def _account(self) -> Account | NotAnswered:
        found = await self.conversation.ask(
            graph_words.ACCOUNT,
            lambda sdk: sdk.account(self.mailbox),
            lambda record: graph_reading.account(record, "sign_in_name"),
        )
        if isinstance(found, NotAnswered) and found.obstacle is Obstacle.NOT_FOUND:
            return await self._account_by_alias()
        return found

    async def _account_by_alias(self) -> Account | NotAnswered:
        for kind in ("smtp", "SMTP"):  # in small letters it is an alias, in capitals the primary address
            ask_for = partial(_by_proxy, f"{kind}:{self.mailbox}")
            found = await self.conversation.ask(graph_words.ALIAS, ask_for, _rows)
            if isinstance(found, NotAnswered):
                return found
            if found:
                return graph_reading.account(found[0], "alias") or without_form()
        nobody = say(
            "Microsoft Entra has no account {mailbox}: neither a sign-in name nor another address of one is spelt so.",
            mailbox=self.mailbox,
        )
        return NotAnswered(obstacle=Obstacle.NOT_FOUND, because=nobody)

    async def _kind(self, later: "_Later[Account]") -> MailboxKind | NotAnswered:
        account = await later
        if isinstance(account, NotAnswered):
            return _without_account(account)
        return await self.conversation.ask(
            graph_words.MAILBOX, lambda sdk: sdk.mailbox(account.id), graph_reading.mailbox
        )

    async def _security_defaults(self) -> SecurityDefaults | NotAnswered:
        return await self.conversation.ask(
            graph_words.SECURITY_DEFAULTS, lambda sdk: sdk.security_defaults(), graph_reading.security_defaults
        )

    async def _policies(self, later: "_Later[Account]") -> Policies | NotAnswered:
        """Ask Entra which policies would apply; where it does not say, read them all."""
        account = await later
        if isinstance(account, NotAnswered) and account.obstacle not in _REFUSED:
            return _without_account(account)
        if self.auth is Auth.APP or isinstance(account, NotAnswered):
            return await self._all_policies()
        transfer = "deviceCodeFlow" if self.auth is Auth.DEVICE_CODE else None
        found = await self.conversation.ask(graph_words.WHAT_IF, lambda sdk: sdk.what_if(account.id, transfer), _rows)
        if not isinstance(found, NotAnswered):
            policies = _read(found, graph_reading.policy)
            return Policies(asked="what_if", flow="device_code" if transfer else None, policies=policies)
        if found.obstacle not in _REFUSED:
            return found
        read = await self._all_policies()
        is_allowed_neither = isinstance(read, NotAnswered) and found.obstacle is Obstacle.NO_PERMISSION
        return found if is_allowed_neither else read

    async def _all_policies(self) -> Policies | NotAnswered:
        found = await self.conversation.ask_rows(graph_words.POLICIES, lambda sdk: sdk.policies())
        if isinstance(found, NotAnswered):
            return found
        flow = "device_code" if self.auth is Auth.DEVICE_CODE else None
        return Policies(asked="read", flow=flow, policies=_read(found, graph_reading.policy))  # type: ignore[arg-type] # one of the two words

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
        self, later_app: "_Later[EnterpriseApp]", later_exchange: "_Later[Record]"
    ) -> Consent | NotAnswered:
        app = await later_app
        if isinstance(app, NotAnswered):
            return _without_app(app)
        granted, assigned = await asyncio.gather(
            self.conversation.ask_rows(graph_words.GRANTS, lambda sdk: sdk.grants(app.object_id)),
            self.conversation.ask(graph_words.ROLES, lambda sdk: sdk.roles(app.object_id), _rows),
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
            grants=_read(granted, graph_reading.grant),
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
        if self.client_id is not None and _CLIENT_ID.fullmatch(self.client_id):
            return self.client_id
        unknown = say("It is not known which application the device signs in with.")
        return NotAnswered(obstacle=Obstacle.NOT_ASKED, because=unknown)

    async def _sign_ins(self, later: "_Later[Account]") -> SignIns | NotAnswered:
        """Read the sign-ins with a person present and, where the tenant shows them, those without."""
        account = await later
        if isinstance(account, NotAnswered):
            return _without_account(account)
        since = datetime.now(UTC).replace(microsecond=0) - _REACH
        name, start, most = account.sign_in_name, stamp(since), _MOST_SIGN_INS
        present, absent = await asyncio.gather(
            self.conversation.ask(graph_words.SIGN_INS, lambda sdk: sdk.sign_ins(name, start, most), _rows),
            self.conversation.ask(
                graph_words.BACKGROUND_SIGN_INS, lambda sdk: sdk.background_sign_ins(account.id, start, most), _rows
            ),
        )
        if isinstance(present, NotAnswered):
            return present
        found = (*present, *(() if isinstance(absent, NotAnswered) else absent))
        records = sorted(_read(found, graph_reading.sign_in), key=lambda one: one.at, reverse=True)
        return SignIns(since=since, records=tuple(records))

    async def _health(self) -> ServiceHealth | NotAnswered:
        status, incidents = await asyncio.gather(
            self.conversation.ask(
                graph_words.HEALTH, lambda sdk: sdk.health(), lambda record: record.text("status") or None
            ),
            self.conversation.ask(graph_words.INCIDENTS, lambda sdk: sdk.incidents(), _rows),
        )
        if isinstance(status, NotAnswered):
            return status
        if isinstance(incidents, NotAnswered):
            return incidents
        return ServiceHealth(status=status, incidents=_read(incidents, graph_reading.incident))


async def trace(conversation: Conversation, sender: str, recipient: str, since: datetime) -> Trace | NotAnswered:
    """Ask what became of the messages."""
    start, end = stamp(since), stamp(datetime.now(UTC) + timedelta(minutes=1))
    found = await conversation.ask(graph_words.TRACE, lambda sdk: sdk.trace(sender, recipient, start, end), _rows)
    if isinstance(found, NotAnswered):
        return found
    messages = sorted(_read(found, graph_reading.traced), key=lambda one: one.at, reverse=True)
    return Trace(since=since, messages=tuple(messages))


def stamp(at: datetime) -> str:
    """A time as Graph's filters take it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def not_asked_yet() -> NotAnswered:
    """Stands for the trace, which is asked about a message that was sent."""
    no_message = say("No message was sent, so none was traced.")
    return NotAnswered(obstacle=Obstacle.NOT_ASKED, because=no_message)


def _by_proxy(proxy: str, sdk: "Sdk") -> object:
    return sdk.alias(proxy)


def _rows(found: Record) -> tuple[Record, ...] | None:
    return found.rows("value") if found.has_rows("value") else None


def _read(rows: Iterable[Record], reader: Callable[[Record], _Found | None]) -> tuple[_Found, ...]:
    return tuple(one for row in rows if (one := reader(row)) is not None)


def _without_account(account: NotAnswered) -> NotAnswered:
    because = say("This could not be asked without the account. {why}", why=account.because)
    return NotAnswered(obstacle=Obstacle.NOT_ASKED, because=because)


def _without_app(app: NotAnswered) -> NotAnswered:
    because = say("This could not be asked without the enterprise application. {why}", why=app.because)
    return NotAnswered(obstacle=Obstacle.NOT_ASKED, because=because)
