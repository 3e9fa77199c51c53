"""Does the server accept the recipient in RCPT TO?"""

from checks.answer_to import answer_to
from diag.evidence import Evidence
from diag.outcome import Check, Outcome
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """Without --to the mailbox itself is named as recipient, and nothing is sent."""
    return answer_to(evidence, Stage.RCPT, clears=("recipient_rejected",), otherwise="recipient_rejected")


CHECK = Check(
    "recipient-accepted", say("The server accepts a recipient"), Stage.RCPT, judge, essential=True, timed=True
)
