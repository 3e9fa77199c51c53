"""Results on their way into the history: whatever waits when there is time to write goes in one transaction."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from diag.health.run import BEAT, History, Kept, Notes
from diag.ports import Clock
from diag.setting import LedgerError

_MOST_AT_ONCE = 200
_GATHERED_S = 0.2  # a transaction costs many times what one more row in it does
_PAUSES_S = (5.0, 10.0, 20.0, 30.0)  # a backup, or a virus scanner, may hold the file for a while


@dataclass(slots=True)
class Keeping:
    """Takes the results of one run."""

    run: int
    history: History
    clock: Clock
    _waiting: list[Kept] = field(default_factory=list)
    _taken: int = 0
    _kept: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def keep(self, kept: Kept) -> None:
        """Write one result down, with all others that wait; when this returns it is kept. Raises `LedgerError`."""
        self._taken += 1
        mine = self._taken
        self._waiting.append(kept)
        async with self._turn:  # who comes first writes for those who came meanwhile
            if self._kept >= mine:
                return
            if len(self._waiting) < _MOST_AT_ONCE:
                await asyncio.sleep(_GATHERED_S)
            batch = self._waiting[:_MOST_AT_ONCE]
            del self._waiting[:_MOST_AT_ONCE]
            await self._added(batch)
            self._kept += len(batch)

    async def _added(self, batch: Sequence[Kept]) -> None:
        for pause_s in _PAUSES_S:
            with suppress(LedgerError):
                return await self.history.add(self.run, batch, self.clock.now())
            await self.clock.sleep(pause_s)
        return await self.history.add(self.run, batch, self.clock.now())

    async def beat(self, notes: Callable[[], Notes]) -> None:
        """Say, again and again, that the run is under way; where that cannot be written, the next time may do."""
        while True:
            await self.clock.sleep(BEAT.total_seconds())
            with suppress(LedgerError):
                await self.history.beat(self.run, self.clock.now(), notes())
