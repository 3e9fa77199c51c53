"""How a step was answered. Not a check: EHLO, sender, recipient and message are judged alike."""

from checks.not_reached import not_reached
from checks.reading import dialogue, words
from diag import naming
from diag.catalogue import load
from diag.evidence import Evidence, Reply, Silence, Step
from diag.outcome import Certainty, Failed, Outcome, Passed, Suspicion, likely, possible
from diag.sentence import Sentence, say
from diag.stage import Stage
from diag.subject import Account

_ACCEPTED = range(200, 300)


def _suspects(step: Step, reply: Reply, account: Account, because: Sentence) -> tuple[Suspicion, ...]:
    """The causes that the sentence names and the step allows.

    Before AUTH nobody has signed in, whatever the words say; over TLS nothing can be said of TLS that is missing; and
    in clear anybody on the way can say anything, so nothing is proven there.
    """
    readings = load().classify(str(reply), stage=step.stage, mechanism="XOAUTH2", account=account)
    early = load().of_stages(Stage.SIGN_IN, Stage.TOKEN, Stage.AUTH) if step.stage.order < Stage.AUTH.order else ()
    late = ("starttls_not_used",) if step.secured else ()
    return tuple(
        Suspicion(
            reading.cause,
            reading.certainty if step.secured or reading.certainty is not Certainty.PROVEN else Certainty.LIKELY,
            because,
        )
        for reading in readings
        if reading.cause not in {*early, *late}
    )


def answer_to(evidence: Evidence, stage: Stage, *, clears: tuple[str, ...], otherwise: str) -> Outcome:
    """Passed on a 2xx reply; else the causes the sentence names, and `otherwise` where it names none."""
    talk = dialogue(evidence)
    step = talk.step(stage) if talk else None
    if step is None:
        return not_reached(evidence, stage)
    match step.answer:
        case Reply(code=code) as reply if code in _ACCEPTED:
            return Passed(shown=say("{reply}", reply=words(reply)), clears=clears)
        case Reply() as reply:
            because = say("The server answers with: {reply}", reply=words(reply))
            suspects = _suspects(step, reply, evidence.subject.account, because)
            return Failed(
                shown=say("refused: {reply}", reply=words(reply)), suspects=suspects or (possible(otherwise, because),)
            )
        case Silence(who=who, reason=reason):
            because = say("{who} did not answer ({reason}).", who=who, reason=naming.reason(reason))
            return Failed(
                shown=say("no answer: {reason}", reason=naming.reason(reason)),
                suspects=(likely("connection_dropped", because),),
            )
