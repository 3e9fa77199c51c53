"""The system's clock."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The `Clock` port."""

    began: float = field(default_factory=perf_counter)

    def now(self) -> datetime:
        """See the port."""
        return datetime.now(UTC)

    def elapsed_ms(self) -> float:
        """See the port."""
        return (perf_counter() - self.began) * 1000

    async def sleep(self, seconds: float) -> None:
        """See the port."""
        await asyncio.sleep(seconds)
