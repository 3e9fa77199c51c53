"""A mailbox whose kept evidence was judged again, with what diag knows today."""

from dataclasses import dataclass

from diag.health.result import Result
from diag.health.run import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """What was said of a mailbox then, and what is said of the same evidence now."""

    entry: Entry
    now: Result

    @property
    def differs(self) -> bool:
        """Whether today's judgement is another: another status, or other causes."""
        then = self.entry.result
        causes = [[found.cause for found in result.standing] for result in (then, self.now)]
        return then.status is not self.now.status or causes[0] != causes[1]
