"""How a mailbox is beside how it was: since when, last good, and what changed. Pure; one mailbox at a time."""

import itertools
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from diag.health.result import Result, Status

LONGEST_TRAIL = 30  # runs
_RECENT = 8  # runs in which turns are counted
_BROKEN, _NOT_KNOWN = Status.BROKEN.letter, Status.INCONCLUSIVE.letter
_TURNS = 3  # so many turns between working and not make a mailbox that flaps


class Change(StrEnum):
    """What is different from the run before."""

    FIRST = "first"  # seen for the first time, and nothing is wrong
    NEW = "new"  # it was well, or not known yet, and something is wrong now
    OTHER = "other"  # something else is wrong than before
    STILL = "still"  # the same is wrong as before
    FIXED = "fixed"  # something was wrong, and nothing is now
    SAME = "same"  # nothing is wrong, as before
    UNKNOWN = "unknown"  # this time nobody knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is known of a mailbox up to and with one run.

    `status` and `cause` are the last that were known (an inconclusive run changes neither), `since` when that began,
    `last_good` when the mailbox was last found to send. `trail` has one letter a run, the newest last.
    """

    status: Status
    cause: str
    since: datetime
    last_good: datetime | None
    trail: str

    @property
    def flaps(self) -> bool:
        """Whether the mailbox turns between sending and not, again and again."""
        letters = self.trail[-_RECENT:].replace(_NOT_KNOWN, "")
        if letters.count(_BROKEN) < _TURNS // 2:  # most mailboxes
            return False
        known = [letter == _BROKEN for letter in letters]
        return sum(one is not other for one, other in itertools.pairwise(known)) >= _TURNS


def went_on(before: Past | None, result: Result) -> tuple[Past, Change]:
    """Return what is known of a mailbox with this result, and what changed; `before` is None where nothing was."""
    trail = ((before.trail if before else "") + result.status.letter)[-LONGEST_TRAIL:]
    if result.status is Status.INCONCLUSIVE and before is not None:
        return replace(before, trail=trail), Change.UNKNOWN
    if before is not None and before.status is Status.BROKEN and _is_unsure(result):
        return replace(before, trail=trail[:-1] + Status.INCONCLUSIVE.letter), Change.UNKNOWN
    at = result.checked_at
    # That a mailbox will stop says that it sends only where it was tried to the end.
    sends = result.status in {Status.HEALTHY, Status.DEGRADED, Status.WILL_BREAK} and result.because is None
    last_good = at if sends else (before.last_good if before else None)
    same = before is not None and (before.status, before.cause) == (result.status, result.cause)
    since = before.since if before is not None and same else at
    past = Past(status=result.status, cause=result.cause, since=since, last_good=last_good, trail=trail)
    return past, _change(before, result, is_same=same)


def _is_unsure(result: Result) -> bool:
    """Whether a mailbox will stop, by what is known, and was not tried to the end: it may not send as it is."""
    return result.status is Status.WILL_BREAK and result.because is not None


def _change(before: Past | None, result: Result, *, is_same: bool) -> Change:
    if result.status is Status.INCONCLUSIVE:
        return Change.UNKNOWN
    if result.status is Status.HEALTHY:
        if before is None or before.status is Status.INCONCLUSIVE:
            return Change.FIRST
        return Change.SAME if before.status is Status.HEALTHY else Change.FIXED
    if before is None or before.status in {Status.HEALTHY, Status.INCONCLUSIVE}:
        return Change.NEW
    return Change.STILL if is_same else Change.OTHER
