"""May the account sign in?"""

from checks.asked import found
from checks.signing_in import Reached, is_alone, reached, unless_named
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely, proven
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """A blocked account keeps out whoever signs in as it; an application by itself does not."""
    account = found(evidence, lambda directory: directory.account)
    if isinstance(account, Skipped):
        return account
    if account.enabled is None:
        return Skipped(because=say("the directory does not say whether the account may sign in"))
    if account.enabled:
        return Passed(shown=say("it may sign in"), clears=unless_named(evidence, clears=("account_disabled",)))
    if is_alone(evidence):
        return Passed(shown=say("its sign-in is blocked, which does not concern an application by itself"))
    if reached(evidence) is Reached.ACCEPTED:
        return Passed(shown=say("its sign-in is blocked, and yet the token was still accepted"))
    because = say("The sign-in of {name} is blocked in the directory.", name=account.sign_in_name)
    sure = likely if evidence.sign_in.auth is None else proven
    return Failed(shown=say("its sign-in is blocked"), suspects=(sure("account_disabled", because),))


CHECK = Check("account-enabled", say("The account may sign in"), Stage.DIRECTORY, judge)
