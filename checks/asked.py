"""What administrators can see, or why it is not known. Not a check: every check of the directory begins here."""

from collections.abc import Callable
from typing import TypeVar

from checks.reading import expects_exchange
from diag.directory import Directory
from diag.evidence import Evidence, NotAsked
from diag.obstacle import NotAnswered, Obstacle
from diag.outcome import Skipped
from diag.sentence import say

T = TypeVar("T")


def skipped(nothing: NotAnswered) -> Skipped:
    """Why there is no answer, with the permission or licence that it would have taken."""
    because, missing = nothing.because, nothing.missing
    if not missing or missing in str(because):
        return Skipped(because=because)
    match nothing.obstacle:
        case Obstacle.NO_PERMISSION:
            return Skipped(because=say("{because} (missing permission: {missing})", because=because, missing=missing))
        case Obstacle.NO_LICENCE:
            return Skipped(because=say("{because} (missing licence: {missing})", because=because, missing=missing))
        case _:
            return Skipped(because=say("{because} (missing: {missing})", because=because, missing=missing))


def elsewhere(evidence: Evidence) -> Skipped | None:
    """Why nothing of Microsoft 365 is weighed where the device sends through another server; else None."""
    if expects_exchange(evidence):
        return None
    host = evidence.subject.smtp_host
    return Skipped(because=say("{host} is not Exchange Online, so what Microsoft 365 says decides nothing", host=host))


def answer(evidence: Evidence, pick: Callable[[Directory], T | NotAnswered]) -> T | NotAnswered | Skipped:
    """What the directory answered to one question, an obstacle included; `Skipped` where it was not asked at all."""
    match evidence.directory:
        case NotAsked(because=because):
            return Skipped(because=because)
        case Directory() as directory:
            return elsewhere(evidence) or pick(directory)


def found(evidence: Evidence, pick: Callable[[Directory], T | NotAnswered]) -> T | Skipped:
    """What the directory answered to one question, `Skipped` where it is not known."""
    given = answer(evidence, pick)
    return skipped(given) if isinstance(given, NotAnswered) else given
