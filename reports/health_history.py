"""The history of health runs for a terminal: of one mailbox, of the runs, and of what is judged otherwise today."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Literal

from diag.change import when
from diag.health.rejudged import Rejudged
from diag.health.result import Result, Status
from diag.health.run import DEAD_AFTER, Entry, Run
from diag.language import translator
from diag.sentence import say
from reports.health_words import STATUSES, counted, number, title
from reports.page import INDENT, Page
from reports.reader import Reader
from reports.wording import pair, shown

_LONGEST_NAME = 60


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
    page.paragraph(_legend(reader))
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


State = Literal["finished", "under_way", "cut_off"]
_STATES = {"finished": say("finished"), "under_way": say("under way"), "cut_off": say("cut off")}


def state_of(run: Run, now: datetime) -> State:
    """Return whether a run has come to its end."""
    if run.finished_at is not None:
        return "finished"
    return "under_way" if now - run.seen_at <= DEAD_AFTER else "cut_off"


def runs_text(
    runs: Sequence[Run], counts: Mapping[int, Mapping[Status, int]], *, now: datetime, language: str, width: int = 80
) -> str:
    """Return the runs as they come, and how many mailboxes of each have which status."""
    reader = _reader(language)
    page = Page(width, reader.translate)
    if not runs:
        page.paragraph(page.word(say("There is no run yet; 'diag health run' makes one.")), "")
        return "\n".join(page.lines) + "\n"
    head = (page.word(say("Run")), page.word(say("Began")), *(status.letter for status in Status), "")
    table = [head, *(_row(run, counts.get(run.id, {}), now, reader) for run in runs)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = [f"{cell:>{size}}" for cell, size in zip(row, widths, strict=True)]
        cells[1] = f"{row[1]:<{widths[1]}}"
        page.lines.append("  ".join([*cells[:-1], row[-1]]).rstrip())
    page.lines.append("")
    page.paragraph(_legend(reader), "")
    for inventory, alike in groupby(runs, key=lambda run: run.inventory):
        numbers = [str(run.id) for run in alike]
        span = numbers[0] if len(numbers) == 1 else f"{numbers[-1]}-{numbers[0]}"
        page.paragraph(page.pair(span, shown(inventory, _LONGEST_NAME)), "")
    page.paragraph(page.word(say("Times are in UTC.")), "")
    return "\n".join(page.lines) + "\n"


def _row(run: Run, counts: Mapping[Status, int], now: datetime, reader: Reader) -> tuple[str, ...]:
    many = (number(counts.get(status, 0), reader.language) for status in Status)
    state = "" if run.finished_at is not None else reader.say(_STATES[state_of(run, now)])
    return (str(run.id), when(run.started_at).removesuffix(" UTC"), *many, state)


def _legend(reader: Reader) -> str:
    """Say what the letters of a trail stand for."""
    told = reader.own(say("{letter} is {status}"))
    return ", ".join(told.format(letter=one.letter, status=reader.own(STATUSES[one])) for one in Status)


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
