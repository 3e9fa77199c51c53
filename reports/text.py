"""The report for a terminal: plain words, no colour, no symbol that carries meaning alone."""

import textwrap
from collections.abc import Sequence
from itertools import groupby

from diag.diagnosis import Diagnosis
from diag.evidence import Evidence
from diag.language import Translate, translator
from diag.sentence import Sentence, say
from reports.story import CauseTold, Reader, Rung, Story, tell
from reports.transcript import certificates, transcript
from reports.wording import pair, shown

_INDENT = "  "
_LONGEST_FOUND = 240  # the ladder is for the overview; the answers stand above it, word for word


class _Page:
    """Lines of at most `width` columns; only what is quoted word for word, and links, may be longer."""

    def __init__(self, width: int, translate: Translate) -> None:
        self.lines: list[str] = []
        self._width = width
        self._translate = translate

    def word(self, sentence: Sentence) -> str:
        return self._translate(sentence.text)

    def pair(self, label: str, value: str) -> str:
        return pair(label, value, self._translate)

    def heading(self, sentence: Sentence) -> None:
        self.lines += ["", self.word(sentence)]

    def paragraph(self, text: str, first: str = _INDENT, later: str | None = None) -> None:
        """Wrap `text`, the first line behind `first`, the others behind `later` (as deep as `first`)."""
        self.lines += textwrap.wrap(
            shown(text, len(text)),
            self._width,
            initial_indent=first,
            subsequent_indent=" " * len(first) if later is None else later,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def verbatim(self, lines: Sequence[str]) -> None:
        """Keep lines whole, so that they can be searched for and pasted."""
        self.lines += [f"{_INDENT}{_INDENT}{shown(line)}".rstrip() for line in lines]


def _best(page: _Page, cause: CauseTold) -> None:
    page.heading(say("Cause"))
    page.paragraph(f"{cause.title} ({cause.certainty})")
    page.paragraph(cause.explanation)
    page.heading(say("Why diag says so"))
    for reason in cause.because:
        page.paragraph(reason.text, "  - ")
        page.verbatim(reason.quoted)
    if cause.verbatim:
        page.paragraph(page.word(say("The answer, word for word:")), "  - ")
        page.verbatim(cause.verbatim)
    page.heading(say("What to do"))
    page.paragraph(page.word(say("This is for {actor}.")).format(actor=cause.actor))
    for number, step in enumerate(cause.steps, 1):
        page.paragraph(step, f"{number:>3}. ")
    more = page.word(say("Read more:"))
    page.lines += [f"{_INDENT}{more} {link}" for link in cause.links]


def _also(page: _Page, story: Story) -> None:
    if story.also:
        page.heading(say("What else is wrong"))
    for cause in story.also:
        page.paragraph(f"{cause.title} ({cause.certainty})", "  - ")
        for reason in cause.because:
            page.paragraph(" ".join((reason.text, *reason.quoted)), " " * 4)
        for step in cause.steps:
            page.paragraph(step, "    - ")


def _others(page: _Page, story: Story) -> None:
    if story.best and story.others:
        page.heading(say("What else it can be, in this order"))
        page.paragraph(page.word(say("What separates the first from its look-alikes:")) + " " + story.best.next_look)
    for number, cause in enumerate(story.others, 2):
        page.paragraph(f"{cause.title} ({cause.certainty})", f"{number:>3}. ")
        told = set(story.best.because) if story.best else set()
        for reason in cause.because:
            if reason not in told:
                page.paragraph(" ".join((reason.text, *reason.quoted)), " " * 5)
        if cause.next_look:
            page.paragraph(page.word(say("Look at next:")) + " " + cause.next_look, " " * 5)


def _unanswered(page: _Page, story: Story) -> None:
    if story.unanswered:
        page.heading(say("What could not be asked"))
    for because, titles in story.unanswered:
        page.paragraph(because, "  - ")
        for title in titles:
            page.paragraph(title, "    - ")


def _ladder(page: _Page, rungs: Sequence[Rung]) -> None:
    page.heading(say("Every step"))
    widest = max((len(rung.outcome) for rung in rungs), default=0)
    longest = max((len(rung.took) for rung in rungs), default=0)
    # Checks in a row that found the same, as those that were skipped for one reason, are told together.
    for _, alike in groupby(rungs, key=lambda rung: (rung.outcome, rung.found)):
        rung, *rest = alike
        first = f"{_INDENT}{rung.outcome:<{widest}}  {rung.took:>{longest}}  "
        found = shown(rung.found, _LONGEST_FOUND)
        if not rest:
            page.paragraph(page.pair(rung.title, found) if found else rung.title, first)
            continue
        page.paragraph(page.pair(found, "").rstrip() if found else "", first)
        for one in (rung, *rest):
            page.paragraph(one.title, " " * len(first) + "- ")


def _support(page: _Page, story: Story) -> None:
    if story.support:
        page.heading(say("For Microsoft's support and the sign-in log"))
    page.lines += [_INDENT + page.pair(label, value) for label, value in story.support]


def _verbose(page: _Page, evidence: Evidence, translate: Translate) -> None:
    for heading, lines in (
        (say("TLS and certificates"), certificates(evidence, translate)),
        (say("The whole conversation"), transcript(evidence, translate)),
    ):
        if lines:
            page.heading(heading)
            page.lines += [f"{_INDENT}{line}" for line in lines]


def _lay_out(page: _Page, story: Story) -> None:
    page.paragraph(" ".join(part for part in (story.headline, story.sureness) if part), "")
    for note in story.notes:
        page.paragraph(note, "")
    if story.best:
        _best(page, story.best)
    _also(page, story)
    _others(page, story)
    _unanswered(page, story)
    _ladder(page, story.ladder)
    _support(page, story)


def render(diagnosis: Diagnosis, evidence: Evidence, *, language: str, width: int = 80, verbose: bool = False) -> str:
    """Return the report in lines of at most `width` columns, quotations and links excepted."""
    translate = translator(language)
    page = _Page(width, translate)
    story = tell(diagnosis, evidence, Reader(language=language, translate=translate))
    _lay_out(page, story)
    if verbose:
        _verbose(page, evidence, translate)
    return "\n".join(page.lines) + "\n"
