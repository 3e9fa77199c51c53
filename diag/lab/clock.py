"""The lab's own clock: this computer's, moved by what the scenario says."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class LabClock:
    """Every date the lab states, signs or checks comes from here, so that an offset is the same everywhere."""

    offset_s: int = 0
    _started: float = field(default_factory=time.monotonic)
    _began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        """Return the lab's date and time in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset_s)

    def ago(self, age: timedelta) -> datetime:
        """Return when something was that is so old in the scenario: asked twice, it was at the same moment."""
        return self._began + timedelta(seconds=self.offset_s) - age

    def running_s(self) -> float:
        """Return the seconds since the lab was started, whatever happens to the computer's clock."""
        return time.monotonic() - self._started
