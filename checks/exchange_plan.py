"""Has the account a licence that comes with a mailbox?"""

from checks.asked import answer, found
from checks.reading import dialogue
from checks.signing_in import Reached, reached
from diag.directory import EXCHANGE_PLANS, MailboxKind
from diag.evidence import Evidence
from diag.obstacle import NotAnswered, Obstacle
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely, proven
from diag.sentence import say
from diag.stage import Stage

_FOUNDATION = "113feb6c-3fe4-4440-bddc-54d774bf0318"  # comes with many plans, and brings no mailbox
_ON = {"enabled", "warning"}  # a plan in "Warning" runs out, but works


def _sends_refused(evidence: Evidence) -> bool:
    """Whether the sign-in was accepted and the sender was not."""
    talk = dialogue(evidence)
    reply = talk.reply(Stage.MAIL) if talk else None
    return reply is not None and not reply.positive


def _is_missing(answered: object) -> bool:
    """Whether the directory, or Exchange Online itself, answered that there is no such mailbox."""
    return isinstance(answered, NotAnswered) and answered.obstacle is Obstacle.NOT_FOUND


def judge(evidence: Evidence) -> Outcome:
    """Shared mailboxes, rooms and equipment need none; a plan that diag does not know may bring a mailbox."""
    account = found(evidence, lambda directory: directory.account)
    if isinstance(account, Skipped):
        return account
    active = [plan for plan in account.plans if plan.status.lower() in _ON]
    known = [EXCHANGE_PLANS[plan.id] for plan in active if plan.id in EXCHANGE_PLANS]
    if known:
        return Passed(shown=say("{plans}", plans=", ".join(known)), clears=("mailbox_not_licensed",))
    other = [plan.id for plan in active if plan.service.lower() == "exchange" and plan.id != _FOUNDATION]
    if other:
        return Passed(shown=say("an Exchange plan that diag does not know: {plans}", plans=", ".join(other)))
    mailbox = answer(evidence, lambda directory: directory.mailbox)
    if isinstance(mailbox, MailboxKind) and mailbox.purpose.lower() in {"shared", "room", "equipment"}:
        return Passed(shown=say("none, and a mailbox of this kind needs none"))
    came = reached(evidence)
    if came is Reached.ACCEPTED and not _sends_refused(evidence):
        return Passed(shown=say("none that diag knows, and yet the server accepts the mailbox"))
    because = say("{name} has no active licence with Exchange Online.", name=account.sign_in_name)
    no_mailbox = any(_is_missing(answered) for answered in (mailbox, evidence.setting))
    of_a_user = isinstance(mailbox, MailboxKind) and mailbox.purpose.lower() == "user"
    tried = came is Reached.REFUSED_BARE or (came is Reached.ACCEPTED and _sends_refused(evidence))
    sure = proven if tried and (no_mailbox or of_a_user) else likely
    clears = ("shared_mailbox_as_smtp_identity",) if no_mailbox else ()
    return Failed(shown=say("none"), suspects=(sure("mailbox_not_licensed", because),), clears=clears)


CHECK = Check("exchange-plan", say("The account has a licence with a mailbox"), Stage.DIRECTORY, judge)
