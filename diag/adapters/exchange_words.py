"""What is said to Exchange Online's endpoint for settings, and how the rows it answers with are read.

It is no published contract, so nothing about an answer is taken for granted: what does not have the form that was seen
is not guessed at.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from diag.adapters.answers import Answer, Quoted
from diag.obstacle import NotAnswered, Obstacle
from diag.sentence import Sentence, say
from diag.setting import Switch
from diag.subject import address, is_address

SETTING = "SmtpClientAuthenticationDisabled"
_READ_MAILBOX, _READ_ORGANISATION, _SET_MAILBOX = "Get-CASMailbox", "Get-TransportConfig", "Set-CASMailbox"
_DISABLED: Mapping[Switch, bool | None] = {Switch.ON: False, Switch.OFF: True, Switch.UNSET: None}
_ALL = "Unlimited"
_MOST_WARNINGS = 9

Value: TypeAlias = "str | bool | None"


def _is_mailbox(value: object) -> bool:
    return isinstance(value, str) and address(value) == value


def _is_tristate(value: object) -> bool:
    return value is None or isinstance(value, bool)


def _is_all(value: object) -> bool:
    return value == _ALL


# All that can ever be sent, with all of its parameters: the organisation's switch is read and never set.
_ALLOWED: Mapping[tuple[str, frozenset[str]], Mapping[str, Callable[[object], bool]]] = {
    (cmdlet, frozenset(parameters)): parameters
    for cmdlet, parameters in (
        (_READ_MAILBOX, {"Identity": _is_mailbox}),
        (_READ_MAILBOX, {"ResultSize": _is_all}),
        (_READ_ORGANISATION, {}),
        (_SET_MAILBOX, {"Identity": _is_mailbox, SETTING: _is_tristate}),
    )
}


class NotAllowedError(Exception):
    """A cmdlet, a parameter or a value that diag never sends."""


@dataclass(frozen=True, slots=True)
class Call:
    """One cmdlet with its parameters; making one that is not allowed raises `NotAllowedError`."""

    cmdlet: str
    parameters: tuple[tuple[str, Value], ...] = ()

    def __post_init__(self) -> None:
        """Hold it against the list."""
        given = dict(self.parameters)
        allowed = _ALLOWED.get((self.cmdlet, frozenset(given)))
        if allowed is None or len(given) != len(self.parameters):
            message = f"{self.cmdlet} with these parameters is never sent"
            raise NotAllowedError(message)
        for name, fits in allowed.items():
            if not fits(given[name]):
                message = f"{self.cmdlet} is never sent with this {name}"
                raise NotAllowedError(message)

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.cmdlet == _SET_MAILBOX

    @property
    def lists(self) -> bool:
        """Whether it asks for all mailboxes, page by page."""
        return dict(self.parameters).get("ResultSize") == _ALL

    @property
    def body(self) -> bytes:
        """The body of the request."""
        return json.dumps({"CmdletInput": {"CmdletName": self.cmdlet, "Parameters": dict(self.parameters)}}).encode()


def read_mailbox(mailbox: str) -> Call:
    """Ask for the mailbox's own value."""
    return Call(_READ_MAILBOX, (("Identity", mailbox),))


def read_mailboxes() -> Call:
    """Ask for the own values of all mailboxes."""
    return Call(_READ_MAILBOX, (("ResultSize", _ALL),))


def read_organisation() -> Call:
    """Ask for the organisation's value."""
    return Call(_READ_ORGANISATION)


def set_mailbox(mailbox: str, value: Switch) -> Call:
    """Change the mailbox's own value."""
    return Call(_SET_MAILBOX, (("Identity", mailbox), (SETTING, _DISABLED[value])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What a cmdlet returned, the warnings that came with it, and where there is more, if there is."""

    rows: tuple[Mapping[str, Any], ...]
    warnings: tuple[str, ...] = ()
    further: str = field(default="", repr=False)

    def switch(self, call: Call, *, may_be_unset: bool) -> Switch | NotAnswered:
        """Read the setting out of the only row there should be."""
        if len(self.rows) != 1:
            return unreadable(call, say("{count} rows came where one is expected", count=len(self.rows)))
        return switch_in(self.rows[0], call, may_be_unset=may_be_unset)

    @property
    def mailbox(self) -> str | None:
        """The address of the mailbox in the first row, where it is one."""
        return mailbox_in(self.rows[0]) if self.rows else None


def switch_in(row: Mapping[str, Any], call: Call, *, may_be_unset: bool) -> Switch | NotAnswered:
    """Read the setting out of a row."""
    if SETTING not in row:
        return unreadable(call, say("{property} is missing", property=SETTING))
    found = row[SETTING]
    for switch, disabled in _DISABLED.items():
        if found is disabled and (may_be_unset or switch is not Switch.UNSET):
            return switch
    return unreadable(call, say("{property} has a value that it never has", property=SETTING))


def mailbox_in(row: Mapping[str, Any]) -> str | None:
    """The address of the mailbox in a row, where it is one."""
    found = row.get("PrimarySmtpAddress")
    return found if isinstance(found, str) and is_address(found) else None


def rows_of(answer: Answer, quoted: Quoted) -> Rows | None:
    """Read an answer that has the form of rows; None where it has another."""
    found = answer.json if answer.flaw is None else None
    if not isinstance(found, dict):
        return None
    rows, said = found.get("value"), found.get("@adminapi.warnings")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    texts = [text for text in said if isinstance(text, str)] if isinstance(said, list) else []
    link = found.get("@odata.nextLink")
    return Rows(
        rows=tuple(rows),
        warnings=tuple(quoted(text) for text in texts[:_MOST_WARNINGS]),
        further=link if isinstance(link, str) else "",
    )


def unreadable(call: Call, why: Sentence) -> NotAnswered:
    """Say that an answer is not what it should be."""
    return NotAnswered(
        obstacle=Obstacle.NOT_SPOKEN,
        because=say("Exchange Online's answer to {cmdlet} cannot be read: {why}.", cmdlet=call.cmdlet, why=why),
    )
