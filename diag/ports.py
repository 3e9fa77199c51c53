"""What gathering asks of the world. Ports return what happened; whatever they raise is a bug."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from diag import applications, directory
from diag.applications import Sent
from diag.applications import Step as SetupStep
from diag.directory import Trace
from diag.discovery import Senders
from diag.evidence import (
    Acquisition,
    Auth,
    BrowserShowed,
    ClockReading,
    Contact,
    Dialogue,
    Discovery,
    Lookup,
)
from diag.obstacle import NotAnswered
from diag.overview import Overview, Settings
from diag.secret import Secret
from diag.sentence import Sentence
from diag.setting import Accepted, Backend, Busy, Change, Intent, Setting, Step, Switch
from diag.subject import Subject


class Network(Protocol):
    """DNS and TCP."""

    async def look_up(self, host: str) -> tuple[Lookup, ...]:
        """Ask for the A and AAAA records of `host`; a literal address answers itself."""
        ...

    async def reach(self, addresses: tuple[str, ...], port: int) -> tuple[Contact, ...]:
        """Connect once to every address, all at the same time, and close again."""
        ...


class Smtp(Protocol):
    """The submission server."""

    async def dialogue(self, subject: Subject, address: str, token: Secret | None) -> Dialogue:
        """Hold one dialogue, once; without a token it ends before AUTH, and at most one AUTH is refused."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquired:
    """What came of asking for a token, and the token where there is one."""

    acquisition: Acquisition
    token: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """What the authority says of itself, and its clock where it stated one."""

    discovery: Discovery
    clock: ClockReading | None = None


class Tokens(Protocol):
    """The identity provider. Its properties say what will be asked, for the record."""

    @property
    def auth(self) -> Auth | None:
        """How a token will be obtained; None where nothing was given to obtain one with."""
        ...

    @property
    def client_id(self) -> str | None:
        """The application a token is asked for; None where a token is given."""
        ...

    @property
    def scope(self) -> str:
        """The permission asked for."""
        ...

    @property
    def audiences(self) -> tuple[str, ...]:
        """The audiences the SMTP server accepts; empty where that is not known."""
        ...

    async def discover(self) -> Discovered:
        """Read the authority's OpenID Connect discovery document, with nobody signed in."""
        ...

    async def acquire(self) -> Acquired:
        """Obtain a token; asks a person to sign in where `auth` is device code."""
        ...

    async def renew(self) -> Acquired:
        """Obtain a token once more, with nobody asked: the one that is held, or a new one from the same sign-in."""
        ...


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """This computer's date and time, aware."""
        ...

    def elapsed_ms(self) -> float:
        """Milliseconds on a clock that only runs forward."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


class Person(Protocol):
    """Whoever sits in front of the terminal."""

    def progress(self, now: Sentence, *, fleeting: bool = False) -> None:
        """Say what is being done at this moment; what is `fleeting` is worth a moving line, and no line that stays."""
        ...

    def show_code(self, code: Secret, page: str, lifetime_s: int) -> None:
        """Show the device code, and the page it must be typed into."""
        ...

    def browser_showed(self) -> BrowserShowed | None:
        """Ask what the browser showed; None where nobody can be asked, or nobody knows."""
        ...


class MailboxSetting(Protocol):
    """The Authenticated SMTP setting of a mailbox, asked of one backend."""

    @property
    def backend(self) -> Backend:
        """Who is asked."""
        ...

    async def read(self, mailbox: str) -> Setting | NotAnswered:
        """Read the mailbox's value and the organisation's."""
        ...

    async def write(self, mailbox: str, value: Switch) -> Accepted | NotAnswered:
        """Send one change of the mailbox's value, once; the organisation's is never changed."""
        ...


class AllSettings(Protocol):
    """The Authenticated SMTP setting of every mailbox of a tenant, asked of one backend at once."""

    async def all(self) -> Settings | NotAnswered:
        """Read them all; what one backend charges for is charged each time."""
        ...


class Tenant(Protocol):
    """What is asked once for all mailboxes of a tenant, on behalf of an administrator; nothing is changed.

    It is one run's: what was read once of the sign-in log and the settings is not read again.
    """

    async def overview(self, *, client_id: str | None, auth: Auth | None, settings: bool) -> Overview:
        """Ask about the tenant, the device's application, the sign-ins of all and, if wanted, the settings of all."""
        ...

    async def discover(self, *, client_id: str | None = None, settings: bool = True) -> Senders:
        """Look for the mailboxes that devices send from; with its client id also for those that use an application."""
        ...

    async def closer(
        self, mailbox: str, known: directory.Directory, *, auth: Auth | None = None
    ) -> directory.Directory:
        """Ask about one mailbox itself too, in one to five requests, and return what is known then."""
        ...


class Directory(Protocol):
    """What Microsoft Entra knows, asked on behalf of an administrator; nothing is changed."""

    async def ask(self, subject: Subject, *, client_id: str | None, auth: Auth | None) -> directory.Directory:
        """Put every question about the mailbox, the device's application and the way it signs in; not the trace."""
        ...

    async def trace(self, sender: str, recipient: str, since: datetime) -> Trace | NotAnswered:
        """Ask what became of the messages from `sender` to `recipient` since then."""
        ...


class Applications(Protocol):
    """The applications that are registered in the tenant, asked and changed on behalf of an administrator."""

    async def look(self, names: Mapping[str, str | None]) -> applications.Tenant | NotAnswered:
        """Read what is registered under each name, or, where it is known, with the client id that stands beside it."""
        ...

    async def take(self, step: SetupStep) -> Sent | NotAnswered:
        """Send one step, once; `NotAnswered` also where nobody knows whether it was taken."""
        ...


class Ledger(Protocol):
    """What was changed, by whom and when; entries are only ever added.

    Every method may raise `diag.setting.LedgerError`, whose sentence says why the ledger cannot be used.
    """

    async def begin(self, intent: Intent, at: datetime) -> Change | Busy:
        """Write an intent down, before anything is sent; refused where a change of the same mailbox is still open."""
        ...

    async def add(self, change: int, step: Step) -> None:
        """Add a step to the change with this number."""
        ...

    async def changes(self, *, tenant: str | None = None, mailbox: str | None = None) -> tuple[Change, ...]:
        """Return the changes of a tenant or a mailbox (None: of all), the newest first; case does not matter.

        A mailbox goes by its own address, and by those it was asked for by.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The world, as one run sees it; `setting` and `directory` are None where no administrator is signed in."""

    network: Network
    smtp: Smtp
    tokens: Tokens
    clock: Clock
    person: Person
    setting: MailboxSetting | None = None
    directory: Directory | None = None
    ledger: Ledger | None = None
