"""The grades: how well the questions of the examination are answered, and the table of them all."""

from collections.abc import Iterable
from dataclasses import dataclass

from diag.explanation import Explanation, Finding, SuspectedCause
from diag.outcome import Certainty
from tests.explanation.examination import Asked, Kind

# Words that facts about Exchange Online name as shared by several causes: there is nothing in them to tell those apart.
_SHARED = (
    "5.7.3",
    "5.7.139 authentication unsuccessful [",
    "disabled for the mailbox",
    "basic authentication is disabled",
    "did not meet the criteria",
    "5.7.57",
    "unrecognized authentication type",
    "432 4.3.2",
    "storedrv",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """How a question was answered. `wrong` are the causes called proven that are not its own."""

    asked: Asked
    first: bool
    listed: bool
    shared: bool
    accused: bool
    wrong: tuple[str, ...]
    told: str

    @property
    def passed(self) -> bool:
        """Whether the answer is all that was asked for."""
        if self.wrong or self.accused:
            return False
        match self.asked.kind:
            case "sure":
                return self.listed if self.shared else self.first
            case "guess" | "unknown":
                return self.listed
            case "healthy":
                return True


def _unexpected(asked: Asked, finding: Finding) -> bool:
    return not set(finding.lines) & set(asked.elsewhere)


def _told(asked: Asked, explanation: Explanation) -> tuple[SuspectedCause, ...]:
    if asked.line:
        return next((finding.causes for finding in explanation.findings if finding.line == asked.line), ())
    if asked.elsewhere:
        return tuple(one for finding in explanation.findings if _unexpected(asked, finding) for one in finding.causes)
    return explanation.causes


def _accuses(asked: Asked, explanation: Explanation) -> bool:
    """Whether anything healthy is told as a fault; a device's state is told, too, but no cause of it."""
    if asked.vendor:
        return bool(explanation.causes) or not any(finding.panel_codes for finding in explanation.findings)
    return any(_unexpected(asked, finding) for finding in explanation.findings)


def grade(asked: Asked) -> Grade:
    """Grade the answer to one question.

    A sure text is right where its cause comes first; a number counts only if it is told as a number, too. A guess,
    which every device's code is, is right where all of its causes are told, in any order. On a healthy line any finding
    is an accusation. A sure text is "shared", and counted apart, where its words are among those that several causes
    share and all causes told are only possible, although the mechanism and the account were given as far as they are
    known: then the cause must be among those told.
    """
    explanation = asked.read()
    causes = _told(asked, explanation)
    ids = [suspected.cause.id for suspected in causes]
    numbers = {one.number for finding in explanation.findings for one in finding.numbers}
    number_told = asked.number is None or asked.number in numbers
    return Grade(
        asked=asked,
        first=number_told and ids[:1] == list(asked.causes[:1]),
        listed=number_told and set(asked.causes) <= set(ids),
        shared=asked.kind == "sure"
        and bool(causes)
        and all(suspected.certainty is Certainty.POSSIBLE for suspected in causes)
        and any(words in " ".join(asked.text.lower().split()) for words in _SHARED),
        accused=asked.kind == "healthy" and _accuses(asked, explanation),
        wrong=tuple(
            one.cause.id for one in causes if one.certainty is Certainty.PROVEN and one.cause.id not in asked.causes
        ),
        told=", ".join(f"{one.cause.id} ({one.certainty})" for one in causes) or "nothing",
    )


_HEADS = (
    "sure",
    "first",
    "shared",
    "listed",
    "guesses",
    "listed",
    "unknown",
    "told",
    "healthy",
    "accused",
    "overclaimed",
)


def table(grades: Iterable[Grade]) -> str:
    """Lay the grades out, a row for each paper."""
    papers: dict[str, list[Grade]] = {}
    for one in grades:
        papers.setdefault(one.asked.paper, []).append(one)
    rows = {paper: _figures(kept) for paper, kept in papers.items()}
    rows["all"] = tuple(sum(column) for column in zip(*rows.values(), strict=True))
    width = max(map(len, rows))
    lines = ["  ".join(("".ljust(width), *_HEADS))]
    for paper, figures in rows.items():
        cells = (str(figure).rjust(len(head)) for figure, head in zip(figures, _HEADS, strict=True))
        lines.append("  ".join((paper.ljust(width), *cells)))
    return "\n".join(lines)


def _figures(grades: list[Grade]) -> tuple[int, ...]:
    def of(kind: Kind) -> list[Grade]:
        return [one for one in grades if one.asked.kind == kind and not one.shared]

    shared = [one for one in grades if one.shared]
    return (
        len(of("sure")),
        sum(one.first for one in of("sure")),
        len(shared),
        sum(one.listed for one in shared),
        len(of("guess")),
        sum(one.listed for one in of("guess")),
        len(of("unknown")),
        sum(one.listed for one in of("unknown")),
        len(of("healthy")),
        sum(one.accused for one in grades),
        sum(bool(one.wrong) for one in grades),
    )
