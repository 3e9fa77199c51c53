"""Everything the ports learned: frozen, typed, JSON in and out, without secrets.

Times are milliseconds unless the name says otherwise, dates are aware datetimes. Every union carries `kind`, so that
saved evidence (`diag replay`) reads back as the same types.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import lru_cache
from typing import Literal, TypeAlias

from diag.directory import Directory
from diag.obstacle import NotAnswered
from diag.sentence import Sentence, say
from diag.setting import Propagation, Setting
from diag.stage import Stage
from diag.subject import Subject


class Reason(StrEnum):
    """Why nobody answered."""

    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    DROPPED = "dropped"
    DEADLINE = "deadline"
    PROTOCOL = "protocol"
    DNS = "dns"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """No usable answer: who was silent, and how."""

    who: str
    reason: Reason
    detail: str = ""
    kind: Literal["silence"] = "silence"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAsked:
    """A question that was not put, and why."""

    because: Sentence
    kind: Literal["not_asked"] = "not_asked"


# --- network


class LookupStatus(StrEnum):
    """How a name look-up ended."""

    ANSWERED = "answered"
    NO_SUCH_NAME = "no_such_name"
    NO_RECORDS = "no_records"
    TIMEOUT = "timeout"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One DNS question (A or AAAA) and its answer."""

    name: str
    record: Literal["A", "AAAA"]
    status: LookupStatus
    addresses: tuple[str, ...] = ()
    canonical_name: str | None = None
    detail: str = ""
    duration_ms: float


class ContactStatus(StrEnum):
    """How one TCP connection attempt ended."""

    CONNECTED = "connected"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One TCP connection attempt to one address."""

    address: str
    port: int
    status: ContactStatus
    detail: str = ""
    duration_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The way to the submission host: its addresses, and which of them can be reached."""

    host: str
    port: int
    lookups: tuple[Lookup, ...]
    contacts: tuple[Contact, ...]

    @property
    def reachable(self) -> str | None:
        """The first address that took a connection; IPv4 before IPv6, as devices do."""
        good = [c.address for c in self.contacts if c.status is ContactStatus.CONNECTED]
        return min(good, key=lambda found: ":" in found, default=None)


# --- SMTP


_BANNER_DATE = re.compile(r"\bat (\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4})")


@lru_cache(maxsize=64)  # many banners have the same second
def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One SMTP reply; `lines` without their codes, bytes outside UTF-8 as escapes (backslash, x, two digits)."""

    code: int
    lines: tuple[str, ...]
    kind: Literal["reply"] = "reply"

    @property
    def text(self) -> str:
        """The words of the reply, its lines joined by a newline."""
        return "\n".join(self.lines)

    @property
    def positive(self) -> bool:
        """Whether it says yes; the first digit decides (RFC 5321, 4.2.1)."""
        return 200 <= self.code < 300  # noqa: PLR2004 - the digit

    def __str__(self) -> str:
        return f"{self.code} {' '.join(self.lines)}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One exchange: what was sent (secrets removed; None for the banner), and the reply or the silence.

    `secured` says whether it went through verified TLS.
    """

    stage: Stage
    sent: str | None
    answer: Reply | Silence
    at_ms: float
    duration_ms: float
    secured: bool


