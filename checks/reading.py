"""How the checks read evidence: small questions that several of them ask. Pure, like the checks."""

import re
from datetime import datetime, timedelta
from enum import Enum, auto

from diag.evidence import Dialogue, Evidence, Reply
from diag.outcome import Certainty
from diag.stage import Stage

_MX = re.compile(r"\.mail\.protection\.(?:outlook\.com|partner\.outlook\.cn|office365\.us)\b", re.IGNORECASE)
_MASK = frozenset("*0123456789 ")
_MASKED = re.compile(r"X{5,}[A-Z]?")
_TOLERATED = timedelta(minutes=5)


class Answerer(Enum):
    """Who answers on the submission port, by its own words."""

    EXCHANGE = auto()
    MX = auto()
    INSPECTION = auto()
    OTHER = auto()


def dialogue(evidence: Evidence) -> Dialogue | None:
    """The SMTP dialogue, None where none was held."""
    return evidence.dialogue if isinstance(evidence.dialogue, Dialogue) else None


def expects_exchange(evidence: Evidence) -> bool:
    """Whether Exchange Online should answer: the host asked for is one of Microsoft's submission hosts."""
    return evidence.subject.is_exchange


def is_mx(text: str) -> bool:
    """Whether a host name or banner is that of an inbound mail host of Microsoft 365."""
    return _MX.search(text) is not None


def answerer(talk: Dialogue) -> Answerer | None:
    """Who answers, from the banner and the EHLO reply; None where there was no banner."""
    banner = talk.reply(Stage.BANNER)
    if banner is None:
        return None
    masked = "****" in banner.text and set(banner.text) <= _MASK
    if masked or any(_MASKED.fullmatch(line.strip()) for line in talk.features_before):
        return Answerer.INSPECTION
    if is_mx(banner.text.partition(" ")[0]):
        return Answerer.MX
    greeting = talk.reply(Stage.EHLO)
    named = f"{banner.text} {greeting.lines[0] if greeting and greeting.lines else ''}".lower()
    microsoft = "microsoft esmtp mail service" in named or ".outlook.com" in named or ".office365.com" in named
    return Answerer.EXCHANGE if microsoft else Answerer.OTHER


def server_now(evidence: Evidence) -> datetime:
    """The date by a clock to rely on, so that a wrong one here misjudges nothing.

    The sign-in service states its date over TLS. A greeting comes in clear, and may state any date: it counts only
    where two servers agree.
    """
    readings = evidence.clocks
    if wrong_clock(evidence) is not Certainty.PROVEN:
        readings = tuple(reading for reading in readings if reading.source != evidence.subject.smtp_host)
    return evidence.started_at - readings[0].ahead if readings else evidence.started_at


def wrong_clock(evidence: Evidence) -> Certainty | None:
    """How sure it is that this computer's clock is off; None where no server's date says so.

    Beyond five minutes the sign-in service may refuse a signed request (AADSTS700024), and dates are misjudged. Proven
    only where two servers agree against this computer: one alone may itself be wrong.
    """
    off = [reading.ahead for reading in evidence.clocks if abs(reading.ahead) > _TOLERATED]
    if not off:
        return None
    agreed = len(off) == len(evidence.clocks) > 1 and max(off) - min(off) < _TOLERATED
    return Certainty.PROVEN if agreed else Certainty.LIKELY


def words(reply: Reply) -> str:
    """The reply on one line, without the [host time id] in brackets that differs each time."""
    text = str(reply).rstrip()
    before, bracket, inside = text.rpartition("[")
    return before.rstrip() if bracket and inside.endswith("]") and "]" not in inside[:-1] else text
