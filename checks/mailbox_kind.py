"""Is the mailbox a person's, and not a shared one, a room or equipment?"""

from checks.asked import found
from checks.signing_in import Reached, is_alone, reached
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely, proven
from diag.sentence import Sentence, say
from diag.stage import Stage

_KINDS = {
    "user": say("a user mailbox"),
    "linked": say("a linked mailbox"),
    "shared": say("a shared mailbox"),
    "room": say("a room mailbox"),
    "equipment": say("an equipment mailbox"),
}
_OWN = {"user", "linked"}


def _nobodys(evidence: Evidence, kind: Sentence) -> Outcome:
    came = reached(evidence)
    if came is Reached.ACCEPTED:
        return Passed(shown=say("{kind}, and yet its sign-in was accepted", kind=kind))
    if is_alone(evidence):
        return Passed(shown=say("{kind}; an application by itself signs in, not the mailbox", kind=kind))
    address = evidence.subject.mailbox
    if came is Reached.REFUSED_BARE:
        because = say("{mailbox} is {kind}, and the server refuses it without a reason.", mailbox=address, kind=kind)
        return Failed(shown=kind, suspects=(proven("shared_mailbox_as_smtp_identity", because),))
    because = say("{mailbox} is {kind}, which cannot be the one that signs in.", mailbox=address, kind=kind)
    return Failed(shown=kind, suspects=(likely("shared_mailbox_as_smtp_identity", because),))


def judge(evidence: Evidence) -> Outcome:
    """One that belongs to nobody cannot be the one that signs in over SMTP, even where Authenticated SMTP is on."""
    mailbox = found(evidence, lambda directory: directory.mailbox)
    if isinstance(mailbox, Skipped):
        return mailbox
    purpose = mailbox.purpose.lower()
    kind = _KINDS.get(purpose)
    if kind is None:
        return Passed(shown=say("a mailbox of the kind {purpose}", purpose=mailbox.purpose))
    if purpose in _OWN:
        return Passed(shown=kind, clears=("shared_mailbox_as_smtp_identity",))
    return _nobodys(evidence, kind)


CHECK = Check("mailbox-kind", say("The mailbox is a user's"), Stage.DIRECTORY, judge)
