"""Why a change was not made, or not as it was asked for, in words."""

from datetime import UTC, datetime

from diag.change.limits import UNDER_WAY
from diag.obstacle import NotAnswered
from diag.sentence import Sentence, say
from diag.setting import Accepted, Change, Intent, Setting, Switch

_WORDS = {Switch.ON: say("on"), Switch.OFF: say("off"), Switch.UNSET: say("unset (follows the organisation)")}
_NOT_KNOWN = say("not known")
_COMMANDS = {Switch.ON: "enable", Switch.OFF: "disable", Switch.UNSET: "inherit"}


def in_words(value: Switch | None) -> Sentence:
    """Return a value as a person reads it; None is one that is not known."""
    return _NOT_KNOWN if value is None else _WORDS[value]


def when(at: datetime) -> str:
    """Return a time to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def meanwhile(live: Setting, expected: Switch) -> Sentence:
    """The value is not the one that was seen."""
    return say(
        "{mailbox}: Authenticated SMTP is {now} now and was {before} before: somebody changed it meanwhile. Nothing "
        "was sent.",
        mailbox=live.identity,
        now=in_words(live.mailbox),
        before=in_words(expected),
    )


def busy(other: Change) -> Sentence:
    """Another change of the mailbox is open, and may be under way."""
    return say(
        "{operator} began to change {mailbox} at {time}, and that is not finished. Nothing was sent. Try again when "
        "it is, or after {later} if it was broken off.",
        operator=other.intent.operator,
        mailbox=other.intent.mailbox,
        time=when(other.steps[0].at),
        later=when(other.steps[0].at + UNDER_WAY),
    )


def changed_since(last: Change, live: Setting) -> Sentence:
    """What would be undone does not hold any more."""
    return say(
        "Change {number} by {operator} made it {after}, but Authenticated SMTP of {mailbox} is {now} now: somebody "
        "changed it since. Nothing was sent.",
        number=last.id,
        operator=last.intent.operator,
        after=in_words(last.intent.after),
        mailbox=live.identity,
        now=in_words(live.mailbox),
    )


def an_undo(last: Change) -> Sentence:
    """What would be undone is an undo."""
    return say(
        "Change {number} by {operator} was itself an undo, and an undo is not undone. To go back to {value}, run: "
        "{command}",
        number=last.id,
        operator=last.intent.operator,
        value=in_words(last.intent.before),
        command=f"diag smtp-auth {_COMMANDS[last.intent.before]} {last.intent.mailbox}",
    )


def nobody_knows(intent: Intent, unread: NotAnswered) -> Sentence:
    """It was sent, and could not be read back."""
    return say(
        "The change of {mailbox} to {after} was sent, but it could not be read back, so nobody knows yet whether it "
        "holds. The next run looks; do not change it elsewhere meanwhile. {why}",
        mailbox=intent.mailbox,
        after=in_words(intent.after),
        why=unread.because,
    )


def overtaken(intent: Intent, live: Setting) -> Sentence:
    """It has a third value."""
    return say(
        "{mailbox}: Authenticated SMTP is {now} now, neither {before} as it was nor {after} as was asked for: somebody "
        "else changed it at the same time.",
        mailbox=live.identity,
        now=in_words(live.mailbox),
        before=in_words(intent.before),
        after=in_words(intent.after),
    )


def changed_again(intent: Intent, live: Setting) -> Sentence:
    """It took hold, another run has recorded that, and by now it is something else."""
    return say(
        "{mailbox}: Authenticated SMTP was changed to {after}, and is {now} by now: somebody changed it since.",
        mailbox=live.identity,
        after=in_words(intent.after),
        now=in_words(live.mailbox),
    )


def not_done(intent: Intent, answer: Accepted | NotAnswered, live: Setting | None) -> Sentence:
    """It did not take hold, or was refused; `live` is None where a refused one could not be read back."""
    mailbox, before = intent.mailbox, in_words(intent.before)
    if isinstance(answer, Accepted):
        return say(
            "The change was accepted, but Authenticated SMTP of {mailbox} is still read as {before}. It may take a "
            "moment to show: look again before you change it again.",
            mailbox=mailbox,
            before=before,
        )
    if answer.perhaps_done:
        return say(
            "Authenticated SMTP of {mailbox} is still {before}, and the change may yet arrive: look again in some "
            "minutes, before you change it again. {why}",
            mailbox=mailbox,
            before=before,
            why=answer.because,
        )
    if live is None:
        return say("The change of {mailbox} was not made. {why}", mailbox=mailbox, why=answer.because)
    if live.mailbox is intent.before:
        return say(
            "The change of {mailbox} was not made: Authenticated SMTP is still {before}. {why}",
            mailbox=mailbox,
            before=before,
            why=answer.because,
        )
    return say(
        "The change of {mailbox} was not made; yet Authenticated SMTP is {now} now, so somebody else changed it. {why}",
        mailbox=mailbox,
        now=in_words(live.mailbox),
        why=answer.because,
    )
