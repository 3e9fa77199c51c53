"""The exit codes, which other programs rely on."""

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diag.diagnosis import Diagnosis
    from diag.explanation import Explanation
    from diag.health.report import HealthReport
    from reports.allowed import Permissions
    from reports.setting import Told
    from reports.setup import SetUp


class Exit(IntEnum):
    """What a command ended in."""

    HEALTHY = 0
    CAUSE_FOUND = 1
    USAGE = 2
    INCONCLUSIVE = 3
    BROKE = 4
    WAITING = 5
    INTERRUPTED = 130


def explained(explanation: "Explanation") -> Exit:
    """Return the exit code of an explanation; a cause that was only looked up accuses nobody."""
    from reports.kinds import Kind, kind

    kinds = {kind(finding) for finding in explanation.findings}
    if Kind.ACCUSES in kinds:
        return Exit.CAUSE_FOUND
    return Exit.INCONCLUSIVE if Kind.UNKNOWN in kinds else Exit.HEALTHY


def told(found: "Told") -> Exit:
    """Return the exit code of a command about the setting."""
    from diag.change import Changed, NotDone, Nothing, Overtaken, Refused, Unsettled
    from diag.obstacle import NotAnswered

    match found.result:
        case None:
            return Exit.INCONCLUSIVE if isinstance(found.setting, NotAnswered) else Exit.HEALTHY
        case Nothing():
            return Exit.HEALTHY
        case Changed():
            return Exit.WAITING
        case NotDone() | Overtaken() | Refused():
            return Exit.CAUSE_FOUND
        case Unsettled() | NotAnswered():
            return Exit.INCONCLUSIVE


def set_up_to(found: "SetUp") -> Exit:
    """Return the exit code of setting the applications up."""
    from diag.obstacle import NotAnswered
    from diag.setup import Made, NotMade, Refused, Unsettled

    match found.found, found.result:
        case (NotAnswered(), _) | (_, Unsettled()):
            return Exit.INCONCLUSIVE
        case (Refused(), _) | (_, NotMade()):
            return Exit.CAUSE_FOUND
        case _, Made(plan=plan):
            return Exit.CAUSE_FOUND if plan.alerts else Exit.HEALTHY
        case plan, None:
            return Exit.CAUSE_FOUND if plan.alerts else Exit.HEALTHY


def checked(found: "Permissions") -> Exit:
    """Return the exit code of a comparison of permissions: one that is missing outweighs what is not known."""
    states = {row.state for row in found.rows}
    if found.refusals and "there" not in states:
        return Exit.INCONCLUSIVE
    if "missing" in states:
        return Exit.CAUSE_FOUND
    return Exit.INCONCLUSIVE if "unknown" in states else Exit.HEALTHY


def examined(report: "HealthReport") -> Exit:
    """Return the exit code of a run over many mailboxes; what is muted does not count."""
    from diag.diagnosis import NOT_EFFECTIVE
    from diag.health.result import Status

    match report.worst:
        case Status.BROKEN:
            broken = [
                group for group in report.groups if group.status is Status.BROKEN and group.muted < len(group.items)
            ]
            waits = all(group.cause == NOT_EFFECTIVE for group in broken)
            return Exit.WAITING if waits else Exit.CAUSE_FOUND
        case Status.WILL_BREAK | Status.DEGRADED:
            return Exit.CAUSE_FOUND
        case Status.INCONCLUSIVE:
            return Exit.BROKE if report.run.notes.broke else Exit.INCONCLUSIVE
        case Status.HEALTHY:
            return Exit.HEALTHY


def exit_code(diagnosis: "Diagnosis") -> Exit:
    """Return the exit code of a diagnosis; a check of ours that broke outweighs all but a proven cause."""
    from diag.diagnosis import Verdict
    from diag.outcome import Certainty

    proven = any(finding.certainty is Certainty.PROVEN for finding in diagnosis.findings)
    if diagnosis.broke and not proven:
        return Exit.BROKE
    match diagnosis.verdict:
        case Verdict.HEALTHY:
            return Exit.HEALTHY
        case Verdict.BROKEN | Verdict.DEGRADED:
            return Exit.CAUSE_FOUND
        case Verdict.INCONCLUSIVE:
            return Exit.INCONCLUSIVE
        case Verdict.WAITING:
            return Exit.WAITING
