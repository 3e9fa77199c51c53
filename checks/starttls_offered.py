"""Is STARTTLS offered, and does the server go through with it?"""

from checks.not_reached import not_reached
from checks.reading import Answerer, answerer, dialogue
from diag.catalogue import load
from diag.evidence import Dialogue, Evidence, Reply, Silence
from diag.outcome import Check, Failed, Outcome, Passed, likely, possible, proven
from diag.sentence import say
from diag.stage import Stage

_READY, _FOR_GOOD = 220, 500
_NOT_NOW = frozenset({"service_not_active", "ip_connection_limit"})


def _missing(talk: Dialogue) -> Outcome:
    if answerer(talk) is Answerer.EXCHANGE:
        because = say("Exchange Online always offers STARTTLS; on the way here the offer was taken out.")
        suspect = likely("starttls_stripped", because)
    else:
        because = say("The server does not offer STARTTLS, or something on the way takes the offer out.")
        suspect = likely("starttls_stripped", because)
    return Failed(shown=say("STARTTLS is not offered"), suspects=(suspect,))


def _refused(reply: Reply) -> Outcome:
    because = say("The server offers STARTTLS, but answers it with: {reply}", reply=str(reply))
    readings = load().classify(str(reply), stage=Stage.STARTTLS)
    known = tuple(likely(reading.cause, because) for reading in readings[:1] if reading.cause in _NOT_NOW)
    sure = proven if reply.code >= _FOR_GOOD else likely
    return Failed(
        shown=say("refused: {reply}", reply=str(reply)), suspects=known or (sure("starttls_refused", because),)
    )


def judge(evidence: Evidence) -> Outcome:
    """The first EHLO must offer it, and the command must be answered 220."""
    talk = dialogue(evidence)
    greeting = talk.reply(Stage.EHLO) if talk else None
    if talk is None or greeting is None or not greeting.positive:
        return not_reached(evidence, Stage.STARTTLS)
    offered = any(line.strip().upper() == "STARTTLS" for line in talk.features_before)
    step = talk.step(Stage.STARTTLS)
    match step.answer if step else None:
        case Reply(code=code) if code == _READY:
            return Passed(shown=say("offered, and begun"), clears=("starttls_stripped", "starttls_refused"))
        case _ if not offered:
            return _missing(talk)
        case Reply() as reply:
            return _refused(reply)
        case Silence() as silence:
            because = say("{who} fell silent after STARTTLS.", who=silence.who)
            suspects = (likely("connection_dropped", because), possible("starttls_refused", because))
            return Failed(shown=say("no answer to STARTTLS"), suspects=suspects)
        case None:
            return not_reached(evidence, Stage.STARTTLS)


CHECK = Check("starttls-offered", say("The server offers STARTTLS and begins it"), Stage.STARTTLS, judge, timed=True)
