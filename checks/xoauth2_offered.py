"""Does the server offer XOAUTH2 once the connection is encrypted?"""

from checks.answer_to import answer_to
from checks.not_reached import not_reached
from checks.reading import dialogue
from diag.evidence import Evidence, Silence
from diag.outcome import Check, Failed, Outcome, Passed, proven
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """Only the second EHLO counts; before TLS Exchange Online offers no sign-in at all."""
    talk = dialogue(evidence)
    step = talk.step(Stage.EHLO_TLS) if talk else None
    if talk is None or step is None:
        return not_reached(evidence, Stage.EHLO_TLS)
    if isinstance(step.answer, Silence) or not step.answer.positive:
        return answer_to(evidence, Stage.EHLO_TLS, clears=(), otherwise="service_not_active")
    offers = " / ".join(line for line in talk.features_after if line.upper().startswith("AUTH")) or "-"
    if talk.offers("XOAUTH2"):
        return Passed(shown=say("offered: {offers}", offers=offers), clears=("xoauth2_not_offered",))
    because = say("After STARTTLS the server offers these ways to sign in: {offers}", offers=offers)
    return Failed(shown=say("offered: {offers}", offers=offers), suspects=(proven("xoauth2_not_offered", because),))


CHECK = Check(
    "xoauth2-offered", say("The server lets devices sign in with OAuth 2.0"), Stage.EHLO_TLS, judge, timed=True
)
