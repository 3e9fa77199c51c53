"""What a scenario file can say. Every key has a default, and the defaults together make a healthy tenant.

docs/lab.md describes each key; keys that are unknown or of the wrong type are refused by the loader.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias

from diag.directory import EXCHANGE_PLANS
from diag.evidence import Auth
from diag.lab.scenario_directory import STRICT as _STRICT
from diag.lab.scenario_directory import Admin, Directory, Policy, SignInRecord
from diag.outcome import Certainty
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

CONTOSO = "11111111-2222-4333-8444-555555555555"


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A text in both languages of the product."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    en: str
    fr: str

    def in_language(self, lang: str) -> str:
        """Return the French text for `fr`, the English one for every other language."""
        return self.fr if lang == "fr" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What the diagnosis must end in; `cause` is empty where nothing is wrong."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    verdict: Literal["healthy", "broken", "degraded", "inconclusive", "waiting"] = "healthy"
    cause: str = ""
    certainty: Certainty | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What the command is run with where the user says nothing else."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    mailbox: str = "scanner@contoso.com"
    sender: str | None = None
    recipient: str | None = None
    tenant: str | None = None
    auth: Auth = Auth.DEVICE_CODE
    holds: Literal["access_token", "refresh_token"] = "access_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """The organisation."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    domain: str = "contoso.com"
    id: str = CONTOSO
    authenticated_smtp: Literal["on", "off"] = "on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """One mailbox and the account behind it; `send_as` are further addresses it may send as.

    None for `enabled` or `plan` is what is usual for its kind: a person's account can sign in and has a plan, that of a
    shared mailbox or a room neither.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    address: str
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

    @property
    def upn(self) -> str:
        """The name its account signs in with."""
        return self.sign_in_name or self.address

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

    def is_called(self, name: str) -> bool:
        """Whether `name` is its address, an alias, or the name its account signs in with."""
        return name.casefold() in {one.casefold() for one in (self.address, self.upn, *self.aliases)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Who really signs in, and what the token then says; empty means "as asked for"."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    account: str = ""
    audience: str = ""
    scopes: tuple[str, ...] = ("SMTP.Send",)
    tenant: str = ""
    lifetime_s: int = 4199
    opaque: bool = False
    length: int = 2400
    kept: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error answer of the sign-in service; what is left empty is filled in for the numbers the lab knows."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    aadsts: int
    error: str = ""
    suberror: str = ""
    description: str = ""
    policies: tuple[str, ...] = ()
    http_status: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """The device code: how long it lives, and what the person in front of the browser does with it."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    interval: int = 1
    lifetime_s: int = 900
    approve_after_polls: int = 1
    outcome: Literal["approved", "declined", "never"] = "approved"
    slow_down: int = 0
    error: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint that refuses, where `error` is set."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    error: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The application the device, or the command, signs in with."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    client_id: str = "5ca11ab1-e0de-4d1a-9f00-0123456789ab"
    name: str = "Scan to e-mail"
    public_client: bool = True
    secret: Literal["valid", "expired"] = "valid"  # noqa: S105 - its state, not the secret
    roles: tuple[str, ...] = ("SMTP.SendAsApp",)
    registered: bool = True
    mailbox_permission: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The way from the device to the submission host."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    host: str = "smtp.office365.com"
    ports: tuple[int, ...] = (587,)
    dns: Literal["answers", "no_such_name", "server_failure", "silent"] = "answers"
    port: Literal["open", "blocked", "refused"] = "open"
    ipv6: Literal["none", "open", "blocked"] = "none"
    sign_in: Literal["open", "refused"] = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """The server that answers on the submission port, and what is wrong with it."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    persona: Literal["exchange", "mx", "postfix", "exim", "cisco-inspection"] = "exchange"
    starttls: Literal["offered", "stripped", "refused", "injected"] = "offered"
    injected: str = "250-mail.example\n250 AUTH PLAIN LOGIN"
    xoauth2: bool = True
    auth_form: Literal["both", "two-step", "one-line"] = "both"
    challenge: str = ""
    echo_auth: bool = False
    replies: dict[Stage, str] = field(default_factory=dict)
    latency_ms: int = 0
    refusal_delay_ms: int = 0
    hang_at: Stage | None = None
    drop_at: Stage | None = None
    drop: Literal["close", "reset"] = "close"
    tls_minimum: Literal["", "1.3"] = ""
    tls_maximum: Literal["", "1.1", "1.2"] = ""
    other_connections: int = 0
    largest_packet: int = 0
    clock_offset_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The submission server's certificate; days count from the start of the lab."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    issuer: str = "trusted"
    names: tuple[str, ...] = ("outlook.com", "*.outlook.com", "*.office365.com", "*.outlook.office365.com")
    valid_from_days: int = -30
    valid_to_days: int = 180
    missing_intermediate: bool = False
    sign_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Propagation:
    """The mailbox setting was changed when the lab started, and becomes effective that much later."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    effective_after_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The endpoint at which an administrator reads and changes the mailbox setting.

    A change is effective at the submission server `delay_s` later. Where the fault is `times_out` a change is made, and
    its answer is lost.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    delay_s: float = 2.0
    fault: (
        Literal[
            "throttled",
            "unavailable",
            "no_role",
            "no_configuration_role",
            "unsupported_role",
            "not_found",
            "gone",
            "html",
            "times_out",
        ]
        | None
    ) = None
    retry_after_s: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario file, whole; `name` is the file's name without `.toml`."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    name: str
    title: Bilingual
    story: Bilingual
    expect: Expect = field(default_factory=Expect)
    run: Run = field(default_factory=Run)
    tenant: Tenant = field(default_factory=Tenant)
    mailboxes: tuple[Mailbox, ...] = (Mailbox(address="scanner@contoso.com"),)
    sign_in: SignIn = field(default_factory=SignIn)
    device_code: DeviceCode = field(default_factory=DeviceCode)
    token: Endpoint = field(default_factory=Endpoint)
    refresh: Endpoint = field(default_factory=Endpoint)
    app: App = field(default_factory=App)
    network: Network = field(default_factory=Network)
    smtp: Smtp = field(default_factory=Smtp)
    certificate: Certificate = field(default_factory=Certificate)
    propagation: Propagation = field(default_factory=Propagation)
    setting: Setting = field(default_factory=Setting)
    admin: Admin = field(default_factory=Admin)
    directory: Directory = field(default_factory=Directory)
    policies: tuple[Policy, ...] = ()
    sign_ins: tuple[SignInRecord, ...] = ()

    @property
    def account(self) -> str:
        """The account that really signs in."""
        if self.sign_in.account:
            return self.sign_in.account
        found = next((box for box in self.mailboxes if box.is_called(self.run.mailbox)), None)
        return found.upn if found else self.run.mailbox

    @property
    def admin_account(self) -> str:
        """The administrator's account."""
        return self.admin.account or f"admin@{self.tenant.domain}"
