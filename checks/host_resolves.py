"""Does the name of the submission host lead to an address?"""

from diag.evidence import Evidence, LookupStatus, Reason, Silence
from diag.outcome import Check, Failed, Outcome, Passed, likely, possible, proven
from diag.sentence import Sentence, say
from diag.stage import Stage


def _because(statuses: set[LookupStatus], host: str) -> Sentence:
    if statuses == {LookupStatus.NO_SUCH_NAME}:
        return say("The name server says that there is no such name as {host}.", host=host)
    if statuses == {LookupStatus.TIMEOUT}:
        return say("No name server answered the question for {host}.", host=host)
    if statuses <= {LookupStatus.NO_RECORDS, LookupStatus.NO_SUCH_NAME}:
        return say("The name {host} exists, but has no address.", host=host)
    return say("The name server could not answer the question for {host}.", host=host)


def judge(evidence: Evidence) -> Outcome:
    """One answered question, A or AAAA, with an address in it is enough."""
    network = evidence.network
    addresses = [address for found in network.lookups for address in found.addresses]
    if addresses:
        return Passed(shown=say("{host} is {addresses}", host=network.host, addresses=", ".join(addresses)))
    statuses = {found.status for found in network.lookups}
    other = evidence.sign_in.discovery
    if isinstance(other, Silence) and other.reason is Reason.DNS:
        because = say(
            "This computer resolves neither {host} nor {other}; nothing can be said of the scanner.",
            host=network.host,
            other=other.who,
        )
        return Failed(
            shown=say("{host} has no address", host=network.host),
            suspects=(likely("network_unreachable", because), possible("dns_failure", because)),
        )
    return Failed(
        shown=say("{host} has no address", host=network.host),
        suspects=(proven("dns_failure", _because(statuses, network.host)),),
    )


CHECK = Check("host-resolves", say("The name of the mail server resolves"), Stage.DNS, judge, timed=True)
