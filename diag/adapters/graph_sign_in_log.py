"""The sign-in log of a whole tenant: one query for each kind of sign-in, page after page, as slowly as Graph wants it.

Graph takes 5 requests in 10 seconds for the log, of one application in one tenant (learn.microsoft.com/graph,
throttling-limits): a query for each of 5,000 mailboxes would take hours.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from diag.adapters.graph_reading import Record, sign_in
from diag.adapters.graph_tenant_questions import stamp
from diag.adapters.graph_wire import Conversation, page_at, page_of
from diag.adapters.graph_words import SIGN_IN_LOG
from diag.directory import SignInRecord
from diag.obstacle import NotAnswered, Obstacle
from diag.overview import SignInLog
from diag.ports import Clock, Person
from diag.sentence import Sentence, say

MOST_PAGES = 10  # of one kind of sign-in
_A_PAGE = 1000  # sign-ins, the most there are on one (learn.microsoft.com/graph/api/signin-list)
_OF_AN_ACCOUNT = 10  # successes of one kind of sign-in, and as many failures: whoever tries passwords fails a lot
_REQUESTS, _WITHIN_S = 5, 10.0
_MOST_WAITS, _LONGEST_WAIT_S = 5, 60.0
_SMTP = "(clientAppUsed eq 'Authenticated SMTP' or clientAppUsed eq 'SMTP')"
_SUCCEEDED = "status/errorCode eq 0"
# The log is divided: an answer has the sign-ins of one kind alone, those with a person present where none is named.
_BACKGROUND = "signInEventTypes/any(t: t eq 'nonInteractiveUser')"


def kinds(client_id: str | None) -> tuple[str, ...]:
    """The conditions of all that is asked: over SMTP, and of the device's application; with nobody present too."""
    of = [_SMTP] if client_id is None else [_SMTP, f"appId eq '{client_id}'"]
    return tuple(condition for one in of for condition in (one, f"{one} and {_BACKGROUND}"))


@dataclass(slots=True)
class Pace:
    """Lets so many requests leave in so many seconds, and no more."""

    clock: Clock
    _left_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_REQUESTS))

    async def turn(self) -> None:
        """Wait until one more may leave."""
        if len(self._left_ms) == _REQUESTS:
            wait_s = _WITHIN_S - (self.clock.elapsed_ms() - self._left_ms[0]) / 1000
            if wait_s > 0:
                await self.clock.sleep(wait_s)
        self._left_ms.append(self.clock.elapsed_ms())


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of sign-in, as far as it was read: from `since` on all of it."""

    since: datetime
    records: tuple[tuple[str, tuple[SignInRecord, ...]], ...]
    gap: Sentence | None = None


@dataclass(slots=True, kw_only=True)
class LogReader:
    """Reads kinds of sign-ins, one after the other."""

    conversation: Conversation
    since: datetime
    pace: Pace
    clock: Clock
    person: Person
    _waits: int = 0

    async def read(self, condition: str) -> tuple[Part | NotAnswered, ...]:
        """Read one kind; where there are too many over SMTP, as where passwords are tried, what succeeded by itself."""
        part = await self._part(condition)
        if isinstance(part, NotAnswered) or part.gap is None or not condition.startswith(_SMTP):
            return (part,)
        return part, await self._part(f"{condition} and {_SUCCEEDED}")

    async def _part(self, condition: str) -> Part | NotAnswered:
        """Read one kind, the newest first, up to a number of pages; `NotAnswered` where not even the first came."""
        whole = f"createdDateTime ge {stamp(self.since)} and {condition}"
        records: defaultdict[tuple[str, bool], list[SignInRecord]] = defaultdict(list)
        oldest, link = self.since, ""
        for number in range(MOST_PAGES):
            page = await self._page(whole, link)
            if isinstance(page, NotAnswered):
                return page if number == 0 else _as_part(records, oldest, page.because)
            rows, link = page
            _sort_in(records, rows)
            if not link:
                return _as_part(records, self.since, None)
            oldest = _oldest(rows) or oldest
        long = say("it has more than {count} pages", count=MOST_PAGES)
        return _as_part(records, oldest, long)

    async def _page(self, condition: str, link: str) -> tuple[tuple[Record, ...], str] | NotAnswered:
        """Ask for a page; where Graph says that it is too much, wait as it says, so many times for all of the log."""
        while True:
            await self.pace.turn()
            build = page_at(link, SIGN_IN_LOG) if link else lambda sdk: sdk.sign_in_log(condition, _A_PAGE)
            page = await self.conversation.ask(SIGN_IN_LOG, build, page_of, is_patient=False)
            if not isinstance(page, NotAnswered) or page.obstacle is not Obstacle.THROTTLED:
                return page
            wait_s = _WITHIN_S if page.retry_after_s is None else page.retry_after_s
            left_s = self.conversation.deadline - asyncio.get_running_loop().time()
            if self._waits == _MOST_WAITS or wait_s > min(_LONGEST_WAIT_S, left_s):
                return page
            self._waits += 1
            self.person.progress(
                say(
                    "Microsoft Graph asks to wait {seconds} s before more of the sign-in log is read",
                    seconds=round(wait_s),
                )
            )
            await self.clock.sleep(wait_s)


def _sort_in(records: dict[tuple[str, bool], list[SignInRecord]], rows: Iterable[Record]) -> None:
    """Add what can be read to its account's, but for what is more than enough of one account."""
    for row in rows:
        name, code = row.text("userPrincipalName").casefold(), row.record("status").number("errorCode")
        known = records[name, code == 0]
        if name and len(known) < _OF_AN_ACCOUNT and (record := sign_in(row)) is not None:
            known.append(record)


def _oldest(rows: Iterable[Record]) -> datetime | None:
    return min((at for row in rows if (at := row.time("createdDateTime")) is not None), default=None)


def _as_part(records: Mapping[tuple[str, bool], list[SignInRecord]], since: datetime, gap: Sentence | None) -> Part:
    return Part(since, tuple((name, tuple(known)) for (name, _), known in records.items() if known), gap)


def joined(since: datetime, parts: Iterable[Part | NotAnswered]) -> SignInLog | NotAnswered:
    """Put the kinds together; `NotAnswered` where there is none of them."""
    answered, reasons = [], []
    refused: NotAnswered | None = None
    for part in parts:
        if isinstance(part, NotAnswered):
            refused = refused or part
            reasons.append(part.because)
            continue
        answered.append(part)
        if part.gap is not None:
            reasons.append(
                say("it was read back to {time} ({why})", time=f"{part.since:%Y-%m-%d %H:%M} UTC", why=part.gap)
            )
    if refused is not None and not answered:
        return refused
    records: defaultdict[str, list[SignInRecord]] = defaultdict(list)
    for part in answered:
        for name, known in part.records:
            records[name] += known
    return SignInLog(
        since=max((part.since for part in answered), default=since),
        records={
            name: tuple(sorted(dict.fromkeys(known), key=lambda one: one.at, reverse=True))
            for name, known in records.items()
        },
        gaps=tuple(dict.fromkeys(reasons)),
    )
