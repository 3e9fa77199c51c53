"""How replies are compared: by their words, whatever a program, a log or a line length did to them."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from diag.outcome import Certainty
from diag.stage import Stage

_MAX_TEXT = 32_768  # characters; no reply is longer, a pasted log may be
_MAX_WORD = 64  # characters; no word that a rule knows is longer
# What logs and programs put before a reply; bounded, so that no text makes the search slow.
_MARKER = r"[\s>*#|`'\"({\[-]{0,9}(?:(?:SERVER -> CLIENT|server|S|R|Rx|<-|<<)\s{0,3}[:>]?\s{1,3})?[\s'\"(`]{0,9}"
_HEALTHY = re.compile(rf"{_MARKER}(?:22[01]|235|25[0-3]|334|354)(?=[-:\s,)'\"]|$)", re.IGNORECASE)
_MASKED = re.compile(rf"{_MARKER}(?P<code>220|250)[- ](?:(?=[\d ]{{0,40}}\*{{3}})[*\d ]+|X{{4,}}\w?)$")
_CODE = r"(?P<code>[2-5]\d\d)(?P<more>[- ])\s{0,9}(?:[245]\.\d{1,3}\.\d{1,3}(?=\s|$))?"
_PREFIX = re.compile(f"{_MARKER}{_CODE}", re.IGNORECASE)
_BLANKS = re.compile(r"(\s+)")
_ESCAPED = re.compile(r"\\[rnt]")
_BETWEEN = re.compile(r"[^\w.*,\[]+|\*(?!\s|$)|\.(?!\d)|(?<!\d)\.")
# What turns the words that follow into their opposite ("n t" is what is left of "n't").
_NOT = (" not", " never", "n t", " no longer", " nicht", " pas", " não", " non")


def _lines(text: str) -> Iterator[str]:
    """Yield the lines that may accuse: healthy ones are left out, the codes of continuation lines taken off."""
    before: str | None = None
    for line in text.splitlines():
        # Blanks at the end are taken off first: two patterns that both eat blanks try every way to share them.
        if masked := _MASKED.match(line.rstrip()):
            yield f"{masked['code']} masked"
            continue
        if _HEALTHY.match(line):
            before = None
            continue
        prefix = _PREFIX.match(line)
        code = prefix["code"] if prefix else None
        yield line[prefix.end() :] if prefix and code == before else line
        before = code if prefix and prefix["more"] == "-" else None


def _composed(text: str) -> str:
    """Bring characters into one form (NFKC), in pieces: the time grows with the square of a row of accents."""
    if text.isascii():
        return text
    pieces = (word[at : at + _MAX_WORD] for word in _BLANKS.split(text) for at in range(0, len(word), _MAX_WORD))
    return "".join(unicodedata.normalize("NFKC", piece) for piece in pieces)[:_MAX_TEXT]


def _words(text: str) -> str:
    plain = _ESCAPED.sub(" ", _composed(text)).casefold()
    return " ".join(_BETWEEN.sub(" ", plain).replace(",", " , ").replace("[", " [ ").split())


def comparable(text: str) -> str:
    """Return the words of a reply in lower case, one blank between and around them; healthy lines are left out."""
    return f" {_words(' '.join(_lines(text[:_MAX_TEXT])))} "


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must occur one after the other; `…` for anything between, a final `*` for the rest of a word."""

    shown: str
    parts: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Phrase":
        """Make a phrase from how it is written in the data."""
        cut = (_words(part) for part in text.split("…"))
        return cls(text, tuple(f" {part[:-1]}" if part.endswith("*") else f" {part} " for part in cut))

    def within(self, words: str) -> bool:
        """Whether all parts occur in `words`, in this order and not denied; `words` come from `comparable`."""
        at = 0
        for part in self.parts:
            found = words.find(part, at)
            while found >= 0 and words.endswith(_NOT, 0, found):
                found = words.find(part, found + 1)
            if found < 0:
                return False
            at = found + len(part) - 1
        return True


@dataclass(frozen=True, slots=True)
class Rule:
    """Phrases that mean the same, and the causes they speak for, best first.

    Empty `stages` or `mechanisms` mean any; otherwise the rule applies only where stage or mechanism is known.
    """

    phrases: tuple[Phrase, ...]
    causes: tuple[tuple[str, Certainty], ...]
    stages: frozenset[Stage]
    mechanisms: frozenset[str]

    def applies(self, stage: Stage | None, mechanism: str | None) -> bool:
        """Whether the rule is made for this stage and this AUTH mechanism (lower case)."""
        return (not self.stages or stage in self.stages) and (not self.mechanisms or mechanism in self.mechanisms)

    def found_in(self, words: str) -> str | None:
        """Return the first phrase that occurs, as the data write it."""
        return next((phrase.shown for phrase in self.phrases if phrase.within(words)), None)
