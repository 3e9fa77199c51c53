"""The report as a ticket to paste: Markdown in which nothing that a server wrote is a link, an image or HTML."""

import re
from collections.abc import Sequence

from diag.diagnosis import Diagnosis
from diag.evidence import Evidence
from diag.language import Translate, translator
from diag.sentence import Sentence, say
from reports.reader import Reader
from reports.remedy import Step
from reports.story import Story, Together, tell
from reports.transcript import certificates, transcript
from reports.wording import MORE, pair, shown, visible

_TICKS = re.compile(r"`+")
# What Markdown reads as more than text: anywhere; an underscore at the edge of a word; an entity; the start of a line.
_MARKUP = re.compile(r"[\\`*<\[\]~]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)|^[#>+=-]")
_NUMBERED = re.compile(r"^(\d+)(?=[.)])")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def _fence(text: str, least: int) -> str:
    """Return a row of backticks longer than any in `text`."""
    return "`" * max(least, 1 + max((len(row) for row in _TICKS.findall(text)), default=0))


def code(text: str) -> str:
    """Return `text` as a code span, inside which Markdown knows no links, images or HTML."""
    harmless = shown(text)
    if not harmless.strip():
        return ""
    fence = _fence(harmless, 1)
    pad = " " if harmless.startswith("`") or harmless.endswith("`") else ""
    return f"{fence}{pad}{harmless}{pad}{fence}"


def prose(text: str) -> str:
    """Return text of ours so that Markdown shows it as it stands, mail addresses as code."""

    def escape(plain: str) -> str:
        return _NUMBERED.sub(r"\1\\", _MARKUP.sub(lambda mark: "\\" + mark[0], visible(plain)))

    addresses = [code(address) for address in _ADDRESS.findall(text)] + [""]
    return "".join(escape(plain) + code for plain, code in zip(_ADDRESS.split(text), addresses, strict=True))


def link(place: str) -> str:
    """Return a place in the documentation: the address of a page as a link, a path as code."""
    return f"<{place}>" if place.startswith("http") else code(place)


def written(step: Step) -> str:
    """Return what to do, the command it ends with as code."""
    return f"{prose(step.text)} {code(step.command)}".strip()


def block(lines: Sequence[str], indent: str = "") -> list[str]:
    """Return lines of others as a block of code, inside which Markdown knows nothing at all."""
    fence = _fence("\n".join(lines), 3)
    return [f"{indent}{fence}text", *(f"{indent}{shown(line)}" for line in lines), f"{indent}{fence}"]


class Ticket:
    """Lines of Markdown."""

    def __init__(self, translate: Translate) -> None:
        self.lines: list[str] = []
        self._translate = translate

    def word(self, sentence: Sentence) -> str:
        """Return the text of a sentence in the reader's language, its places unfilled."""
        return prose(self._translate(sentence.text))

    def pair(self, label: str, value: str) -> str:
        """Return a label and its value."""
        return pair(label, value, self._translate)

    def heading(self, sentence: Sentence, level: int = 2) -> None:
        """Begin a part of the ticket."""
        self.lines += ["", f"{'#' * level} {self.word(sentence)}", ""]

    def more(self, where: str) -> str:
        """Say where everything about a cause stands: on a page, or in what a command tells."""
        return self.pair(self.word(MORE), link(where))


def _best(ticket: Ticket, story: Story) -> None:
    cause = story.best
    if cause is None:
        return
    ticket.heading(say("Cause"))
    if not story.is_named:
        ticket.lines += [f"**{cause.title}** ({cause.certainty})", ""]
    ticket.lines.append(cause.explanation)
    if story.others and cause.next_look:
        separates = ticket.word(say("What separates this cause from the next ones:"))
        ticket.lines += ["", f"{separates} {cause.next_look}"]
    ticket.heading(say("Why diag says so"))
    for reason in cause.because:
        ticket.lines.append(f"- {reason.text}")
        ticket.lines += ["", *block(reason.quoted, "  "), ""] if reason.quoted else []
    if cause.verbatim:
        ticket.lines += ["", ticket.word(say("The answer, word for word:")), "", *block(cause.verbatim)]
    ticket.heading(say("What to do"))
    ticket.lines += [ticket.word(say("This is for {actor}.")).format(actor=cause.actor), ""]
    ticket.lines += [f"{number}. {written(step)}" for number, step in enumerate(cause.steps, 1)]
    more = ticket.word(say("Read more:"))
    ticket.lines += ["", *(f"- {more} <{link}>" for link in cause.links), f"- {ticket.more(cause.more)}"]


def _also(ticket: Ticket, story: Story) -> None:
    if story.also:
        ticket.heading(say("What else is wrong"))
    for cause in story.also:
        ticket.lines.append(f"- **{cause.title}** ({cause.certainty})")
        ticket.lines += [f"  - {reason.text} {code(' '.join(reason.quoted))}".rstrip() for reason in cause.because]
        ticket.lines += [f"  - {written(step)}" for step in cause.steps]
        ticket.lines.append(f"  - {ticket.more(cause.more)}")


def _others(ticket: Ticket, story: Story) -> None:
    if story.best and story.others:
        ticket.heading(say("What else it can be, in this order"))
    told = set(story.best.because) if story.best else set()
    for number, cause in enumerate(story.others, 2):
        ticket.lines.append(f"{number}. **{cause.title}** ({cause.certainty})")
        new = [reason for reason in cause.because if reason not in told]
        ticket.lines += [f"   - {reason.text} {code(' '.join(reason.quoted))}".rstrip() for reason in new]
        if cause.next_look:
            ticket.lines.append("   - " + ticket.word(say("Look at next:")) + " " + cause.next_look)
        ticket.lines.append(f"   - {ticket.more(cause.more)}")


def _rest(ticket: Ticket, story: Story) -> None:
    if story.unanswered:
        ticket.heading(say("What could not be asked"))
    for because, titles in story.unanswered:
        ticket.lines += [f"- {because}", *(f"  - {title}" for title in titles)]
    ticket.heading(say("Every step"))
    for rung in story.ladder:
        if isinstance(rung, Together):
            ticket.lines += [f"- {rung.text}", *(f"  - {title}" for title in rung.titles)]
            continue
        took = f" ({rung.took})" if rung.took else ""
        told = ticket.pair(rung.title, rung.found) if rung.found else rung.title
        ticket.lines.append(f"- {ticket.pair(rung.outcome + took, told)}")
    if story.support:
        ticket.heading(say("For Microsoft's support and the sign-in log"))
        ticket.lines += ["- " + ticket.pair(label, code(value)) for label, value in story.support]


def render(
    diagnosis: Diagnosis, evidence: Evidence, *, language: str, docs_url: str | None = None, verbose: bool = False
) -> str:
    """Return the ticket; its first line is the verdict, as a heading."""
    translate = translator(language)
    reader = Reader(language=language, translate=translate, quote=code, prose=prose, docs_url=docs_url)
    story = tell(diagnosis, evidence, reader)
    ticket = Ticket(translate)
    ticket.lines.append(f"# {story.headline}")
    for part in (story.sureness, *story.notes):
        ticket.lines += ["", part] if part else []
    _best(ticket, story)
    _also(ticket, story)
    _others(ticket, story)
    _rest(ticket, story)
    for heading, lines in (
        (say("TLS and certificates"), certificates(evidence, translate)),
        (say("The whole conversation"), transcript(evidence, translate)),
    ):
        if verbose and lines:
            ticket.heading(heading)
            ticket.lines += block(lines)
    return "\n".join(ticket.lines) + "\n"
