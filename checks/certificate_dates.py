"""Is today within the dates of every certificate, by the server's clock as well as by this computer's?"""

from checks.not_reached import not_reached
from checks.reading import dialogue, server_now, wrong_clock
from diag.evidence import Certificate, Evidence
from diag.outcome import Certainty, Check, Failed, Outcome, Passed, Suspicion, proven
from diag.sentence import say
from diag.stage import Stage


def _outside(certificate: Certificate, evidence: Evidence) -> Suspicion | None:
    """Blame the clock of this computer where the certificate is valid by a server's own date."""
    here, there = evidence.started_at, server_now(evidence)
    stated = [here - reading.ahead for reading in evidence.clocks]
    begins, ends = certificate.not_before, certificate.not_after
    subject, until, since = certificate.subject, f"{ends:%Y-%m-%d %H:%M} UTC", f"{begins:%Y-%m-%d %H:%M} UTC"
    if not begins <= here <= ends and any(begins <= date <= ends for date in stated):
        because = say("By this computer's clock the certificate is not valid today; by a server's clock it is.")
        return Suspicion("clock_off", wrong_clock(evidence) or Certainty.POSSIBLE, because)
    if there > ends:
        return proven("certificate_expired", say("{subject} expired on {until}.", subject=subject, until=until))
    if there < begins:
        because = say("{subject} is valid only from {since} on.", subject=subject, since=since)
        return proven("certificate_not_yet_valid", because)
    return None


def judge(evidence: Evidence) -> Outcome:
    """Every certificate that was sent counts, not only the server's own."""
    talk = dialogue(evidence)
    if talk is None or talk.tls is None or not talk.tls.chain:
        return not_reached(evidence, Stage.TLS)
    # What verified is in order but for its own dates: a server may send certificates that nobody needs.
    chain = talk.tls.chain[:1] if talk.tls.verified else talk.tls.chain
    wrong = [found for certificate in chain if (found := _outside(certificate, evidence))]
    ends = min(certificate.not_after for certificate in chain)
    shown = say("valid until {until}", until=f"{ends:%Y-%m-%d}")
    if wrong:
        first = {suspicion.cause: suspicion for suspicion in reversed(wrong)}
        return Failed(
            shown=say("not valid on {today}", today=f"{server_now(evidence):%Y-%m-%d}"), suspects=tuple(first.values())
        )
    return Passed(shown=shown, clears=("certificate_expired", "certificate_not_yet_valid"))


CHECK = Check("certificate-dates", say("The certificates are valid today"), Stage.TLS, judge)
