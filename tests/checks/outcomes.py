"""What an outcome says, in a form that tests compare."""

from diag.outcome import Certainty, Failed, Outcome, Passed, Skipped

PROVEN, LIKELY, POSSIBLE = Certainty


def suspects(outcome: Outcome) -> dict[str, Certainty]:
    """The causes a failed check names, in its order."""
    assert isinstance(outcome, Failed), outcome
    assert outcome.suspects
    assert str(outcome.shown)
    assert all(str(suspicion.because) for suspicion in outcome.suspects)
    return {suspicion.cause: suspicion.certainty for suspicion in outcome.suspects}


def passed(outcome: Outcome) -> set[str]:
    """The causes a passed check clears."""
    assert isinstance(outcome, Passed), outcome
    assert str(outcome.shown)
    return set(outcome.clears)


def skipped(outcome: Outcome) -> str:
    """Why a check was not put."""
    assert isinstance(outcome, Skipped), outcome
    return str(outcome.because)


def shown(outcome: Outcome) -> str:
    assert isinstance(outcome, Passed | Failed), outcome
    return str(outcome.shown)


def because(outcome: Outcome) -> str:
    """All reasons of a failed check."""
    assert isinstance(outcome, Failed), outcome
    return " ".join(str(suspicion.because) for suspicion in outcome.suspects)
