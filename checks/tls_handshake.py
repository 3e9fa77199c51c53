"""Does the TLS handshake come to an agreement on version and cipher?"""

import re

from checks.not_reached import not_reached
from checks.reading import dialogue
from diag.evidence import Evidence, Reason, Silence, Step
from diag.outcome import Check, Failed, Outcome, Passed, likely, possible, proven
from diag.sentence import say
from diag.stage import Stage

_OLD = re.compile(r"PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|NO_PROTOCOLS_AVAILABLE", re.IGNORECASE)


def judge(evidence: Evidence) -> Outcome:
    """A refused certificate is no failed handshake: the certificate checks judge it."""
    talk = dialogue(evidence)
    if talk is None or talk.tls is None:
        return not_reached(evidence, Stage.TLS)
    tls, step = talk.tls, talk.step(Stage.TLS)
    if tls.version:
        return Passed(
            shown=say("{version}, {cipher}", version=tls.version, cipher=tls.cipher or "?"),
            clears=("tls_handshake_failed",),
        )
    if tls.flaws:
        return Passed(shown=say("as far as the certificate"), clears=("tls_handshake_failed",))
    if _OLD.search(tls.error):
        because = say(
            "The two sides have no TLS version in common; diag speaks TLS 1.2 and 1.3: {error}", error=tls.error
        )
        return Failed(shown=say("no common TLS version"), suspects=(proven("tls_version_too_old", because),))
    because = say("The server began STARTTLS, but the TLS handshake failed: {error}", error=tls.error)
    silent = isinstance(step, Step) and isinstance(step.answer, Silence) and step.answer.reason is not Reason.TLS
    # A firewall that inspects TLS swallows the handshake, or hangs up on it.
    also = (possible("tls_intercepted", because),) if silent else ()
    return Failed(
        shown=say("failed: {error}", error=tls.error), suspects=(likely("tls_handshake_failed", because), *also)
    )


CHECK = Check("tls-handshake", say("The TLS handshake succeeds"), Stage.TLS, judge, timed=True)
