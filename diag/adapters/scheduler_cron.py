"""The crontab of a user, told of the nightly run."""

from dataclasses import dataclass

from diag.adapters.programs import Programs, RefusedError, told_by
from diag.health.schedule import Kind, Plan, Schedule, Written, no_environment
from diag.health.schedule_cron import line_in, with_line, without_line

_LIST, _READ = ("crontab", "-l"), ("crontab", "-")


@dataclass(frozen=True, slots=True)
class Cron:
    """A line in the user's crontab, of which every other byte stays as it is."""

    programs: Programs

    def plan(self, schedule: Schedule) -> Plan:
        """Return what installing does."""
        whole = Written(path=None, text=with_line(self._crontab(), schedule))
        return Plan(kind=Kind.CRON, written=(whole,), run=(_READ,), hints=(no_environment(),))

    def is_there(self, plan: Plan, schedule: Schedule) -> bool:
        """Whether the crontab is as planned."""
        del schedule
        return plan.written[0].text == self._crontab()

    def carry_out(self, plan: Plan) -> None:
        """Write the crontab."""
        self._write(plan.written[0].text)

    def told(self, name: str) -> str:
        """Return the line."""
        return line_in(self._crontab(), name) or ""

    def forget(self, name: str) -> None:
        """Remove the line."""
        self._write(without_line(self._crontab(), name))

    def _write(self, text: str) -> None:
        self.programs.done(*_READ, given=text.encode("utf-8", "surrogateescape"))

    def _crontab(self) -> str:
        ran = self.programs.run(*_LIST)
        if ran.is_good:
            return ran.out.decode("utf-8", "surrogateescape")
        if ran.code is not None and b"no crontab" in ran.err.lower():
            return ""
        raise RefusedError(told_by(_LIST, ran))  # else a crontab that could not be read would be written anew
