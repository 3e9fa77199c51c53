"""Was nothing changed at the account that ends a stored sign-in?"""

from datetime import datetime

from checks.asked import found
from checks.signing_in import Reached, is_alone, named_by_service, reached
from diag.directory import Account
from diag.evidence import Claims, Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely, proven
from diag.sentence import Sentence, say
from diag.stage import Stage


def _last(account: Account) -> Sentence:
    """The last revocation, which a change of the password brings too, in words."""
    changed, valid = account.password_changed_at, account.sessions_valid_from
    if changed is not None and (valid is None or changed >= valid):
        return say("password changed at {time}", time=f"{changed:%Y-%m-%d %H:%M} UTC")
    return say("sign-ins revoked at {time}", time=f"{valid:%Y-%m-%d %H:%M} UTC" if valid else "-")


def _weighed(evidence: Evidence, shown: Sentence, revoked: datetime) -> Outcome:
    token = evidence.sign_in.token
    if reached(evidence) is Reached.ACCEPTED:
        return Passed(shown=shown)
    if "refresh_token_revoked" in named_by_service(evidence):
        because = say("The stored sign-in is older than this: {what}.", what=shown)
        return Failed(shown=shown, suspects=(proven("refresh_token_revoked", because),))
    issued = token.issued_at if isinstance(token, Claims) else None
    if issued is not None and revoked > issued and reached(evidence) is Reached.REFUSED_BARE:
        because = say(
            "The token is of {issued}, and since then: {what}.", issued=f"{issued:%Y-%m-%d %H:%M} UTC", what=shown
        )
        return Failed(shown=shown, suspects=(likely("refresh_token_revoked", because),))
    return Passed(shown=shown)


def judge(evidence: Evidence) -> Outcome:
    """A stored sign-in ends when the account's sign-ins are revoked, or its password is changed."""
    account = found(evidence, lambda directory: directory.account)
    if isinstance(account, Skipped):
        return account
    if is_alone(evidence):
        return Skipped(because=say("an application signs in by itself, which no password ends"))
    moments = [at for at in (account.password_changed_at, account.sessions_valid_from) if at is not None]
    if not moments:
        return Skipped(because=say("the directory does not say when the account's sign-ins were last revoked"))
    return _weighed(evidence, _last(account), max(moments))


CHECK = Check("sign-in-not-revoked", say("The account's stored sign-ins were not revoked"), Stage.DIRECTORY, judge)
