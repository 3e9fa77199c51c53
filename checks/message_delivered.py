"""Was the test message delivered?"""

from checks.asked import found
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, proven
from diag.sentence import say
from diag.stage import Stage

_DELIVERED = {"delivered", "expanded"}
_STOPPED = {"failed", "quarantined", "filteredasspam"}


def judge(evidence: Evidence) -> Outcome:
    """By the message trace, which is minutes behind: what it does not show yet is not lost."""
    trace = found(evidence, lambda directory: directory.trace)
    if isinstance(trace, Skipped):
        return trace
    if not trace.messages:
        return Passed(shown=say("not in the message trace yet, which is minutes behind"))
    newest = max(trace.messages, key=lambda message: message.at)
    status = newest.status.lower()
    shown = say("{status}, to {recipient}", status=newest.status, recipient=newest.recipient)
    if status in _DELIVERED:
        return Passed(shown=shown, clears=("message_not_delivered",))
    if status not in _STOPPED:
        return Passed(shown=say("{said}: on its way", said=shown))
    because = say(
        "The message trace has the test message to {recipient} as '{status}'.",
        recipient=newest.recipient,
        status=newest.status,
    )
    return Failed(shown=shown, suspects=(proven("message_not_delivered", because),))


CHECK = Check("message-delivered", say("The test message was delivered"), Stage.DIRECTORY, judge)
