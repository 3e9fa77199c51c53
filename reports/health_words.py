"""The words of the health report that all its forms share: what is wrong with how many, for whom, until when."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache

from diag import catalogue
from diag.catalogue import Cause
from diag.change import when
from diag.health.report import Group, HealthReport, Item
from diag.health.result import Status
from diag.health.scanner import Scanner
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError, Subject
from reports.more import more
from reports.reader import Reader
from reports.remedy import Step, mentions_example, steps
from reports.wording import ACTORS, CERTAINTIES, inside, pair

STATUSES = {
    Status.BROKEN: say("Broken"),
    Status.WILL_BREAK: say("Will break"),
    Status.DEGRADED: say("Degraded"),
    Status.INCONCLUSIVE: say("Not known"),
    Status.HEALTHY: say("Healthy"),
}
FULL_REPORT = "diag health report --format csv"


def number(count: int, language: str, *, signed: bool = False) -> str:
    """Return a number with its thousands apart: 1,204 in English, 1 204 (a narrow no-break space) in French."""
    written = f"{count:+,}" if signed else f"{count:,}"
    return written.replace(",", "\u202f") if language == "fr" else written


def counted(count: int, one: Sentence, many: Sentence, reader: Reader, **places: str) -> str:
    """Return the sentence for so many, `{count}` and the `places` filled; French counts none like one."""
    is_one = count == 1 or (count == 0 and reader.language == "fr")
    return reader.own(one if is_one else many).format(count=number(count, reader.language), **places)


def mailboxes(count: int, reader: Reader) -> str:
    """Say how many mailboxes."""
    return counted(count, say("{count} mailbox"), say("{count} mailboxes"), reader)


def days(count: int, reader: Reader) -> str:
    """Say how many days."""
    return counted(count, say("{count} day"), say("{count} days"), reader)


def plain_title(cause: str, language: str) -> str:
    """Return the title of a cause; its id where an old run has one that the catalogue has no more."""
    known = catalogue.load().causes.get(cause)
    return known.title.in_language(language) if known else cause


def title(cause: str, reader: Reader) -> str:
    """Return the title of a cause as the reader gets it."""
    return reader.prose(plain_title(cause, reader.language))


def within(cause: str, reader: Reader) -> str:
    """Return the title of a cause as it stands inside a sentence."""
    return reader.prose(inside(plain_title(cause, reader.language), reader.language))


def read_more(cause: str, reader: Reader) -> str:
    """Return where everything about a cause stands; empty for one that the catalogue has no more."""
    return more(cause, reader.language, reader.docs_url) if cause in catalogue.load().causes else ""


def actor(group: Group, reader: Reader) -> str:
    """Say who has to act."""
    return reader.own(say("This is for {actor}.")).format(actor=reader.own(ACTORS[group.actor]))


def first_step(cause: str, scanner: Scanner, language: str) -> Step | None:
    """Return what to do first about a cause, for this mailbox."""
    known = catalogue.load().causes.get(cause)
    if known is None:
        return None
    step = _first_step(known, language)
    if step is None or not mentions_example(str(step)):
        return step
    try:
        subject = Subject(mailbox=scanner.mailbox, sender=scanner.sender or scanner.mailbox)
    except InvalidInputError:  # what an old run kept need not pass today
        return step
    return steps(known, subject, language)[0]


@cache
def _first_step(known: Cause, language: str) -> Step | None:
    return next(iter(steps(known, None, language)), None)


def names(scanners: Sequence[str], most: int, reader: Reader) -> str:
    """Return the first names, and how many more there are."""
    shown = ", ".join(reader.quote(name) for name in scanners[:most])
    if (left := len(scanners) - most) <= 0:
        return shown
    return reader.own(say("{names} and {count} more")).format(names=shown, count=number(left, reader.language))


def of_items(items: Sequence[Item], most: int, reader: Reader) -> str:
    """Return the first mailboxes of items, and how many more there are."""
    return names([item.scanner.mailbox for item in items], most, reader)


def _reason(report: HealthReport, status: Status, reader: Reader) -> tuple[str, int]:
    """The title of the most frequent cause of a status, and how many mailboxes have it."""
    group = next((group for group in report.groups if group.status is status), None)
    return (within(group.cause, reader), len(group.items)) if group else ("", 0)


def _of_all(report: HealthReport, status: Status, reader: Reader) -> str:
    """Say how many mailboxes have a status, and for how many of them it is one reason."""
    count, total = report.counts[status], number(report.total, reader.language)
    reason, alike = _reason(report, status, reader)
    places = {"total": total, "title": reason, "alike": number(alike, reader.language)}
    one, none, same, some = _HEADS[status]
    if not alike or (alike == 1 and count > 1):
        return counted(count, none[0], none[1], reader, **places)
    return counted(count, one, same if alike == count else some, reader, **places)


# By status: one mailbox; several (one, more) without a reason to name; several for one reason; many of them for one.
_HEADS = {
    Status.BROKEN: (
        say("{count} of {total} mailboxes cannot send: {title}."),
        (say("1 of {total} mailboxes cannot send."), say("{count} of {total} mailboxes cannot send.")),
        say("{count} of {total} mailboxes cannot send, all for one reason: {title}."),
        say("{count} of {total} mailboxes cannot send; {alike} of them for one reason: {title}."),
    ),
    Status.WILL_BREAK: (
        say("{count} of {total} mailboxes will stop sending: {title}."),
        (
            say("1 of {total} mailboxes will stop sending."),
            say("{count} of {total} mailboxes will stop sending."),
        ),
        say("{count} of {total} mailboxes will stop sending, all for one reason: {title}."),
        say("{count} of {total} mailboxes will stop sending; {alike} of them for one reason: {title}."),
    ),
    Status.DEGRADED: (
        say("{count} of {total} mailboxes sends, but something stands out: {title}."),
        (
            say("{count} of {total} mailboxes sends, but something stands out."),
            say("{count} of {total} mailboxes send, but something stands out."),
        ),
        say("{count} of {total} mailboxes send, but one thing stands out: {title}."),
        say("{count} of {total} mailboxes send, but something stands out; for {alike} of them it is: {title}."),
    ),
}


def verdict(report: HealthReport, reader: Reader) -> str:
    """Return the run in words, the worst first, in one to four sentences."""
    return " ".join(_verdict(report, reader))


def _verdict(report: HealthReport, reader: Reader) -> Iterator[str]:
    counts = report.counts
    if not report.total:
        yield reader.own(say("No mailbox was examined."))
        return
    worst = next(status for status in Status if counts[status])
    if worst is Status.HEALTHY:
        yield counted(report.total, say("The one mailbox can send."), say("All {count} mailboxes can send."), reader)
    elif worst is Status.INCONCLUSIVE:
        yield counted(
            counts[worst],
            say("It is not known of {count} of {total} mailboxes whether it can send."),
            say("It is not known of {count} of {total} mailboxes whether they can send."),
            reader,
            total=number(report.total, reader.language),
        )
    else:
        yield _of_all(report, worst, reader)
    if worst is Status.BROKEN and (coming := counts[Status.WILL_BREAK]):
        yield counted(coming, say("1 more will stop sending."), say("{count} more will stop sending."), reader)
    if worst is not Status.INCONCLUSIVE and (unknown := counts[Status.INCONCLUSIVE]):
        yield counted(
            unknown,
            say("Of {count} it is not known whether it can send."),
            say("Of {count} it is not known whether they can send."),
            reader,
        )
    if muted := sum(report.muted.values()):
        yield counted(
            muted, say("{count} of these mailboxes is muted."), say("{count} of these mailboxes are muted."), reader
        )


def day(at: date | datetime) -> str:
    """Return a day as it is written everywhere, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d}" if isinstance(at, datetime) else at.isoformat()


