"""The scheduler that this machine has, told of the nightly run; what it refuses is a value."""

from dataclasses import dataclass
from typing import TypeAlias

from diag.adapters.programs import Programs, RefusedError
from diag.adapters.scheduler_cron import Cron
from diag.adapters.scheduler_systemd import Systemd
from diag.adapters.scheduler_windows import TaskScheduler
from diag.health.schedule import Kind, Plan, Schedule, schedule_name
from diag.sentence import Sentence, say

_Way: TypeAlias = Cron | Systemd | TaskScheduler


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """The machine will run it. `already` is whether it would have anyway, so that nothing was touched."""

    plan: Plan
    already: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the machine has been told; empty where it was told nothing."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """The machine will not run it. `was_there` is whether it would have."""

    kind: Kind
    was_there: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """It did not work, and why; what was there before may be there still."""

    because: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduler:
    """The scheduler of this machine, for the user who runs diag; `kind` is the one to use, None: the first there is."""

    programs: Programs
    kind: Kind | None = None

    def found(self) -> Kind | None:
        """Return the scheduler to use; None where the machine has none that answers."""
        if self.kind is not None:
            return self.kind
        if self.programs.has("schtasks"):
            return Kind.WINDOWS
        if Systemd(self.programs).answers:
            return Kind.SYSTEMD
        return Kind.CRON if self.programs.has("crontab") else None

    def plan(self, schedule: Schedule) -> Plan | Failed:
        """Return what `install` would do; raises `InvalidInputError` for what the scheduler cannot be told."""
        try:
            _, way = self._way()
            return way.plan(schedule)
        except RefusedError as refused:
            return Failed(because=refused.because)

    def install(self, schedule: Schedule) -> Installed | Failed:
        """Have the machine run it; raises `InvalidInputError` for what its scheduler cannot be told."""
        try:
            _, way = self._way()
            plan = way.plan(schedule)
            already = way.is_there(plan, schedule)
            if not already:
                way.carry_out(plan)
        except RefusedError as refused:
            return Failed(because=refused.because)
        return Installed(plan=plan, already=already)

    def show(self, name: str) -> Shown | Failed:
        """Return what the machine has been told of the schedule; raises `InvalidInputError` for what is no name."""
        schedule_name(name)
        try:
            kind, way = self._way()
            return Shown(kind=kind, text=way.told(name))
        except RefusedError as refused:
            return Failed(because=refused.because)

    def remove(self, name: str) -> Removed | Failed:
        """Have the machine forget it; raises `InvalidInputError` for what is no name."""
        schedule_name(name)
        try:
            kind, way = self._way()
            was_there = bool(way.told(name))
            if was_there:
                way.forget(name)
            return Removed(kind=kind, was_there=was_there)
        except RefusedError as refused:
            return Failed(because=refused.because)

    def _way(self) -> tuple[Kind, _Way]:
        kind = self.found()
        match kind:
            case Kind.WINDOWS:
                return kind, TaskScheduler(self.programs)
            case Kind.SYSTEMD:
                return kind, Systemd(self.programs)
            case Kind.CRON:
                return kind, Cron(self.programs)
            case None:
                raise RefusedError(
                    say(
                        "This machine has no scheduler that diag knows: neither systemd for users, nor cron, nor"
                        " Windows' own."
                    )
                )
