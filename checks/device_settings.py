"""Are the port and the host those that a scanner is made to use with OAuth 2.0?"""

from checks.reading import expects_exchange, is_mx
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely, proven
from diag.sentence import say
from diag.stage import Stage

_SUBMISSION_PORT = 587


def judge(evidence: Evidence) -> Outcome:
    """Devices force port 587 with STARTTLS and authentication on; diag always uses STARTTLS and authentication."""
    subject = evidence.subject
    if is_mx(f".{subject.smtp_host}") or is_mx(subject.smtp_host):
        because = say("{host} takes mail for the organisation in; devices sign in elsewhere.", host=subject.smtp_host)
        return Failed(
            shown=say("{host} is an inbound mail host (MX)", host=subject.smtp_host),
            suspects=(proven("mx_endpoint_used", because),),
        )
    if not expects_exchange(evidence):
        return Skipped(because=say("{host} is not a host of Exchange Online", host=subject.smtp_host))
    if subject.smtp_port != _SUBMISSION_PORT:
        because = say(
            "Exchange Online takes mail from devices on port 587; port {port} was given.", port=subject.smtp_port
        )
        return Failed(
            shown=say("port {port} in place of 587", port=subject.smtp_port),
            suspects=(likely("wrong_port", because),),
        )
    return Passed(shown=say("port 587, STARTTLS and authentication, as devices force them"), clears=("wrong_port",))


CHECK = Check("device-settings", say("Host, port and security are what a device must use"), Stage.DNS, judge)
