"""Does the certificate come from the server itself, or from a product that opens TLS on the way?"""

from checks.not_reached import not_reached
from checks.reading import Answerer, answerer, dialogue, expects_exchange
from diag.evidence import Evidence, Flaw
from diag.outcome import Check, Failed, Outcome, Passed, likely, proven
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """A computer may trust the product's root, as company computers do; a scanner does not."""
    talk = dialogue(evidence)
    if talk is None or talk.tls is None or not talk.tls.chain:
        return not_reached(evidence, Stage.TLS)
    issuer = talk.tls.chain[-1].issuer
    if talk.tls.product:
        because = say(
            "The certificate for {host} was issued by {product} ({issuer}), which opens TLS connections on the way.",
            host=talk.host,
            product=talk.tls.product,
            issuer=issuer,
        )
        # A name alone can mislead; with a chain that no public authority vouches for it does not.
        suspect = likely("tls_intercepted", because) if talk.tls.verified else proven("tls_intercepted", because)
        return Failed(shown=say("issued by {product}", product=talk.tls.product), suspects=(suspect,))
    unknown = {Flaw.UNKNOWN_ROOT, Flaw.SELF_SIGNED} & set(talk.tls.flaws)
    if unknown and expects_exchange(evidence) and answerer(talk) is Answerer.EXCHANGE:
        because = say(
            "Exchange Online answers, but with a certificate by {issuer}, which no public authority vouches for.",
            issuer=issuer,
        )
        return Failed(shown=say("issued by {product}", product=issuer), suspects=(likely("tls_intercepted", because),))
    return Passed(shown=say("issued by {product}", product=issuer), clears=("tls_intercepted",))


CHECK = Check("tls-not-inspected", say("Nobody opens the TLS connection on the way"), Stage.TLS, judge)
