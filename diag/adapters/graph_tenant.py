"""The `Tenant` port: what Microsoft Graph and the backend of the setting tell of all mailboxes at once.

Nothing is changed; every call is in graph_words.py, and the questions are those that are put about a single mailbox.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from diag.adapters.answers import ONE_MEBIBYTE
from diag.adapters.graph_idle import idle_accounts
from diag.adapters.graph_questions import REACH, Questions
from diag.adapters.graph_sign_in_log import LogReader, Pace, Part, joined, kinds
from diag.adapters.graph_tenant_questions import OfTenant, TenantQuestions, is_client_id, nothing_of_tenant
from diag.adapters.graph_usage import usage
from diag.adapters.graph_wire import GraphService, conversing
from diag.directory import Directory, Policies
from diag.discovery import Senders, senders
from diag.evidence import Auth
from diag.obstacle import NotAnswered, Obstacle
from diag.overview import SETTINGS_NOT_WANTED, IdleAccounts, Overview, Settings, SignInLog
from diag.ports import AllSettings, Clock, Person
from diag.sentence import say

_FOR_ALL = frozenset(
    {Obstacle.NO_LICENCE, Obstacle.NO_PERMISSION, Obstacle.NOT_SIGNED_IN, Obstacle.THROTTLED, Obstacle.UNREACHABLE}
)
_IDLE = timedelta(days=30)  # as far back as the log goes at most: from there on only the account has a date
_PAGE_BYTES = 32 * ONE_MEBIBYTE  # a thousand sign-ins, each with every policy that was looked at


@dataclass(slots=True, kw_only=True)
class GraphTenant:
    """The `Tenant` port, of one run.

    The service's time-out holds for the questions as a whole, and for one page of the log; `log_s` for all of the log.
    """

    service: GraphService
    settings: AllSettings
    clock: Clock
    person: Person
    log_s: float = 600
    _pace: Pace = field(init=False, repr=False)
    _parts: dict[str, tuple[Part | NotAnswered, ...]] = field(default_factory=dict, repr=False)
    _all: Settings | NotAnswered | None = field(default=None, repr=False)
    _turn_log: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    _turn_settings: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    def __post_init__(self) -> None:
        """Keep one pace for all that is read of the log."""
        self._pace = Pace(self.clock)

    async def overview(self, *, client_id: str | None, auth: Auth | None, settings: bool) -> Overview:
        """Ask all of it at the same time; see the port."""
        async with asyncio.TaskGroup() as group:
            log = group.create_task(self._log(client_id))
            found = group.create_task(self._settings(wanted=settings))
            idle = group.create_task(self._idle())
            asking = group.create_task(self._questions(client_id, auth))
        of_tenant, policies = asking.result()
        return Overview(
            client_id=client_id,
            security_defaults=of_tenant.security_defaults,
            policies=policies,
            app=of_tenant.app,
            consent=of_tenant.consent,
            registration=of_tenant.registration,
            health=of_tenant.health,
            sign_ins=log.result(),
            idle=idle.result(),
            settings=found.result(),
        )

    async def discover(self, *, client_id: str | None = None, settings: bool = True) -> Senders:
        """Look into the three places at the same time; see the port."""
        async with asyncio.TaskGroup() as group:
            log = group.create_task(self._log(client_id))
            report = group.create_task(usage(self._slow))
            found = group.create_task(self._settings(wanted=settings))
        return senders(log.result(), report.result(), found.result() if settings else None)

    async def closer(self, mailbox: str, known: Directory, *, auth: Auth | None = None) -> Directory:
        """Put the questions about this one; see the port."""
        async with conversing(self.service) as conversation:
            if isinstance(conversation, NotAnswered):
                return replace(known, account=conversation, mailbox=conversation)
            return await Questions(conversation=conversation, mailbox=mailbox, client_id=None, auth=auth).closer(known)

    async def _questions(self, client_id: str | None, auth: Auth | None) -> tuple[OfTenant, Policies | NotAnswered]:
        async with conversing(self.service) as conversation:
            if isinstance(conversation, NotAnswered):
                return nothing_of_tenant(conversation), conversation
            questions = TenantQuestions(conversation=conversation, client_id=client_id, auth=auth)
            async with asyncio.TaskGroup() as group:
                of_tenant, policies = group.create_task(questions.put()), group.create_task(questions.policies())
            return of_tenant.result(), policies.result()

    async def _settings(self, *, wanted: bool) -> Settings | NotAnswered:
        """Read the settings, once in a run: a snapshot of them is counted against a quota of the tenant."""
        if not wanted:
            return SETTINGS_NOT_WANTED
        async with self._turn_settings:
            if self._all is None:
                self.person.progress(say("Reading the settings of the tenant's mailboxes"))
                self._all = await self.settings.all()
            return self._all

    async def _idle(self) -> IdleAccounts | NotAnswered:
        """Ask it even of a tenant whose application signs in by itself: a mailbox may have a sign-in of its own."""
        return await idle_accounts(self._slow, self.clock.now().replace(microsecond=0) - _IDLE)

    async def _log(self, client_id: str | None) -> SignInLog | NotAnswered:
        """Read the kinds of sign-in that were not read yet."""
        wanted = kinds(client_id if is_client_id(client_id) else None)
        since = self.clock.now().replace(microsecond=0) - REACH
        async with self._turn_log:
            missing = [kind for kind in wanted if kind not in self._parts]
            if missing and (refused := await self._read(missing, since)) is not None:
                return refused
        return joined(since, (part for kind in wanted for part in self._parts[kind]))

    async def _read(self, wanted: list[str], since: datetime) -> NotAnswered | None:
        """Read kinds of sign-in, up to a refusal that every other kind would meet too."""
        async with conversing(replace(self._slow, most_bytes=_PAGE_BYTES)) as conversation:
            if isinstance(conversation, NotAnswered):
                return conversation
            self.person.progress(say("Reading the sign-in log"))
            reader = LogReader(
                conversation=conversation, since=since, pace=self._pace, clock=self.clock, person=self.person
            )
            over: tuple[NotAnswered, ...] = ()
            for kind in wanted:
                self._parts[kind] = over or await reader.read(kind)
                over = over or tuple(
                    part for part in self._parts[kind] if isinstance(part, NotAnswered) and part.obstacle in _FOR_ALL
                )
        return None

    @property
    def _slow(self) -> GraphService:
        """The service for what takes long: the time-out is then for one request."""
        return replace(self.service, timeout_s=self.log_s, request_s=self.service.timeout_s, at_once=1)
