"""Is the access token meant for Exchange Online?"""

from checks.token_claims import claims, fits_audience
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, proven
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """A token for Microsoft Graph, the usual mistake, is refused with the same bare 535 as any other."""
    found = claims(evidence)
    if isinstance(found, Skipped):
        return found
    if not evidence.sign_in.expected_audiences:
        return Skipped(because=say("it is not known which audience this server accepts"))
    if fits_audience(evidence, found):
        return Passed(shown=say("for {audience}", audience=found.audience), clears=("token_wrong_audience",))
    because = say(
        "The token is meant for {audience}; Exchange Online accepts only {accepted}.",
        audience=found.audience or "-",
        accepted=evidence.sign_in.expected_audiences[0],
    )
    return Failed(
        shown=say("for {audience}", audience=found.audience or "-"), suspects=(proven("token_wrong_audience", because),)
    )


CHECK = Check("token-audience", say("The token is meant for Exchange Online"), Stage.TOKEN, judge)
