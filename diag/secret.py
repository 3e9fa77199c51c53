"""Secrets: a type that never shows itself, and the one place that removes them from text."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import quote

REDACTED = "[redacted]"
_GRAM = 12  # characters in a row that betray a secret; shorter secrets are looked for whole


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


@dataclass(slots=True)
class Redactor:
    """Removes known secrets, whole or in parts of twelve characters and more, from any text."""

    _known: set[str] = field(default_factory=set, repr=False)
    _parts: set[str] = field(default_factory=set, repr=False)
    _whole: set[str] = field(default_factory=set, repr=False)

    def add(self, secret: Secret) -> None:
        """Make `secret` known; from here on no text that passes through shows it."""
        if secret.reveal() in self._known:
            return
        self._known.add(secret.reveal())
        for spelling in _spellings(secret.reveal()):
            if len(spelling) >= _GRAM:
                self._parts.update(spelling[at : at + _GRAM] for at in range(len(spelling) - _GRAM + 1))
            elif spelling:
                self._whole.add(spelling)

    def clean(self, text: str) -> str:
        """Return `text` with every known secret replaced by `[redacted]`."""
        if self._whole:
            # The mark goes first, so that a secret that is part of it does not eat it when a text is cleaned again.
            known = "|".join(map(re.escape, (REDACTED, *sorted(self._whole, key=len, reverse=True))))
            text = re.sub(known, REDACTED, text)
        if not self._parts:
            return text
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
