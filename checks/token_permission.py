"""Does the token hold the permission to send through SMTP?"""

from checks.token_claims import claims, fits_audience, fits_permission
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, proven
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """The permissions of a token for another service say nothing about this one."""
    found = claims(evidence)
    if isinstance(found, Skipped):
        return found
    if not evidence.sign_in.expected_audiences:
        return Skipped(because=say("it is not known which permission this server asks for"))
    if not fits_audience(evidence, found):
        return Skipped(because=say("the token is meant for another service"))
    held = " ".join(found.roles if found.app_only else found.scopes) or "-"
    if fits_permission(evidence, found):
        return Passed(shown=say("permissions: {held}", held=held), clears=("token_missing_scope",))
    because = say("The token allows {held}, but not SMTP.Send.", held=held)
    return Failed(shown=say("permissions: {held}", held=held), suspects=(proven("token_missing_scope", because),))


CHECK = Check("token-permission", say("The token allows sending by SMTP"), Stage.TOKEN, judge)
