"""Evidence to and from a file, through one pydantic adapter: what `--evidence` writes and `diag replay` reads."""

import math
import string
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diag.evidence import Evidence
from diag.files import why, write
from diag.sentence import Sentence, Value, say
from diag.subject import InvalidInputError, printable

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA = "diag.evidence/1"
_FAMILY = "diag.evidence/"
_MARKUP = frozenset("<>[]`|\\*_#!")
_MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Archive:
    evidence: Evidence
    schema: str = SCHEMA


@cache
def _adapter() -> "TypeAdapter[_Archive]":
    from pydantic import TypeAdapter

    return TypeAdapter(_Archive)


def dump(evidence: Evidence) -> bytes:
    """Return `evidence` as JSON, UTF-8, with the name and version of its form."""
    return _adapter().dump_json(_Archive(evidence=evidence), indent=2, ensure_ascii=True) + b"\n"


def pack(evidence: Evidence) -> bytes:
    """Return `evidence` as `dump` does, small: for a store that keeps one of every mailbox of every run."""
    return zlib.compress(_adapter().dump_json(_Archive(evidence=evidence)), 1)


def unpack(packed: bytes) -> Evidence:
    """Return what `pack` was given; raises `ValueError` for what is not that, or of a form not known here."""
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, _MAX_BYTES)
    except zlib.error as damaged:
        raise ValueError(str(damaged)) from None
    archive = _adapter().validate_json(content)
    if archive.schema != SCHEMA or not all(map(_is_harmless, _sentences(archive.evidence))):
        raise ValueError(archive.schema)
    return archive.evidence


def save(evidence: Evidence, path: Path) -> None:
    """Write `evidence` to `path`, readable by its owner alone; raises `InvalidInputError` where that fails."""
    write(path, dump(evidence), private=True)


@cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


def _sentences(whole: object) -> Iterator[Sentence]:
    """Yield every sentence in a piece of evidence."""
    left: list[Any] = [whole]
    while left:
        part = left.pop()
        if isinstance(part, Sentence):
            yield part
        elif isinstance(part, tuple):
            left += part
        else:
            left += [getattr(part, name) for name in _fields(type(part))]  # type: ignore[arg-type] # a class has a hash


def _is_harmless(sentence: Value) -> bool:
    """Whether the sentence is plain words that only name its own values.

    A text that diag did not write may hold markup or drive a terminal; a format such as {x:>999999999} would exhaust
    the memory.
    """
    if not isinstance(sentence, Sentence):
        return True
    names = {name for name, _ in sentence.values}
    try:
        parts = list(string.Formatter().parse(sentence.text))
    except ValueError:
        return False
    if any(not words.isprintable() or not _MARKUP.isdisjoint(words) for words, *_ in parts):
        return False
    filled = all(name is None or (name in names and not form and not turn) for _, name, form, turn in parts)
    return filled and all(_is_harmless(value) for _, value in sentence.values)


def _is_finite(part: Any) -> bool:
    """Whether no number in parsed JSON is infinite: 1e999 is, though it is written like any other."""
    match part:
        case float():
            return math.isfinite(part)
        case dict():
            return all(map(_is_finite, part.values()))
        case list():
            return all(map(_is_finite, part))
        case _:
            return True


def _check_form(content: bytes, shown: str) -> None:
    """Refuse what is not evidence, or evidence of a form this version does not know; raises `InvalidInputError`."""
    from pydantic_core import from_json

    foreign = InvalidInputError(say("{path} is not evidence saved by diag.", path=shown))
    try:
        whole: Any = from_json(content, allow_inf_nan=False)
    except ValueError:
        raise foreign from None
    form = whole.get("schema") if isinstance(whole, dict) else None
    if not isinstance(form, str) or not form.startswith(_FAMILY):
        raise foreign
    if form != SCHEMA:
        raise InvalidInputError(
            say("{path} was saved by another version of diag ({form}); use that one.", path=shown, form=printable(form))
        )
    if not _is_finite(whole):
        raise foreign


def load(path: Path) -> Evidence:
    """Read evidence back; raises `InvalidInputError` for a file that cannot be read or is not evidence."""
    shown = printable(str(path), 200)
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as problem:
        raise InvalidInputError(say("{path} cannot be read: {reason}.", path=shown, reason=why(problem))) from None
    if len(content) > _MAX_BYTES:
        raise InvalidInputError(say("{path} is too large to be evidence.", path=shown))
    _check_form(content, shown)
    damaged = InvalidInputError(say("{path} is damaged: it is not complete evidence.", path=shown))
    try:
        evidence = _adapter().validate_json(content).evidence
    except ValueError:
        raise damaged from None
    if not all(_is_harmless(sentence) for sentence in _sentences(evidence)):
        raise damaged
    return evidence
