"""The findings of the health report as a table, one line each: RFC 4180, in UTF-8 with the mark that Excel looks for.

The first line and what diag says are in the reader's language, except for the names of columns, statuses and changes,
which never change: so a spreadsheet and a script can both read it.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from diag import catalogue
from diag.health.report import HealthReport, Item
from diag.language import Translate, translator
from reports.health_words import day, first_step, plain_title
from reports.wording import told, visible

_BYTE_ORDER_MARK = "\ufeff"
# A spreadsheet takes what begins like this for a formula, spaces before it or not; so do the wide forms of these signs.
_FORMULA = re.compile(r"\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def harmless(text: str) -> str:
    """Return text on one line that no spreadsheet runs: an apostrophe goes before what it would take for a formula."""
    return f"'{visible(text)}" if _FORMULA.match(text) else visible(text)


@dataclass(frozen=True, slots=True)
class _Reader:
    language: str
    translate: Translate


_Cell = Callable[[Item, _Reader], str]


def _actor(item: Item, _: _Reader) -> str:
    known = catalogue.load().causes.get(item.cause)
    return known.actor if known else ""


def _first_step(item: Item, reader: _Reader) -> str:
    step = first_step(item.cause, item.scanner, reader.language) if item.cause else None
    return str(step) if step else ""


def _reasons(item: Item, reader: _Reader) -> str:
    return " / ".join(told(sentence, reader.translate) for sentence in item.because)


_COLUMNS: Mapping[str, _Cell] = {
    "mailbox": lambda item, _: item.scanner.mailbox,
    "tenant": lambda item, _: item.scanner.realm,
    "site": lambda item, _: item.scanner.site,
    "device": lambda item, _: item.scanner.device,
    "owner": lambda item, _: item.scanner.owner,
    "status": lambda item, _: item.status.value,
    "cause": lambda item, _: item.cause,
    "title": lambda item, reader: plain_title(item.cause, reader.language) if item.cause else "",
    "certainty": lambda item, _: item.certainty.value if item.certainty else "",
    "change": lambda item, _: item.change.value if item.change else "",
    "since": lambda item, _: day(item.since) if item.since else "",
    "days": lambda item, _: "" if item.days is None else str(item.days),
    "last_good": lambda item, _: day(item.last_good) if item.last_good else "",
    "flapping": lambda item, _: "yes" if item.flaps else "",
    "actor": _actor,
    "first_step": _first_step,
    "reasons": _reasons,
    "muted_until": lambda item, _: day(item.mute.until) if item.mute else "",
    "mute_reason": lambda item, _: item.mute.reason if item.mute else "",
}
COLUMNS = tuple(_COLUMNS)


def render(report: HealthReport, *, language: str) -> str:
    """Return the table, lines ending in CR LF; write it as UTF-8 without touching the ends of its lines."""
    reader = _Reader(language, translator(language))
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\r\n")
    table.writerow(COLUMNS)
    table.writerows([harmless(cell(item, reader)) for cell in _COLUMNS.values()] for item in report.items)
    return _BYTE_ORDER_MARK + written.getvalue()
