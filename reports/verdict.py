"""Words for what a diagnosis is made of: its verdict, the outcomes of its checks, the flaws of a certificate."""

from typing import assert_never

from diag.diagnosis import Diagnosis, Verdict
from diag.evidence import Dialogue, Evidence, Flaw
from diag.outcome import Broken, Certainty, Failed, Outcome, Passed, Skipped
from diag.sentence import Sentence, say
from diag.stage import Stage

_REFUSED = 400  # an SMTP reply from here on is a refusal


def outcome_word(outcome: Outcome) -> Sentence:
    """Name an outcome."""
    match outcome:
        case Passed():
            return say("passed")
        case Failed():
            return say("failed")
        case Skipped():
            return say("skipped")
        case Broken():
            return say("broken")
        case _:
            assert_never(outcome)


_WITH_TITLE = {
    Verdict.BROKEN: say("{mailbox} cannot send: {title}."),
    Verdict.DEGRADED: say("{mailbox} can sign in, but one thing stands out: {title}."),
    Verdict.WAITING: say("{mailbox} cannot send yet: {title}."),
    Verdict.INCONCLUSIVE: say("It is not certain why {mailbox} cannot send: {title}."),
}


def _guesses(evidence: Evidence) -> Sentence:
    """Say that several causes are possible, none before the others."""
    dialogue = evidence.dialogue
    reply = dialogue.reply(Stage.AUTH) if isinstance(dialogue, Dialogue) else None
    if reply and reply.code >= _REFUSED:
        return say("The sign-in of {mailbox} was refused without a reason; {count} causes are possible.")
    return say("It is not certain why {mailbox} cannot send; {count} causes are possible.")


def rivals(diagnosis: Diagnosis) -> int:
    """Return how many causes compete to be why it fails: what lies ahead does not."""
    return sum(finding.cause.severity != "impending" for finding in diagnosis.findings)


def headline(diagnosis: Diagnosis, evidence: Evidence) -> Sentence:
    """Return the verdict in one sentence; `{title}`, where it stands, is the title of the best cause.

    The other places are `{mailbox}`, `{recipient}`, `{host}` and the `{count}` of causes.
    """
    best = diagnosis.best
    if best is None or diagnosis.verdict is Verdict.HEALTHY:
        return _without_cause(diagnosis)
    lies_ahead = best.cause.severity == "impending"
    match diagnosis.verdict:
        case Verdict.DEGRADED if lies_ahead:
            return say("{mailbox} works today, but will stop unless somebody acts: {title}.")
        case Verdict.INCONCLUSIVE if lies_ahead or best.certainty is Certainty.PROVEN:
            return say("{mailbox} could not be examined to the end: {title}.")
        case Verdict.INCONCLUSIVE if best.certainty is Certainty.POSSIBLE and rivals(diagnosis) > 1:
            return _guesses(evidence)
        case verdict:
            return _WITH_TITLE[verdict]


def _without_cause(diagnosis: Diagnosis) -> Sentence:
    if diagnosis.verdict is not Verdict.HEALTHY:
        return say("It could not be found out whether {mailbox} can send.")
    if diagnosis.subject.recipient:
        return say("{mailbox} can send: the test message to {recipient} was accepted.")
    return say("{mailbox} can sign in and send: {host} accepted everything that was asked.")


FLAWS = {
    Flaw.UNKNOWN_ROOT: say("issued by an authority this computer does not know"),
    Flaw.MISSING_INTERMEDIATE: say("the server does not send the intermediate certificate"),
    Flaw.WRONG_NAME: say("made out to another name"),
    Flaw.EXPIRED: say("expired"),
    Flaw.NOT_YET_VALID: say("not yet valid"),
    Flaw.SELF_SIGNED: say("signed by itself"),
    Flaw.INSPECTED: say("replaced by a product that inspects TLS"),
    Flaw.OTHER: say("refused for another reason"),
}
