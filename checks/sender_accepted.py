"""Does the server accept the sender in MAIL FROM?"""

from checks.answer_to import answer_to
from diag.evidence import Evidence
from diag.outcome import Check, Outcome
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """Exchange Online accepts every sender here, and refuses a wrong one only when the message is sent."""
    return answer_to(evidence, Stage.MAIL, clears=("no_auth_sent",), otherwise="send_as_denied")


CHECK = Check("sender-accepted", say("The server accepts the sender"), Stage.MAIL, judge, essential=True, timed=True)
