"""What a scenario file can say of the directory, and of the administrator on whose behalf it is asked.

docs/lab.md describes each key. The defaults together make a healthy tenant whose administrator may ask everything.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias

STRICT: dict[str, object] = {"extra": "forbid", "strict": True}  # read by pydantic; see loader.py

ADMIN_APP = "ad314b1e-0000-4d1a-9f00-0123456789ab"  # another application than the device's
READING = (
    "User.Read.All",
    "MailboxSettings.Read",
    "Policy.Read.All",
    "Policy.Read.ConditionalAccess",
    "Application.Read.All",
    "Directory.Read.All",
    "AuditLog.Read.All",
    "ServiceHealth.Read.All",
    "ExchangeMessageTrace.Read.All",
    "Organization.Read.All",
    "ConfigurationMonitoring.ReadWrite.All",
)
SETTING_UP = ("Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All")

Question: TypeAlias = Literal[
    "account",
    "mailbox",
    "security_defaults",
    "policies",
    "what_if",
    "app",
    "consent",
    "registration",
    "sign_ins",
    "health",
    "trace",
    "snapshot",
    "organization",
    "setup",
]
Hindrance: TypeAlias = Literal["throttled", "unavailable", "html", "no_permission", "no_licence", "silent"]
Health: TypeAlias = Literal[
    "serviceOperational",
    "investigating",
    "restoringService",
    "verifyingService",
    "serviceRestored",
    "postIncidentReviewPublished",
    "serviceDegradation",
    "serviceInterruption",
    "extendedRecovery",
    "falsePositive",
    "investigationSuspended",
    "resolved",
]
Delivery: TypeAlias = Literal[
    "", "gettingStatus", "pending", "failed", "delivered", "expanded", "quarantined", "filteredAsSpam"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """The application an administrator signs in with, and what was consented to it."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    client_id: str = ADMIN_APP
    account: str = ""
    scopes: tuple[str, ...] = ("User.Read", *READING, *SETTING_UP, "Exchange.Manage")
    roles: tuple[str, ...] = (*READING, "Exchange.ManageAsApp")
    secret: Literal["valid", "expired"] = "valid"  # noqa: S105 - its state, not the secret
    by_itself: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An open incident of Exchange Online."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    id: str = "EX1234567"
    title: str = "Some users may be unable to send via SMTP AUTH"
    feature: str = "E-Mail timely delivery"
    hours_ago: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """What the directory knows beyond mailboxes, policies and sign-ins, and what keeps it from answering."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    security_defaults: bool = False
    premium: bool = True
    enterprise_app: Literal["enabled", "disabled", "missing"] = "enabled"
    assignment_required: bool = False
    consent: Literal["everybody", "account", "none"] = "everybody"
    registration: Literal["here", "elsewhere"] = "here"
    secret_ends_days: int | None = None
    certificate_ends_days: int | None = None
    health: Health = "serviceOperational"
    incident: Incident | None = None
    trace: Delivery = "delivered"
    trace_set_up: bool = True
    snapshot_polls: int = 1
    latency_ms: int = 0
    faults: dict[Question, Hindrance] = field(default_factory=dict)
    retry_after_s: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A Conditional Access policy, in Graph's words; people are named by address, and shown by id."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    name: str
    id: str = ""
    state: Literal["enabled", "disabled", "enabledForReportingButNotEnforced"] = "enabled"
    controls: tuple[str, ...] = ("block",)
    operator: Literal["OR", "AND"] = "OR"
    users: tuple[str, ...] = ("All",)
    excluded_users: tuple[str, ...] = ()
    applications: tuple[str, ...] = ("All",)
    excluded_applications: tuple[str, ...] = ()
    clients: tuple[str, ...] = ("all",)
    flows: tuple[Literal["deviceCodeFlow", "authenticationTransfer"], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRecord:
    """One sign-in in the directory's log; empty names are the run's mailbox and the device's application."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    minutes_ago: int
    code: int = 0
    reason: str = ""
    account: str = ""
    app: str = ""
    client: str = "Mobile Apps and Desktop clients"
    event: Literal["interactiveUser", "nonInteractiveUser", "servicePrincipal"] = "interactiveUser"
    policy: str = ""
    ip: str = "198.51.100.23"
