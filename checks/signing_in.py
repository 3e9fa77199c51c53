"""How far the sign-in came. Not a check: the checks of the directory weigh what they read by it."""

import re
from enum import Enum, auto
from functools import lru_cache

from checks.reading import dialogue
from diag.catalogue import Reading, load
from diag.directory import SMTP_CLIENTS, Consent, Directory, Grant, SignInRecord
from diag.evidence import (
    Auth,
    Claims,
    CodeExpired,
    Declined,
    Evidence,
    Granted,
    NotAsked,
    Page,
    Refusal,
    Reply,
    Silence,
)
from diag.outcome import Certainty
from diag.stage import Stage
from diag.subject import Account

SEND, SEND_ALONE = "SMTP.Send", "SMTP.SendAsApp"
_REFUSED = 535
_AADSTS = re.compile(r"AADSTS(\d{4,9})", re.IGNORECASE)


class Reached(Enum):
    """How far the sign-in came, and who ended it."""

    ACCEPTED = auto()
    REFUSED_BARE = auto()  # by the mail server, which does not say why
    REFUSED = auto()  # by the mail server, which says why
    NO_TOKEN = auto()  # the sign-in service gave none, or nobody finished signing in
    NOT_TRIED = auto()


def sure_readings(evidence: Evidence, reply: Reply) -> tuple[Reading, ...]:
    """The causes that the answer to AUTH points to; none where it says nothing but no."""
    return _sure(str(reply), evidence.subject.account)


@lru_cache(maxsize=64)  # a dozen checks weigh the same answer
def _sure(reply: str, account: Account) -> tuple[Reading, ...]:
    readings = load().classify(reply, stage=Stage.AUTH, mechanism="XOAUTH2", account=account)
    return tuple(r for r in readings if r.certainty is not Certainty.POSSIBLE and r.cause != "starttls_not_used")


def reached(evidence: Evidence) -> Reached:
    """Where the sign-in ended."""
    talk = dialogue(evidence)
    if talk and talk.authenticated:
        return Reached.ACCEPTED
    reply = talk.reply(Stage.AUTH) if talk else None
    if reply is not None:
        is_bare = reply.code == _REFUSED and not sure_readings(evidence, reply)
        return Reached.REFUSED_BARE if is_bare else Reached.REFUSED
    match evidence.sign_in.acquisition:
        case Refusal() | CodeExpired() | Declined():
            return Reached.NO_TOKEN
        case Granted() | Silence() | NotAsked():
            return Reached.NOT_TRIED


def named_by_server(evidence: Evidence) -> tuple[str, ...]:
    """The causes that the mail server's refusal of the sign-in points to."""
    talk = dialogue(evidence)
    reply = talk.reply(Stage.AUTH) if talk and not talk.authenticated else None
    return tuple(reading.cause for reading in sure_readings(evidence, reply)) if reply else ()


def allows_sending(grant: Grant, consent: Consent) -> bool:
    """Whether it is a consent to send by SMTP, for whomever it was given."""
    return grant.resource == consent.exchange and SEND in grant.scopes


def has_a_person(evidence: Evidence) -> bool | None:
    """Whether the application signs in for a person's account, and not by itself; None where nobody knows.

    Where nobody signed in, what it was allowed tells: to send for people, or by itself. Both or neither tells nothing.
    """
    token = evidence.sign_in.token
    if evidence.sign_in.auth is Auth.APP or (isinstance(token, Claims) and token.app_only):
        return False
    if evidence.sign_in.auth is not None:
        return True
    consent = evidence.directory.consent if isinstance(evidence.directory, Directory) else None
    if not isinstance(consent, Consent):
        return None
    for_people = any(allows_sending(one, consent) for one in consent.grants)
    return None if for_people is (SEND_ALONE in consent.roles) else for_people


def is_alone(evidence: Evidence) -> bool:
    """Whether an application signs in by itself, without a person's account."""
    return has_a_person(evidence) is False


def application(evidence: Evidence) -> str | None:
    """The id of the application that the device signs in with, in small letters: the one given, else the token's."""
    token = evidence.sign_in.token
    client = evidence.sign_in.client_id or (token.app_id if isinstance(token, Claims) else None)
    return client.lower() if client else None


def is_over_smtp(record: SignInRecord) -> bool:
    """Whether it was made at the mail server itself, as one with a password is."""
    return record.client.lower() in SMTP_CLIENTS


def codes(evidence: Evidence) -> tuple[int, ...]:
    """The AADSTS numbers that the sign-in service gave, and those that a person read in the browser."""
    match evidence.sign_in.acquisition:
        case Refusal(codes=numbers):
            return numbers
        case CodeExpired(browser=showed) if showed:
            return tuple(int(number) for number in _AADSTS.findall(showed.words))
        case _:
            return ()


def named_by_service(evidence: Evidence) -> frozenset[str]:
    """The causes behind those numbers."""
    return frozenset(entry.cause for number in codes(evidence) if (entry := load().aadsts(number)))


def in_the_browser(evidence: Evidence) -> Page | None:
    """What the browser showed in place of a finished sign-in, as far as somebody said so."""
    acquisition = evidence.sign_in.acquisition
    return acquisition.browser.page if isinstance(acquisition, CodeExpired) and acquisition.browser else None


def unless_named(evidence: Evidence, *, clears: tuple[str, ...]) -> tuple[str, ...]:
    """The causes that what was read rules out, without those that a live refusal names: a change may be on its way."""
    named = {*named_by_server(evidence), *named_by_service(evidence)}
    return tuple(cause for cause in clears if cause not in named)
