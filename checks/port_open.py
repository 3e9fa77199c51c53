"""Does at least one address of the submission host take a connection?"""

from diag import naming
from diag.evidence import ContactStatus, Evidence, Network, Refusal, SignInService
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, Suspicion, likely, possible, proven
from diag.sentence import Sentence, say
from diag.stage import Stage


def _shown(network: Network) -> Sentence:
    attempts = [
        say("{address} {status} ({ms} ms)", address=c.address, status=naming.contact(c.status), ms=round(c.duration_ms))
        for c in network.contacts
    ]
    return say("port {port}: {attempts}", port=network.port, attempts=naming.listed(attempts))


def _suspects(network: Network, *, others_answer: bool) -> tuple[Suspicion, ...]:
    statuses = {contact.status for contact in network.contacts}
    host, port = network.host, network.port
    if ContactStatus.REFUSED in statuses:
        because = say("A host answered that nothing listens at {host}, port {port}.", host=host, port=port)
        return (proven("connection_refused", because),)
    if ContactStatus.TIMEOUT in statuses and others_answer:
        because = say(
            "The sign-in service answers, so the network works, but nothing comes back from {host} on port {port}.",
            host=host,
            port=port,
        )
        return (likely("port_blocked", because),)
    silent = say("Nothing comes back from {host} on port {port}, nor from the sign-in service.", host=host, port=port)
    if ContactStatus.TIMEOUT in statuses:
        return (likely("network_unreachable", silent), possible("port_blocked", silent))
    because = say("This computer has no way to any address of {host}.", host=host)
    return (likely("host_unreachable" if others_answer else "network_unreachable", because),)


def judge(evidence: Evidence) -> Outcome:
    """Refused, silent and unreachable differ; the sign-in service tells whether anything answers at all."""
    network = evidence.network
    if not network.contacts:
        return Skipped(because=say("{host} has no address", host=network.host))
    if network.reachable:
        return Passed(shown=_shown(network))
    others_answer = isinstance(evidence.sign_in.discovery, SignInService | Refusal)
    return Failed(shown=_shown(network), suspects=_suspects(network, others_answer=others_answer))


CHECK = Check("port-open", say("The mail server takes connections"), Stage.CONNECT, judge, timed=True)
