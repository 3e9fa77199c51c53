"""Words for the values of enumerations, so that they too are translated."""

from collections.abc import Sequence
from functools import reduce

from diag.evidence import ContactStatus, Reason
from diag.sentence import Sentence, say
from diag.stage import Stage

_REASONS = {
    Reason.REFUSED: say("connection refused"),
    Reason.TIMEOUT: say("no answer in time"),
    Reason.UNREACHABLE: say("no way there"),
    Reason.TLS: say("TLS failed"),
    Reason.DROPPED: say("connection dropped"),
    Reason.DEADLINE: say("the time for the whole dialogue is over"),
    Reason.PROTOCOL: say("not a proper answer"),
    Reason.DNS: say("the name does not resolve"),
}
_CONTACTS = {
    ContactStatus.CONNECTED: say("connected"),
    ContactStatus.REFUSED: say("connection refused"),
    ContactStatus.TIMEOUT: say("no answer in time"),
    ContactStatus.UNREACHABLE: say("no way there"),
}
_STAGES = {
    Stage.DNS: say("name look-up"),
    Stage.CONNECT: say("connection"),
    Stage.BANNER: say("greeting"),
    Stage.EHLO: say("EHLO"),
    Stage.STARTTLS: say("STARTTLS"),
    Stage.TLS: say("TLS handshake"),
    Stage.EHLO_TLS: say("EHLO after TLS"),
    Stage.SIGN_IN: say("sign-in"),
    Stage.TOKEN: say("token"),
    Stage.AUTH: say("AUTH"),
    Stage.MAIL: say("MAIL FROM"),
    Stage.RCPT: say("RCPT TO"),
    Stage.DATA: say("DATA"),
    Stage.QUIT: say("QUIT"),
    Stage.DIRECTORY: say("directory"),
}


def reason(value: Reason) -> Sentence:
    """Why nobody answered."""
    return _REASONS[value]


def contact(value: ContactStatus) -> Sentence:
    """How a connection attempt ended."""
    return _CONTACTS[value]


def stage(value: Stage) -> Sentence:
    """A step of the dialogue."""
    return _STAGES[value]


def listed(sentences: Sequence[Sentence]) -> Sentence:
    """Several phrases, separated by commas; `sentences` is not empty."""
    return reduce(lambda before, after: say("{before}, {after}", before=before, after=after), sentences)
