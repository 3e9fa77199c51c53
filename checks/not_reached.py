"""Why a step was never taken. Not a check: every check that finds no answer to judge says this."""

from diag import naming
from diag.evidence import CodeExpired, Declined, Dialogue, Evidence, Granted, NotAsked, Refusal, Silence
from diag.outcome import Skipped
from diag.sentence import Sentence, say
from diag.stage import Stage


def not_reached(evidence: Evidence, stage: Stage) -> Skipped:
    """Why a step of the dialogue was never taken."""
    talk = evidence.dialogue
    match talk:
        case NotAsked(because=because):
            return Skipped(because=because)
        case Dialogue() if (failed := talk.silence) is not None:
            return Skipped(
                because=say("the dialogue ended before, at the step {step}", step=naming.stage(failed.stage))
            )
        case Dialogue() if not talk.trustworthy:
            return Skipped(because=say("the dialogue was broken off, since the server broke the protocol"))
        case Dialogue() if stage.order >= Stage.AUTH.order and not isinstance(evidence.sign_in.acquisition, Granted):
            return Skipped(because=no_token(evidence))
        case Dialogue():
            return Skipped(because=say("an earlier step was refused"))


def no_token(evidence: Evidence) -> Sentence:
    """Why there is no token."""
    match evidence.sign_in.acquisition:
        case NotAsked(because=because):
            return because
        case Refusal():
            return say("the sign-in service refused to issue a token")
        case CodeExpired():
            return say("nobody finished signing in before the code expired")
        case Declined():
            return say("the sign-in was declined in the browser")
        case Silence(who=who):
            return say("{who} did not answer", who=who)
        case Granted():
            return say("there is no token")