class Breach(StrEnum):
    """A way to break the protocol that is reported, not merely survived."""

    PLAINTEXT_AFTER_STARTTLS = "plaintext_after_starttls"
    UNSOLICITED = "unsolicited"
    MIXED_CODES = "mixed_codes"
    BAD_LINE = "bad_line"
    BARE_LINE_ENDING = "bare_line_ending"
    TOO_LONG = "too_long"

    @property
    def fatal(self) -> bool:
        """Whether whatever follows is worthless, so that nothing secret may be sent after it."""
        return self in {Breach.PLAINTEXT_AFTER_STARTTLS, Breach.UNSOLICITED, Breach.MIXED_CODES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Bytes that had no business where they came; `shown` holds at most the first 200, printable."""

    stage: Stage
    breach: Breach
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate as the server sent it."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    names_total: int
    not_before: datetime
    not_after: datetime
    key: str
    signature: str
    sha256: str

    @property
    def self_issued(self) -> bool:
        """Whether subject and issuer are the same: a root, or a self-signed certificate."""
        return self.subject == self.issuer


class Flaw(StrEnum):
    """One thing wrong with a certificate chain; several may hold at once."""

    UNKNOWN_ROOT = "unknown_root"
    MISSING_INTERMEDIATE = "missing_intermediate"
    WRONG_NAME = "wrong_name"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    SELF_SIGNED = "self_signed"
    INSPECTED = "inspected"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The TLS handshake: what was agreed, the chain, and every flaw of the chain apart.

    `verified` is what OpenSSL decided with `trust` (the CA file, or the system's store); only then is a token sent.
    `product` names the TLS-inspecting product that issued the chain, where its issuer gives it away.
    """

    verified: bool
    version: str | None = None
    cipher: str | None = None
    chain: tuple[Certificate, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    product: str | None = None
    trust: str = ""
    error: str = ""
    duration_ms: float = 0


def offers(features: tuple[str, ...], mechanism: str) -> bool:
    """Whether EHLO lines offer AUTH `mechanism` (upper case), in today's form or in the older one with `AUTH=`."""
    lines = (line.upper().replace("=", " ").split() for line in features)
    return any(words[0] == "AUTH" and mechanism in words[1:] for words in lines if words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """One SMTP session, whole. `features` are the EHLO lines before and after TLS."""

    host: str
    port: int
    address: str
    started_at: datetime
    steps: tuple[Step, ...]
    features_before: tuple[str, ...] = ()
    features_after: tuple[str, ...] = ()
    tls: Tls | None = None
    violations: tuple[Violation, ...] = ()
    challenge: str | None = None
    kind: Literal["dialogue"] = "dialogue"

    def step(self, stage: Stage) -> Step | None:
        """The last step of a stage, None where the dialogue did not get that far."""
        for step in reversed(self.steps):  # asked by every other check; a generator would cost twice as much
            if step.stage is stage:
                return step
        return None

    def reply(self, stage: Stage) -> Reply | None:
        """The last reply of a stage, None where there was none."""
        step = self.step(stage)
        return step.answer if step and isinstance(step.answer, Reply) else None

    @property
    def silence(self) -> Step | None:
        """The step at which the other side fell silent; QUIT does not count."""
        return next((s for s in self.steps if isinstance(s.answer, Silence) and s.stage is not Stage.QUIT), None)

    @property
    def authenticated(self) -> bool:
        """Whether the server accepted the sign-in."""
        reply = self.reply(Stage.AUTH)
        return reply is not None and reply.code == 235  # noqa: PLR2004 - RFC 4954, 4: authentication succeeded

    @property
    def trustworthy(self) -> bool:
        """Whether the other side sent no byte that makes the session worthless."""
        return not any(violation.breach.fatal for violation in self.violations)

    @property
    def banner_date(self) -> datetime | None:
        """The date in the banner, as Exchange Online writes it: `... ready at Mon, 4 Aug 2025 11:15:30 +0000`."""
        reply = self.reply(Stage.BANNER)
        found = _BANNER_DATE.search(reply.text) if reply else None
        return None if found is None else _date(found[1])

    def duration_ms(self, stage: Stage) -> float | None:
        """How long all steps of a stage took together, None where there was none."""
        if stage is Stage.TLS and self.tls is not None:
            return self.tls.duration_ms
        spent = [step.duration_ms for step in self.steps if step.stage is stage]
        return sum(spent) if spent else None

    def offers(self, mechanism: str) -> bool:
        """Whether AUTH `mechanism` (upper case) was offered over TLS."""
        return offers(self.features_after, mechanism)


# --- tokens


class Auth(StrEnum):
    """How a token is obtained."""

    DEVICE_CODE = "device-code"
    APP = "app"
    TOKEN = "token"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInService:
    """The authority's own description (OpenID Connect discovery)."""

    authority: str
    issuer: str
    tenant: str | None
    device_code: bool
    kind: Literal["service"] = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An OAuth 2.0 error answer; the last three are what Microsoft support and the sign-in log search by."""

    step: Literal["discovery", "device_code", "token", "refresh"]
    http_status: int | None
    error: str
    codes: tuple[int, ...]
    suberror: str | None
    description: str
    policies: tuple[str, ...]
    trace_id: str | None
    correlation_id: str | None
    timestamp: str | None
    kind: Literal["refusal"] = "refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A token was issued, or `given` by the person who ran diag."""

    auth: Auth
    given: bool = False
    polls: int = 0
    waited_ms: float = 0
    kind: Literal["granted"] = "granted"


class Page(StrEnum):
    """What a browser can show in place of a finished sign-in; a device sees nothing of it."""

    SECOND_PROOF = "second_proof"
    NEEDS_APPROVAL = "needs_approval"
    BLOCKED = "blocked"
    WRONG_CODE = "wrong_code"
    NOT_OPENED = "not_opened"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserShowed:
    """What a person says the browser showed; `words` as typed where it was none of the usual pages."""

    page: Page
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeExpired:
    """Nobody finished signing in; `browser` is what the person says it showed, None where nobody could be asked."""

    polls: int
    lifetime_s: int
    browser: BrowserShowed | None
    kind: Literal["code_expired"] = "code_expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The person refused in the browser."""

    polls: int
    kind: Literal["declined"] = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """A token only its issuer can read, as personal Microsoft accounts get."""

    length: int
    kind: Literal["opaque"] = "opaque"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A token that has the form of a JWT but is damaged, for instance cut off."""

    length: int
    problem: Sentence
    kind: Literal["unreadable"] = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a JWT access token says of itself (Entra's access token claims reference); its signature is not kept.

    `audience` holds several, separated by blanks, where the token does. `users` are the claims that name the account
    (upn, unique_name, preferred_username, email), as found.
    """

    length: int
    fingerprint: str
    audience: str
    issuer: str
    scopes: tuple[str, ...]
    roles: tuple[str, ...]
    users: tuple[tuple[str, str], ...]
    tenant: str | None
    app_id: str | None
    app_only: bool
    issued_at: datetime | None
    not_before: datetime | None
    expires_at: datetime | None
    kind: Literal["claims"] = "claims"

    @property
    def user(self) -> str | None:
        """The account that signed in, by the first claim that names one."""
        return self.users[0][1] if self.users else None


Discovery: TypeAlias = SignInService | Refusal | Silence | NotAsked
Acquisition: TypeAlias = Granted | Refusal | CodeExpired | Declined | Silence | NotAsked
Token: TypeAlias = Claims | Opaque | Unreadable | NotAsked


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Everything about getting a token: where it was asked, what came of it, and what the token says.

    `expected_audiences` are those the server accepts (empty: not known, any provider other than Microsoft);
    `scope` is the permission asked for.
    """

    auth: Auth | None
    client_id: str | None
    scope: str
    expected_audiences: tuple[str, ...]
    discovery: Discovery
    acquisition: Acquisition
    token: Token


# --- clocks, and the whole


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """A date a server stated, beside this computer's clock at that moment."""

    source: str
    server: datetime
    local: datetime

    @property
    def ahead(self) -> timedelta:
        """How far this computer's clock is ahead of the server's (negative: behind)."""
        return self.local - self.server


NOBODY_SIGNED_IN = NotAsked(because=say("no administrator is signed in"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that one run learned.

    `setting` and `directory` are asked where an administrator is signed in. `propagation` is a change of the setting
    that the ledger knows and that may still be on its way, or that this very run saw become effective; None where
    there is none.
    """

    diag_version: str
    subject: Subject
    started_at: datetime
    duration_ms: float
    network: Network
    dialogue: Dialogue | NotAsked
    sign_in: SignIn
    clocks: tuple[ClockReading, ...]
    setting: Setting | NotAnswered | NotAsked = NOBODY_SIGNED_IN
    directory: Directory | NotAsked = NOBODY_SIGNED_IN
    propagation: Propagation | NotAnswered | None = None
