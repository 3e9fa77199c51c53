"""Is the token valid now?"""

from checks.reading import server_now
from checks.token_claims import begins_later, claims
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, proven
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """By the servers' clocks where they stated a date."""
    found = claims(evidence)
    if isinstance(found, Skipped):
        return found
    now = server_now(evidence)
    if found.expires_at is None:
        return Skipped(because=say("the token does not say how long it is valid"))
    until = f"{found.expires_at:%Y-%m-%d %H:%M} UTC"
    if found.expires_at <= now:
        because = say("The token expired on {until}.", until=until)
        return Failed(shown=say("expired on {until}", until=until), suspects=(proven("token_expired", because),))
    if found.not_before and begins_later(found, now):
        since = f"{found.not_before:%Y-%m-%d %H:%M} UTC"
        because = say("The token is valid only from {since} on.", since=since)
        return Failed(
            shown=say("valid from {since} on", since=since), suspects=(proven("token_not_yet_valid", because),)
        )
    return Passed(shown=say("valid until {until}", until=until), clears=("token_expired", "token_not_yet_valid"))


CHECK = Check("token-dates", say("The token is valid now"), Stage.TOKEN, judge)
