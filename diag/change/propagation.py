"""When a change is effective: recorded, and what to expect of the next."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median

from diag.change.limits import UNDER_WAY
from diag.ports import Ledger
from diag.setting import Change, Expectation, Intent, Progress, Propagation, Setting, Step, Switch

# Microsoft gives no figure. A change that nobody saw become effective is taken to be on its way for so long, or for
# twice the longest that this tenant has seen.
WINDOW = timedelta(hours=2)
_CLOSE = timedelta(minutes=2)  # that long may a change have been effective before somebody saw it, to be counted


async def effective(change: Change, at: datetime, *, ledger: Ledger) -> Change:
    """Record that a sign-in was accepted at this time, where that says something about the change.

    It says nothing about one that switched off, that is not written, that is known to be effective already, or that was
    written later than that. Raises `LedgerError`.
    """
    written = change.at(Progress.WRITTEN)
    if change.progress is not Progress.WRITTEN or written is None or at < written or not switches_on(change):
        return change
    step = Step(progress=Progress.EFFECTIVE, at=at, note="a sign-in was accepted")
    await ledger.add(change.id, step)
    return replace(change, steps=(*change.steps, step))


async def refused(change: Change, at: datetime, *, ledger: Ledger) -> Change:
    """Record that a sign-in was still refused at this time, so that it is known how exactly a change was watched.

    It says nothing about a change that switched off, is not written, is effective, or was seen to be refused later.
    Raises `LedgerError`.
    """
    if change.progress is not Progress.WRITTEN or at <= change.steps[-1].at or not switches_on(change):
        return change
    step = Step(progress=Progress.WRITTEN, at=at, note="a sign-in was refused still")
    await ledger.add(change.id, step)
    return replace(change, steps=(*change.steps, step))


def expectation(changes: Sequence[Change]) -> Expectation | None:
    """Say from the changes of a tenant what to expect of the next; None where none of them was measured."""
    took = [seconds for change in changes if (seconds := _measured(change)) is not None]
    if not took:
        return None
    return Expectation(count=len(took), shortest_s=min(took), longest_s=max(took), median_s=median(took))


async def on_its_way(ledger: Ledger, *, mailbox: str, now: datetime, live: Setting | None = None) -> Propagation | None:
    """Return the mailbox's last change, where it holds and may not be effective yet; raises `LedgerError`.

    `live` is the setting where it was read: what has another value by now is on no way any more.
    """
    own = await ledger.changes(mailbox=mailbox)
    if recent(own, now, timedelta.max) is None:
        return None
    expected = expectation(await ledger.changes(tenant=own[0].intent.tenant))
    window = max(WINDOW, timedelta(seconds=2 * expected.longest_s)) if expected else WINDOW
    last = recent(own, now, window)
    if last is None or (live is not None and live.mailbox is not last.intent.after):
        return None
    return Propagation(change=last, expectation=expected, window_s=window.total_seconds())


def recent(changes: Sequence[Change], now: datetime, window: timedelta) -> Change | None:
    """Return the mailbox's last change that holds, if it may still be on its way; `changes` are the newest first.

    Where nobody knows what came of a newer one, or it was overtaken, nobody knows what is on its way.
    """
    last = next((change for change in changes if change.progress is not Progress.NOT_DONE), None)
    written = last.at(Progress.WRITTEN) if last is not None and last.progress is Progress.WRITTEN else None
    return last if written is not None and abs(now - written) < window else None


def shows(change: Change, own: Sequence[Change]) -> bool:
    """Whether an accepted sign-in shows that the change is effective; `own` are the mailbox's, the newest first.

    It does not where the mailbox was switched off shortly before, and that too may not have been effective yet.
    """
    written = change.at(Progress.WRITTEN)
    before = next((one for one in own if one.id < change.id and one.progress is not Progress.NOT_DONE), None)
    if written is None or before is None or switches_on(before):
        return True
    earlier = before.at(Progress.WRITTEN) or before.steps[0].at
    return written - earlier >= WINDOW


def switches_on(change: Change) -> bool:
    """Whether the change lets the mailbox sign in, where the organisation's value does not say otherwise."""
    return _holds(change.intent, change.intent.after) is not Switch.OFF


def _holds(intent: Intent, value: Switch) -> Switch | None:
    return intent.organisation if value is Switch.UNSET else value


def _measured(change: Change) -> float | None:
    """Seconds that a change from off to on took; None where that was not seen from its beginning, or not closely."""
    intent, written, took = change.intent, change.at(Progress.WRITTEN), change.took_s
    if _holds(intent, intent.before) is not Switch.OFF or written is None or took is None or took < 0:
        return None
    # A later run found it written: since when is not known.
    if written - change.steps[0].at >= UNDER_WAY:
        return None
    # It became effective after the last refusal, or after it was written: nobody knows when in between.
    unseen = change.steps[-1].at - change.steps[-2].at
    return took if unseen <= max(_CLOSE, timedelta(seconds=took / 4)) else None
