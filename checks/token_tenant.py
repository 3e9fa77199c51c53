"""Does the token come from the mailbox's own tenant?"""

from checks.token_claims import claims, expected_tenant, fits_tenant
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, proven
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """Compare tenant ids; a domain is looked up at the sign-in service."""
    found = claims(evidence)
    if isinstance(found, Skipped):
        return found
    expected = expected_tenant(evidence)
    if expected is None:
        return Skipped(because=say("the id of the mailbox's tenant is not known"))
    if found.tenant is None:
        return Skipped(because=say("the token names no tenant"))
    if fits_tenant(evidence, found):
        return Passed(shown=say("tenant {tenant}", tenant=found.tenant), clears=("token_wrong_tenant",))
    because = say(
        "The token was issued by the tenant {tenant}; the mailbox belongs to {expected}.",
        tenant=found.tenant,
        expected=expected,
    )
    return Failed(shown=say("tenant {tenant}", tenant=found.tenant), suspects=(proven("token_wrong_tenant", because),))


CHECK = Check("token-tenant", say("The token comes from the mailbox's tenant"), Stage.TOKEN, judge)
