"""How a step was answered. Not a check: EHLO, sender, recipient and message are judged alike."""

from checks.not_reached import not_reached
from checks.reading import dialogue, words
from diag import naming
from diag.catalogue import load
from diag.evidence import Evidence, Reply, Silence, Stage
from diag.outcome import Failed, Outcome, Passed, Suspicion, likely, possible
from diag.sentence import say

_ACCEPTED = range(200, 300)


def answer_to(evidence: Evidence, stage: Stage, *, clears: tuple[str, ...], otherwise: str) -> Outcome:
    """Passed on a 2xx reply; else the causes the sentence names, and `otherwise` where it names none."""
    talk = dialogue(evidence)
    step = talk.step(stage) if talk else None
    match step.answer if step else None:
        case Reply(code=code) as reply if code in _ACCEPTED:
            return Passed(shown=say("{reply}", reply=words(reply)), clears=clears)
        case Reply() as reply:
            because = say("The server answers with: {reply}", reply=words(reply))
            readings = load().classify(str(reply), stage=stage, mechanism="XOAUTH2")
            suspects = tuple(Suspicion(reading.cause, reading.certainty, because) for reading in readings)
            return Failed(
                shown=say("refused: {reply}", reply=words(reply)), suspects=suspects or (possible(otherwise, because),)
            )
        case Silence(who=who, reason=reason):
            because = say("{who} did not answer ({reason}).", who=who, reason=naming.reason(reason))
            return Failed(
                shown=say("no answer: {reason}", reason=naming.reason(reason)),
                suspects=(likely("connection_dropped", because),),
            )
        case None:
            return not_reached(evidence, stage)
