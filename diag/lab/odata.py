"""The part of OData's `$filter` that the lab understands: comparisons, `any`, `startswith`, joined by and, or, not.

Texts are compared without regard to case; that the real service does so everywhere is not established.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, TypeAlias

Row: TypeAlias = Mapping[str, Any]
Test: TypeAlias = Callable[[Row], bool]

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[(),]|[^\s(),']+)")
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


class FilterError(ValueError):
    """A filter that is not understood; its text says why."""


def _bad(why: str) -> NoReturn:
    raise FilterError(why)


def matching(rows: Iterable[Row], text: str, properties: frozenset[str]) -> list[Row]:
    """Return the rows a filter lets through; raises `FilterError` for a bad filter and an unknown property."""
    test = _Reader(_tokens(text), properties).whole()
    return [row for row in rows if test(row)]


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            _bad("Invalid filter clause")
        found.append(token[1])
        at = token.end()
    return found


@dataclass(slots=True)
class _Reader:
    """Reads a filter from its tokens, the first of them next."""

    tokens: list[str]
    properties: frozenset[str]

    def whole(self) -> Test:
        test = self._either()
        if self.tokens:
            _bad(f"Invalid filter clause: '{self.tokens[0]}' was not expected")
        return test

    def _take(self, *wanted: str) -> str:
        if not self.tokens or (wanted and self.tokens[0] not in wanted):
            _bad("Invalid filter clause")
        return self.tokens.pop(0)

    def _next_is(self, word: str) -> bool:
        return bool(self.tokens) and self.tokens[0] == word

    def _either(self) -> Test:
        tests = [self._both()]
        while self._next_is("or"):
            self._take()
            tests.append(self._both())
        return lambda row: any(test(row) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._next_is("and"):
            self._take()
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        word = self._take()
        match word:
            case "not":
                test = self._one()
                return lambda row: not test(row)
            case "(":
                test = self._either()
                self._take(")")
                return test
            case "startswith" | "startsWith":
                return self._begins()
            case _ if word.endswith("/any"):
                return self._any(self._property(word.removesuffix("/any")))
            case _:
                path, (compare, value) = self._property(word), self._comparison()
                return lambda row: compare(_of(row, path), value)

    def _property(self, word: str) -> str:
        if word.partition("/")[0] not in self.properties:
            _bad(f"Could not find a property named '{word}'")
        return word

    def _comparison(self) -> tuple[Callable[[Any, Any], bool], Any]:
        operation, literal = _COMPARED[self._take(*_COMPARED)], _literal(self._take())

        def compare(value: Any, wanted: Any) -> bool:
            try:
                return operation(_like(wanted, value), wanted)
            except (TypeError, ValueError):
                return False

        return compare, literal

    def _begins(self) -> Test:
        self._take("(")
        path = self._property(self._take())
        self._take(",")
        beginning = _literal(self._take())
        self._take(")")
        return lambda row: str(_of(row, path) or "").casefold().startswith(str(beginning))

    def _any(self, path: str) -> Test:
        """Read `(p:p eq 'x')`, however it is spaced."""
        self._take("(")
        variable = self._take()
        if variable.endswith(":"):
            self._take(variable.removesuffix(":"))
        compare, value = self._comparison()
        self._take(")")
        return lambda row: any(compare(one, value) for one in _of(row, path) or ())


def _of(row: Row, path: str) -> Any:
    """Return the value at a path like `status/errorCode`."""
    value: Any = row
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _literal(token: str) -> Any:
    if token.startswith("'"):
        return token[1:-1].replace("''", "'").casefold()
    if token in _WORDS:
        return _WORDS[token]
    for read in (int, datetime.fromisoformat):
        try:
            return read(token)
        except ValueError:
            continue
    _bad(f"Invalid filter clause: '{token}' is no value")


def _like(wanted: Any, value: Any) -> Any:
    """Return a value in the form it can be compared in."""
    if isinstance(wanted, datetime):
        return datetime.fromisoformat(value)
    return value.casefold() if isinstance(value, str) else value
