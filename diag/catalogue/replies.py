"""The rules: which words speak for which causes, and when."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diag.catalogue.words import words
from diag.outcome import Certainty
from diag.stage import Stage
from diag.subject import Account

# What turns the words that follow into their opposite ("n t" is what is left of "n't").
_NOT = (" not", " never", " neither", " nor", "n t", " no longer", " nicht", " pas", " não", " non")
_MAX_GAP = 100  # characters that may stand in place of "…": a clause, and no second sentence
_TURNS = (" enabled ", " but ")  # what in that place makes it another sentence
_CODE_ALONE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# Before an enhanced code that is all a phrase says: a reply code, or words that announce one. Else it may be a version.
_ANNOUNCED = re.compile(
    r"(?:[\[,]|[245]\d\d|dsn|status|was|said|code|smtp|message|response|reply|returned|était|war) $"
)
# The ways to sign in that a rule may name as one.
MECHANISMS: Mapping[str, frozenset[str]] = {
    "password": frozenset({"password", "login", "plain", "ntlm", "cram-md5", "digest-md5", "gssapi"}),
    "oauth": frozenset({"oauth", "xoauth2", "oauthbearer"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known beside the words; None where it is not.

    `mechanism` is that of AUTH in lower case ("xoauth2"), or the kind of sign-in ("password", "oauth"). `account` is
    whose the mailbox is; `encrypted` whether TLS had begun; `tried` whether AUTH was sent before;
    `mail` whether the text is about mail at all.
    """

    stage: Stage | None = None
    mechanism: str | None = None
    account: Account | None = None
    encrypted: bool | None = None
    tried: bool | None = None
    mail: bool | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must occur one after the other; `…` for anything between, a final `*` for the rest of a word.

    Behind `^` they must be the first of the text; before `$` the last.
    """

    shown: str
    parts: tuple[str, ...]
    first: bool = False
    last: bool = False
    code: bool = False

    @classmethod
    def of(cls, text: str) -> "Phrase":
        """Make a phrase from how it is written in the data."""
        bare = text.removeprefix("^").removesuffix("$")
        cut = (words(part) for part in bare.split("…"))
        parts = tuple(f" {part[:-1]}" if part.endswith("*") else f" {part} " for part in cut)
        return cls(bare, parts, text.startswith("^"), text.endswith("$"), bool(_CODE_ALONE.fullmatch(bare)))

    @property
    def whole_words(self) -> tuple[str, ...]:
        """The words that every text with this phrase has; empty where none is whole."""
        return tuple(word for part in self.parts for word in part.split(" ")[1:-1] if word)

    def within(self, text: str) -> int:
        """Where in `text` (from `words`, blanks around) the phrase begins; -1 where a part is missing or denied."""
        if self.first and not text.startswith(self.parts[0]):
            return -1
        if self.last and not text.endswith(self.parts[-1]):
            return -1
        begins = text.find(self.parts[0])
        while begins >= 0 and not self._goes_through(text, begins):
            begins = text.find(self.parts[0], begins + 1)
        return begins

    def _goes_through(self, text: str, begins: int) -> bool:
        """Whether all parts follow from `begins` on, each near the one before, and none denied."""
        if self.code and begins and not _ANNOUNCED.search(text[max(0, begins - 12) : begins + 1]):
            return False
        at = begins
        for number, part in enumerate(self.parts):
            found = text.find(part, at, at + len(part) + (_MAX_GAP if number else 0))
            while found >= 0 and text.endswith(_NOT, 0, found):
                found = text.find(part, found + 1, at + len(part) + _MAX_GAP) if number else -1
            if found < 0 or (number and any(turn in text[at : found + 1] for turn in _TURNS)):
                return False
            at = found + len(part) - 1
        return True

    def places(self, text: str) -> tuple[int, ...]:
        """Where in `text` the phrase begins, each time it occurs."""
        found: list[int] = []
        at = 0
        while (place := self.within(text[at:])) >= 0:
            found.append(at + place)
            at += place + len(self.parts[0]) - 1
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Phrases that mean the same, and the causes they speak for, best first.

    Empty `stages`, `mechanisms` or `accounts`, no `encrypted` and no `tried` mean any; otherwise the rule applies only
    where that is known. A `common` rule holds words that programs of any kind use: in a text about something else it
    does not apply.
    """

    phrases: tuple[Phrase, ...]
    causes: tuple[tuple[str, Certainty], ...]
    stages: frozenset[Stage]
    mechanisms: frozenset[str]
    accounts: frozenset[str]
    encrypted: bool | None
    tried: bool | None
    common: bool = False

    def applies(self, seen: Circumstances) -> bool:
        """Whether the rule is made for these circumstances."""
        return (
            (not self.stages or seen.stage in self.stages)
            and (not self.mechanisms or seen.mechanism in self.mechanisms)
            and (not self.accounts or seen.account in self.accounts)
            and (self.encrypted is None or seen.encrypted is self.encrypted)
            and (self.tried is None or seen.tried is self.tried)
            and not (self.common and seen.mail is False)
        )


@dataclass(frozen=True, slots=True)
class Match:
    """The rule that decides, the phrase that was found, and where in the words it begins."""

    rule: Rule
    phrase: Phrase
    at: int


class Rules:
    """All rules in their order: the first that fits decides."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._phrases = [(rule, phrase) for rule in rules for phrase in rule.phrases]
        # A phrase is looked for only in texts that have its rarest word.
        met = Counter(word for _, phrase in self._phrases for word in phrase.whole_words)
        self._anchored: dict[str, list[int]] = {}
        self._always: list[int] = []
        for order, (_, phrase) in enumerate(self._phrases):
            anchor = min(phrase.whole_words, key=lambda word: (met[word], -len(word)), default=None)
            kept = self._always if anchor is None else self._anchored.setdefault(anchor, [])
            kept.append(order)

    def matches(self, text: str) -> tuple[Match, ...]:
        """Return what fits `text` (from `words`, blanks around) in the order of the rules, whatever is known beside."""
        orders = list(self._always)
        for word in self._anchored.keys() & set(text.split(" ")):
            orders += self._anchored[word]
        found = (Match(*self._phrases[order], self._phrases[order][1].within(text)) for order in sorted(orders))
        return tuple(match for match in found if match.at >= 0)


def decide(matches: Sequence[Match], seen: Circumstances) -> Match | None:
    """Return the first match whose rule is made for these circumstances."""
    return next((match for match in matches if match.rule.applies(seen)), None)
