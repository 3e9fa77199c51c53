"""Writes the pages under docs/ that are made: causes, AADSTS numbers, panel codes, permissions.

`make docs` runs it; with --check nothing is written, and the stale pages are named.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from diag import naming
from diag.catalogue import AadstsEntry, Cause, PanelCode, aadsts_link, load
from diag.language import supported
from reports.markdown import code, prose
from reports.remedy import steps
from reports.wording import ACTORS, CERTAINTIES
from tools import permissions
from tools.leads import code_anchors, known_replies, slug
from tools.reader import Reader, safe

ROOT = Path(__file__).parent.parent
MARK = "<!-- Made from diag/catalogue by tools/docs.py: do not edit it here, run `make docs`. -->"


def _anchored(anchor: str, heading: str) -> tuple[str, ...]:
    return "", f'<a id="{anchor}"></a>', "", heading, ""


def _replies(cause_id: str, reader: Reader) -> list[str]:
    rows = [
        (
            "<br>".join(map(reader.phrase, known.phrases)),
            reader.told(CERTAINTIES[known.certainty]),
            f"<br>{reader.word('or')} ".join(map(reader.case, known.cases)) or reader.word("always"),
        )
        for known in known_replies()
        if known.cause == cause_id
    ]
    return permissions.table([reader.word(name) for name in ("says", "sure", "when")], rows) if rows else []


def _leads(cause_id: str, reader: Reader) -> list[str]:
    """List the numbers and the panel codes that lead to a cause."""
    numbers = [
        reader.sure(f"[{number}](../aadsts.md#aadsts-{number})", entry.certainty)
        for number in load().aadsts_numbers
        if (entry := load().aadsts(number)) and entry.cause == cause_id
    ]
    codes = [
        reader.sure(f"[{prose(f'{one.vendor} {one.code}')}](../panel-codes.md#{anchor})", sure)
        for one, anchor in code_anchors()
        for cause, sure in one.causes
        if cause == cause_id
    ]
    found = {"numbers": numbers, "codes": codes}
    return [reader.item(name, ", ".join(links)) for name, links in found.items() if links]


def _known(cause_id: str, reader: Reader) -> Iterator[str]:
    replies, leads = _replies(cause_id, reader), _leads(cause_id, reader)
    yield from replies
    yield from [""] if replies and leads else []
    yield from leads
    yield from [] if replies or leads else [reader.word("unknown")]


def _fix(cause: Cause, reader: Reader) -> Iterator[str]:
    for number, step in enumerate(steps(cause, None, reader.language), 1):
        mark = f"{number}. "
        yield (mark + safe(step.text)).rstrip()
        if step.command:
            yield ""
            yield from (" " * len(mark) + line for line in ("```powershell", step.command, "```"))


def _cause(cause: Cause, reader: Reader) -> Iterator[str]:
    yield from _anchored(cause.id, f"## {reader.pick(cause.title)}")
    yield reader.item("id", code(cause.id))
    yield reader.item("stage", reader.told(naming.stage(cause.stage)))
    yield reader.item("severity", reader.word(cause.severity))
    yield reader.item("actor", reader.told(ACTORS[cause.actor]))
    yield from ("", reader.pick(cause.explanation))
    for name, lines in (
        ("fix", _fix(cause, reader)),
        ("look_alikes", [reader.pick(cause.look_alikes)]),
        ("known", _known(cause.id, reader)),
        ("links", (f"- <{link}>" for link in cause.links)),
    ):
        yield from ("", f"### {reader.word(name)}", "", *lines)


def _of_group(name: str) -> list[Cause]:
    return [cause for cause_id, cause in load().causes.items() if load().group(cause_id) == name]


def _group(name: str, reader: Reader) -> Iterator[str]:
    yield from (reader.pick(load().groups[name].about), "")
    yield from (f"- [{reader.pick(cause.title)}](#{cause.id})" for cause in _of_group(name))
    for cause in _of_group(name):
        yield from _cause(cause, reader)


def _causes(reader: Reader) -> Iterator[str]:
    yield from (reader.about("causes"), "", reader.about("reading"))
    for name, group in load().groups.items():
        yield from ("", f"## [{reader.pick(group.title)}]({name}.md)", "", reader.pick(group.about), "")
        causes = _of_group(name)
        rows = [(reader.cause(one.id, ""), code(one.id), reader.told(ACTORS[one.actor])) for one in causes]
        yield from permissions.table([reader.word(name) for name in ("cause", "id", "actor")], rows)


def _entry(entry: AadstsEntry, reader: Reader) -> Iterator[str]:
    name = f" {safe(entry.name)}" if entry.name else ""
    yield from _anchored(f"aadsts-{entry.number}", f"## AADSTS{entry.number}{name}")
    yield from (reader.pick(entry.meaning), "")
    yield reader.item("begin", reader.pick(entry.step))
    yield reader.item("seen", ", ".join(map(reader.word, entry.seen)))
    yield reader.item("cause", reader.sure(reader.cause(entry.cause), entry.certainty))
    yield reader.item("microsoft", f"<{aadsts_link(entry.number)}>")


def _numbers(reader: Reader) -> Iterator[str]:
    yield reader.about("numbers")
    for number in load().aadsts_numbers:
        if entry := load().aadsts(number):
            yield from _entry(entry, reader)


def _code(shown: PanelCode, anchor: str, reader: Reader) -> Iterator[str]:
    yield from _anchored(anchor, f"### {prose(f'{shown.vendor} {shown.code}')}")
    yield from (reader.pick(shown.meaning), "")
    if shown.shows and shown.shows != shown.code:
        yield reader.item("shows", code(shown.shows))
    yield reader.item("kind", reader.word(shown.kind))
    yield reader.item("begin", reader.pick(shown.step))
    causes = [reader.sure(reader.cause(cause), sure) for cause, sure in shown.causes]
    if causes:
        yield reader.item("causes" if causes[1:] else "cause", ", ".join(causes))
    yield reader.item("source", f"<{shown.source}>")


def _codes(reader: Reader) -> Iterator[str]:
    vendors: dict[str, list[tuple[PanelCode, str]]] = {}
    for shown, anchor in code_anchors():
        vendors.setdefault(shown.vendor, []).append((shown, anchor))
    yield from (reader.about("codes"), "")
    yield from (f"- [{prose(name)}](#vendor-{slug(name)})" for name in vendors)
    for name, codes in vendors.items():
        yield from _anchored(f"vendor-{slug(name)}", f"## {prose(name)}")[:-1]
        for shown, anchor in codes:
            yield from _code(shown, anchor, reader)


def _page(place: str, title: str, body: Iterable[str], reader: Reader) -> str:
    """Lay out a page; `place` is its path below docs/ in English, and below docs/fr/ in French."""
    up = "../" * place.count("/")
    ways = {"index.md": "documentation", "causes/index.md": "causes", "aadsts.md": "numbers", "panel-codes.md": "codes"}
    links = [f"[{reader.word(name)}]({up}{page})" for page, name in ways.items() if page != place]
    links.append(f"[Français]({up}fr/{place})" if reader.language == "en" else f"[English](../{up}{place})")
    return "\n".join([MARK, "", f"# {title}", "", " · ".join(links), "", *body]) + "\n"


def ungrouped() -> set[str]:
    """Return the files under causes/ that groups.toml does not name, and the names there that are no file."""
    return {load().group(cause_id) for cause_id in load().causes} ^ load().groups.keys()


def pages() -> Mapping[str, str]:
    """Return every page by its path below docs/."""
    made: dict[str, str] = {}
    for language in supported():
        reader = Reader(language)
        bodies = {
            "causes/index.md": (reader.word("causes"), _causes(reader)),
            "aadsts.md": (reader.word("numbers"), _numbers(reader)),
            "panel-codes.md": (reader.word("codes"), _codes(reader)),
            "permissions.md": (reader.word("permissions"), permissions.page(reader)),
        }
        for name, group in load().groups.items():
            bodies[f"causes/{name}.md"] = (reader.pick(group.title), _group(name, reader))
        folder = "" if language == "en" else f"{language}/"
        made |= {f"{folder}{place}": _page(place, title, body, reader) for place, (title, body) in bodies.items()}
    return made


def stale(made: Mapping[str, str], docs: Path) -> list[Path]:
    """Return the pages below `docs` that are missing or not as they are made, and those that are made no more."""
    behind = [docs / name for name, text in made.items() if not (docs / name).exists() or _read(docs / name) != text]
    left = [path for path in docs.rglob("*.md") if path.relative_to(docs).as_posix() not in made]
    return behind + sorted(path for path in left if path.parent.name == "causes" or MARK in _read(path))


def _read(path: Path) -> str:
    return path.read_text("utf-8")


def main(arguments: Sequence[str], docs: Path = ROOT / "docs") -> int:
    """Write the pages below `docs`, or with --check say which are stale; return the exit code."""
    parser = argparse.ArgumentParser(description="Write the pages that are made from the catalogue.")
    parser.add_argument("--check", action="store_true", help="write nothing; name the stale pages and end with 1")
    check = parser.parse_args(arguments).check
    if names := ungrouped():
        print(f"diag/catalogue/groups.toml and causes/ do not agree: {', '.join(sorted(names))}", file=sys.stderr)
        return 1
    made = pages()
    behind = stale(made, docs)
    for path in behind:
        name = path.relative_to(docs).as_posix()
        if check:
            print(f"docs/{name} is not what the catalogue says: make docs", file=sys.stderr)
        elif name in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[name], "utf-8", newline="\n")
        else:
            path.unlink()
    return 1 if check and behind else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
