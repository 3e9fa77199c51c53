"""Who reads a page of the documentation, and how its words become Markdown in their language."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from diag import naming
from diag.catalogue import Bilingual, load
from diag.language import translator
from diag.outcome import Certainty
from diag.sentence import Sentence
from diag.stage import Stage
from reports.markdown import code, prose
from reports.wording import CERTAINTIES, pair

# The scope of a token looks like an address and is none: it is typed, not opened.
_WEB = re.compile(
    r"(?P<typed>https://outlook\.office(?:365)?\.com/(?:SMTP\.Send|\.default)(?: offline_access)?)"
    r"|https?://\w[^\s<>«»'\"]*[\w/]"
)
# How the rules name a line that a firewall has overwritten.
_OVERWRITTEN = {"220 masked": "220 ****", "250 masked": "250 ****"}


def _tables(path: Path) -> Mapping[str, Mapping[str, Bilingual]]:
    written = tomllib.loads(path.read_text("utf-8"))
    return {name: {key: Bilingual(**text) for key, text in table.items()} for name, table in written.items()}


@cache
def words() -> Mapping[str, Mapping[str, Bilingual]]:
    """Return what the pages say of their own: `words`, and what they are `about`."""
    return _tables(Path(__file__).with_name("docs.toml"))


def safe(text: str) -> str:
    """Return text of the catalogue as Markdown that shows it as it stands; addresses to open become links."""
    out, at = [], 0
    for found in _WEB.finditer(text):
        out += [prose(text[at : found.start()]), code(found[0]) if found["typed"] else f"<{found[0]}>"]
        at = found.end()
    return "".join([*out, prose(text[at:])])


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: everything is said in their language."""

    language: str

    def pick(self, text: Bilingual) -> str:
        """Say a text of the catalogue, fit for Markdown."""
        return safe(text.in_language(self.language))

    def word(self, name: str) -> str:
        """Say a word of docs.toml."""
        return words()["words"][name].in_language(self.language)

    def about(self, name: str) -> str:
        """Say a paragraph of docs.toml."""
        return words()["about"][name].in_language(self.language)

    def told(self, sentence: Sentence) -> str:
        """Say a sentence that reports say too."""
        return sentence.in_language(translator(self.language))

    def pair(self, label: str, value: str) -> str:
        """Say a label and its value, with the colon as the language sets it."""
        return pair(label, value, translator(self.language))

    def item(self, name: str, value: str) -> str:
        """Say the same as an item of a list."""
        return f"- {self.pair(f'**{self.word(name)}**', value)}"

    def sure(self, shown: str, certainty: Certainty) -> str:
        """Say what leads to a cause, or the cause it leads to, and how surely."""
        return f"{shown} ({self.told(CERTAINTIES[certainty])})"

    def cause(self, cause_id: str, folder: str = "causes/") -> str:
        """Link to a cause by its title; `folder` leads to the pages of the causes."""
        title = self.pick(load().cause(cause_id).title)
        return f"[{title}]({folder}{load().group(cause_id)}.md#{cause_id})"

    def phrase(self, written: str) -> str:
        """Show a phrase of a rule as code."""
        bare = written.removeprefix("^").removesuffix("$")
        where = ["first"] * written.startswith("^") + ["last"] * written.endswith("$")
        return " ".join([code(_OVERWRITTEN.get(bare, bare)), *(f"({self.word(place)})" for place in where)])

    def case(self, case: Mapping[str, Any]) -> str:
        """Say under which circumstances a phrase counts."""
        said = []
        if "stage" in case:
            at = ", ".join(self.told(naming.stage(Stage(one))) for one in case["stage"])
            said.append(self.pair(self.word("step"), at))
        for key in ("mechanism", "account"):
            if key in case:
                named = (self.word(one) if one in words()["words"] else one.upper() for one in case[key])
                said.append(self.pair(self.word(key), ", ".join(named)))
        said += [self.word(key if case[key] else f"not_{key}") for key in ("encrypted", "tried") if key in case]
        return ", ".join(said) or self.word("otherwise")
