"""What the tests of the history share: scanners, what was found for them, and runs that were made."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import timedelta
from typing import TypeVar

from diag.health.past import Change, Past, went_on
from diag.health.result import Found, Result, Status
from diag.health.run import DEAD_AFTER, Entry, Kept, Notes, Run
from diag.health.scanner import Scanner
from diag.outcome import Certainty
from diag.sentence import say
from diag.store import open_history
from diag.store.history import SqlHistory
from tests.store.books import NOON, Store

T = TypeVar("T")
SERIES = "scanners.csv"
NIGHT = timedelta(days=1)
DEAD = NOON + DEAD_AFTER  # by then a run that was seen at noon counts as dead
REFUSED = Found(
    cause="smtp_auth_disabled_mailbox",
    certainty=Certainty.PROVEN,
    status=Status.BROKEN,
    because=(say("the server says {reply}", reply="535 5.7.139"), say("the setting is {value}", value=say("off"))),
)


def look(store: Store, what: Callable[[SqlHistory], Awaitable[T]], *, patience_s: float = 5.0) -> T:
    """Open the history, do `what` with it, and close it again."""

    async def opened() -> T:
        async with open_history(store.named, patience_s=patience_s) as history:
            return await what(history)

    return asyncio.run(opened())


def begin(history: SqlHistory, *, series: str = SERIES, night: int = 0) -> Awaitable[Run]:
    """Begin a run at noon, so many days later."""
    return history.begin(
        series=series, inventory="/etc/diag/scanners.csv", diag_version="1.2.3", at=NOON + night * NIGHT
    )


async def whole(history: SqlHistory, kept: Iterable[Kept] = (), *, series: str = SERIES, night: int = 0) -> Run:
    """Make a run from its beginning to its end."""
    run = await begin(history, series=series, night=night)
    await history.add(run.id, list(kept), run.started_at)
    return await history.finish(run.id, Notes(), run.started_at)


def kept(
    name: str,
    status: Status = Status.HEALTHY,
    *,
    before: Past | None = None,
    night: int = 0,
    evidence: bytes | None = None,
    site: str = "",
) -> Kept:
    """What was found for the mailbox of this name; of a broken one the setting is off."""
    result = Result(
        scanner=Scanner(mailbox=f"{name}@contoso.com", tenant="contoso.com", site=site, line=2),
        status=status,
        found=(REFUSED,) if status is Status.BROKEN else (),
        checked_at=NOON + night * NIGHT,
        duration_ms=431.25,
        because=say("the sign-in log cannot be read") if status is Status.INCONCLUSIVE else None,
    )
    past, change = went_on(before, result)
    return Kept(entry=Entry(result=result, past=past, change=change), evidence=evidence)


def many(number: int, *, evidence: bytes | None = None) -> list[Kept]:
    """So many healthy mailboxes, in the order of their keys."""
    return [kept(f"scanner{n:05}", evidence=evidence) for n in range(number)]


async def listed(stream: AsyncIterator[T]) -> list[T]:
    return [one async for one in stream]


async def names(history: SqlHistory, run: int) -> list[str]:
    """The mailboxes that a run has an entry of, without their domain."""
    return [entry.result.scanner.mailbox.partition("@")[0] async for entry in history.entries(run)]


def changes(entries: Iterable[Entry]) -> dict[str, Change]:
    return {entry.result.scanner.mailbox.partition("@")[0]: entry.change for entry in entries}
