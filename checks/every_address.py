"""Do all addresses of the submission host take a connection, IPv6 ones too?"""

from diag.evidence import ContactStatus, Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """A device that prefers a dead address hangs before it tries the next; no way to IPv6 at all is harmless."""
    contacts = evidence.network.contacts
    if not evidence.network.reachable:
        return Skipped(because=say("no address could be reached"))
    dead = [c.address for c in contacts if c.status in {ContactStatus.TIMEOUT, ContactStatus.REFUSED}]
    if not dead:
        return Passed(shown=say("{count} of {all} addresses answer", count=_answering(evidence), all=len(contacts)))
    addresses = ", ".join(dead)
    because = say(
        "{addresses} do not answer while another address does; a device may try them first.", addresses=addresses
    )
    return Failed(
        shown=say("no answer from {addresses}", addresses=addresses),
        suspects=(likely("address_unreachable", because),),
    )


def _answering(evidence: Evidence) -> int:
    return sum(contact.status is ContactStatus.CONNECTED for contact in evidence.network.contacts)


CHECK = Check("every-address", say("Every address of the mail server answers"), Stage.CONNECT, judge)
