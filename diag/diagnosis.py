"""Weigh outcomes into one diagnosis. Pure: the same outcomes and catalogue always give the same diagnosis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from diag.catalogue import Catalogue, Cause
from diag.evidence import Evidence
from diag.outcome import Broken, Certainty, Check, Failed, Outcome, Passed, Skipped, Suspicion
from diag.sentence import Sentence
from diag.stage import Stage
from diag.subject import Subject

# The server's own words for the setting, which it repeats until a change of it is effective.
SWITCHED_OFF = frozenset({"smtp_auth_disabled_mailbox", "smtp_auth_disabled_tenant"})
NOT_EFFECTIVE = "smtp_auth_change_not_effective"  # all there is to do is to wait


class Verdict(StrEnum):
    """The whole diagnosis in one word."""

    HEALTHY = "healthy"
    BROKEN = "broken"
    DEGRADED = "degraded"
    INCONCLUSIVE = "inconclusive"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A check and its outcome; `duration_ms` is the time of the step it judges, else of the judging."""

    check: Check
    outcome: Outcome
    duration_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A cause that stands, how sure it is, why, and which checks say so."""

    cause: Cause
    certainty: Certainty
    because: tuple[Sentence, ...]
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What is wrong, best cause first; `judged` is every check in the order of the dialogue, none left out."""

    diag_version: str
    subject: Subject
    started_at: datetime
    duration_ms: float
    verdict: Verdict
    findings: tuple[Finding, ...]
    judged: tuple[Judged, ...]

    @property
    def best(self) -> Finding | None:
        """The cause to act on, None where nothing stands."""
        return self.findings[0] if self.findings else None

    @property
    def is_switched_off(self) -> bool:
        """Whether the cause to act on is the Authenticated SMTP setting, so that switching it on is the cure."""
        return self.verdict is Verdict.BROKEN and self.best is not None and self.best.cause.id in SWITCHED_OFF

    @property
    def is_switched_off_too(self) -> bool:
        """Whether the setting is off beside another cause that comes first."""
        return any(finding.cause.id in SWITCHED_OFF for finding in self.findings[1:])

    @property
    def broke(self) -> bool:
        """Whether a check of diag's own failed, so that its silence means nothing."""
        return any(isinstance(judged.outcome, Broken) for judged in self.judged)

    @property
    def unanswered(self) -> tuple[Judged, ...]:
        """The essential checks that could not be put."""
        return tuple(j for j in self.judged if j.check.essential and isinstance(j.outcome, Skipped))


def _suspects(judged: Sequence[Judged]) -> Mapping[str, list[tuple[Suspicion, str]]]:
    """Group suspicions by cause, in the order met.

    An outcome clears what was suspected up to it. What a later check suspects again stands, except as a possibility.
    """
    found: dict[str, list[tuple[Suspicion, str]]] = {}
    cleared: set[str] = set()
    for entry in judged:
        match entry.outcome:
            case Failed(suspects=suspects, clears=clears):
                cleared.update(clears)
            case Passed(clears=clears):
                cleared.update(clears)
                suspects = ()
            case Skipped() | Broken():
                continue
        for cause in found.keys() & {*clears}:
            del found[cause]
        for suspicion in suspects:
            if suspicion.certainty is not Certainty.POSSIBLE or suspicion.cause not in cleared:
                found.setdefault(suspicion.cause, []).append((suspicion, entry.check.id))
    return found


def _finding(cause: Cause, entries: Sequence[tuple[Suspicion, str]]) -> Finding:
    because = dict.fromkeys(suspicion.because for suspicion, _ in entries)
    return Finding(
        cause=cause,
        certainty=min((suspicion.certainty for suspicion, _ in entries), key=lambda certainty: certainty.rank),
        because=tuple(because),
        checks=tuple(dict.fromkeys(check for _, check in entries)),
    )


def _looked_up(judged: Sequence[Judged]) -> frozenset[str]:
    """The causes that administrators' side proves without the dialogue: nothing on the way makes them hard to judge."""
    outcomes = (entry.outcome for entry in judged if entry.check.stage is Stage.DIRECTORY)
    suspects = (suspect for outcome in outcomes if isinstance(outcome, Failed) for suspect in outcome.suspects)
    return frozenset(suspect.cause for suspect in suspects if suspect.certainty is Certainty.PROVEN)


def _standing(findings: Sequence[Finding], judged: Sequence[Judged]) -> tuple[Finding, ...]:
    """Drop what a surer or equally sure cause hides, and every mere possibility beside a proven blocker.

    What was looked up (a switch read as off behind a blocked port) is hidden by nothing: it has to be mended as well,
    and is told behind the cause that comes first on the way, even where that one is less sure.
    """
    looked_up = _looked_up(judged)
    steps = {entry.check.id for entry in judged if entry.check.stage is not Stage.DIRECTORY}
    hidden = {
        other.cause.id
        for finding in findings
        for other in findings
        if other.cause.id in finding.cause.hides and finding.certainty.rank <= other.certainty.rank
    }
    standing = [finding for finding in findings if finding.cause.id not in hidden - looked_up]
    if any(f.certainty is Certainty.PROVEN and f.cause.severity == "blocker" for f in standing):
        standing = [finding for finding in standing if finding.certainty is not Certainty.POSSIBLE]
    ahead = {
        cause
        for finding in standing
        for cause in finding.cause.hides
        if cause in looked_up and finding.certainty is not Certainty.POSSIBLE and steps & {*finding.checks}
    }
    refused = {j.check.id for j in judged if j.check.essential and isinstance(j.outcome, Failed)}

    def stops_everything(finding: Finding) -> bool:
        """A cause that stops nothing by itself (an incident, a limit) does where it is why an essential step failed."""
        explains = finding.certainty is not Certainty.POSSIBLE and not refused.isdisjoint(finding.checks)
        return explains or finding.cause.severity == "blocker"

    return tuple(sorted(standing, key=lambda f: (not stops_everything(f), f.cause.id in ahead, f.certainty.rank)))


def _verdict(findings: Sequence[Finding], judged: Sequence[Judged]) -> Verdict:
    if findings and findings[0].cause.id == NOT_EFFECTIVE:
        return Verdict.WAITING
    # What will stop the sending does not explain why it fails already.
    sure = [f for f in findings if f.certainty is not Certainty.POSSIBLE and f.cause.severity != "impending"]
    refused = any(j.check.essential and isinstance(j.outcome, Failed) for j in judged)
    if any(refused or finding.cause.severity == "blocker" for finding in sure):
        return Verdict.BROKEN
    if refused or any(j.check.essential and isinstance(j.outcome, Skipped | Broken) for j in judged):
        return Verdict.INCONCLUSIVE
    return Verdict.DEGRADED if findings else Verdict.HEALTHY


def diagnose(evidence: Evidence, judged: Sequence[Judged], catalogue: Catalogue) -> Diagnosis:
    """Weigh `judged` (in the order of the dialogue): proven before likely before possible, then that order."""
    suspected = [_finding(catalogue.cause(cause), seen) for cause, seen in _suspects(judged).items()]
    findings = _standing(suspected, judged)
    return Diagnosis(
        diag_version=evidence.diag_version,
        subject=evidence.subject,
        started_at=evidence.started_at,
        duration_ms=evidence.duration_ms,
        verdict=_verdict(findings, judged),
        findings=findings,
        judged=tuple(judged),
    )
