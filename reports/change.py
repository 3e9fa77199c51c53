"""Words for changes of the Authenticated SMTP setting: what was changed, and when it is effective."""

from collections.abc import Iterator
from datetime import timedelta

from diag.change import in_words, switches_on, when
from diag.sentence import Sentence, say
from diag.setting import Change, Expectation, Progress, Propagation

_MINUTE, _HOUR = 60, 3600


def duration(seconds: float) -> Sentence:
    """Return a duration, in seconds below two minutes, in minutes below two hours, else in hours and minutes."""
    whole = round(seconds)
    if whole < 2 * _MINUTE:
        return say("{seconds} s", seconds=whole)
    minutes = round(seconds / _MINUTE)
    if whole < 2 * _HOUR:
        return say("{minutes} min", minutes=minutes)
    return say("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)


PROGRESS = {
    Progress.INTENDED: say("begun, and it is not known what came of it"),
    Progress.WRITTEN: say("made, not seen to be effective"),
    Progress.EFFECTIVE: say("effective"),
    Progress.NOT_DONE: say("not made"),
    Progress.OVERTAKEN: say("overtaken by somebody else's change"),
}


def expected(expectation: Expectation | None) -> Sentence:
    """Say how long it may take: by this tenant's own history, and by nothing else."""
    if expectation is None:
        return say("Microsoft gives no figure for how long it takes, and no change in this tenant was measured yet.")
    if expectation.count == 1:
        return say("The one change in this tenant that was measured took {took}.", took=duration(expectation.median_s))
    return say(
        "The last {count} changes in this tenant that were measured took {shortest} to {longest}, median {median}.",
        count=expectation.count,
        shortest=duration(expectation.shortest_s),
        longest=duration(expectation.longest_s),
        median=duration(expectation.median_s),
    )


def what(change: Change) -> Sentence:
    """Say what was changed, when and by whom."""
    intent, at = change.intent, change.at(Progress.WRITTEN) or change.steps[0].at
    number = say("change {number}", number=change.id)
    if intent.ticket:
        number = say("change {number}, ticket {ticket}", number=change.id, ticket=intent.ticket)
    return say(
        "Authenticated SMTP of {mailbox} was changed from {before} to {after} at {time} by {operator} ({change}).",
        mailbox=intent.mailbox,
        before=in_words(intent.before),
        after=in_words(intent.after),
        time=when(at),
        operator=intent.operator,
        change=number,
    )


def reminder(found: Propagation) -> Iterator[Sentence]:
    """Say of a change that may be on its way what there is to know, and what not to do."""
    change = found.change
    yield what(change)
    if change.progress is Progress.EFFECTIVE:
        yield took(change)
        return
    if not switches_on(change):
        yield say("It may not be effective yet, and a refused sign-in alone does not show that it is.")
        return
    yield say("It may not be effective yet: do not change it again meanwhile.")
    yield expected(found.expectation)
    if found.expectation is not None and (written := change.at(Progress.WRITTEN)) is not None:
        soon = written + timedelta(seconds=found.expectation.median_s)
        yield say("Try again after {time}.", time=when(soon))


def took(change: Change) -> Sentence:
    """Say how long a change took to be effective, as closely as that was watched."""
    seconds = change.took_s or 0
    last = change.steps[-2].at if len(change.steps) > 1 else change.steps[0].at
    written = change.at(Progress.WRITTEN)
    refused = (last - written).total_seconds() if written is not None else 0
    if refused >= 1:
        return say(
            "It was effective {took} after it was made: the sign-in was still refused after {refused}.",
            took=duration(seconds),
            refused=duration(refused),
        )
    return say("It was effective {took} after it was made, or earlier.", took=duration(seconds))
