"""Does the server take the test message?"""

from checks.answer_to import answer_to
from diag.evidence import Evidence
from diag.outcome import Check, Outcome, Skipped
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """Only with --to; an accepted message can still come back as a non-delivery report."""
    if evidence.subject.recipient is None:
        return Skipped(because=say("nothing is sent without --to"))
    return answer_to(evidence, Stage.DATA, clears=("send_as_denied", "sender_mismatch"), otherwise="send_as_denied")


CHECK = Check("message-accepted", say("The server takes a test message"), Stage.DATA, judge, timed=True)
