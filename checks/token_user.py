"""Does the token belong to the mailbox that is to send?"""

from checks.token_claims import claims, fits_user
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely, proven
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """The account that signed in must be the mailbox itself: neither an alias of it, nor somebody who may open it."""
    found, mailbox = claims(evidence), evidence.subject.mailbox
    if isinstance(found, Skipped):
        return found
    if found.app_only:
        return Skipped(because=say("the token is that of an application, which signs in for any mailbox it is given"))
    if not found.user:
        return Skipped(because=say("the token does not say who signed in"))
    shown = say("signed in as {user}", user=found.user)
    if fits_user(evidence, found):
        return Passed(shown=shown, clears=("token_user_mismatch", "upn_differs_from_email"))
    if any(value.lower() == mailbox.lower() for _, value in found.users):
        because = say(
            "The account signs in as {user}; {mailbox} is another of its addresses.", user=found.user, mailbox=mailbox
        )
        return Failed(shown=shown, suspects=(likely("upn_differs_from_email", because),))
    because = say("{user} signed in, not {mailbox}.", user=found.user, mailbox=mailbox)
    return Failed(shown=shown, suspects=(proven("token_user_mismatch", because),))


CHECK = Check("token-user", say("The token belongs to this mailbox"), Stage.TOKEN, judge)
