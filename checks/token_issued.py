"""Did the sign-in service issue a token?"""

import re

from checks.refusal import suspects_of, told
from diag import naming
from diag.catalogue import load
from diag.evidence import (
    BrowserShowed,
    CodeExpired,
    Declined,
    Evidence,
    Granted,
    NotAsked,
    Page,
    Reason,
    Refusal,
    Silence,
)
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, Suspicion, likely, possible, proven
from diag.sentence import say
from diag.stage import Stage

_SHOWED = {
    Page.SECOND_PROOF: (say("The browser asked for a second proof, and got none."), "mfa_required"),
    Page.NEEDS_APPROVAL: (say("The browser said that an administrator must approve."), "admin_consent_required"),
    Page.BLOCKED: (say("The browser said that the organisation blocks this sign-in."), "device_code_blocked"),
    Page.WRONG_CODE: (say("The browser did not know the code."), None),
    Page.NOT_OPENED: (say("Nobody opened the page."), None),
}
_AADSTS = re.compile(r"AADSTS(\d{4,9})", re.IGNORECASE)


def _in_the_browser(showed: BrowserShowed) -> tuple[Suspicion, ...]:
    """What the browser showed names the cause behind the expiry, as far as one person's word goes."""
    if showed.page in _SHOWED:
        because, cause = _SHOWED[showed.page]
        return (likely(cause, because),) if cause else ()
    because = say("The browser showed: {words}", words=showed.words)
    entries = [entry for number in _AADSTS.findall(showed.words) if (entry := load().aadsts(int(number)))]
    return tuple(likely(entry.cause, because) for entry in entries)


def _expired(expired: CodeExpired) -> Outcome:
    because = say(
        "The code lived {seconds} s, and was asked about {polls} times; nobody finished signing in.",
        seconds=expired.lifetime_s,
        polls=expired.polls,
    )
    behind = _in_the_browser(expired.browser) if expired.browser else ()
    if behind:
        return Failed(shown=say("the code expired"), suspects=(*behind, possible("device_code_expired", because)))
    if expired.browser:
        showed = _SHOWED.get(expired.browser.page, (say("The browser showed: {words}", words=expired.browser.words),))
        because = say("{said} {showed}", said=because, showed=showed[0])
    return Failed(shown=say("the code expired"), suspects=(proven("device_code_expired", because),))


def _granted(granted: Granted) -> Outcome:
    if granted.given:
        return Passed(shown=say("none was asked for: a token was given"))
    if not granted.polls:
        return Passed(shown=say("yes"))
    seconds = round(granted.waited_ms / 1000)
    return Passed(shown=say("yes, after {seconds} s (polls: {polls})", seconds=seconds, polls=granted.polls))


def judge(evidence: Evidence) -> Outcome:
    """What the browser showed is known only to the person in front of it: a device sees nothing but the waiting."""
    match evidence.sign_in.acquisition:
        case Granted() as granted:
            return _granted(granted)
        case Refusal() as refusal:
            return Failed(shown=told(refusal), suspects=suspects_of(refusal, evidence.sign_in.auth))
        case CodeExpired() as expired:
            return _expired(expired)
        case Declined():
            because = say("The person in front of the browser refused the sign-in.")
            return Failed(shown=say("declined"), suspects=(proven("device_code_declined", because),))
        case Silence(who=who, reason=reason):
            because = say("{who} did not answer ({reason}).", who=who, reason=naming.reason(reason))
            shown = say("{who}: {reason}", who=who, reason=naming.reason(reason))
            sure = likely if reason is Reason.PROTOCOL else proven
            return Failed(shown=shown, suspects=(sure("sign_in_unreachable", because),))
        case NotAsked(because=because):
            return Skipped(because=because)


CHECK = Check("token-issued", say("A token is issued"), Stage.SIGN_IN, judge, essential=True, timed=True)
