"""What an explanation is made of."""

from dataclasses import dataclass
from enum import StrEnum

from diag.catalogue import AadstsEntry, Cause, PanelCode
from diag.catalogue.words import plain
from diag.explanation.context import Route
from diag.explanation.sign_in import Id, ids
from diag.outcome import Certainty
from diag.sentence import Sentence


@dataclass(frozen=True, slots=True)
class SuspectedCause:
    """A cause that a text speaks for, how sure that makes it, and which words do."""

    cause: Cause
    certainty: Certainty
    because: Sentence


class Question(StrEnum):
    """What would tell the causes apart, where the text does not show it."""

    MECHANISM = "mechanism"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Number:
    """An AADSTS number; `entry` is None where the catalogue does not know it."""

    number: int
    entry: AadstsEntry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One refusal, error or message in a text.

    `lines` are the numbers, from 1, of the lines on which it begins: more than one where the text repeats it. `text` is
    the first of them, word for word but for secrets. `causes` come best first; where nobody knows the words they are
    empty, and `told` holds what the code alone tells. `asks` names what would tell the causes apart.
    """

    lines: tuple[int, ...]
    text: str
    causes: tuple[SuspectedCause, ...]
    code: str | None = None
    enhanced: str | None = None
    numbers: tuple[Number, ...] = ()
    panel_codes: tuple[PanelCode, ...] = ()
    told: tuple[Sentence, ...] = ()
    asks: tuple[Question, ...] = ()
    route: Route | None = None

    @property
    def ids(self) -> tuple[Id, ...]:
        """What to quote to Microsoft's support, and to search the sign-in log for."""
        return ids(plain(self.text))

    @property
    def line(self) -> int:
        """The first line on which it begins."""
        return self.lines[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a text says. `lines` counts the text's lines; `findings` come in the order of the text."""

    lines: int
    findings: tuple[Finding, ...]

    @property
    def causes(self) -> tuple[SuspectedCause, ...]:
        """All causes of all findings, each once: the surest first, then in the order of the text."""
        best: dict[str, SuspectedCause] = {}
        for suspected in (one for finding in self.findings for one in finding.causes):
            kept = best.setdefault(suspected.cause.id, suspected)
            if suspected.certainty.rank < kept.certainty.rank:
                best[suspected.cause.id] = suspected
        return tuple(sorted(best.values(), key=lambda one: one.certainty.rank))

    @property
    def unknown(self) -> tuple[Finding, ...]:
        """The findings that nobody knows."""
        return tuple(
            finding
            for finding in self.findings
            if not finding.causes and not finding.panel_codes and not finding.numbers
        )
