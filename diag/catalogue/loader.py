"""Reads the catalogue's TOML files, each part when it is first asked for.

The files are plain TOML. tomllib is slow, and one run needs a handful of causes: so a file is cut at its headers
(`[name]` alone on a line), and a section is parsed only when somebody asks for its name.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any, overload

from diag.catalogue.knowledge import AadstsEntry, Bilingual, Catalogue, Cause, Group, PanelCode, Steps
from diag.catalogue.replies import MECHANISMS, Phrase, Rule, Rules
from diag.outcome import Certainty
from diag.stage import Stage

# Not importlib.resources: importing it takes longer than all of this, and diag is never run from a zip file.
_HERE = Path(__file__).parent
_HEADER = re.compile(r"^\[(\w+)\]$", re.MULTILINE)


@cache
def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


@cache
def _sections(name: str) -> Mapping[str, str]:
    """Cut a file into its top-level tables, name to TOML text, in the order of the file."""
    text = _read(name)
    headers = list(_HEADER.finditer(text))
    ends = [header.start() for header in headers[1:]] + [len(text)]
    return {header[1]: text[header.start() : end] for header, end in zip(headers, ends, strict=True)}


def _section(file: str, name: str) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads(_sections(file)[name])[name]
    return table


@cache
def _links() -> Mapping[str, str]:
    return tomllib.loads(_read("links.toml"))


@cache
def _step(name: str) -> Bilingual:
    return Bilingual(**_section("steps.toml", name))


def _steps(written: list[str], lang: str) -> tuple[str, ...]:
    """Put the shared steps in place of their names (`@name`)."""
    return tuple(_step(text[1:]).in_language(lang) if text.startswith("@") else text for text in written)


class Causes(Mapping[str, Cause]):
    """All causes by id, in the order of the dialogue; a cause is parsed when it is first asked for."""

    def __init__(self) -> None:
        files = sorted(path.relative_to(_HERE).as_posix() for path in (_HERE / "causes").glob("*.toml"))
        self._file = {name: file for file in files for name in _sections(file)}
        self._parsed: dict[str, Cause] = {}
        self._of_stages: dict[tuple[Stage, ...], tuple[str, ...]] = {}  # the checks ask for the same few each time

    def __getitem__(self, cause_id: str) -> Cause:
        if cause_id not in self._parsed:
            self._parsed[cause_id] = self._parse(cause_id)
        return self._parsed[cause_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stages)

    def __len__(self) -> int:
        return len(self._file)

    def __contains__(self, cause_id: object) -> bool:
        return cause_id in self._file

    @cached_property
    def _stages(self) -> Mapping[str, Stage]:
        """The stage of every cause, in the order of the dialogue; it stands in the first line of every section."""
        found = {
            name: Stage(text.split('"', 2)[1])
            for file in dict.fromkeys(self._file.values())
            for name, text in _sections(file).items()
        }
        return dict(sorted(found.items(), key=lambda pair: (pair[1].order, pair[0])))

    def of_stages(self, *stages: Stage) -> tuple[str, ...]:
        """The ids of all causes that show at one of `stages`, without parsing the causes."""
        if stages not in self._of_stages:
            self._of_stages[stages] = tuple(name for name, stage in self._stages.items() if stage in stages)
        return self._of_stages[stages]

    def group(self, cause_id: str) -> str:
        """The name of the file a cause is written in; a file is a group."""
        return Path(self._file[cause_id]).stem

    def _hides(self, cause_id: str, written: list[str]) -> tuple[str, ...]:
        """Put all causes of a stage in place of the stage's name."""
        stages = [stage for stage in Stage if stage in written]
        named = [word for word in written if word not in stages]
        whole = [name for name in self.of_stages(*stages) if name != cause_id]
        return tuple(dict.fromkeys([*named, *whole]))

    def _parse(self, cause_id: str) -> Cause:
        data = _section(self._file[cause_id], cause_id)
        en, fr = data["en"], data["fr"]
        return Cause(
            id=cause_id,
            stage=Stage(data["stage"]),
            severity=data["severity"],
            actor=data["actor"],
            hides=self._hides(cause_id, data["hides"]),
            links=tuple(_links()[name] for name in data["links"]),
            title=Bilingual(en["title"], fr["title"]),
            explanation=Bilingual(en["explanation"], fr["explanation"]),
            fix=Steps(_steps(en["fix"], "en"), _steps(fr["fix"], "fr")),
            look_alikes=Bilingual(en["look_alikes"], fr["look_alikes"]),
        )


