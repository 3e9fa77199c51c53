"""Read a sheet of comma-separated values as people have them: any separator, encoding and accident; a row at a time."""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, TextIO

from diag.fleet.columns import MAILBOX, chosen, refuse_secrets
from diag.health.run import BadRow
from diag.secret import scrub
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError, is_address, printable

_LONGEST = 65_536  # characters of a line, and of a row that goes over several
_MOST_LINES = 100  # of one row
_MOST_SHOWN = 20  # columns
_CHUNK = 1 << 16
_SEPARATORS = ",;\t"
_HINT = re.compile(r'"?sep=([,;\t|])"?', re.IGNORECASE)  # Excel's own first line


@dataclass(frozen=True, slots=True)
class Row:
    """What one row says, by the names of `diag.fleet.columns`, untouched; `line` is where it begins."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line with its number; None in place of one that is too long."""

    number: int
    text: str | None


class _Lines:
    """The lines of a text, which can be put back. No more than one is held, however long."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._number = 0
        self._back: deque[_Line] = deque()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> _Line:
        if self._back:
            return self._back.popleft()
        text = self._text.readline(_LONGEST + 1)
        if not text:
            raise StopIteration
        self._number += 1
        if len(text) <= _LONGEST or text.endswith("\n"):
            return _Line(self._number, text)
        while (rest := self._text.readline(_LONGEST)) and not rest.endswith("\n"):
            pass
        return _Line(self._number, None)

    def put_back(self, lines: Sequence[_Line]) -> None:
        self._back.extendleft(reversed(lines))


def decoded(file: BinaryIO, shown: str, told: Callable[[Sentence], None]) -> TextIO:
    """Return an open file, called `shown`, as text; `told` hears where its encoding had to be guessed."""
    encoding = _encoding(file)
    if encoding == "cp1252":
        told(
            say(
                "{file} is not in UTF-8, and was read as Windows-1252. If letters with accents look wrong, save it as"
                " 'CSV UTF-8'.",
                file=shown,
            )
        )
    # What changes while it is read may not decode any more; the row says so then, with a sign that no address has.
    return io.TextIOWrapper(file, encoding, errors="replace", newline=None)


def rows(text: TextIO, shown: str, told: Callable[[Sentence], None]) -> Iterator[Row | BadRow]:
    """Read the header of a sheet, called `shown`, and return what yields its rows; `told` hears what is not used.

    Raises `InvalidInputError` for what is no sheet of mailboxes.
    """
    lines = _Lines(text)
    first, separator = _beginning(lines, shown)
    lines.put_back([first])
    header = next(_records(lines, separator))
    if isinstance(header, BadRow):
        raise InvalidInputError(
            say("The first line of {file} is no header: {reason}", file=shown, reason=header.because)
        )
    cells = [cell.strip() for cell in header[1]]
    if is_address(cells[0]):
        return _rows(chain([header], _records(lines, separator)), (MAILBOX,), _MORE_THAN_AN_ADDRESS)
    return _rows(_records(lines, separator), _columns(cells, shown, told), _MORE_THAN_THE_HEADER)


_MORE_THAN_AN_ADDRESS = say("The line has more than one address; without a header an inventory has one on each line.")
_MORE_THAN_THE_HEADER = say(
    "The row has more cells than the header: put quotation marks around a text that holds the separator."
)


def _encoding(file: BinaryIO) -> str:
    """Tell the encoding from the whole file, a piece at a time."""
    start = file.read(3)
    file.seek(0)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        file.seek(0)
    return "utf-8-sig"


def _is_said(text: str) -> bool:
    """Whether a line is anything but blanks and a comment."""
    bare = text.strip().strip("\0")
    return bool(bare) and not bare.startswith("#")


def _beginning(lines: _Lines, shown: str) -> tuple[_Line, str]:
    """Return the first line that says something, and what separates its cells."""
    hinted = ""
    for line in lines:
        if line.text is None:
            return line, _SEPARATORS[0]
        if not hinted and (hint := _HINT.fullmatch(line.text.rstrip("\n"))):
            hinted = hint[1]
        elif _is_said(line.text):
            return line, hinted or _separator(line.text)
    raise InvalidInputError(say("{file} is empty.", file=shown))


def _separator(text: str) -> str:
    """Return what makes most of the first line: columns that are known, else an address, else many cells."""

    def sense(separator: str) -> tuple[int, bool, int]:
        cells = next(csv.reader([text], delimiter=separator))
        return sum(name is not None for name in chosen(cells)), is_address(cells[0].strip()), len(cells)

    return max(_SEPARATORS, key=sense)


def _columns(cells: Sequence[str], shown: str, told: Callable[[Sentence], None]) -> Sequence[str | None]:
    refuse_secrets(cells, shown)
    found = chosen(cells)
    if MAILBOX not in found:
        raise InvalidInputError(
            say("{file} has no column 'mailbox'. Its columns are: {columns}.", file=shown, columns=_named(cells))
        )
    unused = [cell for cell, name in zip(cells, found, strict=True) if name is None and cell]
    if unused:
        told(say("Of {file} these columns are not used: {columns}.", file=shown, columns=_named(unused)))
    return found


def _named(cells: Sequence[str]) -> str:
    names = ", ".join(f"'{printable(scrub(cell), 40)}'" for cell in cells[:_MOST_SHOWN])
    return names if len(cells) <= _MOST_SHOWN else f"{names}, ..."


def _records(lines: _Lines, separator: str) -> Iterator[tuple[int, list[str]] | BadRow]:
    """Yield the cells of each row, with the line it begins on."""
    for line in lines:
        if line.text is None:
            yield BadRow(line=line.number, because=say("The line is longer than {count} characters.", count=_LONGEST))
        elif _is_said(line.text):
            cells = _cells(line, lines, separator)
            if cells is None:
                yield BadRow(line=line.number, because=say("A quotation mark is opened on this line and never closed."))
            else:
                yield line.number, cells


def _cells(first: _Line, lines: _Lines, separator: str) -> list[str] | None:
    """Read one row, over as many lines as its quotation marks go; None where they do not end within reason.

    The lines after the first are then read again, each for itself: one mark must not swallow the mailboxes behind it.
    """
    more: list[_Line] = []
    unfinished = False

    def feed() -> Iterator[str]:
        nonlocal unfinished
        yield first.text or ""
        size = len(first.text or "")
        for line in lines:
            more.append(line)
            size += len(line.text or "")
            if line.text is None or len(more) >= _MOST_LINES or size > _LONGEST:
                break
            yield line.text
        unfinished = True

    cells = next(csv.reader(feed(), delimiter=separator))
    if unfinished or (more and not _is_clean([first, *more], separator)):
        lines.put_back(more)
        return None
    return cells


def _is_clean(lines: Sequence[_Line], separator: str) -> bool:
    """Whether each mark that closes a text over several lines ends its cell: else it was to open another one."""
    try:
        list(csv.reader([line.text or "" for line in lines], delimiter=separator, strict=True))
    except csv.Error:
        return False
    return True


def _rows(
    records: Iterator[tuple[int, list[str]] | BadRow], names: Sequence[str | None], more: Sentence
) -> Iterator[Row | BadRow]:
    for record in records:
        if isinstance(record, BadRow):
            yield record
            continue
        line, cells = record
        if any(map(str.strip, cells[len(names) :])):
            yield BadRow(line=line, because=more)
        elif any(map(str.strip, cells)):
            yield Row(line, {name: cell for name, cell in zip(names, cells, strict=False) if name})
