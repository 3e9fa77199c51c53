"""Does the certificate chain lead to a trusted root?"""

from itertools import pairwise

from checks.not_reached import not_reached
from checks.reading import dialogue
from diag.evidence import Evidence, Flaw, Tls
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, Suspicion, likely, possible, proven
from diag.sentence import say
from diag.stage import Stage


def _suspects(tls: Tls) -> tuple[Suspicion, ...]:
    if not tls.chain:
        return (likely("certificate_untrusted", say("The certificate was refused: {error}", error=tls.error)),)
    if Flaw.SELF_SIGNED in tls.flaws:
        because = say("The certificate vouches only for itself: {subject}", subject=tls.chain[0].subject)
        return (proven("certificate_untrusted", because),)
    linked = all(below.issuer == above.subject for below, above in pairwise(tls.chain))
    broken = (below.issuer for below, above in pairwise(tls.chain) if below.issuer != above.subject)
    issuer = next(broken, tls.chain[-1].issuer)
    ends = say("The chain ends at {issuer}, which this computer does not trust.", issuer=issuer)
    missing = say("The server does not send the certificate of {issuer}.", issuer=issuer)
    if linked and tls.chain[-1].self_issued:
        return (proven("certificate_untrusted", ends),)
    if Flaw.MISSING_INTERMEDIATE in tls.flaws or not linked:
        return (likely("certificate_chain_incomplete", missing), possible("certificate_untrusted", missing))
    return (likely("certificate_untrusted", ends), possible("certificate_chain_incomplete", ends))


def judge(evidence: Evidence) -> Outcome:
    """Judged with the roots of this computer (or the CA file that was given); a device has a list of its own."""
    talk = dialogue(evidence)
    if talk is None or talk.tls is None:
        return not_reached(evidence, Stage.TLS)
    tls = talk.tls
    if not tls.verified and not tls.flaws:
        return Skipped(because=say("the handshake did not get as far as the certificate"))
    if {Flaw.SELF_SIGNED, Flaw.MISSING_INTERMEDIATE, Flaw.UNKNOWN_ROOT} & set(tls.flaws):
        return Failed(shown=say("not trusted: {error}", error=tls.error), suspects=_suspects(tls))
    if Flaw.OTHER in tls.flaws:
        because = say("The certificate was refused: {error}", error=tls.error)
        return Failed(
            shown=say("not trusted: {error}", error=tls.error), suspects=(likely("certificate_untrusted", because),)
        )
    return Passed(
        shown=say("{count} certificates, roots: {trust}", count=len(tls.chain), trust=tls.trust),
        clears=("certificate_untrusted", "certificate_chain_incomplete"),
    )


CHECK = Check("certificate-trusted", say("The certificate leads to a trusted root"), Stage.TLS, judge)
