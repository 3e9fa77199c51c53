"""Are security defaults on, and do they keep this sign-in out?"""

from checks.asked import found
from checks.signing_in import (
    Reached,
    in_the_browser,
    is_alone,
    named_by_server,
    named_by_service,
    reached,
    unless_named,
)
from diag.evidence import Evidence, Page
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, possible, proven
from diag.sentence import say
from diag.stage import Stage


def _by_the_browser(evidence: Evidence) -> Failed | None:
    page = in_the_browser(evidence)
    if page is Page.SECOND_PROOF:
        because = say("Security defaults are on for the organisation: they ask for a second proof.")
        return Failed(shown=say("they are on"), suspects=(possible("mfa_required", because),))
    if page is Page.BLOCKED:
        because = say("Security defaults are on for the organisation, and may block a sign-in they judge unsafe.")
        return Failed(shown=say("they are on"), suspects=(possible("security_defaults", because),))
    return None


def judge(evidence: Evidence) -> Outcome:
    """They refuse passwords over SMTP; a sign-in with OAuth 2.0 passes them once the second proof is given."""
    defaults = found(evidence, lambda directory: directory.security_defaults)
    if isinstance(defaults, Skipped):
        return defaults
    if not defaults.enabled:
        return Passed(shown=say("they are off"), clears=unless_named(evidence, clears=("security_defaults",)))
    shown = say("on: passwords are refused over SMTP, OAuth 2.0 is not")
    if reached(evidence) is Reached.ACCEPTED or is_alone(evidence):
        return Passed(shown=shown)
    if "security_defaults" in {*named_by_server(evidence), *named_by_service(evidence)}:
        because = say("Security defaults are on for the organisation, and the refusal names them.")
        return Failed(shown=say("they are on"), suspects=(proven("security_defaults", because),))
    return _by_the_browser(evidence) or Passed(shown=shown)


CHECK = Check("security-defaults", say("Security defaults do not keep the sign-in out"), Stage.DIRECTORY, judge)
