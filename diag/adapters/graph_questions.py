"""The questions about one mailbox, put at the same time: what needs the answer to another one waits for that alone."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from diag.adapters import graph_reading, graph_words
from diag.adapters.graph_refusals import without_form
from diag.adapters.graph_tenant_questions import Later, TenantQuestions, read, rows, stamp
from diag.adapters.graph_wire import Conversation
from diag.directory import (
    NOT_TRACED,
    NOTHING_STORED,
    Account,
    Directory,
    LastSignIn,
    MailboxKind,
    Policies,
    SignIns,
    Trace,
)
from diag.evidence import Auth
from diag.obstacle import NotAnswered, Obstacle
from diag.sentence import say

if TYPE_CHECKING:
    from diag.adapters.graph_sdk import Sdk

REACH = timedelta(days=7)
_MOST_SIGN_INS = 20
_REFUSED = frozenset(
    {Obstacle.NO_PERMISSION, Obstacle.NO_LICENCE, Obstacle.NOT_FOUND, Obstacle.REFUSED, Obstacle.NOT_SPOKEN}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """All that can be asked about one mailbox and the application that signs in for it."""

    conversation: Conversation
    mailbox: str
    client_id: str | None
    auth: Auth | None

    @property
    def _tenant(self) -> TenantQuestions:
        return TenantQuestions(conversation=self.conversation, client_id=self.client_id, auth=self.auth)

    async def put(self) -> Directory:
        """Put them all."""
        async with asyncio.TaskGroup() as group:
            begin = group.create_task
            account, others = begin(self._account()), begin(self._tenant.put())
            sign_ins, policies = begin(self._sign_ins(account)), begin(self._policies(account))
            kind, last_sign_in = begin(self._kind(account)), begin(self._last_sign_in(account))
        tenant = others.result()
        return Directory(
            account=account.result(),
            mailbox=kind.result(),
            security_defaults=tenant.security_defaults,
            policies=policies.result(),
            app=tenant.app,
            consent=tenant.consent,
            registration=tenant.registration,
            sign_ins=sign_ins.result(),
            last_sign_in=last_sign_in.result(),
            health=tenant.health,
            trace=NOT_TRACED,
        )

    async def closer(self, known: Directory) -> Directory:
        """Ask about the account, its mailbox, and which policies apply to it; all else stays as it is known."""
        async with asyncio.TaskGroup() as group:
            account = group.create_task(self._account())
            kind = group.create_task(self._kind(account))
            policies = group.create_task(self._policies(account, known.policies))
        return replace(known, account=account.result(), mailbox=kind.result(), policies=policies.result())

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
            found = await self.conversation.ask(graph_words.ALIAS, ask_for, rows)
            if isinstance(found, NotAnswered):
                return found
            if found:
                return graph_reading.account(found[0], "alias") or without_form()
        nobody = say(
            "Microsoft Entra has no account {mailbox}: neither a sign-in name nor another address of one is spelt so.",
            mailbox=self.mailbox,
        )
        return NotAnswered(obstacle=Obstacle.NOT_FOUND, because=nobody)

    async def _kind(self, later: "Later[Account]") -> MailboxKind | NotAnswered:
        account = await later
        if isinstance(account, NotAnswered):
            return _without_account(account)
        return await self.conversation.ask(
            graph_words.MAILBOX, lambda sdk: sdk.mailbox(account.id), graph_reading.mailbox
        )

    async def _last_sign_in(self, later: "Later[Account]") -> LastSignIn | NotAnswered:
        if self.auth is Auth.APP:
            return NOTHING_STORED
        account = await later
        if isinstance(account, NotAnswered):
            return _without_account(account)
        return await self.conversation.ask(
            graph_words.LAST_SIGN_IN, lambda sdk: sdk.last_sign_in(account.id), graph_reading.last_sign_in
        )

    async def _policies(
        self, later: "Later[Account]", known: Policies | NotAnswered | None = None
    ) -> Policies | NotAnswered:
        """Ask Entra which policies would apply; where it does not say, those `known`, else all of them read."""
        account = await later
        if isinstance(account, NotAnswered) and account.obstacle not in _REFUSED:
            return known or _without_account(account)
        if self.auth is Auth.APP or isinstance(account, NotAnswered):
            return known or await self._tenant.policies()
        transfer = "deviceCodeFlow" if self.auth is Auth.DEVICE_CODE else None
        found = await self.conversation.ask(graph_words.WHAT_IF, lambda sdk: sdk.what_if(account.id, transfer), rows)
        if not isinstance(found, NotAnswered):
            policies = read(found, graph_reading.policy)
            return Policies(asked="what_if", flow="device_code" if transfer else None, policies=policies)
        if found.obstacle not in _REFUSED:
            return known or found
        others = known or await self._tenant.policies()
        is_allowed_neither = isinstance(others, NotAnswered) and found.obstacle is Obstacle.NO_PERMISSION
        return found if is_allowed_neither else others

    async def _sign_ins(self, later: "Later[Account]") -> SignIns | NotAnswered:
        """Read the sign-ins with a person present and, where the tenant shows them, those without."""
        account = await later
        if isinstance(account, NotAnswered):
            return _without_account(account)
        since = datetime.now(UTC).replace(microsecond=0) - REACH
        name, start, most = account.sign_in_name, stamp(since), _MOST_SIGN_INS
        present, absent = await asyncio.gather(
            self.conversation.ask(graph_words.SIGN_INS, lambda sdk: sdk.sign_ins(name, start, most), rows),
            self.conversation.ask(
                graph_words.BACKGROUND_SIGN_INS, lambda sdk: sdk.background_sign_ins(account.id, start, most), rows
            ),
        )
        if isinstance(present, NotAnswered):
            return present
        found = (*present, *(() if isinstance(absent, NotAnswered) else absent))
        records = sorted(read(found, graph_reading.sign_in), key=lambda one: one.at, reverse=True)
        return SignIns(since=since, records=tuple(records), background=not isinstance(absent, NotAnswered))


async def trace(conversation: Conversation, sender: str, recipient: str, since: datetime) -> Trace | NotAnswered:
    """Ask what became of the messages."""
    start, end = stamp(since), stamp(datetime.now(UTC) + timedelta(minutes=1))
    found = await conversation.ask(graph_words.TRACE, lambda sdk: sdk.trace(sender, recipient, start, end), rows)
    if isinstance(found, NotAnswered):
        return found
    messages = sorted(read(found, graph_reading.traced), key=lambda one: one.at, reverse=True)
    return Trace(since=since, messages=tuple(messages))


def _by_proxy(proxy: str, sdk: "Sdk") -> object:
    return sdk.alias(proxy)


def _without_account(account: NotAnswered) -> NotAnswered:
    because = say("This could not be asked without the account. {why}", why=account.because)
    return NotAnswered(obstacle=Obstacle.NOT_ASKED, because=because)
