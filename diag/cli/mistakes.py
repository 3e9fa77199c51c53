"""Put what the parser refuses into one sentence of ours; typer's own words are English alone and may repeat values."""

from collections.abc import Callable, Mapping
from typing import Any

from diag.sentence import Sentence, say
from diag.subject import printable

_MAX_OPTION = 40


def _missing(problem: Any) -> Sentence:
    parameter = getattr(problem, "param", None)
    return say("{name} is missing.", name=str(getattr(parameter, "metavar", None) or "?"))


def _unknown(problem: Any) -> Sentence:
    option = printable(problem.option_name, _MAX_OPTION)
    if problem.possibilities:
        return say("There is no option {option}; is {likely} meant?", option=option, likely=min(problem.possibilities))
    return say("There is no option {option}.", option=option)


def _misused(problem: Any) -> Sentence:
    option = printable(problem.option_name, _MAX_OPTION)
    if "does not take" in problem.message:
        return say("{option} takes no value.", option=option)
    return say("{option} needs a value.", option=option)


_BY_TYPE: Mapping[str, Callable[[Any], Sentence]] = {
    "MissingParameter": _missing,
    "NoSuchOption": _unknown,
    "BadOptionUsage": _misused,
}


def mistake(problem: Exception) -> Sentence:
    """Return the sentence for a parser's exception, by its type: the classes themselves are private to typer."""
    told = _BY_TYPE.get(type(problem).__name__)
    if told is not None:
        return told(problem)
    # All that is left: arguments too many. They are not repeated, one of them may be a secret that went astray.
    return say("There is an argument too many.")
