"""The health report for a terminal: the verdict in words, then what to do about it, then what changed."""

from collections.abc import Iterable

from diag.health.report import Group, HealthReport
from diag.language import translator
from diag.sentence import Sentence, say
from reports.health_rest import changes, count_lines, muted, not_asked
from reports.health_words import (
    FULL_REPORT,
    actor,
    counted,
    deadline,
    first_step,
    names,
    of_group,
    of_items,
    of_run,
    read_more,
    shares,
    title,
    verdict,
)
from reports.page import INDENT, Page
from reports.reader import Reader
from reports.wording import shown

_MOST_GROUPS = 12
_MOST_NAMES = 3
_LONGEST_REASON = 200  # characters of what others said
_DEEP = " " * 5


def render(report: HealthReport, *, language: str, width: int = 80, docs_url: str | None = None) -> str:
    """Return the summary in lines of at most `width` columns, commands and links excepted."""
    translate = translator(language)
    page = Page(width, translate)
    reader = Reader(
        language=language, translate=translate, quote=lambda text: shown(text, _LONGEST_REASON), docs_url=docs_url
    )
    page.paragraph(verdict(report, reader), "")
    page.paragraph(of_run(report, reader), "")
    _counts(page, report, reader)
    _causes(page, report, reader)
    _list(page, say("Who has to act"), shares(report, reader))
    _list(page, say("What changed"), changes(report, reader) or (page.word(say("Nothing changed.")),))
    _list(page, say("What could not be asked"), not_asked(report, reader))
    _list(page, say("Muted"), muted(report, reader))
    page.heading(say("Everything, one line a finding"))
    page.lines.append(INDENT + FULL_REPORT)
    return "\n".join(page.lines) + "\n"


def _counts(page: Page, report: HealthReport, reader: Reader) -> None:
    rows = count_lines(report, reader)
    page.heading(say("Mailboxes"))
    label, count, more_or_less = (max(len(row[column]) for row in rows) for column in range(3))
    for name, many, difference, left_out in rows:
        page.lines.append(
            f"{INDENT}{name:<{label}}  {many:>{count}}  {difference:>{more_or_less}}  {left_out}".rstrip()
        )


def _list(page: Page, heading: Sentence, lines: Iterable[str]) -> None:
    told = list(lines)
    if told:
        page.heading(heading)
    for line in told:
        page.paragraph(line, "  - ")


def _causes(page: Page, report: HealthReport, reader: Reader) -> None:
    if report.groups:
        page.heading(say("Root causes"))
    for place, group in enumerate(report.groups[:_MOST_GROUPS], 1):
        _cause(page, f"{place:>3}. ", group, report, reader)
    if left := len(report.groups[_MOST_GROUPS:]):
        page.paragraph(counted(left, say("and {count} more cause"), say("and {count} more causes"), reader))


def _cause(page: Page, first: str, group: Group, report: HealthReport, reader: Reader) -> None:
    page.paragraph(title(group.cause, reader), first)
    page.paragraph(of_group(group, reader), _DEEP)
    page.paragraph(" ".join(part for part in (deadline(group, report, reader), actor(group, reader)) if part), _DEEP)
    for label, touched in ((say("Tenants"), group.tenants), (say("Sites"), group.sites)):
        if touched:
            page.paragraph(page.pair(page.word(label), names(touched, _MOST_NAMES, reader)), _DEEP)
    page.paragraph(page.pair(page.word(say("Mailboxes")), of_items(group.items, _MOST_NAMES, reader)), _DEEP)
    if group.because:
        page.paragraph(page.pair(page.word(say("Why")), reader.say(group.because[0])), _DEEP)
    if step := first_step(group.cause, group.items[0].scanner, reader.language):
        page.paragraph(page.pair(page.word(say("Do first")), step.text), _DEEP)
        page.lines += [f"{_DEEP}{INDENT}{shown(step.command)}"] if step.command else []
    if place := read_more(group.cause, reader):
        page.more(place, _DEEP)
