"""Deliver a finished report: every recipient in turn of its own, a few attempts, each of them written down.

Nothing here raises and nothing here touches the report: it is kept before it is delivered.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from diag.health.delivery import Begun, Delivered, Message, NotDelivered, Ping, Post, Recipient
from diag.health.result import Status
from diag.health.run import Delivery
from diag.ports import Clock, Person
from diag.sentence import Sentence, say
from diag.setting import LedgerError

MOST_ATTEMPTS = 3
PAUSES_S = (5.0, 20.0)
LONGEST_S = 300.0  # after which no recipient is tried again
_LONGEST_PAUSE_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The report reached a recipient, at the last of so many attempts."""

    to: str
    attempts: int
    note: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotWanted:
    """A recipient did not want this report, and why."""

    to: str
    because: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """The report did not reach a recipient, or nobody knows whether it did, after so many attempts."""

    to: str
    because: Sentence
    attempts: int


Ended: TypeAlias = Taken | NotWanted | NotTaken


class Book(Protocol):
    """Where attempts are written down: a `diag.health.run.History`, of which no more is needed."""

    async def delivered(self, run: int, delivery: Delivery) -> None:
        """Write an attempt down; may raise `LedgerError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What delivering works with. `history` may be None, where nothing is to be written down."""

    post: Post
    clock: Clock
    person: Person
    history: Book | None = None

    async def deliver(self, message: Message, recipients: Sequence[Recipient]) -> tuple[Ended, ...]:
        """Deliver a report to all at the same time; what came of it, in their order."""
        turn = asyncio.Lock()
        return tuple(await asyncio.gather(*(self._to(one, message, turn) for one in recipients)))

    async def begin(self, run: int, recipients: Iterable[Recipient]) -> None:
        """Tell those who want to know that a run begins; once, and whatever comes of it is only said."""
        wanted = [one for one in recipients if isinstance(one, Ping) and one.start]
        for one, outcome in zip(
            wanted, await asyncio.gather(*(self._once(one, Begun(run=run)) for one in wanted)), strict=True
        ):
            if isinstance(outcome, NotDelivered):
                self.person.progress(
                    say("{to} was not told that the run begins: {because}", to=one.shown, because=outcome.because)
                )

    async def _to(self, recipient: Recipient, message: Message, turn: asyncio.Lock) -> Ended:
        unwanted = _unwanted(recipient, message)
        if unwanted is not None:
            self.person.progress(say("{to} gets no report: {because}", to=recipient.shown, because=unwanted))
            return NotWanted(to=recipient.shown, because=unwanted)
        began = self.clock.elapsed_ms()
        attempts = 0
        while True:
            self.person.progress(say("Delivering the report to {to}", to=recipient.shown))
            outcome = await self._once(recipient, message)
            attempts += 1
            because = outcome.because if isinstance(outcome, NotDelivered) else None
            await self._write_down(message.run, recipient, because, turn)
            if isinstance(outcome, Delivered):
                return Taken(to=recipient.shown, attempts=attempts, note=outcome.note)
            pause_s = _pause_s(outcome, attempts)
            spent_s = (self.clock.elapsed_ms() - began) / 1000
            if pause_s is None or spent_s + pause_s > LONGEST_S:
                return NotTaken(to=recipient.shown, because=outcome.because, attempts=attempts)
            self.person.progress(
                say(
                    "Trying again in {seconds} s, since {to} did not take the report: {because}",
                    to=recipient.shown,
                    because=outcome.because,
                    seconds=round(pause_s),
                )
            )
            await self.clock.sleep(pause_s)

    async def _once(self, recipient: Recipient, message: Message | Begun) -> Delivered | NotDelivered:
        try:
            return await self.post.deliver(recipient, message)
        except Exception as problem:  # noqa: BLE001 - a bug of ours with one recipient is no reason to forget the others
            because = say("diag itself failed ({name}).", name=type(problem).__name__)  # its words may hold a secret
            return NotDelivered(because=because, again=False)

    async def _write_down(self, run: int, recipient: Recipient, because: Sentence | None, turn: asyncio.Lock) -> None:
        if self.history is None:
            return
        entry = Delivery(to=recipient.shown, at=self.clock.now(), because=because)
        try:
            async with turn:
                await self.history.delivered(run, entry)
        except LedgerError as problem:
            self.person.progress(
                say("The delivery to {to} was not written down: {why}", to=recipient.shown, why=problem.sentence)
            )


def _pause_s(outcome: NotDelivered, attempts: int) -> float | None:
    """Return how long to wait before the next attempt; None where there is none."""
    if not outcome.again or attempts >= MOST_ATTEMPTS:
        return None
    pause_s = max(PAUSES_S[attempts - 1], outcome.after_s or 0)
    return pause_s if pause_s <= _LONGEST_PAUSE_S else None


def _unwanted(recipient: Recipient, message: Message) -> Sentence | None:
    """Say why a recipient does not want this report; None where it does. A dead man's switch hears of every run."""
    if isinstance(recipient, Ping):
        return None
    wish = recipient.wish
    if wish.only_on_change and not message.changed:
        return say("nothing has changed since the run before.")
    if wish.only and message.statuses.isdisjoint(wish.only):
        return say("no mailbox has one of the states {states}.", states=_named(wish.only))
    return None


def _named(statuses: Iterable[Status]) -> str:
    return ", ".join(one.value for one in statuses)
