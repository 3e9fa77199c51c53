"""Has the account a licence that comes with a mailbox?"""

from checks.asked import answer, found
from checks.reading import dialogue
from checks.signing_in import Reached, is_alone, reached
from diag.directory import EXCHANGE_PLANS, Account, MailboxKind
from diag.evidence import Evidence
from diag.obstacle import NotAnswered, Obstacle
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, Suspicion, likely, possible, proven
from diag.sentence import Sentence, say
from diag.setting import Setting
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


def _has_one_all_the_same(evidence: Evidence, name: str, because: Sentence) -> Outcome:
    """A mailbox without a licence is a shared one, a room or equipment: a person's goes when the licence goes."""
    suspects: tuple[Suspicion, ...] = (possible("mailbox_not_licensed", because),)
    if reached(evidence) is Reached.REFUSED_BARE and not is_alone(evidence):
        nobodys = say(
            "Exchange Online has the mailbox although {name} has no licence for one: so have shared mailboxes, rooms"
            " and equipment, which cannot be the one that signs in.",
            name=name,
        )
        suspects = (likely("shared_mailbox_as_smtp_identity", nobodys), *suspects)
    return Failed(shown=say("none, and yet Exchange Online has the mailbox"), suspects=suspects)


def _without(evidence: Evidence, account: Account, mailbox: MailboxKind | NotAnswered | Skipped) -> Outcome:
    """No plan at all, of a mailbox that nobody knows to need none."""
    came = reached(evidence)
    if came is Reached.ACCEPTED and not _sends_refused(evidence):
        return Passed(shown=say("none that diag knows, and yet the server accepts the mailbox"))
    because = say("{name} has no active licence with Exchange Online.", name=account.sign_in_name)
    unknown = isinstance(mailbox, Skipped | NotAnswered) and not _is_missing(mailbox)
    if unknown and isinstance(evidence.setting, Setting):
        return _has_one_all_the_same(evidence, account.sign_in_name, because)
    no_mailbox = any(_is_missing(answered) for answered in (mailbox, evidence.setting))
    of_a_user = isinstance(mailbox, MailboxKind) and mailbox.purpose.lower() == "user"
    tried = came is Reached.REFUSED_BARE or (came is Reached.ACCEPTED and _sends_refused(evidence))
    sure = proven if tried and (no_mailbox or of_a_user) else likely
    clears = ("shared_mailbox_as_smtp_identity",) if no_mailbox else ()
    return Failed(shown=say("none"), suspects=(sure("mailbox_not_licensed", because),), clears=clears)


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
    return _without(evidence, account, mailbox)


CHECK = Check("exchange-plan", say("The account has a licence with a mailbox"), Stage.DIRECTORY, judge)
