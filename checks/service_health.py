"""Does Microsoft report an incident that concerns the sign-in of devices, or the flow of mail?"""

import re

from checks.asked import found
from checks.reading import dialogue
from checks.signing_in import Reached, named_by_service, reached
from checks.token_claims import fits
from diag.directory import Incident
from diag.evidence import Claims, Evidence, Silence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely, possible
from diag.sentence import say
from diag.stage import Stage

_CONCERNS = re.compile(
    r"smtp|authenticat|sign[- ]?in|log[- ]?in|mail ?flow|mail delivery|transport|sending e-?mail",
    re.IGNORECASE,
)


def _unexplained(evidence: Evidence) -> bool:
    """Whether the server refuses a token in which nothing is wrong, or falls silent at it."""
    token, talk = evidence.sign_in.token, dialogue(evidence)
    good = isinstance(token, Claims) and fits(evidence, token)
    step = talk.step(Stage.AUTH) if talk else None
    silent = step is not None and isinstance(step.answer, Silence)
    return good and (silent or reached(evidence) is Reached.REFUSED_BARE)


def _named(incident: Incident) -> str:
    return f"{incident.id} {incident.title}".strip()


def judge(evidence: Evidence) -> Outcome:
    """An open incident does not prove that this device suffers from it; none open does not prove that all is well."""
    health = found(evidence, lambda directory: directory.health)
    if isinstance(health, Skipped):
        return health
    if not health.incidents:
        return Passed(shown=say("no open incident of Exchange Online"))
    concerning = [one for one in health.incidents if _CONCERNS.search(f"{one.feature} {one.title}")]
    if not concerning:
        return Passed(shown=say("open incidents, none of sign-in or mail flow: {count}", count=len(health.incidents)))
    shown = say("open: {incident}", incident=_named(concerning[0]))
    came = reached(evidence)
    if came is Reached.ACCEPTED or (came is Reached.NO_TOKEN and named_by_service(evidence)):
        return Passed(shown=shown)
    explains = _unexplained(evidence)
    sure = likely if explains else possible
    suspects = tuple(
        sure("microsoft_side_outage_auth", say("Microsoft reports an open incident: {incident}", incident=_named(one)))
        for one in concerning
    )
    return Failed(shown=shown, suspects=suspects, clears=("oauth_rejected_unspecified",) if explains else ())


CHECK = Check("service-health", say("Microsoft reports no incident with sign-in or mail flow"), Stage.DIRECTORY, judge)
