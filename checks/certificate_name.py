"""Is the certificate made out to the host that was asked for?"""

from checks.not_reached import not_reached
from checks.reading import dialogue
from diag.evidence import Evidence, Flaw
from diag.outcome import Check, Failed, Outcome, Passed, proven
from diag.sentence import say
from diag.stage import Stage

_SHOWN = 4


def judge(evidence: Evidence) -> Outcome:
    """By the subject alternative names, as RFC 6125 says."""
    talk = dialogue(evidence)
    if talk is None or talk.tls is None or not talk.tls.chain:
        return not_reached(evidence, Stage.TLS)
    leaf = talk.tls.chain[0]
    more = leaf.names_total - _SHOWN
    names = ", ".join(leaf.names[:_SHOWN]) + (f" (+{more})" if more > 0 else "")
    if Flaw.WRONG_NAME in talk.tls.flaws:
        because = say(
            "{host} was asked for; the certificate is made out to {names}.", host=talk.host, names=names or "?"
        )
        return Failed(
            shown=say("made out to {names}", names=names or "?"), suspects=(proven("certificate_wrong_name", because),)
        )
    return Passed(shown=say("made out to {names}", names=names), clears=("certificate_wrong_name",))


CHECK = Check("certificate-name", say("The certificate is made out to this server"), Stage.TLS, judge)
