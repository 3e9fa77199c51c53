"""Is Authenticated SMTP on for the mailbox, and does the server act on it?"""

from checks.asked import elsewhere, skipped
from checks.reading import dialogue, words
from checks.signing_in import Reached, named_by_server, reached
from diag.evidence import Evidence, NotAsked
from diag.obstacle import NotAnswered, Obstacle
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely, possible, proven
from diag.sentence import Sentence, say
from diag.setting import Progress, Propagation, Setting, Switch
from diag.stage import Stage

_MAILBOX, _TENANT = "smtp_auth_disabled_mailbox", "smtp_auth_disabled_tenant"
_NOT_EFFECTIVE = "smtp_auth_change_not_effective"
_BOTH = (_MAILBOX, _TENANT)
_NAMES = {Switch.ON: say("on"), Switch.OFF: say("off"), Switch.UNSET: say("not set"), None: say("not known")}


def _reads(setting: Setting) -> Sentence:
    """The two values, as they were read."""
    return say(
        "mailbox: {mailbox}, organisation: {organisation}",
        mailbox=_NAMES[setting.mailbox],
        organisation=_NAMES[setting.organisation],
    )


def _said(evidence: Evidence) -> Sentence | None:
    """The server's refusal, where it speaks of this setting."""
    if not {*named_by_server(evidence)} & {*_BOTH}:
        return None
    talk = dialogue(evidence)
    reply = talk.reply(Stage.AUTH) if talk else None
    return say("{reply}", reply=words(reply)) if reply else None


def _contradicts(evidence: Evidence, cause: str) -> Sentence | None:
    """The server's refusal, where it names the other of the two switches."""
    return None if cause in named_by_server(evidence) else _said(evidence)


def _off(evidence: Evidence, setting: Setting) -> Outcome:
    shown = _reads(setting)
    if reached(evidence) is Reached.ACCEPTED:
        note = say("{values}; the server accepted the sign-in all the same", values=shown)
        soon = say(
            "The setting reads off, and the server accepted the sign-in all the same: that is not effective yet."
        )
        return Failed(shown=note, suspects=(likely("smtp_auth_off_not_effective", soon),), clears=_BOTH)
    if setting.mailbox is Switch.OFF:
        because = say("Authenticated SMTP reads off for {mailbox} itself.", mailbox=setting.identity)
        other, cause = _TENANT, _MAILBOX
    else:
        because = say(
            "{mailbox} has no value of its own and follows the organisation, for which Authenticated SMTP reads off.",
            mailbox=setting.identity,
        )
        other, cause = _MAILBOX, _TENANT
    said = _contradicts(evidence, cause)
    if said:
        because = say("{read} The server names the other switch, though: {reply}", read=because, reply=said)
    return Failed(shown=shown, suspects=(proven(cause, because),), clears=(other,))


def _on(evidence: Evidence, setting: Setting) -> Outcome:
    """Where the server still refuses, the change is on its way: made by diag, or by somebody else."""
    shown, said = _reads(setting), _said(evidence)
    if said is None:
        return Passed(shown=shown, clears=_BOTH)
    propagation = evidence.propagation
    written = propagation.change.at(Progress.WRITTEN) if isinstance(propagation, Propagation) else None
    certainty = proven if written else likely
    if written:
        because = say(
            "The setting reads on, changed at {time}, while the server still refuses: the change is not effective yet."
            " It says: {reply}",
            time=f"{written:%Y-%m-%d %H:%M} UTC",
            reply=said,
        )
    else:
        because = say(
            "The setting reads on while the server still refuses: a change takes a while to become effective."
            " It says: {reply}",
            reply=said,
        )
    return Failed(shown=shown, suspects=(certainty(_NOT_EFFECTIVE, because),), clears=_BOTH)


def _by_ledger(evidence: Evidence) -> Outcome | None:
    """What the ledger says, where nobody could read the setting: it was switched on, and the server still refuses."""
    propagation, said = evidence.propagation, _said(evidence)
    if said is None or not isinstance(propagation, Propagation):
        return None
    change = propagation.change
    written = change.at(Progress.WRITTEN)
    if change.progress is not Progress.WRITTEN or change.intent.after is not Switch.ON or written is None:
        return None
    because = say(
        "It was switched on at {time} by {operator}, and the server still refuses: the change is likely not effective"
        " yet, unless somebody switched it back. It says: {reply}",
        time=f"{written:%Y-%m-%d %H:%M} UTC",
        operator=change.intent.operator,
        reply=said,
    )
    shown = say("switched on at {time}, by the ledger", time=f"{written:%Y-%m-%d %H:%M} UTC")
    return Failed(shown=shown, suspects=(likely(_NOT_EFFECTIVE, because),), clears=_BOTH)


def _unknown(evidence: Evidence, setting: Setting) -> Outcome:
    shown, said = _reads(setting), _said(evidence)
    if reached(evidence) is Reached.ACCEPTED:
        return Passed(shown=shown)
    if said is None:
        return Skipped(
            because=say("the mailbox follows the organisation, whose value could not be read, so it is not known")
        )
    follows = say("{mailbox} has no value of its own and follows the organisation.", mailbox=setting.identity)
    if _TENANT in named_by_server(evidence):
        because = say("{read} The server says that it is off there: {reply}", read=follows, reply=said)
        return Failed(shown=shown, suspects=(proven(_TENANT, because),))
    because = say("{read} The server names the mailbox's own switch, though: {reply}", read=follows, reply=said)
    return Failed(shown=shown, suspects=(likely(_MAILBOX, because),), clears=(_MAILBOX,))


def _not_answered(evidence: Evidence, nothing: NotAnswered) -> Outcome:
    if nothing.obstacle is not Obstacle.NOT_FOUND or reached(evidence) is Reached.ACCEPTED:
        return skipped(nothing)
    because = say("Exchange Online finds no mailbox {mailbox}.", mailbox=evidence.subject.mailbox)
    return Failed(shown=nothing.because, suspects=(possible("mailbox_not_licensed", because),))


def _unread(evidence: Evidence, nothing: NotAsked | NotAnswered) -> Outcome:
    """Where nobody could read the setting, the ledger may know that it was changed."""
    if known := _by_ledger(evidence):
        return known
    match nothing:
        case NotAsked(because=because):
            return Skipped(because=because)
        case NotAnswered():
            return elsewhere(evidence) or _not_answered(evidence, nothing)


def judge(evidence: Evidence) -> Outcome:
    """What was read live goes before what a server's sentence says of it; where the two differ, both are told."""
    setting = evidence.setting
    if not isinstance(setting, Setting):
        return _unread(evidence, setting)
    if other := elsewhere(evidence):
        return other
    match setting.effective:
        case Switch.ON:
            return _on(evidence, setting)
        case Switch.OFF:
            return _off(evidence, setting)
        case _:
            return _unknown(evidence, setting)


CHECK = Check(
    "authenticated-smtp", say("Authenticated SMTP is on for the mailbox, and effective"), Stage.DIRECTORY, judge
)
