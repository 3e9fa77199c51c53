"""The health report as a message for a chat or an e-mail: at most 15 lines of Markdown, the verdict first."""

import re
from collections.abc import Iterator

from diag.health.past import Change
from diag.health.report import Group, HealthReport
from diag.health.result import Status
from diag.language import translator
from diag.sentence import Sentence, say
from reports.health_rest import count_lines
from reports.health_words import (
    FULL_REPORT,
    counted,
    deadline,
    mailboxes,
    names,
    number,
    of_run,
    read_more,
    title,
    verdict,
)
from reports.markdown import code, link, prose
from reports.reader import Reader
from reports.wording import ACTORS, pair, shown

MOST_LINES = 15
_MOST_CAUSES = 5
_MOST_NAMES = 3
_LONGEST = 120  # characters of what others said
_ADDRESS = re.compile(r"https?://[!-;=?-~]+")  # of a page, without the brackets that would end it
_NEWS = (
    (Change.NEW, say("new")),
    (Change.OTHER, say("wrong in another way")),
    (Change.FIXED, say("fixed")),
    (Change.STILL, say("still wrong")),
)


def render(report: HealthReport, *, language: str, docs_url: str | None = None, where: str | None = None) -> str:
    """Return the message; `where` is the address or the path of the full report, instead of the command that shows it.

    Nothing that a server or an inventory wrote is a link, an image or HTML in it.
    """
    reader = Reader(
        language=language,
        translate=translator(language),
        quote=lambda text: code(shown(text, _LONGEST)),
        prose=prose,
        docs_url=docs_url,
    )
    lines = [f"**{verdict(report, reader)}**", "", *(f"- {line}" for line in _counts(report, reader))]
    if report.groups:
        lines += ["", *(f"- {line}" for line in _causes(report, reader))]
    lines += ["", f"- {of_run(report, reader)}", f"- {_everything(where, reader)}"]
    return "\n".join(lines) + "\n"


def _counts(report: HealthReport, reader: Reader) -> Iterator[str]:
    rows = [
        " ".join(part for part in (name, f"**{count}**", f"({more})" if more not in {"", "="} else "", muted) if part)
        for name, count, more, muted in count_lines(report, reader)
    ]
    yield ", ".join(rows)
    if news := _news(report, reader):
        yield news
    if left := _left(report, reader):
        yield left


def _news(report: HealthReport, reader: Reader) -> str:
    if report.before is None:
        return ""
    found: list[tuple[Sentence, int]] = [(label, len(report.changed(change))) for change, label in _NEWS]
    found += [(say("on and off"), len(report.flapping)), (say("no longer in the inventory"), len(report.gone))]
    told = [f"{reader.own(label)} {number(count, reader.language)}" for label, count in found if count]
    since = reader.own(say("Since run {number}")).format(number=report.before.id)
    return pair(since, ", ".join(told) if told else reader.own(say("nothing changed")), reader.translate)


def _left(report: HealthReport, reader: Reader) -> str:
    """What nobody asked, in one line; the full report says why."""
    notes = report.run.notes
    stopped = [one.tenant for one in notes.stopped]
    rows = max(notes.bad_rows_total, len(notes.bad_rows))
    parts = []
    if stopped:
        parts.append(reader.own(say("left early: {tenants}")).format(tenants=names(stopped, _MOST_NAMES, reader)))
    if unasked := len(notes.unasked):
        parts.append(counted(unasked, say("{count} question to a tenant"), say("{count} questions to tenants"), reader))
    if rows:
        told = counted(
            rows, say("{count} bad line in the inventory"), say("{count} bad lines in the inventory"), reader
        )
        parts.append(told)
    return pair(reader.own(say("What could not be asked")), ", ".join(parts), reader.translate) if parts else ""


def _causes(report: HealthReport, reader: Reader) -> Iterator[str]:
    fitting = [group for group in report.groups if group.muted < len(group.items)] or list(report.groups)
    told, others = fitting[:_MOST_CAUSES], fitting[_MOST_CAUSES:]
    if dated := [group for group in others if group.deadline is not None]:
        told[-1] = dated[0]  # what has a date must not be lost among what has none
    for group in told:
        yield _cause(group, report, reader)
    if left := len(report.groups) - len(told):
        yield counted(left, say("and {count} more cause"), say("and {count} more causes"), reader)


def _cause(group: Group, report: HealthReport, reader: Reader) -> str:
    told = reader.own(say("{title}: {mailboxes}, for {actor}.")).format(
        title=f"**{title(group.cause, reader)}**",
        mailboxes=mailboxes(len(group.items), reader),
        actor=reader.own(ACTORS[group.actor]),
    )
    due = deadline(group, report, reader) if group.status is Status.WILL_BREAK else ""
    return " ".join(part for part in (told, due, link(read_more(group.cause, reader))) if part)


def _everything(where: str | None, reader: Reader) -> str:
    place = FULL_REPORT if where is None else where
    shown_place = f"<{place}>" if _ADDRESS.fullmatch(place) else code(place)
    return pair(reader.own(say("Everything")), shown_place, reader.translate)
