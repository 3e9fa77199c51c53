"""The questions: texts whose cause is known, and what each must be read as."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from diag.catalogue import load
from diag.explanation import Explanation, explain
from diag.subject import Account

Kind: TypeAlias = Literal["sure", "guess", "healthy", "unknown"]

_FOLDER = Path(__file__).parent.parent / "catalogue"
# The same words mean something else for a personal account; for these causes it is known whose the account is.
_ACCOUNTS: Mapping[str, Account] = {
    "basic_auth_disabled": "organisation",
    "basic_auth_disabled_consumer": "personal",
    "consumer_smtp_auth_disabled_mailbox": "personal",
    "consumer_outbound_spam_suspended": "personal",
    "consumer_outbound_spam_verify_account": "personal",
}
# What the OAuth words mean where no number stands beside them; the first two only tell the device to wait.
_ERRORS: Mapping[str, tuple[Kind, str]] = {
    "authorization_pending": ("healthy", ""),
    "slow_down": ("healthy", ""),
    "authorization_declined": ("sure", "device_code_declined"),
    "code_expired": ("sure", "device_code_expired"),
    "device_code_expired": ("sure", "device_code_expired"),
    "invalid_grant": ("guess", "refresh_token_revoked"),
    "invalid_client": ("guess", "client_secret_wrong"),
}
# A number whose message once said something else than it stands for today.
_OF_OLD: Mapping[int, str] = {50012: "client_secret_wrong"}
_DEVICES = frozenset({"Brother", "Canon", "Kyocera", "Lexmark", "Oki", "Ricoh", "Sharp", "Xerox"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question of the examination: a text, and what must be told of it.

    `causes` must all be told, the first of them first where the text is "sure". "unknown" is a number that the
    catalogue does not hold, and which must be told all the same. `line` is the line of a log on which the finding
    begins. For the healthy lines of a log, `elsewhere` names those that are not.
    """

    paper: str
    name: str
    kind: Kind
    text: str
    causes: tuple[str, ...] = ()
    mechanism: str | None = None
    account: Account | None = None
    vendor: str | None = None
    number: int | None = None
    line: int | None = None
    elsewhere: tuple[int, ...] = ()

    def read(self, text: str | None = None) -> Explanation:
        """Explain the text, or another that was made of it, with all that is known beside it."""
        read = self.text if text is None else text
        return explain(read, vendor=self.vendor, mechanism=self.mechanism, account=self.account)


def _tables(paper: str) -> Iterator[tuple[str, dict[str, Any]]]:
    tables = tomllib.loads((_FOLDER / paper).read_text(encoding="utf-8"))
    for at, table in enumerate(next(iter(tables.values()))):
        yield f"{paper.removesuffix('.toml')}-{at}", table


def _reply(paper: str, name: str, table: Mapping[str, Any], kind: Kind) -> Asked:
    cause = table["cause"]
    return Asked(
        paper=paper,
        name=f"{name}-{cause}",
        kind="healthy" if cause == "ok" else kind,
        text=table["text"],
        causes=() if cause == "ok" else (cause,),
        mechanism=table.get("mechanism"),
        account=_ACCOUNTS.get(cause),
    )


def _known() -> Iterator[Asked]:
    for name, table in _tables("known.toml"):
        kind: Kind = "guess" if table["confidence"] == "guess" else "sure"
        asked = _reply("known.toml", name, table, kind)
        yield asked
        if "bare" in table:
            yield replace(asked, paper="known.toml, bare", name=f"{asked.name}-bare", text=table["bare"])


def _field() -> Iterator[Asked]:
    for name, table in _tables("field.toml"):
        yield _reply("field.toml", name, table, "sure" if table["sure"] else "guess")


def _entra(paper: str) -> Iterator[Asked]:
    for at, table in _tables(paper):
        number: int = table["number"]
        name = f"{at}-{number or table.get('error') or table['cause']}"
        if number:
            # Whether the catalogue gives a number the right cause is asked elsewhere; here it must be found and told.
            entry = load().aadsts(number)
            cause = table.get("cause") or _OF_OLD.get(number) or (entry.cause if entry else None)
            kind: Kind = "sure" if entry else "unknown"
            causes = (cause,) if cause else ()
            yield Asked(paper=paper, name=name, kind=kind, text=table["text"], causes=causes, number=number)
        elif "cause" in table:
            yield _reply(paper, name, table, "sure")
        else:
            kind, cause = _ERRORS[table["error"]]
            yield Asked(paper=paper, name=name, kind=kind, text=table["text"], causes=(cause,) if cause else ())


def _codes() -> Iterator[Asked]:
    paper = "known_codes.toml"
    for at, table in _tables(paper):
        code, message, causes = table["code"], table.get("message"), tuple(table["causes"])
        asked = Asked(
            paper=paper, name=f"{at}-{table['vendor'].split()[0]}-{code}", kind="guess", text=code, causes=causes
        )
        if table["vendor"] not in _DEVICES:
            # A server's words, which a device passes on: they are read as a reply, whoever made the device.
            # A code alone, without words, says something only of what is on the way.
            whole = code if message is None else message if message[:3] == code[:3] else f"{code} {message}"
            yield replace(
                asked,
                kind="sure" if len(causes) == 1 and message else "guess",
                text=whole,
                account=_ACCOUNTS.get(causes[0]),
                vendor=table["vendor"] if code.isdigit() else None,
            )
            continue
        asked = replace(asked, kind="guess" if causes else "healthy", vendor=table["vendor"])
        yield asked
        if message:
            yield replace(asked, paper=f"{paper}, message", name=f"{asked.name}-message", text=message)


def _logs() -> Iterator[Asked]:
    paper = "logs.toml"
    for name, table in _tables(paper):
        text = table["text"]
        for finding in table["findings"]:
            causes = tuple(finding.get("causes") or (finding["cause"],))
            kind: Kind = "sure" if finding["sure"] else "guess"
            line: int = finding["line"]
            yield Asked(paper=paper, name=f"{name}-line-{line}", kind=kind, text=text, causes=causes, line=line)
        elsewhere = tuple(finding["line"] for finding in table["findings"])
        yield Asked(paper=paper, name=f"{name}-other-lines", kind="healthy", text=text, elsewhere=elsewhere)


@cache
def questions() -> tuple[Asked, ...]:
    """Return all questions, paper by paper."""
    return (*_known(), *_field(), *_entra("entra.toml"), *_entra("known_entra.toml"), *_codes(), *_logs())
