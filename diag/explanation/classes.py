"""What a reply tells by its code alone, where nobody knows its words. Source: RFC 5321, 4.2; RFC 3463, 3."""

import re
from dataclasses import dataclass
from functools import lru_cache

from diag.sentence import Sentence, say

_CODE = re.compile(r"(?<![\w.:])(?!465|587)([45]\d\d)(?=[\s:;,.)'\"\]#-]|$)")
_ENHANCED = re.compile(r"(?<![\w.])([245])\.(\d)\.(\d{1,3})(?![\d.]*\d)")

_LASTING = {
    "4": say("The server refuses for now (4xx): the same may be accepted later, and a device normally tries again."),
    "5": say("The server refuses for good (5xx): trying again without changing anything will not help."),
}
# Second digit of a code without an enhanced one.
_KINDS = {
    "0": say("It is about the command itself: the server did not understand it, or does not do it."),
    "1": say("It is about information that was asked for."),
    "2": say("It is about the connection to the server."),
    "3": say("It is about signing in."),
    "5": say("It is about the mailbox, the sender, the recipient or the message."),
}
_SUBJECTS = {
    "0": say("The server says no more than that (x.0.x)."),
    "1": say("It is about an address: the sender's or a recipient's (x.1.x)."),
    "2": say("It is about a mailbox: full, switched off, or beyond a limit (x.2.x)."),
    "3": say("It is about the mail system: full, busy, or the message is too large for it (x.3.x)."),
    "4": say("It is about the network or the route of the mail: connection, name look-up, loop or time-out (x.4.x)."),
    "5": say("It is about the commands that were sent: wrong, out of order or with wrong arguments (x.5.x)."),
    "6": say("It is about the content of the message or its format (x.6.x)."),
    "7": say("It is about security or policy: signing in, encryption, a right or a rule that forbids it (x.7.x)."),
}


@dataclass(frozen=True, slots=True)
class Codes:
    """The code ("535") and enhanced code ("5.7.3") of a reply; None where it has none."""

    code: str | None
    enhanced: str | None

    @property
    def known(self) -> bool:
        """Whether there is any."""
        return bool(self.code or self.enhanced)


@lru_cache(maxsize=4096)  # logs repeat themselves
def codes(text: str) -> Codes:
    """Return the codes of a refusal; where one refusal holds another, those of the inner one."""
    found = list(_ENHANCED.finditer(text))
    enhanced = next((m for m in reversed(found) if m[1] in "45"), None)
    before = text[: enhanced.start()] if enhanced else text
    inner = _CODE.findall(before)[-1:] or _CODE.findall(text)[:1]
    return Codes(inner[0] if inner else None, enhanced[0] if enhanced else None)


def told_by(found: Codes) -> tuple[Sentence, ...]:
    """Return what the class of a code tells; empty where there is no code."""
    first = (found.code or found.enhanced or " ")[0]
    said = [_LASTING[first]] if first in _LASTING else []
    if found.enhanced:
        said += [_SUBJECTS[found.enhanced[2]]] if found.enhanced[2] in _SUBJECTS else []
    elif found.code and found.code[1] in _KINDS:
        said.append(_KINDS[found.code[1]])
    return tuple(said)
