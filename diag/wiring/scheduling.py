"""Choose what schedules the nightly run."""

from diag.adapters.programs import Programs
from diag.adapters.scheduler import Failed, Scheduler
from diag.health.schedule import Kind

__all__ = ["Failed", "Scheduler", "scheduler"]


def scheduler(kind: Kind | None) -> Scheduler:
    """Return the scheduler of this computer; of this kind, or (None) the one it has."""
    return Scheduler(programs=Programs(), kind=kind)
