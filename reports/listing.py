"""Lists of what diag knows: causes, AADSTS numbers and codes of devices."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from diag.catalogue import aadsts_link, load
from diag.language import translator
from diag.sentence import Sentence, say
from reports.more import address
from reports.wording import ACTORS, pair, told

LISTS = ("causes", "aadsts", "codes")
SCHEMA_ID = "diag.list/1"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One thing that is known: the heading it stands under, the word to look it up by, its name, and what it means."""

    heading: str
    word: str
    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class _List:
    """What people read, and the same for programs."""

    headline: Sentence
    entries: Sequence[_Entry]
    data: Sequence[dict[str, Any]]


def _causes(language: str, docs_url: str | None) -> _List:
    translate, groups = translator(language), load().groups
    order = list(groups)
    causes = sorted(load().causes.values(), key=lambda cause: order.index(load().group(cause.id)))
    entries, data = [], []
    for cause in causes:
        group, title = load().group(cause.id), cause.title.in_language(language)
        actor = translate(ACTORS[cause.actor].text)
        entries.append(_Entry(groups[group].title.in_language(language), cause.id, "", f"{title} ({actor})"))
        data.append(
            {
                "id": cause.id,
                "title": title,
                "group": group,
                "actor": cause.actor,
                "severity": cause.severity,
                "stage": cause.stage.value,
                "docs": address(cause.id, language, docs_url),
            }
        )
    headline = say("{count} causes, and who acts; 'diag explain ID' tells everything about one.", count=len(data))
    return _List(headline, entries, data)


def _aadsts(language: str) -> _List:
    known = [entry for entry in map(load().aadsts, load().aadsts_numbers) if entry]
    return _List(
        say("{count} AADSTS numbers; 'diag explain NUMBER' tells what to do about one.", count=len(known)),
        [_Entry("", f"AADSTS{one.number}", one.name or "", one.meaning.in_language(language)) for one in known],
        [
            {
                "number": one.number,
                "name": one.name,
                "meaning": one.meaning.in_language(language),
                "cause": one.cause,
                "certainty": one.certainty.value,
                "link": aadsts_link(one.number),
            }
            for one in known
        ],
    )


def _codes(language: str) -> _List:
    known = tuple(load().panel_codes)
    return _List(
        say("{count} codes of devices; 'diag explain --vendor VENDOR CODE' says what to do.", count=len(known)),
        [_Entry(one.vendor, one.code, one.shows or "", one.meaning.in_language(language)) for one in known],
        [
            {
                "vendor": one.vendor,
                "code": one.code,
                "shows": one.shows,
                "kind": one.kind,
                "meaning": one.meaning.in_language(language),
                "causes": [{"id": cause, "certainty": sure.value} for cause, sure in one.causes],
                "source": one.source,
            }
            for one in known
        ],
    )


def _text(found: _List, language: str, width: int) -> str:
    from reports.page import INDENT, Page

    page = Page(width, translator(language))
    page.paragraph(told(found.headline, translator(language)), "")
    for heading, entries in groupby(found.entries, key=lambda entry: entry.heading):
        page.lines.append("")
        if heading:
            page.paragraph(heading, "")
        for entry in entries:
            page.paragraph(f"{entry.word}  {entry.name}".rstrip(), INDENT, INDENT * 3)
            page.paragraph(entry.meaning, INDENT * 3)
    return "\n".join(page.lines) + "\n"


def _markdown(found: _List, language: str) -> str:
    from reports.markdown import code, prose

    lines = [f"# {prose(told(found.headline, translator(language)))}"]
    for heading, entries in groupby(found.entries, key=lambda entry: entry.heading):
        lines += ["", f"## {prose(heading)}", ""] if heading else [""]
        for entry in entries:
            name = f" **{prose(entry.name)}**" if entry.name else ""
            lines.append(f"- {pair(f'{code(entry.word)}{name}', prose(entry.meaning), translator(language))}")
    return "\n".join(lines) + "\n"


def render(  # noqa: PLR0913 - what a list depends on
    form: str, what: str, *, version: str, language: str, width: int = 80, docs_url: str | None = None
) -> str:
    """Return one of `LISTS` in one of the forms of `reports`; KeyError for any other."""
    match what:
        case "causes":
            found = _causes(language, docs_url)
        case "aadsts":
            found = _aadsts(language)
        case "codes":
            found = _codes(language)
        case _:
            raise KeyError(what)
    match form:
        case "text":
            return _text(found, language, width)
        case "json":
            report = {"schema": SCHEMA_ID, "diag_version": version, what: found.data}
            return json.dumps(report, indent=2) + "\n"
        case "markdown":
            return _markdown(found, language)
        case _:
            raise KeyError(form)
