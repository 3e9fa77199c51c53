"""Where a secret stands, as people write it: a variable, a file, or an entry of the system's keyring. Pure."""

import re
from dataclasses import dataclass
from typing import TypeAlias

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")  # narrow: a secret by mistake must not pass for a name


@dataclass(frozen=True, slots=True)
class FromVariable:
    """The secret stands in a variable of the environment."""

    name: str


@dataclass(frozen=True, slots=True)
class FromFile:
    """The secret is what a file holds."""

    path: str


@dataclass(frozen=True, slots=True)
class FromKeyring:
    """The secret is in the system's keyring."""

    service: str
    name: str


Reference: TypeAlias = FromVariable | FromFile | FromKeyring


def reference(text: str) -> Reference | None:
    """Read env:NAME, file:PATH or keyring:SERVICE/NAME; None for anything else, which may be the secret itself."""
    kind, _, rest = text.partition(":")
    if not rest.strip() or not rest.isprintable():
        return None
    match kind.casefold():
        case "env":
            return FromVariable(rest) if _VARIABLE.fullmatch(rest) else None
        case "file":
            return FromFile(rest)
        case "keyring":
            service, _, name = rest.partition("/")
            return FromKeyring(service, name) if service and name else None
        case _:
            return None
