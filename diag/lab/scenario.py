"""What a scenario file can say. Every key has a default, and the defaults together make a healthy tenant.

docs/lab.md describes each key; keys that are unknown or of the wrong type are refused by the loader.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar, Literal

from diag.evidence import Auth
from diag.lab.scenario_directory import STRICT as _STRICT
from diag.lab.scenario_directory import Admin, Directory, Policy, SignInRecord
from diag.lab.scenario_mailboxes import Fault, Fleet, Mailbox, Plan, Switch, Truth
from diag.lab.scenario_network import Certificate, Host, Network, Server, Shown, Smtp, Way
from diag.outcome import Certainty

__all__ = [
    "CONTOSO",
    "USUAL_LIFE_S",
    "App",
    "Bilingual",
    "Certificate",
    "DeviceCode",
    "Endpoint",
    "Expect",
    "Fault",
    "Fleet",
    "Host",
    "Mailbox",
    "Network",
    "Plan",
    "Propagation",
    "Run",
    "Scenario",
    "Server",
    "Setting",
    "Shown",
    "SignIn",
    "Smtp",
    "Switch",
    "Tenant",
    "Truth",
    "Way",
]

USUAL_LIFE_S = 4199  # of an access token
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
class SignIn:
    """Who really signs in, and what the token then says; empty means "as asked for"."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    account: str = ""
    audience: str = ""
    scopes: tuple[str, ...] = ("SMTP.Send",)
    tenant: str = ""
    lifetime_s: int = USUAL_LIFE_S
    opaque: bool = False
    length: int = 2400
    kept: int = 0


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


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A scenario file, whole; `name` is the file's name without `.toml`.

    `fleet` is what the file says; the loader has made mailboxes of it, which stand behind those that the file names.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    name: str
    title: Bilingual
    story: Bilingual
    expect: Expect = field(default_factory=Expect)
    run: Run = field(default_factory=Run)
    tenant: Tenant = field(default_factory=Tenant)
    mailboxes: tuple[Mailbox, ...] = (Mailbox(address="scanner@contoso.com"),)
    fleet: tuple[Fleet, ...] = ()
    sign_in: SignIn = field(default_factory=SignIn)
    device_code: DeviceCode = field(default_factory=DeviceCode)
    token: Endpoint = field(default_factory=Endpoint)
    refresh: Endpoint = field(default_factory=Endpoint)
    app: App = field(default_factory=App)
    network: Network = field(default_factory=Network)
    smtp: Smtp = field(default_factory=Smtp)
    certificate: Certificate = field(default_factory=Certificate)
    hosts: tuple[Host, ...] = ()
    propagation: Propagation = field(default_factory=Propagation)
    setting: Setting = field(default_factory=Setting)
    admin: Admin = field(default_factory=Admin)
    directory: Directory = field(default_factory=Directory)
    policies: tuple[Policy, ...] = ()
    sign_ins: tuple[SignInRecord, ...] = ()

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Mailbox, ...]]:
        found: dict[str, tuple[Mailbox, ...]] = {}
        for box in self.mailboxes:
            for name in box.names:
                found[name] = (*found.get(name, ()), box)
        return found

    def called(self, name: str) -> tuple[Mailbox, ...]:
        """Return the mailboxes that go by this address, alias or sign-in name, however its letters are cased."""
        return self._by_name.get(name.casefold(), ())

    @cached_property
    def account(self) -> str:
        """The account that really signs in."""
        return self.sign_in.account or next((box.upn for box in self.called(self.run.mailbox)), self.run.mailbox)

    @property
    def admin_account(self) -> str:
        """The administrator's account."""
        return self.admin.account or f"admin@{self.tenant.domain}"

    def scanner(self, name: str | None) -> Mailbox | None:
        """Return the scanner's mailbox of that name (None: the run's); None where it is no scanner's."""
        found = self.called(self.run.mailbox if name is None else name)
        return next((box for box in found if box.expect is not None), None)

    def run_of(self, mailbox: str | None) -> Run:
        """Return what a command is run with that names this mailbox; a scanner sends from what it is set to."""
        box = self.scanner(mailbox)
        if box is None or (self.run.sender is not None and box.is_called(self.run.mailbox)):
            return self.run
        return replace(self.run, mailbox=box.address, sender=box.sender or None)

    def account_of(self, mailbox: str | None) -> str:
        """Return the account that signs in where a command names this mailbox: a scanner's its own."""
        box = self.scanner(mailbox)
        return self.account if box is None or self.sign_in.account else box.upn

    def host_of(self, mailbox: str | None) -> str:
        """Return the host that the device of this mailbox is set to."""
        box = self.scanner(mailbox)
        return (box.host if box else "") or self.network.host
