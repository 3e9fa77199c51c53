"""When a change is effective: recorded, and what to expect of the next."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median

from diag.change.limits import UNDER_WAY
from diag.ports import Ledger
from diag.setting import Change, Expectation, Intent, Progress, Step, Switch


async def effective(change: Change, at: datetime, *, ledger: Ledger) -> Change:
    """Record that a sign-in was accepted at this time, where that says something about the change.

    It says nothing about one that switched off, that is not written, that is known to be effective already, or that was
    written later than that. Raises `LedgerError`.
    """
    written = change.at(Progress.WRITTEN)
    switched_on = _holds(change.intent, change.intent.after) is not Switch.OFF
    if change.progress is not Progress.WRITTEN or written is None or at < written or not switched_on:
        return change
    step = Step(progress=Progress.EFFECTIVE, at=at, note="a sign-in was accepted")
    await ledger.add(change.id, step)
    return replace(change, steps=(*change.steps, step))


def expectation(changes: Sequence[Change]) -> Expectation | None:
    """Say from the changes of a tenant what to expect of the next; None where none of them was measured."""
    took = [seconds for change in changes if (seconds := _measured(change)) is not None]
    if not took:
        return None
    return Expectation(count=len(took), shortest_s=min(took), longest_s=max(took), median_s=median(took))


def recent(changes: Sequence[Change], now: datetime, window: timedelta) -> Change | None:
    """Return the mailbox's last change that holds, if it may still be on its way; `changes` are the newest first."""
    last = next((change for change in changes if change.progress in (Progress.WRITTEN, Progress.EFFECTIVE)), None)
    if last is None or last.progress is Progress.EFFECTIVE:
        return None
    written = last.at(Progress.WRITTEN)
    return last if written is not None and abs(now - written) < window else None


def _holds(intent: Intent, value: Switch) -> Switch | None:
    return intent.organisation if value is Switch.UNSET else value


def _measured(change: Change) -> float | None:
    """Seconds that a change from off to on took; None where that was not seen from its beginning."""
    intent, written = change.intent, change.at(Progress.WRITTEN)
    if _holds(intent, intent.before) is Switch.ON or change.took_s is None or change.took_s < 0 or written is None:
        return None
    # A later run found it written: since when is not known.
    return change.took_s if written - change.steps[0].at < UNDER_WAY else None
