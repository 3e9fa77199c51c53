"""Secrets: a type that never shows itself, and the one place that removes them from text."""

import base64
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import quote

REDACTED = "[redacted]"
_GRAM = 12  # characters in a row that betray a secret; shorter secrets are looked for whole
_PROBE = 6  # characters of a text that are looked for in the secrets
_MANY_PROBES = 1000  # from here on an index of all parts costs less
_MOST_ROWS = 256  # that servers repeat, and that are not probed again
_PLAIN = re.compile(rf"[\w.~+/=%-]{{{_GRAM},}}", re.ASCII)  # what tokens are made of, in any spelling
_ANY = re.compile(rf".{{{_GRAM},}}", re.DOTALL)


class Secret:
    """A token, client secret or device code. `reveal()` is the only way to its value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself; call it only where the value leaves for the service it belongs to."""
        return self._value

    def __len__(self) -> int:
        return len(self._value)

    def __repr__(self) -> str:
        return "Secret()"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        message = "a secret is not written anywhere"
        raise TypeError(message)


# What is a secret by its looks: what stands behind AUTH, Bearer or password=, a token (JWT, on as many lines as it
# takes, or a refresh token of Entra's), and any long row of base64, which may be a user name and token.
_NAMES = (
    r"pass(?:word|wd|phrase|wort|e)?|pwd|kennwort|contraseña|senha|wachtwoord|mdp|secret"
    r"|refresh_?token|access_?token|id_?token|device_?code|assertion"
)
_LOOKS = re.compile(
    r"(?P<kept>\bbearer\s+|\bbasic\s+(?=[\w+/=]{8})(?=[A-Za-z+/]*[\d=])|\bauth\s+(?:login|plain|xoauth2|oauthbearer)\s+(?=\S*[\d=+/])(?!xoauth2\b|[2-5]\d\d\b)"
    r"|\b\w{2,12}://[^\s:/@]{1,64}:(?=[^\s@/]{1,128}@)"
    r"|\s-{1,2}(?:(?:auth-)?password|ap|pass)[\s=]\s{0,3}|\s-u\s{1,3}[^\s:]{1,64}:"
    rf"|(?:{_NAMES})[\"'\]\\)]{{0,4}}\s{{0,16}}(?:=>|[=:>]|(?<=[\"']),)\s{{0,16}}(?:value=)?(?![45]\d\d\b)(?=\S))"
    r"(?:\\{0,3}\"[^\"]{1,4096}\"?|\\{0,3}'[^']{1,4096}'?|[^\s\"'\\;}<]{2,})"
    r"|(?P<call>(?:\blogin|\bauthenticate|NetworkCredential)\(|ConvertTo-SecureString\s)(?=\s?[\"'])[^)\n]{2,400}"
    r"|eyJ[\w-]{16,}(?:\.\s{0,9}[\w-]{2,}|\n\s{0,9}[\w.-]{16,}){0,200}"
    r"|(?<![\w.])[01]\.A[\w-]{30,}(?:\.[\w-]+){0,4}"
    r"|(?<![\w.])M\.[CR]\d{2,4}_[A-Z0-9]{2,5}\.[\w.!*$-]{20,}"
    r"|(?<![\w/+.-])(?P<row>[\w/+-]{60,}={0,2})",
    re.IGNORECASE,
)
_STRETCH = 24  # characters without a sign in between, as base64 has them in any long row
_ROW = 60  # characters without a blank, from which on they may be a secret
# What each of these patterns needs; a text without any of it is not searched, which is slow.
_HINTS = (
    *("eyj", "0.a", "1.a", "m.c", "m.r", "bearer", "basic ", "auth login", "auth plain", "auth xoauth", "auth oauth"),
    *("pass", "pwd", "kennwort", "wachtwoord", "mdp", "secret", "contrase", "senha", "refresh", "access_t", "accesst"),
    *("id_t", "idt", "device_c", "devicec", "assertion", "login(", "authenticate(", "networkcred", "-ap ", "-u ", "@"),
)


def _is_mixed(row: str) -> bool:
    return all(re.search(kind, row) for kind in ("[0-9]", "[A-Z]", "[a-z]"))


def _redacted(match: re.Match[str]) -> str:
    row = match["row"]
    if row and not (_is_mixed(row) and max(map(len, re.split("[+/_-]", row))) >= _STRETCH):
        return row  # a path, a line of dashes, words of a URL
    return f"{match['kept'] or match['call'] or ''}{REDACTED}"


def scrub(text: str) -> str:
    """Return `text` with everything that looks like a secret replaced by `[redacted]`, known to diag or not."""
    if len(max(text.split(), key=len, default="")) < _ROW:
        low = text.lower()
        if not any(hint in low for hint in _HINTS):
            return text
    return _LOOKS.sub(_redacted, text)


