"""Is the token whole, and can it be read?"""

from diag.evidence import Claims, Evidence, NotAsked, Opaque, Unreadable
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, proven
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """An opaque token is in order: only its issuer can read it. Half a token is not."""
    match evidence.sign_in.token:
        case Claims(length=length, app_only=True):
            return Passed(shown=say("{length} characters, the token of an application", length=length))
        case Claims(length=length):
            return Passed(shown=say("{length} characters, the token of a person", length=length))
        case Opaque(length=length):
            return Passed(shown=say("{length} characters, opaque: only its issuer can read it", length=length))
        case Unreadable(length=length, problem=problem):
            because = say(
                "The token begins like a JWT but is damaged: {problem}, {length} characters.",
                problem=problem,
                length=length,
            )
            return Failed(
                shown=say("damaged: {problem}", problem=problem), suspects=(proven("token_unreadable", because),)
            )
        case NotAsked(because=because):
            return Skipped(because=because)


CHECK = Check("token-readable", say("The token is whole"), Stage.TOKEN, judge)
