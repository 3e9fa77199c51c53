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
