"""What the directory (Microsoft Entra, read through Microsoft Graph) knows about one mailbox and its sign-ins.

Every field of `Directory` is one question: its answer, or why there is none. Times are aware datetimes. Nothing here
judges; what an answer means is said by the checks.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from diag.obstacle import NotAnswered, Obstacle
from diag.sentence import say
from diag.subject import EXCHANGE_ONLINE_ID

# Service plans that come with a mailbox in Exchange Online, by id; EXCHANGE_S_FOUNDATION has none.
EXCHANGE_PLANS = {
    "9aaf7827-d63c-4b61-89c3-182f06f82e5c": "EXCHANGE_S_STANDARD",
    "efb87545-963c-4e0d-99df-69c6916d9eb0": "EXCHANGE_S_ENTERPRISE",
    "4a82b400-a79f-41a4-b4e2-e94f5787b113": "EXCHANGE_S_DESKLESS",
    "e9b4930a-925f-45e2-ac2a-3f7788ca6fdd": "EXCHANGE_S_ENTERPRISE_GOV",
    "8c3069c0-ccdb-44be-ab77-986203a67df2": "EXCHANGE_S_STANDARD_GOV",
}

# Stands for the trace, which is asked about a message that was sent.
NOT_TRACED = NotAnswered(obstacle=Obstacle.NOT_ASKED, because=say("No message was sent, so none was traced."))
# Stands for the last sign-in in evidence of a version that did not ask for it.
_NEVER_ASKED = NotAnswered(obstacle=Obstacle.NOT_ASKED, because=say("When somebody last signed in was not asked."))
# Stands for it where nothing is stored that could run out.
NOTHING_STORED = NotAnswered(
    obstacle=Obstacle.NOT_ASKED,
    because=say("an application signs in by itself, and keeps no sign-in that could run out"),
)
# What the sign-in log calls a client that signs in over SMTP itself.
SMTP_CLIENTS = frozenset({"authenticated smtp", "smtp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One service plan assigned to the account; `status` as Graph has it ("Enabled", "Deleted", ...)."""

    id: str
    service: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account behind the mailbox.

    `sign_in_name` is the UPN; `aliases` are its other SMTP addresses, in lower case. `found_by` says whether the
    address that was asked for is the UPN or only one of the aliases. `enabled` is None where Graph does not say.
    """

    id: str
    sign_in_name: str
    display_name: str
    mail: str | None
    aliases: tuple[str, ...]
    found_by: Literal["sign_in_name", "alias"]
    enabled: bool | None
    member: bool
    synced: bool
    plans: tuple[Plan, ...]
    password_changed_at: datetime | None = None
    sessions_valid_from: datetime | None = None
    kind: Literal["account"] = "account"

    @property
    def exchange_plans(self) -> tuple[str, ...]:
        """The names of its enabled plans that come with a mailbox."""
        return tuple(EXCHANGE_PLANS[p.id] for p in self.plans if p.id in EXCHANGE_PLANS and p.status == "Enabled")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxKind:
    """What the mailbox is for, in Graph's word: user, linked, shared, room, equipment, others."""

    purpose: str
    kind: Literal["mailbox_kind"] = "mailbox_kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityDefaults:
    """Whether security defaults are on for the tenant."""

    enabled: bool
    kind: Literal["security_defaults"] = "security_defaults"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whom or what a policy covers: ids, or Graph's words for many ("All", "None", "GuestsOrExternalUsers")."""

    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One Conditional Access policy.

    `state` is "enabled", "disabled" or "enabledForReportingButNotEnforced". `controls` are Graph's words for what it
    demands ("block", "mfa", "compliantDevice", ...), joined by `operator`. `flows` are the transfer methods it is
    limited to ("deviceCodeFlow", "authenticationTransfer"), `clients` kinds of clients ("all", "other",
    "mobileAppsAndDesktopClients", ...), `locations` and `platforms` likewise. `applies` is what What-If said; None
    where the policy was only read.
    """

    id: str
    name: str
    state: str
    controls: tuple[str, ...]
    operator: str = "OR"
    users: Scope = Scope()
    groups: Scope = Scope()
    roles: Scope = Scope()
    applications: Scope = Scope()
    locations: Scope = Scope()
    platforms: Scope = Scope()
    clients: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    applies: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The Conditional Access policies, and whether Entra itself said which apply (What-If) or they were only read.

    What-If is asked for this account, Exchange Online, and the way the device signs in (`flow`; None for an application
    by itself, about which it is not asked).
    """

    asked: Literal["what_if", "read"]
    flow: Literal["device_code"] | None
    policies: tuple[Policy, ...]
    kind: Literal["policies"] = "policies"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterpriseApp:
    """The device's application in this tenant, as its service principal; this `object_id` is what Exchange wants.

    `assignment_required`: only accounts assigned to it may sign in. `blocked_by_microsoft` is Graph's word, else None.
    """

    object_id: str
    client_id: str
    name: str
    enabled: bool | None
    assignment_required: bool
    blocked_by_microsoft: str | None = None
    kind: Literal["enterprise_app"] = "enterprise_app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A delegated consent: for everybody ("AllPrincipals") or one account, to one resource."""

    everybody: bool
    account_id: str | None
    resource: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the device's application was allowed: delegated grants, and application permissions by name.

    `roles` are app role values on Exchange Online ("SMTP.SendAsApp"). `exchange` names Exchange Online as `resource` of
    the grants.
    """

    exchange: str
    grants: tuple[Grant, ...]
    roles: tuple[str, ...]
    kind: Literal["consent"] = "consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCredential:
    """A secret or certificate of the application; `name` is what the administrator called it, never the secret."""

    form: Literal["secret", "certificate"]
    name: str
    begins_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The application's registration, which only its own tenant can show."""

    object_id: str
    name: str
    public_client: bool | None
    credentials: tuple[AppCredential, ...]
    kind: Literal["registration"] = "registration"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedPolicy:
    """A policy in a sign-in's record, with Graph's word for its result ("failure", "success", "notApplied", ...)."""

    id: str
    name: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRecord:
    """One sign-in as the directory logged it; `code` is the AADSTS number, 0 for success."""

    at: datetime
    app: str
    app_id: str | None
    client: str
    resource: str
    code: int
    reason: str
    ip: str | None
    policies: tuple[AppliedPolicy, ...] = ()
    correlation_id: str | None = None

    @property
    def is_basic(self) -> bool:
        """Whether it was made over SMTP with a password: such a one names no application but Exchange Online."""
        return self.client.lower() in SMTP_CLIENTS and (self.app_id or EXCHANGE_ONLINE_ID) == EXCHANGE_ONLINE_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIns:
    """The last sign-ins of the account, the newest first, since a time; the log is minutes behind.

    `background` says whether those without a person present are among them, as when a device renews its access.
    """

    since: datetime
    records: tuple[SignInRecord, ...]
    background: bool = False
    kind: Literal["sign_ins"] = "sign_ins"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSignIn:
    """When somebody last signed in to the account or tried to, with whatever application, present or not.

    None where nobody ever did. The directory keeps this however long ago it was, and may be a day behind.
    """

    at: datetime | None
    kind: Literal["last_sign_in"] = "last_sign_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An open incident of Exchange Online."""

    id: str
    title: str
    feature: str
    status: str
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceHealth:
    """How Exchange Online is, in Graph's word ("serviceOperational", ...), and its open incidents."""

    status: str
    incidents: tuple[Incident, ...] = ()
    kind: Literal["service_health"] = "service_health"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """What became of one message for one recipient, in Graph's word ("delivered", "failed", "pending", ...)."""

    at: datetime
    recipient: str
    status: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The messages found from the sender to the recipient since a time, the newest first."""

    since: datetime
    messages: tuple[Traced, ...]
    kind: Literal["trace"] = "trace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Everything that was asked of the directory; one field, one question."""

    account: Account | NotAnswered
    mailbox: MailboxKind | NotAnswered
    security_defaults: SecurityDefaults | NotAnswered
    policies: Policies | NotAnswered
    app: EnterpriseApp | NotAnswered
    consent: Consent | NotAnswered
    registration: Registration | NotAnswered
    sign_ins: SignIns | NotAnswered
    health: ServiceHealth | NotAnswered
    trace: Trace | NotAnswered
    last_sign_in: LastSignIn | NotAnswered = _NEVER_ASKED
    kind: Literal["directory"] = "directory"


Answer: TypeAlias = (
    Account
    | MailboxKind
    | SecurityDefaults
    | Policies
    | EnterpriseApp
    | Consent
    | Registration
    | SignIns
    | LastSignIn
    | ServiceHealth
    | Trace
)
