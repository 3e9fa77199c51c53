"""A page of plain text: how every report for a terminal is set."""

import textwrap
from collections.abc import Sequence

from diag.language import Translate
from diag.sentence import Sentence
from reports.remedy import Step
from reports.wording import MORE, pair, shown, visible

INDENT = "  "


class Page:
    """Lines of at most `width` columns; only what is quoted word for word, and links, may be longer."""

    def __init__(self, width: int, translate: Translate) -> None:
        self.lines: list[str] = []
        self.width = width
        self._translate = translate

    def word(self, sentence: Sentence) -> str:
        """Return the text of a sentence in the reader's language, its places unfilled."""
        return self._translate(sentence.text)

    def pair(self, label: str, value: str) -> str:
        """Return a label and its value."""
        return pair(label, value, self._translate)

    def heading(self, sentence: Sentence) -> None:
        """Begin a part of the report."""
        self.lines += ["", self.word(sentence)]

    def paragraph(self, text: str, first: str = INDENT, later: str | None = None) -> None:
        """Wrap `text`, the first line behind `first`, the others behind `later` (as deep as `first`)."""
        self.lines += textwrap.wrap(
            visible(text),
            self.width,
            initial_indent=first,
            subsequent_indent=" " * len(first) if later is None else later,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def step(self, step: Step, first: str) -> None:
        """Wrap what to do; the command keeps to a line of its own, so that it can be pasted."""
        if step.text:
            self.paragraph(step.text, first)
            first = " " * len(first)
        if step.command:
            self.lines.append(first + visible(step.command))

    def more(self, where: str, first: str) -> None:
        """Say where everything about a cause stands, on a line of its own."""
        self.lines.append(first + self.pair(self.word(MORE), where))

    def verbatim(self, lines: Sequence[str]) -> None:
        """Keep lines whole, so that they can be searched for and pasted."""
        self.lines += [f"{INDENT}{INDENT}{shown(line)}".rstrip() for line in lines]
