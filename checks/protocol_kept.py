"""Did the server keep to the protocol, or did bytes come where none may?"""

from checks.not_reached import not_reached
from checks.reading import dialogue
from diag import naming
from diag.evidence import Breach, Evidence, Reply, Violation
from diag.outcome import Check, Failed, Outcome, Passed, Suspicion, likely, proven
from diag.sentence import say
from diag.stage import Stage

_HARMLESS = frozenset({Breach.BARE_LINE_ENDING})


def _suspicion(violation: Violation) -> Suspicion:
    shown = violation.shown
    if violation.breach is Breach.PLAINTEXT_AFTER_STARTTLS:
        because = say("Unencrypted bytes followed the answer to STARTTLS, before TLS began: {shown}", shown=shown)
        return proven("plaintext_after_starttls", because)
    because = say(
        "At the step {step} came bytes that are no proper reply: {shown}",
        step=naming.stage(violation.stage),
        shown=shown,
    )
    return likely("protocol_violation", because)


def judge(evidence: Evidence) -> Outcome:
    """Whoever can put bytes into the plain part of the dialogue can also lead it astray."""
    talk = dialogue(evidence)
    replies = [step for step in talk.steps if isinstance(step.answer, Reply)] if talk else []
    if talk is None or not (replies or talk.violations):
        return not_reached(evidence, Stage.BANNER)
    grave = [violation for violation in talk.violations if violation.breach not in _HARMLESS]
    if not grave:
        return Passed(
            shown=say("{count} replies, all proper", count=len(replies)),
            clears=("plaintext_after_starttls", "protocol_violation"),
        )
    suspects = {suspicion.cause: suspicion for suspicion in map(_suspicion, reversed(grave))}
    return Failed(shown=say("{count} breaches of the protocol", count=len(grave)), suspects=tuple(suspects.values()))


CHECK = Check("protocol-kept", say("The server keeps to the protocol"), Stage.STARTTLS, judge)
