"""The scanner mailboxes to run over, from a CSV or TOML file: one at a time, whatever the rest of the file is like."""

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from diag.files import why
from diag.fleet.columns import scanner_of
from diag.fleet.seen import Seen
from diag.fleet.sheet import Row, decoded, rows
from diag.fleet.tables import MOST_BYTES, Tables, tables
from diag.health.run import BadRow
from diag.health.scanner import Scanner
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError, printable

_LINE = 1 << 32  # a place is the number of a file and of a line in it
_EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_TOML = re.compile(rb"\s*(?:#[^\n]*\n\s*)*(?:\[\[?\s*(?:mailbox|tenant)\b|(?:mailbox|tenant|include)\s*=)")
_HEAD = 64 * 1024
_SHEETS = frozenset({".csv", ".tsv", ".txt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A row for a mailbox that stood there before; it is not run again.

    `file` and `first_file` are the names of included files; empty for the inventory itself.
    """

    line: int
    mailbox: str
    first_line: int
    file: str = ""
    first_file: str = ""


def _to_nobody(_: Sentence) -> None:
    pass


def read(
    path: Path, told: Callable[[Sentence], None] = _to_nobody
) -> Generator[Scanner | BadRow | Duplicate, None, None]:
    """Yield what each row of an inventory is; no more than one row is held at a time.

    `told` hears what holds for a whole file: its encoding, columns that are not used. Raises `InvalidInputError` for a
    file that cannot be used, before the first row unless it fails while it is read.
    """
    seen = Seen()
    files: list[str] = []
    for file, row in _rows(path, told):
        if not files or files[-1] != file:
            files.append(file)
        if isinstance(row, BadRow):
            yield row if not file else _in(file, row)
            continue
        try:
            scanner = scanner_of(row.cells, row.line)
        except InvalidInputError as problem:
            bad = BadRow(line=row.line, because=problem.sentence)
            yield bad if not file else _in(file, bad)
            continue
        first = seen.first(scanner.key, (len(files) - 1) * _LINE + row.line)
        if first is None:
            yield scanner
        else:
            index, line = divmod(first, _LINE)
            yield Duplicate(line=row.line, mailbox=scanner.mailbox, first_line=line, file=file, first_file=files[index])


def count(path: Path) -> int | None:
    """Return how many rows `read` yields; None where it raises."""
    try:
        return sum(1 for _ in _rows(path, _to_nobody))
    except InvalidInputError:
        return None


def tables_of(path: Path) -> Tables | None:
    """Return what a TOML inventory holds; None for a CSV file.

    Raises `InvalidInputError` for a file that cannot be used.
    """
    with ExitStack() as stack:
        file = _opened(path, stack)
        return _tables(file, path)


def _in(file: str, row: BadRow) -> BadRow:
    return BadRow(line=row.line, because=say("{file}: {because}", file=file, because=row.because))


def _shown(path: Path) -> str:
    return printable(str(path), 200)


def _rows(path: Path, told: Callable[[Sentence], None]) -> Iterator[tuple[str, Row | BadRow]]:
    """Yield every row, with the included file that it stands in; all files are opened before the first."""
    with ExitStack() as stack:
        file = _opened(path, stack)
        found = _tables(file, path)
        if found is None:
            sheets = [("", path, _sheet(file, path, stack, told))]
        else:
            sheets = [(name, path.parent / name, _included(path.parent / name, stack, told)) for name in found.include]
            yield from (("", row) for row in found.mailboxes)
        for name, place, sheet in sheets:
            try:
                yield from ((printable(name, 200), row) for row in sheet)
            except OSError as problem:
                raise _unreadable(place, problem) from None


def _included(path: Path, stack: ExitStack, told: Callable[[Sentence], None]) -> Iterator[Row | BadRow]:
    file = _opened(path, stack)
    if _is_toml(file, path):
        raise InvalidInputError(say("{file} is TOML: an inventory includes CSV files only.", file=_shown(path)))
    return _sheet(file, path, stack, told)


def _sheet(file: BinaryIO, path: Path, stack: ExitStack, told: Callable[[Sentence], None]) -> Iterator[Row | BadRow]:
    try:
        return rows(stack.enter_context(decoded(file, _shown(path), told)), _shown(path), told)
    except OSError as problem:
        raise _unreadable(path, problem) from None


def _opened(path: Path, stack: ExitStack) -> BinaryIO:
    """Open a file, at its beginning; raises `InvalidInputError` for what is none, or is known to be something else."""
    if _is_pipe(path):
        # It could be read only once; a run that is resumed, and one that counts first, read it again.
        raise InvalidInputError(say("{file} is not a file: save the inventory as one.", file=_shown(path)))
    try:
        file = stack.enter_context(path.open("rb"))
        start = file.read(4)
        file.seek(0)
    except (OSError, ValueError) as problem:  # the latter is for a name that no file can have
        raise _unreadable(path, problem) from None
    if start in _EXCEL:
        raise InvalidInputError(
            say("{file} is an Excel workbook: save it as 'CSV UTF-8' in Excel, and give that.", file=_shown(path))
        )
    return file


def _is_pipe(path: Path) -> bool:
    try:
        return path.exists() and not path.is_dir() and not path.is_file()
    except OSError:
        return False  # opening it says why


def _is_toml(file: BinaryIO, path: Path) -> bool:
    if path.suffix.lower() == ".toml":
        return True
    if path.suffix.lower() in _SHEETS:
        return False
    head = file.read(_HEAD)
    file.seek(0)
    return bool(_TOML.match(head.removeprefix(b"\xef\xbb\xbf")))


def _tables(file: BinaryIO, path: Path) -> Tables | None:
    try:
        return tables(file.read(MOST_BYTES + 1), _shown(path)) if _is_toml(file, path) else None
    except OSError as problem:
        raise _unreadable(path, problem) from None


def _unreadable(path: Path, problem: OSError | ValueError) -> InvalidInputError:
    reason = why(problem) if isinstance(problem, OSError) else type(problem).__name__
    return InvalidInputError(say("{path} cannot be read: {reason}.", path=_shown(path), reason=reason))
