"""Is this computer's clock right, compared with the dates that the servers state?"""

from datetime import timedelta

from checks.reading import wrong_clock
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, Suspicion
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """Proven where two servers agree against this computer; one server alone may itself be wrong."""
    if not evidence.clocks:
        return Skipped(because=say("no server stated a date"))
    certainty = wrong_clock(evidence)
    # A few seconds' difference between two servers is chance; then it is the first that is told.
    worst = max(evidence.clocks, key=lambda reading: abs(reading.ahead) // timedelta(seconds=10))
    seconds = round(worst.ahead.total_seconds())
    shown = say("differs by {seconds} s from {source}", seconds=abs(seconds), source=worst.source)
    if certainty is None:
        return Passed(shown=shown, clears=("clock_off",))
    because = say(
        "This computer's clock differs by {seconds} s from that of {source}; a scanner whose clock is off fails alike.",
        seconds=abs(seconds),
        source=worst.source,
    )
    return Failed(shown=shown, suspects=(Suspicion("clock_off", certainty, because),))


CHECK = Check("clock-right", say("This computer's clock is right"), Stage.SIGN_IN, judge)
