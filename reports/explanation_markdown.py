"""The explanation as a ticket to paste: Markdown in which nothing of the text is a link, an image or HTML."""

from diag.explanation import Explanation
from diag.language import translator
from diag.sentence import Sentence, say
from reports.codes import Code
from reports.markdown import Ticket, block, code, prose, written
from reports.reader import CauseTold, Reader
from reports.remedy import MAILBOX
from reports.telling import Block, Telling, tell
from reports.wording import shown

_QUOTED = 160  # characters of the words of a finding in the summary


class _Part:
    """A block of the ticket; its headings stand one level below that of the block."""

    def __init__(self, ticket: Ticket, told: Block, level: int) -> None:
        self._ticket, self._told, self._level = ticket, told, level

    def _heading(self, sentence: Sentence) -> None:
        self._ticket.heading(sentence, self._level + 1)

    def _add(self, *lines: str) -> None:
        self._ticket.lines += lines

    def write(self, first: str) -> None:
        """Write everything about the findings that are told together; `first` stands before the headline."""
        told = self._told
        self._add(f"{'#' * self._level} {first}{told.headline}")
        for note in told.notes:
            self._add("", note)
        if told.quoted:
            self._add("", self._ticket.pair(told.where, "").rstrip(), "", *block(told.quoted))
        if told.best:
            self._add("", told.best.explanation)
        for entry in told.codes:
            self._code(entry)
        if told.best:
            self._best(told.best)
        self._asks()
        self._others()
        self._unknown()
        if told.support:
            self._heading(say("For Microsoft's support and the sign-in log"))
            self._add(*("- " + self._ticket.pair(label, code(value)) for label, value in told.support))

    def _code(self, entry: Code) -> None:
        word = self._ticket.word
        self._add("", f"{'#' * (self._level + 1)} {entry.name}", "", *([entry.meaning, ""] if entry.meaning else []))
        if entry.step:
            first = word(say("Do this first"))
            self._add(f"- {self._ticket.pair(first, entry.step)}")
        if entry.seen:
            shows = word(say("Where it shows"))
            self._add(f"- {self._ticket.pair(shows, entry.seen)}")
        self._add(f"- {self._ticket.pair(entry.source, f'<{entry.link}>')}")

    def _best(self, cause: CauseTold) -> None:
        word = self._ticket.word
        if cause.because:
            self._heading(say("Why diag says so"))
        self._add(*(f"- {reason.text}" for reason in cause.because))
        self._heading(say("What to do"))
        self._add(word(say("This is for {actor}.")).format(actor=cause.actor), "")
        self._add(*(f"{number}. {written(step)}" for number, step in enumerate(cause.steps, 1)))
        if self._told.names_example:
            self._add("", word(say("{mailbox} stands for the mailbox of the device.")).format(mailbox=code(MAILBOX)))
        self._heading(say("How to tell it from what looks the same"))
        read = word(say("Read more:"))
        self._add(cause.next_look, "", *(f"- {read} <{link}>" for link in cause.links))
        if self._told.tells_more:
            self._add(f"- {self._ticket.more(cause.more)}")

    def _asks(self) -> None:
        if self._told.asks:
            self._heading(say("What would tell the causes apart"))
        for ask in self._told.asks:
            self._add(f"- {ask.text} {', '.join(map(code, ask.commands))}".rstrip())

    def _others(self) -> None:
        told = self._told
        if not told.others:
            return
        if told.best:
            self._heading(say("What else it can be, in this order"))
        else:
            self._heading(say("What it can be, in this order"))
        tell_by = self._ticket.word(say("How to tell:"))
        for number, cause in enumerate(told.others, 2 if told.best else 1):
            certainty = f" ({cause.certainty})" if told.best else ""
            self._add(f"{number}. **{cause.title}**{certainty}")
            self._add(f"   - {tell_by} {cause.next_look}")
            self._add(f"   - {self._ticket.more(cause.more)}")

    def _unknown(self) -> None:
        told = self._told
        if told.told:
            self._heading(say("What the code alone tells"))
        self._add(*(f"- {sentence}" for sentence in told.told))
        if told.steps:
            self._heading(say("What to do"))
        self._add(*(f"{number}. {written(step)}" for number, step in enumerate(told.steps, 1)))


def _summary(ticket: Ticket, telling: Telling) -> None:
    if telling.headline:
        ticket.lines += [f"# {telling.headline}", ""]
    ticket.lines += [f"- {written(step)}" for step in telling.steps]
    for number, row in enumerate(telling.rows, 1):
        ticket.lines.append(f"{number}. {ticket.pair(row.where, code(shown(row.quoted, _QUOTED)))}  ")
        ticket.lines.append(f"   {row.means}")
    if telling.more:
        ticket.lines += ["", telling.more]


def render(explanation: Explanation, *, language: str, docs_url: str | None = None) -> str:
    """Return the ticket; its first line is the answer, as a heading."""
    translate = translator(language)
    reader = Reader(language=language, translate=translate, quote=code, prose=prose, docs_url=docs_url)
    telling = tell(explanation, reader, at_hand=False)
    ticket = Ticket(translate)
    _summary(ticket, telling)
    several = len(telling.blocks) > 1
    for number, told in enumerate(telling.blocks, 1):
        if ticket.lines:
            ticket.lines.append("")
        _Part(ticket, told, 2 if several else 1).write(f"{number}. " if several else "")
    return "\n".join(ticket.lines).rstrip("\n") + "\n"
