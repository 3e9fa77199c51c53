"""Do greeting and EHLO arrive as the server wrote them, or masked by a firewall that inspects SMTP?"""

from checks.answer_to import answer_to
from checks.not_reached import not_reached
from checks.reading import Answerer, answerer, dialogue
from diag.evidence import Dialogue, Evidence, Reply, Silence
from diag.outcome import Check, Failed, Outcome, Passed, likely, proven
from diag.sentence import say
from diag.stage import Stage


def _masked(talk: Dialogue) -> str:
    banner = talk.reply(Stage.BANNER)
    return " / ".join((*((str(banner),) if banner else ()), *talk.features_before))[:200]


def judge(evidence: Evidence) -> Outcome:
    """Cisco's ESMTP inspection writes asterisks over the greeting and X over what it does not know."""
    talk = dialogue(evidence)
    step = talk.step(Stage.EHLO) if talk else None
    if talk is None or step is None:
        return not_reached(evidence, Stage.EHLO)
    if answerer(talk) is Answerer.INSPECTION:
        masked = _masked(talk)
        because = say(
            "The server's words arrive masked, as Cisco's ESMTP inspection leaves them: {masked}", masked=masked
        )
        return Failed(shown=say("masked: {masked}", masked=masked), suspects=(proven("esmtp_inspection", because),))
    match step.answer:
        case Reply(lines=lines) as reply if reply.positive:
            return Passed(shown=say("{count} capabilities", count=len(lines) - 1), clears=("esmtp_inspection",))
        case Reply():
            return answer_to(evidence, Stage.EHLO, clears=(), otherwise="esmtp_inspection")
        case Silence() as silence:
            because = say("{who} fell silent after EHLO.", who=silence.who)
            return Failed(shown=say("no answer to EHLO"), suspects=(likely("connection_dropped", because),))


CHECK = Check("esmtp-intact", say("Nothing masks the SMTP dialogue"), Stage.EHLO, judge, timed=True)
