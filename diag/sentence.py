"""Sentences that are written in English, kept as data, and put into another language only when shown."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = "str | int | float | Sentence"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text with named places, and what stands in them.

    `text` is English and is also the key under which the translation is found; `values` fill its `{places}`, sentences
    among them in the same language.
    """

    text: str
    values: "tuple[tuple[str, Value], ...]" = ()

    def in_language(self, translate: Callable[[str], str]) -> str:
        """Return the whole sentence, its text passed through `translate` (a gettext function)."""
        values = {
            name: value.in_language(translate) if isinstance(value, Sentence) else value for name, value in self.values
        }
        return translate(self.text).format(**values)

    def __str__(self) -> str:
        return self.in_language(str)


def well_formed(text: str) -> str:
    """Return `text` without lone surrogates, which JSON can bring and no file can hold."""
    return text.encode("utf-8", "replace").decode()


def say(text: str, /, **values: Value) -> Sentence:
    """Make a sentence; Babel collects `text` for translation wherever `say("...")` stands in the source."""
    return Sentence(text, tuple(values.items()))
