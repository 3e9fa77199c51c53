"""Is the account a member of the organisation, and not a guest?"""

from checks.asked import found
from checks.signing_in import Reached, is_alone, reached, unless_named
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely, possible
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """A guest's mailbox lies elsewhere; a guest with a mailbox here is rare, but there are some."""
    account = found(evidence, lambda directory: directory.account)
    if isinstance(account, Skipped):
        return account
    if account.member:
        return Passed(shown=say("a member"), clears=unless_named(evidence, clears=("guest_account_used",)))
    if reached(evidence) is Reached.ACCEPTED or is_alone(evidence):
        return Passed(shown=say("a guest, and yet with a mailbox here"))
    because = say("{name} is a guest of the organisation.", name=account.sign_in_name)
    sure = possible if account.exchange_plans else likely
    return Failed(shown=say("a guest"), suspects=(sure("guest_account_used", because),))


CHECK = Check("account-member", say("The account is a member of the organisation"), Stage.DIRECTORY, judge)
