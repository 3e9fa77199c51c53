"""The report for a terminal: plain words, no colour, no symbol that carries meaning alone."""

import textwrap
from collections.abc import Sequence

from diag.diagnosis import Diagnosis
from diag.evidence import Evidence
from diag.language import Translate, translator
from diag.sentence import Sentence, say
from reports.remedy import Step
from reports.story import Reader, Rung, Story, Together, tell
from reports.transcript import certificates, transcript
from reports.wording import pair, shown, visible

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
            visible(text),
            self._width,
            initial_indent=first,
            subsequent_indent=" " * len(first) if later is None else later,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def step(self, step: Step, first: str) -> None:
        """Wrap what to do; the command keeps to a line of its own, so that it can be pasted."""
        if step.text:
            self.paragraph(step.text, first)
            first = " " * len(first)
        if step.command:
            self.lines.append(first + visible(step.command))

    def verbatim(self, lines: Sequence[str]) -> None:
        """Keep lines whole, so that they can be searched for and pasted."""
        self.lines += [f"{_INDENT}{_INDENT}{shown(line)}".rstrip() for line in lines]


def _best(page: _Page, story: Story) -> None:
    cause = story.best
    if cause is None:
        return
    page.heading(say("Cause"))
    if not story.is_named:
        page.paragraph(f"{cause.title} ({cause.certainty})")
    page.paragraph(cause.explanation)
    if story.others and cause.next_look:
        page.paragraph(page.word(say("What separates this cause from the next ones:")) + " " + cause.next_look)
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
        page.step(step, f"{number:>3}. ")
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
            page.step(step, "    - ")


def _others(page: _Page, story: Story) -> None:
    if story.best and story.others:
        page.heading(say("What else it can be, in this order"))
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


def _ladder(page: _Page, ladder: Sequence[Rung | Together]) -> None:
    page.heading(say("Every step"))
    rungs = [rung for rung in ladder if isinstance(rung, Rung)]
    widest = max((len(rung.outcome) for rung in rungs), default=0)
    longest = max((len(rung.took) for rung in rungs), default=0)
    for entry in ladder:
        match entry:
            case Rung(outcome=outcome, took=took, title=title, found=found):
                brief = shown(found, _LONGEST_FOUND)
                first = f"{_INDENT}{outcome:<{widest}}  {took:>{longest}}  "
                page.paragraph(page.pair(title, brief) if brief else title, first)
            case Together(text=text, titles=titles):
                page.paragraph(text, _INDENT, _INDENT * 2)
                for title in titles:
                    page.paragraph(title, _INDENT * 2 + "- ")


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
    _best(page, story)
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
