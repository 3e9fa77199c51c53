"""Does the certificate chain lead to a trusted root?"""

from checks.not_reached import not_reached
from checks.reading import dialogue
from diag.evidence import Evidence, Flaw, Stage, Tls
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, Suspicion, likely, possible, proven
from diag.sentence import say


def _suspects(tls: Tls) -> tuple[Suspicion, ...]:
    top = tls.chain[-1].subject if tls.chain else "?"
    issuer = tls.chain[-1].issuer if tls.chain else "?"
    if Flaw.SELF_SIGNED in tls.flaws:
        return (
            proven("certificate_untrusted", say("The certificate vouches only for itself: {subject}", subject=top)),
        )
    if Flaw.MISSING_INTERMEDIATE in tls.flaws:
        because = say("The server sends only its own certificate, not that of its issuer {issuer}.", issuer=issuer)
        return (likely("certificate_chain_incomplete", because), possible("certificate_untrusted", because))
    because = say("The chain ends at {issuer}, which this computer does not trust.", issuer=issuer)
    if len(tls.chain) == 1:
        return (likely("certificate_untrusted", because), possible("certificate_chain_incomplete", because))
    return (proven("certificate_untrusted", because),)


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
