"""What leads to a cause: the rules for replies as they are written, and the codes of devices with their anchors."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import diag.catalogue
from diag.catalogue import PanelCode, load
from diag.catalogue.loader import causes_of
from diag.outcome import Certainty

_CIRCUMSTANCES = ("stage", "mechanism", "account", "encrypted", "tried")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownReply:
    """The phrases of a rule, and a cause that any of them leads to.

    `cases` are the circumstances under which that holds, written as in replies.toml; an empty one stands for those that
    no other case of the rule names. Where it holds always, there is none.
    """

    cause: str
    certainty: Certainty
    phrases: tuple[str, ...]
    cases: tuple[Mapping[str, Any], ...]


@cache
def known_replies() -> tuple[KnownReply, ...]:
    """Return what replies.toml says of each cause, surest first, else in its order."""
    written = tomllib.loads((Path(diag.catalogue.__file__).parent / "replies.toml").read_text("utf-8"))
    known = (one for rule in written["reply"] for one in _of_rule(rule, written["lists"]))
    return tuple(sorted(known, key=lambda one: one.certainty.rank))


def _of_rule(rule: Mapping[str, Any], lists: Mapping[str, list[str]]) -> Iterator[KnownReply]:
    tables = (*rule.get("cases", ()), rule)
    met: dict[tuple[str, Certainty], list[Mapping[str, Any]]] = {}
    for table in tables:
        case = {name: table[name] for name in _CIRCUMSTANCES if name in table}
        for accused in causes_of(table, lists):
            met.setdefault(accused, []).append(case)
    for (cause, sure), cases in met.items():
        always = len(cases) == len(tables) and {} in cases
        yield KnownReply(cause=cause, certainty=sure, phrases=tuple(rule["says"]), cases=() if always else tuple(cases))


def slug(text: str) -> str:
    """Return an anchor of small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")


@cache
def code_anchors() -> tuple[tuple[PanelCode, str], ...]:
    """Return every panel code with its anchor; the second of the same vendor and code ends in "-2"."""
    met: Counter[str] = Counter()
    anchors = []
    for one in load().panel_codes:
        anchor = slug(f"{one.vendor} {one.code}")
        met[anchor] += 1
        anchors.append((one, anchor if met[anchor] == 1 else f"{anchor}-{met[anchor]}"))
    return tuple(anchors)
