"""What the health report says beyond its causes: what changed, what could not be asked, and what is muted."""

from collections.abc import Iterator

from diag.health.annotations import Mute
from diag.health.past import Change
from diag.health.report import HealthReport, Item
from diag.health.result import Status
from diag.sentence import Sentence, say
from reports.health_words import STATUSES, counted, day, days, mailboxes, names, number, of_items, plain_title
from reports.reader import Reader
from reports.wording import pair

_MOST_NAMES = 5
_MOST_ROWS = 5

_CHANGES = (
    (Change.NEW, say("New")),
    (Change.OTHER, say("Wrong in another way than before")),
    (Change.FIXED, say("Fixed")),
    (Change.STILL, say("Still wrong")),
    (Change.UNKNOWN, say("Not known this time")),
)


def count_lines(report: HealthReport, reader: Reader) -> tuple[tuple[str, str, str, str], ...]:
    """Return a row for each status: its name, how many, how many more or less than before, how many are muted."""
    return tuple(
        (
            reader.own(STATUSES[status]),
            number(report.counts[status], reader.language),
            _difference(report, status, reader),
            _muted(report.muted[status], reader),
        )
        for status in Status
    )


def _difference(report: HealthReport, status: Status, reader: Reader) -> str:
    if report.before_counts is None:
        return ""
    more = report.counts[status] - report.before_counts[status]
    return number(more, reader.language, signed=True) if more else "="


def _muted(count: int, reader: Reader) -> str:
    muted = reader.own(say("{count} muted")).format(count=number(count, reader.language))
    return f"({muted})" if count else ""


def _row(label: Sentence, count: int, rest: str, reader: Reader) -> str:
    head = f"{reader.own(label)} ({number(count, reader.language)})"
    return pair(head, rest, reader.translate)


def _oldest_first(items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: -(item.days or 0)))


def changes(report: HealthReport, reader: Reader) -> tuple[str, ...]:
    """Return a line for each kind of change there is."""
    return tuple(_changes(report, reader))


def _changes(report: HealthReport, reader: Reader) -> Iterator[str]:
    if report.before is None:
        yield reader.own(say("This is the first run; the next one says what changed."))
    for change, label in _CHANGES:
        items = report.changed(change)
        if not items:
            continue
        rest = of_items(items, _MOST_NAMES, reader)
        if change is Change.STILL:
            old = _oldest_first(items)
            rest = of_items(old, _MOST_NAMES, reader)
            if report.median_days is not None and old[0].days is not None:
                told = say("median {median}, longest {longest}: {names}")
                rest = reader.own(told).format(
                    median=days(report.median_days, reader), longest=days(old[0].days, reader), names=rest
                )
        yield _row(label, len(items), rest, reader)
    if report.flapping:
        flapping = of_items(report.flapping, _MOST_NAMES, reader)
        yield _row(say("On and off, again and again"), len(report.flapping), flapping, reader)
    if report.gone:
        rest = names([scanner.mailbox for scanner in report.gone], _MOST_NAMES, reader)
        yield _row(say("No longer in the inventory"), len(report.gone), rest, reader)


def not_asked(report: HealthReport, reader: Reader) -> Iterator[str]:
    """Yield what could not be asked: of mailboxes, of tenants, and lines of the inventory."""
    notes = report.run.notes
    for stopped in notes.stopped:
        told = say("{tenant} was left early: {alike} mailboxes in a row failed alike ({title}); {left} not examined.")
        yield reader.own(told).format(
            tenant=reader.quote(stopped.tenant),
            alike=number(stopped.alike, reader.language),
            title=reader.prose(plain_title(stopped.cause, reader.language)),
            left=number(stopped.left, reader.language),
        )
    alike: dict[tuple[str, Sentence], list[str]] = {}
    for one in notes.unasked:
        alike.setdefault((one.tenant, one.because), []).append(reader.say(one.what))
    for (tenant, because), several in alike.items():
        what = ", ".join(several)
        if tenant:  # a lab that is discovered has no name
            what = pair(reader.quote(tenant), what, reader.translate)
        yield pair(what, reader.say(because), reader.translate)
    for unclear in report.unclear:
        because = unclear.because or say("nobody knows why")
        head = pair(reader.say(because).rstrip("."), mailboxes(len(unclear.items), reader), reader.translate)
        yield f"{head} ({of_items(unclear.items, _MOST_NAMES, reader)})"
    for row in notes.bad_rows[:_MOST_ROWS]:
        told = say("Line {line} of the inventory was left out: {because}")
        yield reader.own(told).format(line=number(row.line, reader.language), because=reader.say(row.because))
    counts = (
        (
            max(notes.bad_rows_total, len(notes.bad_rows)) - len(notes.bad_rows[:_MOST_ROWS]),
            say("{count} more line of the inventory was left out."),
            say("{count} more lines of the inventory were left out."),
        ),
        (
            notes.retried,
            say("{count} examination was made once more, since a server asked for patience."),
            say("{count} examinations were made once more, since a server asked for patience."),
        ),
        (
            notes.duplicates,
            say("{count} line of the inventory repeats a mailbox."),
            say("{count} lines of the inventory repeat a mailbox."),
        ),
    )
    yield from (counted(count, one, several, reader) for count, one, several in counts if count > 0)


def _who(mute: Mute, reader: Reader) -> str:
    told = ", ".join(reader.quote(part) for part in (mute.by, mute.ticket) if part)
    return f"{reader.quote(mute.reason)} ({told})" if told else reader.quote(mute.reason)


def muted(report: HealthReport, reader: Reader) -> Iterator[str]:
    """Yield what annotations mute, by annotation, and what is to be said of those that mute nothing."""
    by_mute: dict[int, list[Item]] = {}
    for item in report.muted_items:
        if item.mute is not None:
            by_mute.setdefault(item.mute.number, []).append(item)
    for items in by_mute.values():
        if (mute := items[0].mute) is not None:
            told = reader.own(say("until {date}, {reason}: {names}"))
            yield told.format(
                date=day(mute.until), reason=_who(mute, reader), names=of_items(items, _MOST_NAMES, reader)
            )
    for ended in report.ended:
        yield counted(
            ended.findings,
            say("Annotation {number} ended on {date}, {count} finding counts again: {reason}"),
            say("Annotation {number} ended on {date}, {count} findings count again: {reason}"),
            reader,
            number=str(ended.mute.number),
            date=day(ended.mute.until),
            reason=_who(ended.mute, reader),
        )
    for mute in report.unmatched:
        yield reader.own(say("Annotation {number} fits nothing that was found: {reason}")).format(
            number=str(mute.number), reason=_who(mute, reader)
        )
