"""What one mailbox's examination came to, as the health report needs it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from diag.catalogue import Cause
from diag.diagnosis import Diagnosis, Finding, Verdict
from diag.health.scanner import Scanner
from diag.outcome import Certainty, Skipped
from diag.sentence import Sentence, say


class Status(StrEnum):
    """How a mailbox is, the worst first: it cannot send; it will stop; it sends, badly; nobody knows; it sends."""

    BROKEN = "broken"
    WILL_BREAK = "will_break"
    DEGRADED = "degraded"
    INCONCLUSIVE = "inconclusive"
    HEALTHY = "healthy"

    @property
    def letter(self) -> str:
        """Its letter in a trail: B, W, D, I or H."""
        return self.name[0]

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _RANKS[self]


_RANKS = {status: rank for rank, status in enumerate(Status)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One cause that stands for a mailbox, and what it makes of it. `because` are the reasons, the surest first.

    Only what keeps a mailbox from sending is broken here: a cause that would, were it not a mere possibility, weighs
    no more than what is known of the mailbox.
    """

    cause: str
    certainty: Certainty
    status: Status
    because: tuple[Sentence, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether it is more than possible."""
        return self.certainty is not Certainty.POSSIBLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was found for one mailbox; `found` has the cause to act on first, which is one that makes its status.

    `because` says why the mailbox was not examined to the end, where it was not: what could not be asked, or why nobody
    asked. What will break may be known all the same.
    """

    scanner: Scanner
    status: Status
    found: tuple[Found, ...]
    checked_at: datetime
    duration_ms: float
    because: Sentence | None = None

    @property
    def cause(self) -> str:
        """The id of the cause to act on; empty where none stands."""
        return self.found[0].cause if self.found else ""

    @property
    def standing(self) -> tuple[Found, ...]:
        """What counts as found: the cause to act on, and what holds beside it, but nothing that competes with it.

        Of several mere possibilities none stands before the others, so none counts.
        """
        guesses = [found for found in self.found if not found.is_sure]
        if self.status is Status.INCONCLUSIVE and len(guesses) > 1:
            return tuple(found for found in self.found if found.is_sure)
        return tuple(
            found
            for place, found in enumerate(self.found)
            if place == 0
            or found.certainty is Certainty.PROVEN
            or (found.is_sure and found.status is Status.WILL_BREAK)
        )


def result_of(scanner: Scanner, diagnosis: Diagnosis) -> Result:
    """Put a diagnosis into the words of the health report."""
    status = _status(diagnosis)
    found = tuple(_found(finding, diagnosis) for finding in diagnosis.findings)
    return Result(
        scanner=scanner,
        status=status,
        # What makes the status goes first: else a notice would stand for a mailbox that will stop.
        found=tuple(sorted(found, key=lambda one: (one.status is not status, one.status.rank))),
        checked_at=diagnosis.started_at,
        duration_ms=diagnosis.duration_ms,
        because=_because(diagnosis) if diagnosis.verdict is Verdict.INCONCLUSIVE else None,
    )


def _because(diagnosis: Diagnosis) -> Sentence | None:
    for judged in diagnosis.unanswered:
        if isinstance(judged.outcome, Skipped):
            return judged.outcome.because
    if diagnosis.broke:
        return say("A check of diag itself broke; please report that.")
    if len(diagnosis.findings) > 1:
        return say("{count} causes are possible, none before the others", count=len(diagnosis.findings))
    return None


def _found(finding: Finding, diagnosis: Diagnosis) -> Found:
    return Found(
        cause=finding.cause.id,
        certainty=finding.certainty,
        status=_makes(finding, diagnosis),
        because=finding.because,
    )


def _makes(finding: Finding, diagnosis: Diagnosis) -> Status:
    """What a finding makes of its mailbox."""
    weight = _weight(finding.cause)
    match diagnosis.verdict:
        case Verdict.BROKEN | Verdict.WAITING:
            # What stops nothing by itself (an incident, a limit) does where it is the reason why an answer failed.
            return Status.BROKEN if finding is diagnosis.best else weight
        case Verdict.INCONCLUSIVE:
            return Status.INCONCLUSIVE if finding.certainty is Certainty.POSSIBLE else weight
        case Verdict.DEGRADED | Verdict.HEALTHY:
            return Status.DEGRADED if weight is Status.BROKEN else weight


def _weight(cause: Cause) -> Status:
    match cause.severity:
        case "blocker":
            return Status.BROKEN
        case "impending":
            return Status.WILL_BREAK
        case "degraded" | "notice":
            return Status.DEGRADED


def _status(diagnosis: Diagnosis) -> Status:
    """A change that is on its way keeps the mailbox from sending as much as anything else does."""
    coming = [finding for finding in diagnosis.findings if _weight(finding.cause) is Status.WILL_BREAK]
    match diagnosis.verdict:
        case Verdict.HEALTHY:
            return Status.HEALTHY
        case Verdict.BROKEN | Verdict.WAITING:
            return Status.BROKEN
        case Verdict.INCONCLUSIVE:
            # What is known to break soon is worth more than that something else could not be asked.
            is_known = any(finding.certainty is not Certainty.POSSIBLE for finding in coming)
            return Status.WILL_BREAK if is_known else Status.INCONCLUSIVE
        case Verdict.DEGRADED:
            return Status.WILL_BREAK if coming else Status.DEGRADED
