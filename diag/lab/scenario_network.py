"""What a scenario file can say of the way to a submission server, and of that server.

What stands in the first of two classes is a key of every host; the second is the first host's, and has what the whole
lab has but once. docs/lab.md describes each key.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from diag.lab.scenario_directory import STRICT
from diag.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The way from the device to one submission host."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    ports: tuple[int, ...] = (587,)
    dns: Literal["answers", "no_such_name", "server_failure", "silent"] = "answers"
    port: Literal["open", "blocked", "refused"] = "open"
    ipv6: Literal["none", "open", "blocked"] = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network(Way):
    """The way to the first submission host, its name, and the way to the sign-in service."""

    host: str = "smtp.office365.com"
    sign_in: Literal["open", "refused"] = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that answers on a submission port, and what is wrong with it."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
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
    largest_packet: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp(Server):
    """The first host's server, the connections others hold with a mailbox, and how far the lab's clocks are ahead."""

    other_connections: int = 0
    clock_offset_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The certificate a submission server shows; days count from the start of the lab.

    Without `names` it is for Exchange Online's, and for the host's own.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    issuer: str = "trusted"
    names: tuple[str, ...] = ()
    valid_from_days: int = -30
    valid_to_days: int = 180
    missing_intermediate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate(Shown):
    """The first host's certificate; with `sign_in` the sign-in service shows one with the same faults."""

    names: tuple[str, ...] = ("outlook.com", "*.outlook.com", "*.office365.com", "*.outlook.office365.com")
    sign_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A further submission host: what the scanners of one site reach, through whatever stands in their way."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    name: str
    network: Way = field(default_factory=Way)
    smtp: Server = field(default_factory=Server)
    certificate: Shown = field(default_factory=Shown)

    @property
    def names(self) -> tuple[str, ...]:
        """The names its certificate is for."""
        return self.certificate.names or (self.name, *Certificate().names)
