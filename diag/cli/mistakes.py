"""Put what the parser refuses into one sentence of ours; typer's own words are English alone and may repeat values."""

from collections.abc import Callable, Mapping
from typing import Any

from diag.sentence import Sentence, say
from diag.subject import printable

_MAX_OPTION = 40
_ALIKE = 0.6  # of difflib's ratio, from 0 to 1


def _unknown(problem: Any) -> Sentence:
    import difflib

    option = printable(problem.option_name, _MAX_OPTION)
    # The dashes, which all options share, must not make any two of them alike.
    known = {name.lstrip("-"): name for name in problem.possibilities or ()}
    if likely := difflib.get_close_matches(option.lstrip("-"), known, n=1, cutoff=_ALIKE):
        return say("There is no option {option}; is {likely} meant?", option=option, likely=known[likely[0]])
    return say("There is no option {option}.", option=option)


def _misused(problem: Any) -> Sentence:
    option = printable(problem.option_name, _MAX_OPTION)
    if "does not take" in problem.message:
        return say("{option} takes no value.", option=option)
    return say("{option} needs a value.", option=option)


_BY_TYPE: Mapping[str, Callable[[Any], Sentence]] = {
    "NoSuchOption": _unknown,
    "BadOptionUsage": _misused,
}


def mistake(problem: Exception, requests: Mapping[str, Sentence]) -> Sentence:
    """Return the sentence for a parser's exception, by its type: the classes themselves are private to typer.

    `requests` are what to say where an argument of that name is missing.
    """
    if type(problem).__name__ == "MissingParameter":
        return requests[getattr(problem, "param").name]  # noqa: B009 - typer hides the type that has it
    told = _BY_TYPE.get(type(problem).__name__)
    if told is not None:
        return told(problem)
    # All that is left: arguments too many. They are not repeated, one of them may be a secret that went astray.
    return say("There is an argument too many.")
