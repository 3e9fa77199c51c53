"""Read an inventory that is TOML: mailboxes, what is known of their tenants, and the sheets it includes."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diag.files import toml
from diag.fleet.columns import FIELDS, nearest, refuse_secrets
from diag.fleet.sheet import Row
from diag.health.run import BadRow
from diag.sentence import say
from diag.subject import InvalidInputError, printable

MOST_BYTES = 16 * 1024 * 1024
_TABLES = ("mailbox", "tenant", "include")
TENANT = (
    *("name", "client_id", "credential", "admin_client_id", "admin_credential"),
    *("authority", "smtp_host", "cloud", "settings"),
)
_HEAD = re.compile(rb"[ \t]*\[\[[ \t]*mailbox[ \t]*\]\][ \t]*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class Tables:
    """What such a file holds; of `tenants` and `include` only the form is known to be right."""

    mailboxes: tuple[Row | BadRow, ...]
    tenants: tuple[Mapping[str, str], ...]
    include: tuple[str, ...]


def tables(content: bytes, shown: str) -> Tables:
    """Read the file called `shown`; raises `InvalidInputError` for what is no TOML, or has a key that is not known."""
    if len(content) > MOST_BYTES:
        raise InvalidInputError(
            say("{file} is too large for TOML: put the mailboxes into a CSV file, and include that.", file=shown)
        )
    whole = toml(content, shown)
    _know(whole, _TABLES, "", shown)
    mailboxes, tenants = _tables(whole, "mailbox", FIELDS, shown), _tables(whole, "tenant", TENANT, shown)
    lines = content.removeprefix(BOM_UTF8).split(b"\n")
    heads = [number for number, line in enumerate(lines, 1) if _HEAD.fullmatch(line.rstrip(b"\r"))]
    numbers = heads if len(heads) == len(mailboxes) else [0] * len(mailboxes)
    return Tables(
        mailboxes=tuple(_row(table, line) for table, line in zip(mailboxes, numbers, strict=True)),
        tenants=tuple(_texts(table, number, shown) for number, table in enumerate(tenants, 1)),
        include=_include(whole.get("include", []), shown),
    )


def _know(keys: Iterable[str], known: Sequence[str], table: str, shown: str) -> None:
    """Refuse keys of a table that nobody reads: behind a typing error something is believed to be set."""
    refuse_secrets((key for key in keys if key not in known), shown)
    for key in keys:
        if key in known:
            continue
        place = f"[[{table}]]" if table else say("the file itself")
        near = nearest(key, known)
        if near:
            raise InvalidInputError(
                say(
                    "{file}: there is no key '{key}' in {table}. Did you mean '{near}'?",
                    file=shown,
                    key=printable(key, 40),
                    table=place,
                    near=near,
                )
            )
        raise InvalidInputError(
            say(
                "{file}: there is no key '{key}' in {table}. Those that there are: {known}.",
                file=shown,
                key=printable(key, 40),
                table=place,
                known=", ".join(known),
            )
        )


def _tables(whole: Mapping[str, Any], name: str, known: Sequence[str], shown: str) -> list[dict[str, Any]]:
    found = whole.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InvalidInputError(
            say("{file}: write [[{table}]] above each {table}, in two pairs of brackets.", file=shown, table=name)
        )
    for one in found:
        _know(one, known, name, shown)
    return found


def _row(table: Mapping[str, Any], line: int) -> Row | BadRow:
    cells = {key: str(value) if _is_version(key, value) else value for key, value in table.items()}
    for key, value in cells.items():
        if not isinstance(value, str):
            return BadRow(line=line, because=say("'{key}' must be a text in quotes.", key=key))
    return Row(line, cells)


def _is_version(key: str, value: object) -> bool:
    return key == "tls" and isinstance(value, float)


def _texts(table: Mapping[str, Any], number: int, shown: str) -> Mapping[str, str]:
    for key, value in table.items():
        if not isinstance(value, str) or not value.strip():
            raise InvalidInputError(
                say(
                    "{file}: '{key}' in [[tenant]] number {number} must be a text in quotes.",
                    file=shown,
                    key=key,
                    number=number,
                )
            )
    return {key: value.strip() for key, value in table.items()}


def _include(found: object, shown: str) -> tuple[str, ...]:
    names = [found] if isinstance(found, str) else found
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise InvalidInputError(
            say("{file}: 'include' must be a list of file names, like [\"scanners.csv\"].", file=shown)
        )
    return tuple(names)
