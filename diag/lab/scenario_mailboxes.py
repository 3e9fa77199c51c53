"""What a scenario file can say of a mailbox, of the device that sends from it, and of so many mailboxes of one kind.

docs/lab.md describes each key.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias

from diag.directory import EXCHANGE_PLANS
from diag.health.result import Status
from diag.lab.scenario_directory import STRICT
from diag.stage import Stage

Switch: TypeAlias = Literal["on", "off", "unset"]
Plan: TypeAlias = Literal[
    "",
    "EXCHANGE_S_STANDARD",
    "EXCHANGE_S_ENTERPRISE",
    "EXCHANGE_S_DESKLESS",
    "EXCHANGE_S_STANDARD_GOV",
    "EXCHANGE_S_ENTERPRISE_GOV",
    "EXCHANGE_S_FOUNDATION",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error answer of the sign-in service; what is left empty is filled in for the numbers the lab knows."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    aadsts: int
    error: str = ""
    suberror: str = ""
    description: str = ""
    policies: tuple[str, ...] = ()
    http_status: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a run that sends no message must find for a mailbox; no cause where it is healthy."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    status: Status = Status.HEALTHY
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What mailboxes of one kind have in common: the account behind it, the device before it, and what is wrong.

    None for `enabled` or `plan` is what is usual for its kind: a person's account can sign in and has a plan, that of a
    shared mailbox or a room neither. None for `mailbox_permission` is what `[app]` says; empty for `host` is the first
    one. Where `basic` is set, the sign-in log shows that the device still signs in with its password.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    kind: Literal["user", "shared", "room"] = "user"
    authenticated_smtp: Switch = "on"
    send_as: tuple[str, ...] = ()
    sign_in_name: str = ""
    aliases: tuple[str, ...] = ()
    enabled: bool | None = None
    guest: bool = False
    synced: bool = False
    plan: Plan | None = None
    cloud_mailbox: bool = True
    mailbox_permission: bool | None = None
    site: str = ""
    device: str = ""
    owner: str = ""
    sender: str = ""
    tls: str = ""
    host: str = ""
    replies: dict[Stage, str] = field(default_factory=dict)
    throttled_first: int = 0
    throttled_reply: str = ""
    token: Fault | None = None
    basic: bool = False
    last_sign_in_days: int | None = None

    @property
    def may_sign_in(self) -> bool:
        """Whether its account can sign in at all."""
        return self.kind == "user" if self.enabled is None else self.enabled

    @property
    def licence(self) -> Plan:
        """The plan it has; empty for none."""
        usual: Plan = "EXCHANGE_S_STANDARD" if self.kind == "user" else ""
        return usual if self.plan is None else self.plan

    @property
    def in_exchange(self) -> bool:
        """Whether Exchange Online has this mailbox: a person's needs a plan, a shared one or a room's does not."""
        return self.cloud_mailbox and (self.kind != "user" or self.licence in EXCHANGE_PLANS.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox(Kind):
    """One mailbox; `send_as` are further addresses it may send as. Where `expect` is set, a scanner sends from it."""

    address: str
    expect: Truth | None = None

    @property
    def upn(self) -> str:
        """The name its account signs in with."""
        return self.sign_in_name or self.address

    @property
    def names(self) -> frozenset[str]:
        """Its address, its aliases and the name its account signs in with, in lower case."""
        return frozenset(one.casefold() for one in (self.address, self.upn, *self.aliases))

    def is_called(self, name: str) -> bool:
        """Whether `name` is its address, an alias, or the name its account signs in with."""
        return name.casefold() in self.names


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet(Kind):
    """So many scanner mailboxes of one kind; `{number}` or `{number:04}` in a text is each one's own."""

    count: int
    named: str
    first: int = 1
    expect: Truth = field(default_factory=Truth)
