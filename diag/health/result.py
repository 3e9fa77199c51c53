"""What one mailbox's examination came to, as the health report needs it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from diag.catalogue import Cause
from diag.diagnosis import Diagnosis, Finding, Verdict
from diag.health.scanner import Scanner
from diag.outcome import Certainty
from diag.sentence import Sentence


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One cause that stands for a mailbox. `because` are the reasons, the surest first."""

    cause: str
    certainty: Certainty
    status: Status
    because: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was found for one mailbox; `found` has the cause to act on first.

    `because` says why nothing is known, where nothing is: what could not be asked, or why nobody asked.
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


def result_of(scanner: Scanner, diagnosis: Diagnosis) -> Result:
    """Put a diagnosis into the words of the health report."""
    found = tuple(_found(finding) for finding in diagnosis.findings)
    status = _status(diagnosis, found)
    unanswered = diagnosis.unanswered
    because = None
    if status is Status.INCONCLUSIVE and unanswered:
        because = getattr(unanswered[0].outcome, "because", None)
    return Result(
        scanner=scanner,
        status=status,
        found=found,
        checked_at=diagnosis.started_at,
        duration_ms=diagnosis.duration_ms,
        because=because,
    )


def _found(finding: Finding) -> Found:
    return Found(
        cause=finding.cause.id,
        certainty=finding.certainty,
        status=_weight(finding.cause),
        because=finding.because,
    )


def _weight(cause: Cause) -> Status:
    match cause.severity:
        case "blocker":
            return Status.BROKEN
        case "impending":
            return Status.WILL_BREAK
        case "degraded" | "notice":
            return Status.DEGRADED


def _status(diagnosis: Diagnosis, found: tuple[Found, ...]) -> Status:
    """A change that is on its way keeps the mailbox from sending as much as anything else does."""
    match diagnosis.verdict:
        case Verdict.HEALTHY:
            return Status.HEALTHY
        case Verdict.BROKEN | Verdict.WAITING:
            return Status.BROKEN
        case Verdict.INCONCLUSIVE:
            # What is known to break soon is worth more than that something else could not be asked.
            coming = any(f.status is Status.WILL_BREAK and f.certainty is not Certainty.POSSIBLE for f in found)
            return Status.WILL_BREAK if coming else Status.INCONCLUSIVE
        case Verdict.DEGRADED:
            return Status.WILL_BREAK if any(f.status is Status.WILL_BREAK for f in found) else Status.DEGRADED
