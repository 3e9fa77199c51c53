"""The report's Markdown as plain text, for a mail that every reader can show."""

import re

# What is not to be read as Markdown: a mark behind a backslash, a code span, and backticks that no others end.
_LITERAL = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])|(?P<fence>`+)(?!`)(?P<code>.+?)(?<!`)(?P=fence)(?!`)|(?P<ticks>`+)"
)
_HEADING = re.compile(r"^#{1,6}\s+")
_LINK = re.compile(r"\[(?P<text>[^\[\]]{1,300})\]\((?P<to>[^()\s]{1,1000})\)")
_STRONG = re.compile(r"(?<!\*)\*\*(?=\S)(?P<text>[^*\n]+?)(?<=\S)\*\*(?!\*)")
_EMPHASIS = re.compile(r"(?<![*\w])\*(?=\S)(?P<text>[^*\n]+?)(?<=\S)\*(?![*\w])")
_HIDDEN = re.compile(r"\x00(\d+)\x00")


def plain(markdown: str) -> str:
    """Return Markdown as people read it: without escapes, fences and marks; a link's address behind its words."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found["escaped"] or found["ticks"] or found["code"].strip(" "))
        return f"\0{len(kept) - 1}\0"

    def line(text: str) -> str:
        text = _HEADING.sub("", _LITERAL.sub(keep, text))
        text = _LINK.sub(lambda found: f"{found['text']} ({found['to']})", text)
        text = _EMPHASIS.sub(r"\g<text>", _STRONG.sub(r"\g<text>", text))
        return _HIDDEN.sub(lambda found: kept[int(found[1])], text).rstrip()

    return "\n".join(line(one) for one in markdown.replace("\0", "").splitlines())


def one_line(text: str, most: int = 200) -> str:
    """Return a text fit for a header: one line without control characters, `most` characters long at most."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else line[: most - 1] + "…"
