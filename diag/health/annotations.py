"""The annotations file: findings that are known, why they are left alone, and until when."""

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from diag.files import toml
from diag.health.scanner import Scanner
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError, printable

_WHAT = ("mailbox", "cause", "tenant", "site")
_KEYS = (*_WHAT, "reason", "until", "by", "ticket")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """One `[[mute]]`: the findings that fit all that it names (`*` stands for anything) are muted through `until`.

    `number` is its place in the file, from 1. An empty `mailbox`, `cause`, `tenant` or `site` fits all.
    """

    number: int
    reason: str
    until: date
    mailbox: str = ""
    cause: str = ""
    tenant: str = ""
    site: str = ""
    by: str = ""
    ticket: str = ""

    def is_over(self, now: datetime) -> bool:
        """Whether its last day (UTC) has passed."""
        return now.astimezone(UTC).date() > self.until

    def fits(self, scanner: Scanner, cause: str) -> bool:
        """Whether a finding is meant; case does not matter."""
        return (
            _fits(self.mailbox, scanner.mailbox)
            and _fits(self.cause, cause)
            and _fits(self.tenant, scanner.realm)
            and _fits(self.site, scanner.site)
        )


def _fits(pattern: str, text: str) -> bool:
    return not pattern or _compiled(pattern).match(text.casefold()) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern.casefold()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """All that an annotations file mutes; without a file nothing."""

    mutes: tuple[Mute, ...] = ()

    def fitting(self, scanner: Scanner, cause: str) -> tuple[Mute, ...]:
        """Return those that mean a finding, whether over or not, the one that lasts longest first."""
        fitting = [mute for mute in self.mutes if mute.fits(scanner, cause)]
        return tuple(sorted(fitting, key=lambda mute: mute.until, reverse=True))


def annotations_of(content: bytes, shown_name: str) -> Annotations:
    """Read an annotations file (TOML); `shown_name` is what it goes by in the `InvalidInputError` this raises."""
    table = toml(content, shown_name)
    for key in table:
        if key != "mute":
            raise InvalidInputError(say("{file}: there is no key '{key}'.", file=shown_name, key=printable(key)))
    tables = table.get("mute", [])
    if not isinstance(tables, list) or not all(isinstance(entry, dict) for entry in tables):
        raise InvalidInputError(say("{file}: write [[mute]], in double brackets.", file=shown_name))
    return Annotations(mutes=tuple(_mute(entry, number, shown_name) for number, entry in enumerate(tables, 1)))


def _mute(table: Mapping[str, Any], number: int, file: str) -> Mute:
    def wrong(problem: Sentence) -> InvalidInputError:
        return InvalidInputError(say("{file}, [[mute]] {number}: {problem}", file=file, number=number, problem=problem))

    for key in table:
        if key not in _KEYS:
            raise wrong(say("there is no key '{key}'.", key=printable(key)))
    for key in ("reason", "until"):
        if key not in table:
            raise wrong(say("the key '{key}' is missing.", key=key))
    until = table["until"]
    if not isinstance(until, date) or isinstance(until, datetime):
        raise wrong(say("'{key}' is a date without quotation marks, like 2026-12-31.", key="until"))
    words = {key: value for key, value in table.items() if key != "until"}
    for key, value in words.items():
        if not isinstance(value, str) or not value.strip():
            raise wrong(say("'{key}' is a text in quotation marks, and not empty.", key=key))
    if not any(key in words for key in _WHAT):
        raise wrong(say("it names no mailbox, cause, tenant or site that is meant."))
    return Mute(number=number, until=until, **{key: value.strip() for key, value in words.items()})
