"""What was asked once for a tenant, in the words of the health report: lines of an inventory, and what is not known."""

from collections.abc import Iterator
from operator import attrgetter

from diag.discovery import Sender, Senders, Sighting, Source
from diag.health.run import Unasked
from diag.health.scanner import Scanner
from diag.obstacle import NotAnswered
from diag.overview import SETTINGS_NOT_WANTED, IdleAccounts, Overview, Settings
from diag.sentence import Sentence, say

_SIGN_INS, _SETTINGS = say("the sign-in log"), say("the settings of the mailboxes")
_IDLE = say("the accounts that are not in use")
_PLACES = {
    Source.SIGN_INS: _SIGN_INS,
    Source.USAGE: say("the e-mail app usage report"),
    Source.SETTING: _SETTINGS,
}


def scanners(found: Senders, tenant: str) -> tuple[Scanner, ...]:
    """Return the mailboxes that were found as lines of an inventory."""
    return tuple(Scanner(mailbox=one.mailbox, tenant=tenant, device=_device(one)) for one in found.found)


def _device(sender: Sender) -> str:
    """What is known of the device: the application it signs in with, else where it signs in from; the newest counts."""
    seen = [one for one in sender.sightings if one.source is Source.SIGN_INS]
    newest = sorted(seen, key=attrgetter("last_seen"), reverse=True)
    return next(filter(None, map(_name, newest)), "")


def _name(sighting: Sighting) -> str:
    if sighting.app and not sighting.basic:  # with a password, the application is Exchange Online itself
        return sighting.app
    return f"IP {sighting.ip}" if sighting.ip else ""


def unseen(found: Senders, tenant: str) -> tuple[Unasked, ...]:
    """Return where there may be more mailboxes, and why nobody could look."""
    return tuple(Unasked(tenant=tenant, what=_PLACES[gap.source], because=gap.because) for gap in found.gaps)


def unasked(overview: Overview, tenant: str) -> tuple[Unasked, ...]:
    """Return what could not be asked of a tenant, or not as a whole; what nobody wanted is left out."""
    return tuple(Unasked(tenant=tenant, what=what, because=because) for what, because in _open(overview))


def _open(overview: Overview) -> Iterator[tuple[Sentence, Sentence]]:
    match overview.sign_ins:
        case NotAnswered(because=because):
            yield _SIGN_INS, because
        case log:
            yield from ((_SIGN_INS, gap) for gap in log.gaps)
    match overview.idle:
        case NotAnswered(because=because):
            yield _IDLE, because
        case IdleAccounts(gap=Sentence() as because):
            yield _IDLE, because
        case _:
            pass
    match overview.settings:
        case NotAnswered(because=because) if overview.settings != SETTINGS_NOT_WANTED:
            yield _SETTINGS, because
        case Settings(gap=Sentence() as because):
            yield _SETTINGS, because
        case _:
            pass
    others = (
        (say("security defaults"), overview.security_defaults),
        (say("Conditional Access"), overview.policies),
        (say("the device's application"), overview.app),
        (say("the consent"), overview.consent),
        (say("the registration of the application"), overview.registration),
        (say("the health of Exchange Online"), overview.health),
    )
    yield from ((what, answer.because) for what, answer in others if isinstance(answer, NotAnswered))
