"""What kind of thing a finding is, which decides how it is told and what the run ends in."""

from collections.abc import Hashable, Sequence
from enum import Enum, auto

from diag.explanation import Finding
from diag.outcome import Certainty


class Kind(Enum):
    """A cause that was looked up by its id; a text that accuses causes; a code that is no error; what nobody knows."""

    LOOKED_UP = auto()
    ACCUSES = auto()
    STATE = auto()
    UNKNOWN = auto()


def kind(finding: Finding) -> Kind:
    """Return what a finding is."""
    if finding.causes:
        return Kind.LOOKED_UP if finding.text == finding.causes[0].cause.id else Kind.ACCUSES
    return Kind.STATE if finding.panel_codes else Kind.UNKNOWN


def is_decided(finding: Finding) -> bool:
    """Whether the text points to its first cause, and not only to one of several that are equally possible."""
    causes = finding.causes
    return len(causes) == 1 or (bool(causes) and causes[0].certainty is not Certainty.POSSIBLE)


def _alike(finding: Finding) -> Hashable:
    """What findings that are told together have in common: the cause, the choice of causes, or what is unknown."""
    if is_decided(finding):
        return finding.causes[0].cause.id
    if finding.causes:
        return tuple(suspected.cause.id for suspected in finding.causes)
    if finding.panel_codes:
        return tuple((code.vendor, code.code) for code in finding.panel_codes)
    return bool(finding.numbers), finding.code, finding.enhanced


def grouped(findings: Sequence[Finding]) -> tuple[tuple[Finding, ...], ...]:
    """Return the findings that are told together, in the order of the text."""
    groups: dict[Hashable, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_alike(finding), []).append(finding)
    return tuple(map(tuple, groups.values()))
