"""Reads the catalogue's TOML files, each part when it is first asked for.

The files are plain TOML. tomllib is slow, and one run needs a handful of causes: so a file is cut at its headers
(`[name]` alone on a line), and a section is parsed only when somebody asks for its name.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from diag.catalogue.knowledge import AadstsEntry, Bilingual, Catalogue, Cause, Steps
from diag.catalogue.replies import Phrase, Rule
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

    def __getitem__(self, cause_id: str) -> Cause:
        if cause_id not in self._parsed:
            self._parsed[cause_id] = self._parse(cause_id)
        return self._parsed[cause_id]

    def __iter__(self) -> Iterator[str]:
        stages = list(Stage)
        return iter(sorted(self._file, key=lambda name: (stages.index(self.stage(name)), name)))

    def __len__(self) -> int:
        return len(self._file)

    def __contains__(self, cause_id: object) -> bool:
        return cause_id in self._file

    def stage(self, cause_id: str) -> Stage:
        """Read the stage alone, without parsing the rest; it stands in the first line of every section."""
        return Stage(_sections(self._file[cause_id])[cause_id].split('"', 2)[1])

    def _hides(self, cause_id: str, written: list[str]) -> tuple[str, ...]:
        """Put all causes of a stage in place of the stage's name."""
        stages = {word for word in written if word in Stage.__members__.values()}
        named = [word for word in written if word not in stages]
        whole = [name for name in self if self.stage(name) in stages and name != cause_id] if stages else []
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


@cache
def _rules() -> tuple[Rule, ...]:
    return tuple(
        Rule(
            phrases=tuple(Phrase.of(text) for text in table["says"]),
            causes=tuple((cause, certainty) for certainty in Certainty for cause in table.get(certainty, ())),
            stages=frozenset(Stage(name) for name in table.get("stage", ())),
            mechanisms=frozenset(table.get("mechanism", ())),
        )
        for table in tomllib.loads(_read("replies.toml"))["reply"]
    )


@cache
def _aadsts(number: int) -> AadstsEntry | None:
    if str(number) not in _sections("aadsts.toml"):
        return None
    data = _section("aadsts.toml", str(number))
    return AadstsEntry(
        number=number,
        cause=data["cause"],
        certainty=Certainty(data["certainty"]),
        meaning=Bilingual(data["en"], data["fr"]),
    )


@cache
def load() -> Catalogue:
    """Return the catalogue; the same one for the whole process."""
    causes = Causes()
    return Catalogue(causes=causes, _stage=causes.stage, _rules=_rules, _aadsts=_aadsts)
