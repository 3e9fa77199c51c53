"""The history of health runs for a terminal: of one mailbox, of the runs, and of what is judged otherwise today."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from diag.change import when
from diag.health.rejudged import Rejudged
from diag.health.result import Result, Status
from diag.health.run import DEAD_AFTER, Entry, Run
from diag.language import translator
from diag.sentence import Sentence, say
from reports.health_words import STATUSES, counted, number, title
from reports.page import INDENT, Page
from reports.reader import Reader
from reports.wording import pair, shown

_LONGEST_NAME = 60
_LETTERS = tuple((status.letter, STATUSES[status]) for status in Status)


def _reader(language: str) -> Reader:
    return Reader(language=language, translate=translator(language))


def _state(result: Result, reader: Reader) -> str:
    """How a mailbox is, and the causes that stand."""
    status = reader.own(STATUSES[result.status])
    causes = ", ".join(title(found.cause, reader) for found in result.standing)
    return pair(status, causes, reader.translate) if causes else status


def history_text(mailbox: str, entries: Sequence[tuple[Run, Entry]], *, language: str, width: int = 80) -> str:
    """Return what the runs found for a mailbox, the newest first as they come; runs alike in a row take one line."""
    reader = _reader(language)
    page = Page(width, reader.translate)
    if not entries:
        page.paragraph(reader.say(say("No run knows {mailbox}.", mailbox=mailbox)), "")
        return "\n".join(page.lines) + "\n"
    past = entries[0][1].past
    page.paragraph(shown(entries[0][1].result.scanner.mailbox), "")
    page.paragraph(page.pair(page.word(say("Oldest to newest")), past.trail))
    known = [reader.own(say("{letter} {status}")).format(letter=one, status=reader.own(word)) for one, word in _LETTERS]
    page.paragraph(", ".join(known))
    if past.last_good is not None:
        page.paragraph(page.pair(page.word(say("Last found to send")), when(past.last_good)))
    if past.flaps:
        page.paragraph(page.word(say("It turns between sending and not, again and again.")))
    page.lines.append("")
    for state, alike in groupby(entries, key=lambda row: _state(row[1].result, reader)):
        rows = list(alike)
        newest, oldest = rows[0], rows[-1]
        at = when(oldest[1].result.checked_at)
        if len(rows) > 1:
            span = say("{first} to {last}, {count} runs")
            at = reader.own(span).format(
                first=at, last=when(newest[1].result.checked_at), count=number(len(rows), language)
            )
        page.paragraph(at)
        page.paragraph(state, INDENT * 2)
    return "\n".join(page.lines) + "\n"


def state_of(run: Run, now: datetime) -> Sentence:
    """Say whether a run has come to its end."""
    if run.finished_at is not None:
        return say("finished")
    return say("under way") if now - run.seen_at <= DEAD_AFTER else say("cut off")


def runs_text(
    runs: Sequence[Run], counts: Mapping[int, Mapping[Status, int]], *, now: datetime, language: str, width: int = 80
) -> str:
    """Return the runs as they come, and how many mailboxes of each have which status."""
    reader = _reader(language)
    page = Page(width, reader.translate)
    if not runs:
        page.paragraph(page.word(say("There is no run yet; 'diag health run' makes one.")), "")
        return "\n".join(page.lines) + "\n"
    head = (page.word(say("Run")), page.word(say("Began")), *(reader.own(STATUSES[one]) for one in Status), "")
    table = [head]
    for run in runs:
        counted_so = counts.get(run.id, {})
        many = (number(counted_so.get(status, 0), language) for status in Status)
        state = "" if run.finished_at is not None else reader.say(state_of(run, now))
        table.append((str(run.id), when(run.started_at).removesuffix(" UTC"), *many, state))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (
            cell.ljust(size) if place == 1 else cell.rjust(size)
            for place, (cell, size) in enumerate(_sized(row, widths))
        )
        page.lines.append("  ".join(cells).rstrip())
    page.lines.append("")
    for inventory, alike in groupby(runs, key=lambda run: run.inventory):
        numbers = [str(run.id) for run in alike]
        span = numbers[0] if len(numbers) == 1 else f"{numbers[-1]}-{numbers[0]}"
        page.paragraph(page.pair(span, shown(inventory, _LONGEST_NAME)), "")
    page.paragraph(page.word(say("Times are in UTC.")), "")
    return "\n".join(page.lines) + "\n"


def _sized(row: Sequence[str], widths: Sequence[int]) -> Iterable[tuple[str, int]]:
    return zip(row, widths, strict=True)


def rejudged_text(rejudged: Iterable[Rejudged], *, language: str, width: int = 80) -> str:
    """Return the mailboxes of which today's diag says something else than was said then; memory holds these alone."""
    reader = _reader(language)
    page = Page(width, reader.translate)
    total = different = 0
    for one in rejudged:
        total += 1
        if not one.differs:
            continue
        different += 1
        page.paragraph(shown(one.now.scanner.mailbox))
        page.paragraph(page.pair(page.word(say("then")), _state(one.entry.result, reader)), INDENT * 2)
        page.paragraph(page.pair(page.word(say("now")), _state(one.now, reader)), INDENT * 2)
    lines, page.lines = page.lines, []
    places = {"total": number(total, language)}
    page.paragraph(
        counted(
            different,
            say("{count} of {total} mailboxes is judged otherwise today."),
            say("{count} of {total} mailboxes are judged otherwise today."),
            reader,
            **places,
        ),
        "",
    )
    return "\n".join([*page.lines, *lines]) + "\n"
