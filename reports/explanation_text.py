"""The explanation for a terminal: plain words, no colour, no symbol that carries meaning alone."""

from collections.abc import Sequence

from diag.explanation import Explanation
from diag.language import translator
from diag.sentence import say
from reports.codes import Code
from reports.page import INDENT, Page
from reports.reader import CauseTold, Reader
from reports.remedy import MAILBOX
from reports.telling import Block, Row, Telling, tell
from reports.wording import shown

_LEAST = 24  # characters of the words of a finding that are shown in the summary, however narrow the page


def _summary(page: Page, telling: Telling) -> None:
    if telling.headline:
        page.paragraph(telling.headline, "")
    for step in telling.steps:
        page.step(step, "  - ")
    if telling.rows:
        page.lines.append("")
    for number, row in enumerate(telling.rows, 1):
        _row(page, row, f"{number:>3}. ")
    if telling.more:
        page.lines.append("")
        page.paragraph(telling.more, "")


def _row(page: Page, row: Row, first: str) -> None:
    where = first + page.pair(row.where, "")
    page.lines.append(where + shown(row.quoted, max(page.width - len(where), _LEAST)))
    page.paragraph(row.means, " " * len(first))


def _where(page: Page, block: Block) -> None:
    if block.quoted:
        page.lines.append("")
        page.paragraph(page.pair(block.where, ""), INDENT)
        page.verbatim(block.quoted)


def _code(page: Page, code: Code) -> None:
    page.lines.append("")
    page.paragraph(code.name, "")
    page.paragraph(code.meaning)
    if code.step:
        page.paragraph(page.pair(page.word(say("Do this first")), code.step))
    if code.seen:
        page.paragraph(page.pair(page.word(say("Where it shows")), code.seen))
    page.lines.append(INDENT + page.pair(code.source, code.link))


def _best(page: Page, cause: CauseTold, block: Block) -> None:
    if cause.because:
        page.heading(say("Why diag says so"))
    for reason in cause.because:
        page.paragraph(reason.text, "  - ")
    page.heading(say("What to do"))
    page.paragraph(page.word(say("This is for {actor}.")).format(actor=cause.actor))
    for number, step in enumerate(cause.steps, 1):
        page.step(step, f"{number:>3}. ")
    if block.names_example:
        page.paragraph(page.word(say("{mailbox} stands for the mailbox of the device.")).format(mailbox=MAILBOX))
    page.heading(say("How to tell it from what looks the same"))
    page.paragraph(cause.next_look)
    read = page.word(say("Read more:"))
    page.lines += [f"{INDENT}{read} {link}" for link in cause.links]
    if block.tells_more:
        page.more(cause.more, INDENT)


def _asks(page: Page, block: Block) -> None:
    if block.asks:
        page.heading(say("What would tell the causes apart"))
    for ask in block.asks:
        page.paragraph(ask.text, "  - ")
        page.lines += [f"{INDENT * 3}{command}" for command in ask.commands]


def _others(page: Page, block: Block) -> None:
    if not block.others:
        return
    if block.best:
        page.heading(say("What else it can be, in this order"))
    else:
        page.heading(say("What it can be, in this order"))
    page.paragraph(page.word(say("For the steps of a cause, give its id, in brackets here, to 'diag explain'.")))
    for number, cause in enumerate(block.others, 2 if block.best else 1):
        certainty = f" ({cause.certainty})" if block.best else ""
        page.paragraph(f"{cause.title}{certainty} [{cause.id}]", f"{number:>3}. ")
        page.paragraph(page.word(say("How to tell:")) + " " + cause.next_look, " " * 5)
        if cause.is_published:
            page.more(cause.more, " " * 5)


def _unknown(page: Page, block: Block) -> None:
    if block.told:
        page.heading(say("What the code alone tells"))
    for sentence in block.told:
        page.paragraph(sentence, "  - ")
    if block.steps:
        page.heading(say("What to do"))
    for number, step in enumerate(block.steps, 1):
        page.step(step, f"{number:>3}. ")


def _block(page: Page, block: Block, first: str) -> None:
    page.paragraph(block.headline, first, "")
    for note in block.notes:
        page.paragraph(note, "")
    _where(page, block)
    if block.best:
        page.lines.append("")
        page.paragraph(block.best.explanation)
    for code in block.codes:
        _code(page, code)
    if block.best:
        _best(page, block.best, block)
    _asks(page, block)
    _others(page, block)
    _unknown(page, block)
    if block.support:
        page.heading(say("For Microsoft's support and the sign-in log"))
    page.lines += [INDENT + page.pair(label, value) for label, value in block.support]


def _blocks(page: Page, blocks: Sequence[Block]) -> None:
    for number, block in enumerate(blocks, 1):
        if page.lines:
            page.lines += ["", ""]
        _block(page, block, f"{number}. " if len(blocks) > 1 else "")


def render(explanation: Explanation, *, language: str, width: int = 80, docs_url: str | None = None) -> str:
    """Return the explanation in lines of at most `width` columns, quotations, commands and links excepted."""
    translate = translator(language)
    page = Page(width, translate)
    reader = Reader(language=language, translate=translate, docs_url=docs_url)
    telling = tell(explanation, reader, at_hand=True)
    _summary(page, telling)
    _blocks(page, telling.blocks)
    return "\n".join(page.lines) + "\n"
