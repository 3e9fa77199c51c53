"""The report for a terminal: plain words, no colour, no symbol that carries meaning alone."""

from collections.abc import Sequence

from diag.diagnosis import Diagnosis
from diag.evidence import Evidence
from diag.language import Translate, translator
from diag.sentence import say
from reports.page import INDENT, Page
from reports.reader import Reader
from reports.story import Rung, Story, Together, tell
from reports.transcript import certificates, transcript
from reports.wording import shown

_LONGEST_FOUND = 240  # the ladder is for the overview; the answers stand above it, word for word


def _best(page: Page, story: Story) -> None:
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
    page.lines += [f"{INDENT}{more} {link}" for link in cause.links]
    page.more(cause.more, INDENT)


def _also(page: Page, story: Story) -> None:
    if story.also:
        page.heading(say("What else is wrong"))
    for cause in story.also:
        page.paragraph(f"{cause.title} ({cause.certainty})", "  - ")
        for reason in cause.because:
            page.paragraph(" ".join((reason.text, *reason.quoted)), " " * 4)
        for step in cause.steps:
            page.step(step, "    - ")
        page.more(cause.more, INDENT * 2)


def _others(page: Page, story: Story) -> None:
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
        page.more(cause.more, " " * 5)


def _unanswered(page: Page, story: Story) -> None:
    if story.unanswered:
        page.heading(say("What could not be asked"))
    for because, titles in story.unanswered:
        page.paragraph(because, "  - ")
        for title in titles:
            page.paragraph(title, "    - ")


def _ladder(page: Page, ladder: Sequence[Rung | Together]) -> None:
    page.heading(say("Every step"))
    rungs = [rung for rung in ladder if isinstance(rung, Rung)]
    widest = max((len(rung.outcome) for rung in rungs), default=0)
    longest = max((len(rung.took) for rung in rungs), default=0)
    for entry in ladder:
        match entry:
            case Rung(outcome=outcome, took=took, title=title, found=found):
                brief = shown(found, _LONGEST_FOUND)
                first = f"{INDENT}{outcome:<{widest}}  {took:>{longest}}  "
                page.paragraph(page.pair(title, brief) if brief else title, first)
            case Together(text=text, titles=titles):
                page.paragraph(text, INDENT, INDENT * 2)
                for title in titles:
                    page.paragraph(title, INDENT * 2 + "- ")


def _support(page: Page, story: Story) -> None:
    if story.support:
        page.heading(say("For Microsoft's support and the sign-in log"))
    page.lines += [INDENT + page.pair(label, value) for label, value in story.support]


def _verbose(page: Page, evidence: Evidence, translate: Translate) -> None:
    for heading, lines in (
        (say("TLS and certificates"), certificates(evidence, translate)),
        (say("The whole conversation"), transcript(evidence, translate)),
    ):
        if lines:
            page.heading(heading)
            page.lines += [f"{INDENT}{line}" for line in lines]


def _lay_out(page: Page, story: Story) -> None:
    page.paragraph(" ".join(part for part in (story.headline, story.sureness) if part), "")
    for note in story.notes:
        page.paragraph(note, "")
    _best(page, story)
    _also(page, story)
    _others(page, story)
    _unanswered(page, story)
    _ladder(page, story.ladder)
    _support(page, story)


def render(  # noqa: PLR0913 - what a report depends on
    diagnosis: Diagnosis,
    evidence: Evidence,
    *,
    language: str,
    width: int = 80,
    docs_url: str | None = None,
    verbose: bool = False,
) -> str:
    """Return the report in lines of at most `width` columns, quotations and links excepted."""
    translate = translator(language)
    page = Page(width, translate)
    story = tell(diagnosis, evidence, Reader(language=language, translate=translate, docs_url=docs_url))
    _lay_out(page, story)
    if verbose:
        _verbose(page, evidence, translate)
    return "\n".join(page.lines) + "\n"
