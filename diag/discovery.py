"""Which mailboxes of a tenant devices may send from: where each was seen, and where nobody could look. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from diag.obstacle import NotAnswered
from diag.overview import Settings, SignInLog, users_in
from diag.sentence import Sentence
from diag.setting import Setting, Switch
from diag.subject import is_address


class Source(StrEnum):
    """Where a mailbox shows that it sends: the sign-in log, the e-mail app usage report, its setting, which is on."""

    SIGN_INS = "sign_ins"
    USAGE = "usage"
    SETTING = "setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Where a mailbox was seen. `last_seen`, `app` and `ip` are what that place knows; of a setting none of them."""

    source: Source
    last_seen: datetime | date | None = None
    app: str = ""
    ip: str | None = None
    basic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A mailbox that devices send from, by all that is known, and where it was seen."""

    mailbox: str
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A place that could not be looked into, or not as a whole, and why."""

    source: Source
    because: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders:
    """The mailboxes that were found, each once, by address; and where there may be more."""

    found: tuple[Sender, ...]
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Who sent by SMTP within `days`, by the e-mail app usage report: the account's name, and its last activity."""

    days: int
    users: Mapping[str, date | None]


def senders(
    log: SignInLog | NotAnswered, usage: Usage | NotAnswered, settings: Settings | NotAnswered | None
) -> Senders:
    """Put together what the three places say; `settings` is None where nobody wanted to know them."""
    sightings: dict[str, list[Sighting]] = {}
    spelt: dict[str, str] = {}
    for mailbox, sighting in (*_logged(log), *_used(usage), *_on(settings)):
        if is_address(mailbox):
            spelt.setdefault(mailbox.casefold(), mailbox)
            sightings.setdefault(mailbox.casefold(), []).append(sighting)
    found = (Sender(mailbox=spelt[key], sightings=tuple(sightings[key])) for key in sorted(sightings))
    return Senders(found=tuple(found), gaps=tuple(_gaps(log, usage, settings)))


def _logged(log: SignInLog | NotAnswered) -> Iterator[tuple[str, Sighting]]:
    for user in () if isinstance(log, NotAnswered) else users_in(log):
        yield (
            user.mailbox,
            Sighting(source=Source.SIGN_INS, last_seen=user.last_seen, app=user.app, ip=user.ip, basic=user.basic),
        )


def _used(usage: Usage | NotAnswered) -> Iterator[tuple[str, Sighting]]:
    if isinstance(usage, Usage):
        for mailbox, last in usage.users.items():
            yield mailbox, Sighting(source=Source.USAGE, last_seen=last)


def _on(settings: Settings | NotAnswered | None) -> Iterator[tuple[str, Sighting]]:
    """Yield those whose own value is on: what follows the organisation says nothing of a device."""
    if isinstance(settings, Settings):
        for one in settings.mailboxes.values():
            if isinstance(one, Setting) and one.mailbox is Switch.ON:
                yield one.identity, Sighting(source=Source.SETTING)


def _gaps(
    log: SignInLog | NotAnswered, usage: Usage | NotAnswered, settings: Settings | NotAnswered | None
) -> Iterator[Gap]:
    yield from _gaps_of(Source.SIGN_INS, (log.because,) if isinstance(log, NotAnswered) else log.gaps)
    yield from _gaps_of(Source.USAGE, (usage.because,) if isinstance(usage, NotAnswered) else ())
    match settings:
        case NotAnswered(because=because) | Settings(gap=Sentence() as because):
            yield Gap(source=Source.SETTING, because=because)
        case _:
            pass


def _gaps_of(source: Source, reasons: Iterable[Sentence]) -> Iterator[Gap]:
    for because in reasons:
        yield Gap(source=source, because=because)
