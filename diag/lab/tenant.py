"""What Exchange Online decides: whom a token lets in, whether Authenticated SMTP is on, who may send as whom.

A change of the setting can be read at once, and is effective at the submission server after the scenario's delay.
"""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from enum import Enum, auto
from typing import Any

from diag.lab import scenario as sc
from diag.lab.clock import LabClock
from diag.lab.memory import Memory
from diag.lab.tokens import ADMIN_AUDIENCES, EXCHANGE_AUDIENCES, Issuer

_MAX_CONNECTIONS = 3  # at the same time, for one mailbox (learn.microsoft.com, smtp-submission-improvements)


class Verdict(Enum):
    """What comes of an attempt to sign in."""

    WELCOME = auto()
    NO_MATCH = auto()
    OFF_FOR_MAILBOX = auto()
    OFF_FOR_TENANT = auto()
    TOO_MANY = auto()
    THROTTLED = auto()


@dataclass(frozen=True, slots=True)
class Changed:
    """A value that was set, and from when on it is effective, in seconds since the lab was started."""

    value: sc.Switch
    effective_s: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that was taken for delivery, as the message trace tells of it."""

    at: datetime
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    subject: str
    size: int
    peer: str


@dataclass(slots=True)
class Exchange:
    """The mailboxes of the tenant, their settings, and the connections that are signed in to them."""

    scenario: sc.Scenario
    clock: LabClock
    issuer: Issuer
    memory: Memory | None = None
    accepted: list[Accepted] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list, repr=False)
    _connections: Counter[str] = field(default_factory=Counter)
    _throttled: Counter[str] = field(default_factory=Counter)
    _changes: dict[str, list[Changed]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take up what earlier runs of the lab changed."""
        if self.memory is None:
            return
        for entry in self.memory.changes():
            changed = Changed(entry.value, self.clock.running_s() + self.memory.due_in_s(entry))
            self._changes.setdefault(entry.mailbox, []).append(changed)

    def mailbox(self, address: str) -> sc.Mailbox | None:
        """Return the mailbox that goes by this address, alias or sign-in name, however its letters are cased."""
        return next((box for box in self.scenario.called(address) if box.in_exchange), None)

    def sign_in(self, user: str, token: str) -> Verdict:
        """Judge one AUTH XOAUTH2: first whether the token is this user's, then the switch, then how many there are.

        What is throttled first, as the scenario has it, counts from the start of the lab.
        """
        mailbox = self.mailbox(user)
        claims = self.issuer.claims(token)
        if mailbox is None or mailbox.kind != "user" or not mailbox.may_sign_in:
            return Verdict.NO_MATCH
        if claims is None or not self._fits(claims, user):
            return Verdict.NO_MATCH
        match self._effective(mailbox), self.scenario.tenant.authenticated_smtp:
            case "off", _:
                return Verdict.OFF_FOR_MAILBOX
            case "unset", "off":
                return Verdict.OFF_FOR_TENANT
            case _:
                return self._room(mailbox, user)

    def _room(self, mailbox: sc.Mailbox, user: str) -> Verdict:
        """Judge how many connections there are, and whether the scenario throttles this one."""
        if self._connections[user.casefold()] + self.scenario.smtp.other_connections >= _MAX_CONNECTIONS:
            return Verdict.TOO_MANY
        if self._throttled[mailbox.address] < mailbox.throttled_first:
            self._throttled[mailbox.address] += 1
            return Verdict.THROTTLED
        return Verdict.WELCOME

    def _fits(self, claims: dict[str, Any], user: str) -> bool:
        """Whether a token of ours is meant for this server, valid now, of this tenant, and this user's."""
        if claims["aud"] not in EXCHANGE_AUDIENCES or not self._valid(claims):
            return False
        if "scp" in claims:
            return "SMTP.Send" in claims["scp"].split() and claims["upn"].casefold() == user.casefold()
        return "SMTP.SendAsApp" in claims["roles"] and self.scenario.app.registered

    def _valid(self, claims: dict[str, Any]) -> bool:
        """Whether a token of ours is of this tenant, and valid now."""
        now = self.clock.now().timestamp()
        in_time: bool = claims["nbf"] - 300 <= now < claims["exp"] + 300  # five minutes of grace, as OAuth servers give
        return in_time and claims["tid"] == self.scenario.tenant.id

    def administers(self, token: str, tenant: str) -> bool:
        """Whether a token may ask for settings of `tenant`, an id or a domain; its holder's role is not asked for."""
        ours, claims = self.scenario.tenant, self.issuer.claims(token)
        if claims is None or tenant.casefold() not in {ours.id.casefold(), ours.domain.casefold()}:
            return False
        granted = {*claims.get("scp", "").split(), *claims.get("roles", ())}
        permitted = not granted.isdisjoint({"Exchange.Manage", "Exchange.ManageAsApp"})
        return claims["aud"] in ADMIN_AUDIENCES and permitted and self._valid(claims)

    def is_application(self, token: str) -> bool:
        """Whether a token is an application's own, not a person's."""
        return "scp" not in (self.issuer.claims(token) or {"scp": ""})

    def switch(self, mailbox: sc.Mailbox) -> sc.Switch:
        """Return the mailbox's setting as it can be read, effective or not yet."""
        changes = self._changes.get(mailbox.address)
        return changes[-1].value if changes else mailbox.authenticated_smtp

    def change(self, mailbox: sc.Mailbox, value: sc.Switch) -> None:
        """Set the mailbox's own value, which is effective after the scenario's delay."""
        effective_s = self.clock.running_s() + self.scenario.setting.delay_s
        self._changes.setdefault(mailbox.address, []).append(Changed(value, effective_s))
        if self.memory is not None:
            self.memory.add(mailbox.address, value, self.scenario.setting.delay_s)

    def _effective(self, mailbox: sc.Mailbox) -> sc.Switch:
        now = self.clock.running_s()
        for changed in reversed(self._changes.get(mailbox.address, [])):
            if changed.effective_s <= now:
                return changed.value
        return "off" if now < self.scenario.propagation.effective_after_s else mailbox.authenticated_smtp

    def may_open(self, user: str) -> bool:
        """Whether the application by itself may open the mailbox `user`."""
        mailbox = self.mailbox(user)
        own = mailbox.mailbox_permission if mailbox else None
        return self.scenario.app.mailbox_permission if own is None else own

    def may_send_as(self, user: str, sender: str) -> bool:
        """Whether the mailbox `user` may send with `sender` as its address."""
        mailbox = self.mailbox(user)
        allowed = (user, mailbox.address, *mailbox.send_as) if mailbox else (user,)
        return sender.casefold() in {one.casefold() for one in allowed}

    def took(self, content: bytes, sender: str, recipients: tuple[str, ...], peer: str) -> None:
        """Take a message for delivery."""
        message = message_from_bytes(content)
        message_id = str(message["Message-ID"] or f"<{uuid.uuid4()}@{self.scenario.tenant.domain}>").strip()
        subject = str(message["Subject"] or "")
        self.accepted.append(Accepted(self.clock.now(), sender, recipients, message_id, subject, len(content), peer))

    def entered(self, user: str) -> None:
        """Count a connection that signed in."""
        self._connections[user.casefold()] += 1

    def left(self, user: str) -> None:
        """Count a signed-in connection that ended."""
        self._connections[user.casefold()] -= 1
        if not self._connections[user.casefold()]:
            del self._connections[user.casefold()]
