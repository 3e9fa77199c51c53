"""Is there an account with this address, and is the address the name it signs in with?"""

from checks.asked import answer, skipped
from checks.signing_in import Reached, is_alone, named_by_server, reached, unless_named
from checks.token_claims import fits_user
from diag.directory import Account
from diag.evidence import Claims, Evidence
from diag.obstacle import NotAnswered, Obstacle
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely, proven
from diag.sentence import say
from diag.stage import Stage


def _missing(evidence: Evidence, nothing: NotAnswered) -> Outcome:
    token, mailbox = evidence.sign_in.token, evidence.subject.mailbox
    named = isinstance(token, Claims) and token.user and fits_user(evidence, token)
    if named or reached(evidence) is Reached.ACCEPTED:
        return Skipped(
            because=say("{mailbox} signed in, but the organisation that was asked does not know it", mailbox=mailbox)
        )
    because = say("No account of the organisation has the address {mailbox}.", mailbox=mailbox)
    return Failed(shown=nothing.because, suspects=(proven("account_not_found", because),))


def _alias(evidence: Evidence, account: Account) -> Outcome:
    """Where the token is that very account's, its two names explain the refusal, and not a wrong person."""
    name, mailbox = account.sign_in_name, evidence.subject.mailbox
    shown = say("{mailbox} is another address of {name}", mailbox=mailbox, name=name)
    came, token = reached(evidence), evidence.sign_in.token
    if came is Reached.ACCEPTED or is_alone(evidence):
        return Passed(shown=shown)
    if "smtp_auth_disabled_mailbox" in named_by_server(evidence):  # said only once token and name were found to fit
        return Passed(shown=say("{said}; the server's answer speaks of something else", said=shown))
    because = say(
        "{mailbox} is only another address of the account: the device has to sign in as {name}.",
        mailbox=mailbox,
        name=name,
    )
    same = isinstance(token, Claims) and token.user is not None and token.user.lower() == name.lower()
    if came is Reached.REFUSED_BARE and same:
        return Failed(
            shown=shown, suspects=(proven("upn_differs_from_email", because),), clears=("token_user_mismatch",)
        )
    return Failed(shown=shown, suspects=(likely("upn_differs_from_email", because),))


def judge(evidence: Evidence) -> Outcome:
    """Not found is an answer too."""
    match answer(evidence, lambda directory: directory.account):
        case Skipped() as nothing:
            return nothing
        case NotAnswered(obstacle=Obstacle.NOT_FOUND) as missing:
            return _missing(evidence, missing)
        case NotAnswered() as unknown:
            return skipped(unknown)
        case Account(found_by="alias") as account:
            return _alias(evidence, account)
        case Account() as account:
            shown = say("found: {name}", name=account.sign_in_name)
            return Passed(
                shown=shown, clears=unless_named(evidence, clears=("account_not_found", "upn_differs_from_email"))
            )


CHECK = Check("account-found", say("The address is the sign-in name of an account"), Stage.DIRECTORY, judge)