def deadline(group: Group, report: HealthReport, reader: Reader) -> str:
    """Say until when a cause does no harm; empty where no day is known."""
    if group.deadline is None:
        return ""
    left = (group.deadline - report.made_at.astimezone(UTC).date()).days
    if left < 0:
        return reader.own(say("That was to be done by {date}.")).format(date=day(group.deadline))
    return counted(
        left,
        say("To be done by {date}: {count} day is left."),
        say("To be done by {date}: {count} days are left."),
        reader,
        date=day(group.deadline),
    )


def of_group(group: Group, reader: Reader) -> str:
    """Say what a cause does to how many mailboxes, how sure that is, and since when."""
    parts = [mailboxes(len(group.items), reader)]
    if group.muted:
        parts.append(reader.own(say("{count} muted")).format(count=number(group.muted, reader.language)))
    parts.append(reader.own(CERTAINTIES[group.certainty]))
    if group.since:
        parts.append(reader.own(say("since {date}")).format(date=day(group.since)))
    return pair(reader.own(STATUSES[group.status]), ", ".join(parts), reader.translate)


def shares(report: HealthReport, reader: Reader) -> Iterator[str]:
    """Yield for each kind of people how many mailboxes wait for them, and the numbers of the causes."""
    place = {id(group): str(number) for number, group in enumerate(report.groups, 1)}
    for share in report.by_actor:
        what = counted(
            len(share.groups),
            say("{mailboxes}, cause {places}"),
            say("{mailboxes}, causes {places}"),
            reader,
            mailboxes=mailboxes(share.mailboxes, reader),
            places=", ".join(place[id(group)] for group in share.groups),
        )
        yield pair(reader.own(ACTORS[share.actor]), what, reader.translate)


def of_run(report: HealthReport, reader: Reader) -> str:
    """Say which run this is, and which it is compared with."""
    run, before = report.run, report.before
    places = {
        "number": str(run.id),
        "time": when(run.started_at),
        "inventory": reader.quote(run.inventory),
        "before": str(before.id) if before else "",
        "then": when(before.started_at) if before else "",
    }
    if before is None:
        told = say("Run {number} of {time} over {inventory}, the first of its kind.")
    else:
        told = say("Run {number} of {time} over {inventory}, compared with run {before} of {then}.")
    parts = [reader.own(told).format(**places)]
    if report.examined < report.total:
        examined = say("{examined} of {total} mailboxes were examined.")
        many = {name: number(getattr(report, name), reader.language) for name in ("examined", "total")}
        parts.append(reader.own(examined).format(**many))
    if run.finished_at is None:
        parts.append(reader.own(say("It has not come to its end: this is not everything.")))
    return " ".join(parts)
