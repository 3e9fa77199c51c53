"""Where are the account's password and state kept: in the cloud, or in the organisation's own Active Directory?"""

from checks.asked import found
from checks.signing_in import Reached, codes, named_by_service, reached
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """To be synchronised is no fault; it says who can help, and gives weight to numbers of the servers on site."""
    account = found(evidence, lambda directory: directory.account)
    if isinstance(account, Skipped):
        return account
    if not account.synced:
        return Passed(shown=say("in the cloud"))
    shown = say("in the organisation's Active Directory, from which it is synchronised")
    if reached(evidence) is Reached.ACCEPTED or "on_premises_sign_in_failed" not in named_by_service(evidence):
        return Passed(shown=shown)
    because = say(
        "The account comes from the organisation's Active Directory, and the sign-in service answered AADSTS{codes}.",
        codes=", AADSTS".join(str(number) for number in codes(evidence)),
    )
    return Failed(shown=shown, suspects=(likely("on_premises_sign_in_failed", because),))


CHECK = Check("account-synced", say("It is known where the account is kept"), Stage.DIRECTORY, judge)
