"""What a run over many mailboxes asks once for a whole tenant, and what that says of each of them. Pure.

One query of the sign-in log and one list of settings stand for thousands: Microsoft takes few requests for the log, and
a snapshot of the settings counts every mailbox against a monthly quota.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from diag.directory import (
    NOT_TRACED,
    Consent,
    Directory,
    EnterpriseApp,
    LastSignIn,
    Policies,
    Registration,
    SecurityDefaults,
    ServiceHealth,
    SignInRecord,
    SignIns,
)
from diag.obstacle import NotAnswered, Obstacle
from diag.sentence import Sentence, say
from diag.setting import Backend, Setting, Switch


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLog:
    """The sign-ins over SMTP and of the device's application, by account name (casefolded), the newest first.

    Of each account the newest are kept. From `since` on nothing that was asked for is left out, but for `gaps`: each
    says why something is. An account without a record is then not known to have none.
    """

    since: datetime
    records: Mapping[str, tuple[SignInRecord, ...]] = field(repr=False)
    gaps: tuple[Sentence, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all of it was read, so that an account without a record had no sign-in."""
        return not self.gaps


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleAccounts:
    """The accounts to which nobody has signed in since a time: when somebody last did, by sign-in name (casefolded).

    An account that is not there was signed in to later, or never, or belongs to what a `gap` says is missing.
    """

    since: datetime
    accounts: Mapping[str, LastSignIn] = field(repr=False)
    gap: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The setting of every mailbox, by its first address (casefolded), and the organisation's.

    `organisation` is None where it could not be read. A `gap` says why not every mailbox is there.
    """

    organisation: Switch | None
    mailboxes: Mapping[str, Setting | NotAnswered] = field(repr=False)
    gap: Sentence | None = None


def settings_of(
    own: Mapping[str, Switch | NotAnswered],
    organisation: Switch | None,
    backend: Backend,
    at: datetime,
    gap: Sentence | None,
) -> Settings:
    """Put together what a backend read of every mailbox, by its first address as it is spelt."""
    found = {
        name.casefold(): Setting(
            identity=name, mailbox=value, organisation=organisation, backend=backend, observed_at=at
        )
        if isinstance(value, Switch)
        else value
        for name, value in own.items()
    }
    return Settings(organisation=organisation, mailboxes=found, gap=gap)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What was asked once for the tenant, and about which application; every other field is one question."""

    client_id: str | None
    security_defaults: SecurityDefaults | NotAnswered
    policies: Policies | NotAnswered
    app: EnterpriseApp | NotAnswered
    consent: Consent | NotAnswered
    registration: Registration | NotAnswered
    health: ServiceHealth | NotAnswered
    sign_ins: SignInLog | NotAnswered
    idle: IdleAccounts | NotAnswered
    settings: Settings | NotAnswered


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpUser:
    """A mailbox for which somebody signed in lately to send, successfully: with which application, and from where.

    `mailbox` is the account's name in small letters. `basic` is true where the log has a sign-in over SMTP itself with
    no application of its own, which is what a password (Basic authentication) leaves there; one with OAuth is logged
    when its token is issued, for the application.
    """

    mailbox: str
    app: str
    ip: str | None
    last_seen: datetime
    basic: bool


_NOT_OF_EACH = NotAnswered(
    obstacle=Obstacle.NOT_ASKED, because=say("a run over many mailboxes does not ask this of each of them")
)
_NOT_THIS_APP = NotAnswered(
    obstacle=Obstacle.NOT_ASKED,
    because=say("a run over many mailboxes asks about the application of the tenant, and this mailbox has another one"),
)
SETTINGS_NOT_WANTED = NotAnswered(
    obstacle=Obstacle.NOT_ASKED, because=say("the settings of the tenant's mailboxes were not asked for")
)


def directory_of(overview: Overview, mailbox: str, client_id: str | None = None) -> Directory:
    """Return what is known of one mailbox; the questions about its own account were not put.

    `client_id` is the application that it signs in with, where that is known: another one than the overview is about
    was not asked about.
    """
    is_other = client_id is not None and client_id.casefold() != (overview.client_id or client_id).casefold()
    return Directory(
        account=_NOT_OF_EACH,
        mailbox=_NOT_OF_EACH,
        security_defaults=overview.security_defaults,
        policies=overview.policies,
        app=_NOT_THIS_APP if is_other else overview.app,
        consent=_NOT_THIS_APP if is_other else overview.consent,
        registration=_NOT_THIS_APP if is_other else overview.registration,
        sign_ins=_sign_ins(overview.sign_ins, mailbox),
        last_sign_in=_last_sign_in(overview.idle, mailbox),
        health=overview.health,
        trace=NOT_TRACED,
    )


def _sign_ins(log: SignInLog | NotAnswered, mailbox: str) -> SignIns | NotAnswered:
    if isinstance(log, NotAnswered):
        return log
    records = log.records.get(mailbox.casefold(), ())
    if not records and log.gaps:
        unknown = say(
            "the part of the sign-in log that was read has nothing of {mailbox}, and not all of it was read: {why}",
            mailbox=mailbox,
            why=log.gaps[0],
        )
        return NotAnswered(obstacle=Obstacle.NOT_ASKED, because=unknown)
    return SignIns(since=log.since, records=records, background=log.complete)


def _last_sign_in(idle: IdleAccounts | NotAnswered, mailbox: str) -> LastSignIn | NotAnswered:
    if isinstance(idle, NotAnswered):
        return idle
    found = idle.accounts.get(mailbox.casefold())
    if found is not None:
        return found
    day = f"{idle.since:%Y-%m-%d}"
    if idle.gap is None:
        absent = say(
            "no account with the sign-in name {mailbox} is among those that were last signed in to before {day}; nor is"
            " one that never was",
            mailbox=mailbox,
            day=day,
        )
    else:
        absent = say(
            "{mailbox} is not among the accounts that were read to which nobody has signed in since {day}, and not all"
            " were read: {why}",
            mailbox=mailbox,
            day=day,
            why=idle.gap,
        )
    return NotAnswered(obstacle=Obstacle.NOT_ASKED, because=absent)


def setting_of(overview: Overview, mailbox: str) -> Setting | NotAnswered:
    """Return the setting of one mailbox.

    That a list has no such mailbox does not say that there is none: the address may be another one of a mailbox.
    """
    settings = overview.settings
    if isinstance(settings, NotAnswered):
        return settings
    found = settings.mailboxes.get(mailbox.casefold())
    if found is not None:
        return found
    if settings.gap is not None:
        absent = say(
            "{mailbox} is not among the settings that were read, and not all were: {why}",
            mailbox=mailbox,
            why=settings.gap,
        )
    else:
        absent = say(
            "no mailbox of the tenant has {mailbox} as its first address; whether one has it as another was not asked",
            mailbox=mailbox,
        )
    return NotAnswered(obstacle=Obstacle.NOT_ASKED, because=absent)


def users_in(log: SignInLog) -> tuple[SmtpUser, ...]:
    """Return who signed in lately to send, by mailbox; twice where some of it was with a password, and some not.

    What failed does not count: anybody can try names and passwords.
    """
    found = []
    for mailbox in sorted(log.records):
        newest: dict[bool, SignInRecord] = {}
        for record in log.records[mailbox]:
            if record.code == 0:
                newest.setdefault(record.is_basic, record)
        found += [
            SmtpUser(mailbox=mailbox, app=record.app, ip=record.ip, last_seen=record.at, basic=basic)
            for basic, record in sorted(newest.items(), reverse=True)
        ]
    return tuple(found)
