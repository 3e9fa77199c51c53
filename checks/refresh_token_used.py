"""Is the sign-in that the device keeps used often enough to last?"""

from datetime import datetime, timedelta

from checks.asked import found
from checks.reading import server_now
from checks.signing_in import application, has_a_person
from diag.directory import NOTHING_STORED, SignIns
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely, possible
from diag.sentence import say
from diag.stage import Stage

_CAUSE = "refresh_token_ageing"
_DAY = timedelta(days=1)
# A refresh token that is not used for 90 days is void (learn.microsoft.com, refresh-tokens). The log goes back thirty
# days at most, so a third of that time is the most it can show; two thirds leave no doubt that it is unused.
_LONG, _VERY_LONG = 30, 60  # days


def _unused(newest: datetime, now: datetime) -> Outcome:
    days = round((now - newest) / _DAY)
    shown = say("last used on {day}", day=f"{newest:%Y-%m-%d}")
    if days < _LONG:
        return Passed(shown=shown)
    because = say(
        "The device's application last signed in for this account on {day}, {days} days ago. A stored sign-in that is"
        " not used for 90 days is void.",
        day=f"{newest:%Y-%m-%d}",
        days=days,
    )
    return Failed(shown=shown, suspects=((likely if days >= _VERY_LONG else possible)(_CAUSE, because),))


def _left_alone(last: datetime, now: datetime, *, for_people: bool) -> Outcome | None:
    """Whether nobody has signed in to the account for long, with whatever application: then neither has the device.

    Unless the application is known to sign in `for_people`, there may be no stored sign-in at all.
    """
    days = round((now - last) / _DAY)
    if days < _LONG:
        return None
    day = f"{last:%Y-%m-%d}"
    because = say(
        "Nobody has signed in to this account since {day}, {days} days ago, with any application. If the device was"
        " registered before, its stored sign-in has not been used since; after 90 days it is void.",
        day=day,
        days=days,
    )
    suspect = (likely if for_people and days >= _VERY_LONG else possible)(_CAUSE, because)
    return Failed(shown=say("no sign-in since {day}", day=day), suspects=(suspect,))


def _never_used(log: SignIns, now: datetime) -> Outcome:
    """Whether the device was ever registered is not in the log, so that this is a possibility and no more."""
    days = round((now - log.since) / _DAY)
    if days < _LONG:
        return Skipped(
            because=say("the log has no sign-in of the device's application, and goes back only {days} days", days=days)
        )
    if not log.background:
        return Skipped(
            because=say("the log was not seen to have sign-ins without a person present, as a device renews its own")
        )
    because = say(
        "The device's application has not signed in for this account for {days} days, which is as far as the log goes"
        " back. If the device was registered before, its stored sign-in has not been used since; after 90 days it is"
        " void.",
        days=days,
    )
    return Failed(shown=say("not used for {days} days or more", days=days), suspects=(possible(_CAUSE, because),))


def judge(evidence: Evidence) -> Outcome:
    """A device that fetches tokens is logged each time it does; an application by itself keeps no sign-in.

    The log is short. When somebody last signed in to the account at all is kept for good.
    """
    log = found(evidence, lambda directory: directory.sign_ins)
    last = found(evidence, lambda directory: directory.last_sign_in)
    if isinstance(log, Skipped) and isinstance(last, Skipped):
        return log
    for_people = has_a_person(evidence)
    if for_people is False:
        return Skipped(because=NOTHING_STORED.because)
    own = application(evidence)
    if own is None:
        return Skipped(because=say("it is not known which application the device signs in with"))
    records = () if isinstance(log, Skipped) else log.records
    uses = [one.at for one in records if not one.code and (one.app_id or "").lower() == own]
    now = server_now(evidence)
    if uses:
        return _unused(max(uses), now)
    if not isinstance(last, Skipped) and last.at is not None:
        left_alone = _left_alone(last.at, now, for_people=for_people is True)
        if left_alone is not None:
            return left_alone
    return log if isinstance(log, Skipped) else _never_used(log, now)


CHECK = Check("refresh-token-used", say("The sign-in that the device keeps is in use"), Stage.DIRECTORY, judge)
