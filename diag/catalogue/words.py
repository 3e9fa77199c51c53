"""How texts are compared: by their words, whatever a program, a log, a web page or a line length did to them."""

import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote_plus

MAX_TEXT = 32_768  # characters; no reply is longer, a pasted log may be
_MAX_WORD = 64  # characters; no word that a rule knows is longer
# What logs and programs put before a reply; bounded, so that no text makes the search slow.
_MARKER = r"[\s>*#|`'\"({\[-]{0,9}(?:(?:SERVER -> CLIENT|server|S|R|Rx|<-|<<)\s{0,3}[:>]?\s{1,3})?[\s'\"(`]{0,9}"
_HEALTHY = re.compile(rf"{_MARKER}(?:22[01]|235|25[0-3]|334|354)(?=[-:\s,)'\"]|$)", re.IGNORECASE)
_MASKED = re.compile(rf"{_MARKER}(?P<code>220|250)[- ](?:(?=[\d ]{{0,40}}\*{{3}})[*\d ]+|X{{4,}}\w?)$")
_CODE = r"(?P<code>[2-5]\d\d)(?P<more>[- ])\s{0,9}(?:[245]\.\d{1,3}\.\d{1,3}(?=\s|$))?"
_PREFIX = re.compile(f"{_MARKER}{_CODE}", re.IGNORECASE)
_BLANKS = re.compile(r"(\s+)")
_ESCAPED = re.compile(r"\\{1,4}u(?P<hex>[0-9a-fA-F]{4})|\\{1,4}[rnt]|\x1b\[[0-9;]{0,20}m|\\{1,4}(?=[\"'/])")
_TAG = re.compile(r"</?(?:br|p|div|span|b|i|em|strong|code|pre|td|tr|li|a|font|wbr)\b[^<>]{0,200}>", re.IGNORECASE)
_QUOTED = re.compile(r"%[0-9a-fA-F]{2}")
_INVISIBLE = dict.fromkeys([0xAD, 0xFEFF, 0x2060, *range(0x200B, 0x2010)])
# Python shows a reply as (535, b'5.7.3 ...'): the mark of bytes and the comma part what belongs together.
_TUPLE = re.compile(r"(?<!\w)([2-5]\d\d), ?(?=b?['\"])|(?<!\w)b(?=['\"])")
_BETWEEN = re.compile(r"[^\w.*,\[]+|\*(?!\s|$)|\.(?!\d)|(?<!\d)\.")


def masked(line: str) -> str | None:
    """Return what a greeting or EHLO line that a firewall has overwritten is taken for; None for any other line."""
    # Blanks at the end are taken off first: two patterns that both eat blanks try every way to share them.
    found = _MASKED.match(line.rstrip())
    return f"{found['code']} masked" if found else None


def _lines(text: str) -> Iterator[str]:
    """Yield the lines that may accuse: healthy ones are left out, the codes of continuation lines taken off."""
    before: str | None = None
    for line in text.splitlines():
        if overwritten := masked(line):
            yield overwritten
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
    seen = text.translate(_INVISIBLE)
    pieces = (word[at : at + _MAX_WORD] for word in _BLANKS.split(seen) for at in range(0, len(word), _MAX_WORD))
    return "".join(unicodedata.normalize("NFKC", piece) for piece in pieces)[:MAX_TEXT]


def plain(text: str) -> str:
    """Return `text` as it was before a web page, a JSON string or a terminal dressed it; no line is added or lost."""
    if "%" in text and len(_QUOTED.findall(text)) > 1 and " " not in text.strip():
        text = unquote_plus(text)
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "\\" in text or "\x1b" in text:
        text = _ESCAPED.sub(
            lambda m: chr(int(m["hex"], 16)) if m["hex"] else "" if m[0].strip("\\") == "" else " ", text
        )
    return text


def words(text: str) -> str:
    """Return the words of a text in lower case, with one blank between them.

    Numbers keep their dots; a comma and an opening bracket are words of their own.
    """
    bare = _composed(plain(text))
    if "'" in bare or '"' in bare:
        bare = _TUPLE.sub(lambda found: f"{found[1] or ''} ", bare)
    return " ".join(_BETWEEN.sub(" ", bare.casefold()).replace(",", " , ").replace("[", " [ ").split())


def comparable(text: str) -> str:
    """Return the words of a reply, one blank between and around them; healthy lines are left out."""
    return f" {words(' '.join(_lines(text[:MAX_TEXT])))} "
