"""Ports that mailboxes share: what is the same for many of them is asked once, by whoever comes first."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from diag import directory
from diag.directory import NOT_TRACED, Trace
from diag.evidence import Auth, BrowserShowed, Contact, ContactStatus, Granted, Lookup, LookupStatus
from diag.obstacle import NotAnswered, Obstacle
from diag.overview import Overview, directory_of, setting_of
from diag.ports import Acquired, Clock, Discovered, Network, Tokens
from diag.secret import Secret
from diag.sentence import Sentence, say
from diag.setting import Accepted, Backend, Setting, Switch
from diag.subject import Subject

_FRESH_S = 60.0  # an answer is good for so long
_SOUR_S = 15.0  # one that is no good is asked for again sooner
KNOWN = Backend(name="overview", writes=False, vendor_supported=True)
Answer = TypeVar("Answer")


@dataclass(slots=True)
class Once(Generic[Answer]):
    """One question that many have; it is put again when its answer is old."""

    ask: Callable[[], Awaitable[Answer]]
    is_good: Callable[[Answer], bool]
    clock: Clock
    _asking: "asyncio.Task[Answer] | None" = None
    _answered_ms: float = 0

    async def answer(self) -> Answer:
        """Return the answer; whoever waits may be cancelled without harm to the others."""
        if self._asking is None or self._is_old(self._asking):
            self._asking = asyncio.create_task(self._put())
        if self._asking.done():
            return self._asking.result()
        return await asyncio.shield(self._asking)

    async def _put(self) -> Answer:
        answer = await self.ask()
        self._answered_ms = self.clock.elapsed_ms()
        return answer

    def _is_old(self, asked: "asyncio.Task[Answer]") -> bool:
        if not asked.done():
            return False
        if asked.cancelled() or asked.exception() is not None:
            return True
        limit_s = _FRESH_S if self.is_good(asked.result()) else _SOUR_S
        return self.clock.elapsed_ms() - self._answered_ms > limit_s * 1000


@dataclass(slots=True)
class SharedNetwork:
    """The `Network` port, which looks up every host, and reaches for every address, once a minute."""

    network: Network
    clock: Clock
    _lookups: dict[str, Once[tuple[Lookup, ...]]] = field(default_factory=dict)
    _contacts: dict[tuple[tuple[str, ...], int], Once[tuple[Contact, ...]]] = field(default_factory=dict)

    async def look_up(self, host: str) -> tuple[Lookup, ...]:
        """See the port."""
        if host not in self._lookups:
            self._lookups[host] = Once(lambda: self.network.look_up(host), _all_answered, self.clock)
        return await self._lookups[host].answer()

    async def reach(self, addresses: tuple[str, ...], port: int) -> tuple[Contact, ...]:
        """See the port."""
        key = addresses, port
        if key not in self._contacts:
            self._contacts[key] = Once(lambda: self.network.reach(addresses, port), _all_connected, self.clock)
        return await self._contacts[key].answer()


def _all_answered(lookups: tuple[Lookup, ...]) -> bool:
    return all(found.status in {LookupStatus.ANSWERED, LookupStatus.NO_RECORDS} for found in lookups)


def _all_connected(contacts: tuple[Contact, ...]) -> bool:
    return all(contact.status is ContactStatus.CONNECTED for contact in contacts)


@dataclass(slots=True)
class SharedTokens:
    """The `Tokens` port of an application that signs in for many mailboxes by itself: one token serves them all."""

    tokens: Tokens
    clock: Clock
    _acquiring: Once[Acquired] = field(init=False)

    def __post_init__(self) -> None:
        """Ask once."""
        self._acquiring = Once(self.tokens.acquire, _is_granted, self.clock)

    @property
    def auth(self) -> Auth | None:
        """See the port."""
        return self.tokens.auth

    @property
    def client_id(self) -> str | None:
        """See the port."""
        return self.tokens.client_id

    @property
    def scope(self) -> str:
        """See the port."""
        return self.tokens.scope

    @property
    def audiences(self) -> tuple[str, ...]:
        """See the port."""
        return self.tokens.audiences

    async def discover(self) -> Discovered:
        """See the port."""
        return await self.tokens.discover()

    async def acquire(self) -> Acquired:
        """See the port; a refusal is not asked for again at once."""
        return await self._acquiring.answer()

    async def renew(self) -> Acquired:
        """See the port."""
        return await self.acquire()


def _is_granted(acquired: Acquired) -> bool:
    return isinstance(acquired.acquisition, Granted)


@dataclass(frozen=True, slots=True)
class KnownDirectory:
    """The `Directory` port, where everything was asked of the tenant already."""

    overview: Overview

    async def ask(self, subject: Subject, *, client_id: str | None, auth: Auth | None) -> directory.Directory:
        """See the port."""
        del auth
        return directory_of(self.overview, subject.mailbox, client_id)

    async def trace(self, sender: str, recipient: str, since: datetime) -> Trace | NotAnswered:
        """See the port; a run over many mailboxes sends no messages."""
        del sender, recipient, since
        return NOT_TRACED


@dataclass(frozen=True, slots=True)
class KnownSetting:
    """The `MailboxSetting` port, reading only, where all settings of the tenant were read already."""

    overview: Overview
    backend: Backend = KNOWN

    async def read(self, mailbox: str) -> Setting | NotAnswered:
        """See the port."""
        return setting_of(self.overview, mailbox)

    async def write(self, mailbox: str, value: Switch) -> Accepted | NotAnswered:
        """Refuse; see the port."""
        del mailbox, value
        because = say("A run over many mailboxes changes nothing.")
        return NotAnswered(obstacle=Obstacle.NOT_SPOKEN, because=because)


class Unattended:
    """The `Person` port where nobody sits: at night, and for each of many mailboxes."""

    def progress(self, now: Sentence, *, fleeting: bool = False) -> None:
        """See the port; nobody is told."""

    def show_code(self, code: Secret, page: str, lifetime_s: int) -> None:
        """See the port; nobody could type it."""

    def browser_showed(self) -> BrowserShowed | None:
        """See the port; nobody saw it."""
        return None
