"""The file that says who gets the report: `[[deliver]]` tables in TOML, with secrets only as references."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from diag.files import toml
from diag.health.delivery import ByGraph, BySmtp, ByUrl, Ping, Recipient, Wish
from diag.health.result import Status
from diag.reference import reference
from diag.sentence import Sentence, say
from diag.subject import HOSTS, Cloud, InvalidInputError, address, host_name, printable, tenant_name

_Made = TypeVar("_Made")
_CLIENT_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOST_TABLES, _MOST_ADDRESSES = 100, 50
_SUBMISSION, _MOST_PORT = 587, 65535
_WISH = ("only_on_change", "only")
_MAIL = ("via", "sender", "recipients", "tenant", "client_id", "credential")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "graph": ("to", *_MAIL, *_WISH),
    "smtp": ("to", *_MAIL, "host", "port", *_WISH),
    "teams": ("to", "url", *_WISH),
    "slack": ("to", "url", *_WISH),
    "webhook": ("to", "url", *_WISH),
    "ping": ("to", "url", "start", "fail"),
}


def recipients_of(content: bytes, shown: str) -> tuple[Recipient, ...]:
    """Read who gets the report; `shown` is the name of the file.

    Raises `InvalidInputError`, which names the table (by its number, from 1) and the key, and quotes no value that may
    be a secret.
    """
    found = toml(content, printable(shown, 200))
    tables = found.pop("deliver", [])
    if found or not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise InvalidInputError(
            say("The file of deliveries '{file}' may hold [[deliver]] tables only.", file=printable(shown, 200))
        )
    if len(tables) > _MOST_TABLES:
        raise InvalidInputError(
            say(
                "The file of deliveries '{file}' has more than {count} [[deliver]] tables.",
                file=printable(shown, 200),
                count=_MOST_TABLES,
            )
        )
    return tuple(one for number, table in enumerate(tables, 1) for one in _Table(shown, number, table).recipients())


@dataclass(frozen=True, slots=True)
class _Table:
    """One `[[deliver]]` table."""

    file: str
    number: int
    found: Mapping[str, Any]

    def recipients(self) -> Iterable[Recipient]:
        kind = self.one_of("to", ("email", "teams", "slack", "webhook", "ping"))
        if kind == "email":
            kind = self.one_of("via", ("graph", "smtp"))
        for key in self.found:
            if key not in _KEYS[kind]:
                raise self.wrong(say("there is no such key here"), printable(key))
        match kind:
            case "graph" | "smtp":
                yield from self._mail(kind)
            case "teams" | "slack" | "webhook":
                yield ByUrl(kind=kind, url=self.reference("url"), wish=self._wish())
            case _:
                yield Ping(url=self.reference("url"), start=self.flag("start"), fail=self.flag("fail"))

    def _mail(self, kind: str) -> Iterable[Recipient]:
        sender = self.checked("sender", address)
        to = self._addresses()
        # What the sender's domain says is enough where a domain is; an application is always somebody's own.
        tenant = self.checked("tenant", tenant_name) if "tenant" in self.found else sender.rpartition("@")[2]
        client_id, credential, wish = self.checked("client_id", _client_id), self.reference("credential"), self._wish()
        if kind == "graph":
            yield ByGraph(sender=sender, to=to, tenant=tenant, client_id=client_id, credential=credential, wish=wish)
            return
        host = self.checked("host", host_name) if "host" in self.found else HOSTS[Cloud.GLOBAL].smtp
        for one in to:
            yield BySmtp(
                sender=sender,
                to=one,
                host=host,
                port=self._port(),
                tenant=tenant,
                client_id=client_id,
                credential=credential,
                wish=wish,
            )

    def _addresses(self) -> tuple[str, ...]:
        found = self.found.get("recipients")
        listed = [found] if isinstance(found, str) else found
        if not isinstance(listed, list) or not 0 < len(listed) <= _MOST_ADDRESSES:
            raise self.wrong(say("it must hold addresses, one to {count}", count=_MOST_ADDRESSES), "recipients")
        return tuple(dict.fromkeys(self.valid("recipients", one, address) for one in listed))

    def _port(self) -> int:
        port = self.found.get("port", _SUBMISSION)
        if type(port) is not int or not 0 < port <= _MOST_PORT:
            raise self.wrong(say("it must be a number from 1 to 65535"), "port")
        return port

    def _wish(self) -> Wish:
        only = self.found.get("only", [])
        known = [one.value for one in Status]
        if not isinstance(only, list) or any(one not in known for one in only):
            raise self.wrong(say("it may hold {choices}", choices=", ".join(known)), "only")
        return Wish(only_on_change=self.flag("only_on_change"), only=tuple(dict.fromkeys(map(Status, only))))

    def flag(self, key: str) -> bool:
        value = self.found.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(say("it must be true or false"), key)
        return value

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        value = self.found.get(key)
        if not isinstance(value, str) or value not in choices:
            raise self.wrong(say("it must be one of {choices}", choices=", ".join(choices)), key)
        return value

    def reference(self, key: str) -> str:
        """Return where a secret stands. The secret itself is refused, and not quoted: this file is no place for it."""
        value = self.found.get(key)
        if not isinstance(value, str) or reference(value) is None:
            raise self.wrong(
                say(
                    "it must say where the secret stands ({forms}), and never hold it",
                    forms="env:NAME, file:PATH, keyring:SERVICE/NAME",
                ),
                key,
            )
        return value

    def checked(self, key: str, check: Callable[[str], _Made]) -> _Made:
        return self.valid(key, self.found.get(key), check)

    def valid(self, key: str, value: object, check: Callable[[str], _Made]) -> _Made:
        if not isinstance(value, str):
            raise self.wrong(say("it must be a text"), key)
        if "://" in value:  # who has the address of a webhook may post there: it is not shown
            raise self.wrong(say("it must not be a web address"), key)
        try:
            return check(value)
        except InvalidInputError as problem:
            raise self.wrong(problem.sentence, key) from None

    def wrong(self, why: Sentence, key: str) -> InvalidInputError:
        return InvalidInputError(
            say(
                "The file of deliveries '{file}', table {number}, {key}: {why}",
                file=printable(self.file, 200),
                number=self.number,
                key=key,
                why=why,
            )
        )


def _client_id(text: str) -> str:
    # A secret is easily pasted in its place, so what stands there is not shown.
    if not _CLIENT_ID.fullmatch(text):
        raise InvalidInputError(
            say("it must be a client id like {example}", example="0a1b2c3d-0000-0000-0000-000000000000")
        )
    return text
