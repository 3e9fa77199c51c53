"""Cuts a text into records: what belongs together, on whichever lines a program, a log or a web page put it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from diag.catalogue.words import masked, words
from diag.explanation.lines import NOT_SIGNED_IN, Line, Side, read_line

_MAX_LINES = 25  # of one record; a reply, a traceback's end, an error body
_WAITS = re.compile(
    r"(?<![\w.])[45]\d\d(?:[- ]#?[45]\.\d\.\d{1,3})?[,:]?\s{0,3}$|^[\s'\"(]{0,4}[45]\.\d\.\d{1,3}\s{0,3}$"
)
# A page of the sign-in log: the value stands below its label.
_LABEL = re.compile(r"(?:error code|code d['\u2019]erreur(?: de connexion)?)\s{0,3}:?$", re.IGNORECASE)
_NOT_SIGNED_IN = f" {NOT_SIGNED_IN} "
_BREAK = re.compile(r"\r\n?|\n")  # as editors count lines, and not every sign that Unicode calls a break
_MAX_PIECE, _OVERLAP = 8_000, 150  # characters; an export may put everything on one line
_SHORT = 60  # characters that hold no two refusals
_FURTHER = re.compile(r"(?<![\w.])[45]\d\d[- ]#?[45]\.\d{1,3}\.\d{1,3}(?![\d.])")
_NOT_SIGNED = re.compile(rf"{re.escape(NOT_SIGNED_IN)}\b")
_WEB = re.compile(r"\"(?:GET|POST|PUT|HEAD|DELETE|PATCH|OPTIONS) \S{1,2000} HTTP/\d")
_ESCAPED_BREAK = re.compile(
    r"(?:\\{1,4}r)?\\{1,4}n(?![a-z]{0,16}\\)"
)  # as JSON and programs write it; not C:\\new\\folder

_words = lru_cache(maxsize=4096)(words)  # logs repeat themselves


@dataclass(slots=True)
class Record:
    """Lines that belong together; `words` are theirs, blanks around, and `starts` where each line's begin."""

    lines: list[Line] = field(default_factory=list)
    words: str = " "
    starts: list[int] = field(default_factory=list)

    @property
    def body(self) -> str:
        """What the lines say, without what was put before them."""
        return "\n".join(line.body for line in self.lines)

    @property
    def raw(self) -> str:
        """The lines as they stand in the text."""
        return "\n".join(line.raw.strip() for line in self.lines)

    def add(self, line: Line) -> None:
        """Put one more line behind; the code of a continuation line, and a soft line break, part no sentence."""
        goes_on = self.lines and self.lines[-1].more and self.lines[-1].code == line.code
        text = masked(line.body) or (line.without_code if goes_on else line.body)
        self.starts.append(len(self.words))
        self.lines.append(line)
        if said := _words(text.removesuffix("=")):
            goes_into = (
                len(self.lines) > 1 and self.lines[-2].body.endswith("=") and not self.lines[-2].body.endswith("==")
            )
            self.words = f"{self.words.rstrip()}{said} " if goes_into else f"{self.words}{said} "

    def line_at(self, place: int) -> Line:
        """The line that the word at `place` of `words` stands on."""
        met = zip(reversed(self.starts), reversed(self.lines), strict=True)
        return next(line for start, line in met if start <= place + 1)


def _has_refusal(record: Record) -> bool:
    return any(line.has_refusal or line.refuses for line in record.lines)


def _parts_from_number(record: Record, line: Line) -> bool:
    """Whether a number of the sign-in service and a refusal of a mail server meet: they are two things."""
    if "AADSTS" in line.body:
        return _has_refusal(record) and " aadsts" not in record.words
    return line.has_refusal and " aadsts" in record.words


def _goes_on(record: Record, line: Line) -> bool:
    """Whether `line` belongs to `record`."""
    before = record.lines[-1]
    if before.more and before.code == line.code:
        return True
    if len(record.lines) >= _MAX_LINES:
        return False
    if line.refuses or (line.has_refusal and _has_refusal(record)) or _parts_from_number(record, line):
        # A refused sign-in behind an anonymous refusal is its reason; a code alone on its line waits for its words.
        waits = line.code is None and not line.logged and _WAITS.search(before.body)
        return bool(waits) or (_NOT_SIGNED_IN in record.words and " 535 " not in record.words)
    return not line.logged and not line.raw.startswith("{")


def _windows(text: str) -> Iterator[str]:
    """Cut what is too long at blanks, each piece beginning with the end of the one before."""
    at = 0
    while len(text) - at > _MAX_PIECE:
        end = text.rfind(" ", at + _OVERLAP, at + _MAX_PIECE)
        end = at + _MAX_PIECE if end < 0 else end
        yield text[at:end]
        begins = text.find(" ", end - _OVERLAP, end)
        at = end if begins < 0 else begins
    yield text[at:]


def _pieces(raw: str) -> Iterator[str]:
    """Cut a line where a program wrote a break as an escape, where it is too long, and before every further refusal."""
    for part in _ESCAPED_BREAK.split(raw) if "\\n" in raw else (raw,):
        for piece in _windows(part):
            found = [match.start() for match in _FURTHER.finditer(piece)] if len(piece) > _SHORT else []
            if len(found) < 2 or _NOT_SIGNED.search(piece):  # noqa: PLR2004 - one refusal stays whole
                yield piece
            else:
                yield from (piece[begin:end] for begin, end in pairwise([0, *found[1:], len(piece)]))


def _lines(text: str) -> Iterator[Line]:
    """Yield the lines of a text, some of them in pieces, but for those of web servers."""
    for number, raw in enumerate(_BREAK.split(text), 1):
        if _WEB.search(raw):
            continue
        side: Side | None = None
        for piece in _pieces(raw):
            line = read_line(number, piece)
            if side == "client":
                line.side, line.code = "client", None
            side = line.side
            yield line


def records(text: str) -> Iterator[Record | Line]:
    """Yield the records of a text in order, and between them the healthy lines and those of the client, one by one."""
    record = Record()
    message = sending = False
    for line in _lines(text):
        talk = line.side == "client" or (line.healthy and masked(line.body) is None)
        if message and line.side is None and not line.logged and not (line.healthy or line.has_refusal or line.refuses):
            message = line.body != "."  # what the client sends between 354 and a dot
            continue
        message = sending and line.code == "354"
        sending = line.side == "client" and line.body.strip("'\"b").upper().startswith("DATA")
        if record.lines and not line.body and _LABEL.search(record.lines[-1].body):
            continue
        if record.lines and (talk or not line.body or not _goes_on(record, line)):
            yield record
            record = Record()
        if talk:
            yield line
        elif line.body:
            record.add(line)
    if record.lines:
        yield record