def causes_of(table: Mapping[str, Any], lists: Mapping[str, list[str]]) -> tuple[tuple[str, Certainty], ...]:
    """The causes of a table, surest first; `@name` stands for one of `lists`."""
    named = ((name, sure) for sure in Certainty for name in table.get(sure, ()))
    each = ((cause, sure) for name, sure in named for cause in (lists[name[1:]] if name.startswith("@") else (name,)))
    return tuple({cause: (cause, sure) for cause, sure in reversed(tuple(each))}.values())[::-1]


def _circumstances(
    table: Mapping[str, Any], phrases: tuple[Phrase, ...], lists: Mapping[str, list[str]], *, common: bool
) -> Rule:
    nobody: frozenset[str] = frozenset()
    return Rule(
        phrases=phrases,
        causes=causes_of(table, lists),
        stages=frozenset(Stage(name) for name in table.get("stage", ())),
        mechanisms=nobody.union(*(MECHANISMS.get(name, {name}) for name in table.get("mechanism", ()))),
        accounts=frozenset(table.get("account", ())),
        encrypted=table.get("encrypted"),
        tried=table.get("tried"),
        common=common,
    )


@cache
def _rules() -> Rules:
    data = tomllib.loads(_read("replies.toml"))
    rules: list[Rule] = []
    for table in data["reply"]:
        phrases = tuple(Phrase.of(text) for text in table["says"])
        common = table.get("common", False)
        each = (
            _circumstances(case, phrases, data["lists"], common=common) for case in (*table.get("cases", ()), table)
        )
        rules += [rule for rule in each if rule.causes]
    return Rules(rules)


@cache
def _groups() -> Mapping[str, Group]:
    written = tomllib.loads(_read("groups.toml"))
    return {
        name: Group(title=Bilingual(**table["title"]), about=Bilingual(**table["about"]))
        for name, table in written.items()
    }


@cache
def _numbers() -> tuple[int, ...]:
    return tuple(sorted(map(int, _sections("aadsts.toml"))))


@cache
def _aadsts(number: int) -> AadstsEntry | None:
    if str(number) not in _sections("aadsts.toml"):
        return None
    data = _section("aadsts.toml", str(number))
    return AadstsEntry(
        number=number,
        name=data.get("name"),
        cause=data["cause"],
        certainty=Certainty(data["certainty"]),
        seen=tuple(data["seen"]),
        meaning=Bilingual(data["en"], data["fr"]),
        step=Bilingual(data["step_en"], data["step_fr"]),
    )


@cache
def _panel_sections() -> tuple[tuple[str, str, str], ...]:
    """Every code's vendor, code and TOML text; a vendor and a code are plain strings on lines of their own."""
    cut = re.split(r"^\[\[panel\]\]$", _read("panel_codes.toml"), flags=re.MULTILINE)[1:]
    return tuple((*re.findall(r'^(?:vendor|code) = "(.*)"$', text, re.MULTILINE)[:2], text) for text in cut)


@cache
def _panel_code(place: int) -> PanelCode:
    table = tomllib.loads(_panel_sections()[place][2])
    return PanelCode(
        vendor=table["vendor"],
        code=table["code"],
        shows=table.get("shows"),
        kind=table["kind"],
        causes=causes_of(table, {}),
        source=table["source"],
        meaning=Bilingual(table["en"], table["fr"]),
        step=Bilingual(table["step_en"], table["step_fr"]),
    )


class PanelCodes(Sequence[PanelCode]):
    """All codes of devices, by vendor; a code is parsed when it is first asked for."""

    @overload
    def __getitem__(self, place: int) -> PanelCode: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[PanelCode, ...]: ...
    def __getitem__(self, place: int | slice) -> PanelCode | tuple[PanelCode, ...]:
        if isinstance(place, slice):
            return tuple(self[at] for at in range(len(self))[place])
        return _panel_code(range(len(self))[place])

    def __len__(self) -> int:
        return len(_panel_sections())

    def names(self) -> tuple[tuple[str, str], ...]:
        """Return the vendor and code of each, in the same order, without parsing the rest."""
        return tuple((vendor, code) for vendor, code, _ in _panel_sections())


@cache
def load() -> Catalogue:
    """Return the catalogue; the same one for the whole process."""
    causes = Causes()
    return Catalogue(
        causes=causes,
        _of_stages=causes.of_stages,
        _group=causes.group,
        _groups=_groups,
        _rules=_rules,
        _numbers=_numbers,
        _aadsts=_aadsts,
        panel_codes=PanelCodes(),
    )