def _spellings(secret: str) -> Iterable[str]:
    """Yield the secret as it may appear: plain, URL-encoded, and in base64 behind 0, 1 or 2 other bytes."""
    yield secret
    if (encoded := quote(secret, safe="")) != secret:
        yield encoded
    raw = secret.encode()
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + raw).decode()
        # The first and last group of four also hold bytes that are not the secret's.
        inner = whole[(0, 4, 4)[before] : len(whole) - 4]
        if inner:
            yield inner
            if "+" in inner or "/" in inner:
                yield inner.replace("+", "-").replace("/", "_")


@dataclass(slots=True, eq=False)
class Redactor:
    """Removes known secrets, whole or in parts of twelve characters and more, from any text.

    Most texts hold none, and are only probed: of twelve characters in a row, the six that begin at one of every seven
    places are looked for in the secrets. Only where six are found there, the text is looked through with an index of
    all parts of all secrets. That index is large and takes long to make; with it the number of secrets does not matter,
    so it is made too once there were many probes.
    """

    _known: set[str] = field(default_factory=set, repr=False)
    _long: list[str] = field(default_factory=list, repr=False)
    _short: list[str] = field(default_factory=list, repr=False)
    _is_plain: bool = True
    _joined: tuple[int, str] = field(default=(0, ""), repr=False)
    _parts: set[str] = field(default_factory=set, repr=False)
    _indexed: int = 0
    _probes: int = 0
    _harmless: dict[str, int] = field(default_factory=dict, repr=False)  # rows that were probed, by so many spellings
    _outer: "Redactor | None" = field(default=None, repr=False)
    _inner: "list[Redactor]" = field(default_factory=list, repr=False)

    @contextmanager
    def scope(self) -> "Iterator[Redactor]":
        """Give a redactor for one piece of work, whose secrets are forgotten after it.

        It knows what this one knows; and until then this one removes its secrets too, as in a log of both.
        """
        inner = Redactor(_outer=self)
        self._inner.append(inner)
        try:
            yield inner
        finally:
            self._inner.remove(inner)

    def add(self, secret: Secret) -> None:
        """Make `secret` known; from here on no text that passes through shows it."""
        value = secret.reveal()
        if value in self._known:
            return
        self._known.add(value)
        if len(value) >= _GRAM and not _PLAIN.fullmatch(value):  # its other spellings are plain always
            self._is_plain = False
        for spelling in dict.fromkeys(_spellings(value)):
            if spelling:
                (self._long if len(spelling) >= _GRAM else self._short).append(spelling)

    def clean(self, text: str) -> str:
        """Return `text` with every known secret replaced by `[redacted]`."""
        one = self._outer
        while one is not None:
            text, one = one._without_own(text), one._outer  # noqa: SLF001 - of its own kind
        return self._without_inner(text)

    def _without_inner(self, text: str) -> str:
        for inner in tuple(self._inner):
            text = inner._without_inner(text)  # noqa: SLF001 - of its own kind
        return self._without_own(text)

    def _without_own(self, text: str) -> str:
        if self._short:
            # The mark goes first, so that a secret that is part of it does not eat it when a text is cleaned again.
            short = "|".join(map(re.escape, (REDACTED, *sorted(self._short, key=len, reverse=True))))
            text = re.sub(short, REDACTED, text)
        if not self._long:
            return text
        known = tuple(self._long)
        rows = (_PLAIN if self._is_plain else _ANY).findall(text)
        return self._replaced(text, known) if any(self._may_hold_part(row, known) for row in rows) else text

    def _may_hold_part(self, row: str, known: tuple[str, ...]) -> bool:
        if self._harmless.get(row) == len(known):
            return False
        places = range(0, len(row) - _PROBE + 1, _GRAM - _PROBE + 1)
        self._probes += len(places)
        if self._probes > _MANY_PROBES:
            self._index(known)
            found = any(row[at : at + _GRAM] in self._parts for at in range(len(row) - _GRAM + 1))
        else:
            if self._joined[0] != len(known):
                self._joined = (len(known), "\0".join(known))
            found = any(row[at : at + _PROBE] in self._joined[1] for at in places)
        if not found and len(row) <= _ROW:
            if len(self._harmless) >= _MOST_ROWS:
                self._harmless.clear()
            self._harmless[row] = len(known)
        return found

    def _index(self, known: tuple[str, ...]) -> None:
        for spelling in known[self._indexed :]:
            self._parts.update(spelling[at : at + _GRAM] for at in range(len(spelling) - _GRAM + 1))
        self._indexed = max(self._indexed, len(known))

    def _replaced(self, text: str, known: tuple[str, ...]) -> str:
        self._index(known)
        kept: list[str] = []
        done = at = 0
        while at <= len(text) - _GRAM:
            if text[at : at + _GRAM] not in self._parts:
                at += 1
                continue
            end = at + _GRAM
            while text[end - _GRAM + 1 : end + 1] in self._parts and end < len(text):
                end += 1
            kept += [text[done:at], REDACTED]
            done = at = end
        return "".join((*kept, text[done:]))
