"""Is this computer's clock right, compared with the dates that the servers state?"""

from datetime import timedelta

from diag.evidence import Evidence, Stage
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely, proven
from diag.sentence import say

# Beyond five minutes the sign-in service may refuse a signed request (AADSTS700024), and token dates are misjudged.
_TOLERATED = timedelta(minutes=5)


def judge(evidence: Evidence) -> Outcome:
    """Proven where two servers agree against this computer; one server alone may itself be wrong."""
    if not evidence.clocks:
        return Skipped(because=say("no server stated a date"))
    wrong = [reading for reading in evidence.clocks if abs(reading.ahead) > _TOLERATED]
    worst = max(evidence.clocks, key=lambda reading: abs(reading.ahead))
    seconds = round(worst.ahead.total_seconds())
    shown = say("differs by {seconds} s from {source}", seconds=abs(seconds), source=worst.source)
    if not wrong:
        return Passed(shown=shown, clears=("clock_off",))
    because = say(
        "This computer's clock differs by {seconds} s from that of {source}; a scanner whose clock is off fails alike.",
        seconds=abs(seconds),
        source=worst.source,
    )
    agreed = len(wrong) == len(evidence.clocks) > 1 and abs(wrong[0].ahead - wrong[1].ahead) < _TOLERATED
    return Failed(shown=shown, suspects=(proven("clock_off", because) if agreed else likely("clock_off", because),))


CHECK = Check("clock-right", say("This computer's clock is right"), Stage.SIGN_IN, judge)
