"""How many mailboxes are examined at once: few of a tenant, some of a site, and fewer while a server asks for it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_CALM = 20  # so many examinations without a complaint, and one more may run beside the others


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The most examinations at once, and when to leave a tenant.

    Of one mailbox there is never more than one. After `alike` failures in a row with one cause that is not the
    mailboxes' own, the others are not examined (0: they always are). `tries` are the attempts at one mailbox whose
    server asks for patience, the first among them; the pause before the second is `pause_s`, then twice as long.
    """

    tenant: int = 10
    site: int = 50
    total: int = 100
    alike: int = 20
    tries: int = 3
    pause_s: float = 5.0


@dataclass(slots=True)
class Gate:
    """Lets so many through at once; halves that when asked to slow down, and grows back one by one."""

    most: int
    width: int = field(init=False)
    inside: int = field(default=0, init=False)
    _calm: int = field(default=0, init=False)
    _waiting: "deque[asyncio.Future[None]]" = field(default_factory=deque, init=False)

    def __post_init__(self) -> None:
        """Begin wide open."""
        self.width = self.most

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[int]:
        """Wait for a place, and hold it; yields how many may pass at once in that moment."""
        await self._enter()
        try:
            yield self.width
        finally:
            self.inside -= 1
            self._let_in()

    async def _enter(self) -> None:
        if self.inside < self.width and not self._waiting:
            self.inside += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the place was given, and nobody takes it
                self.inside -= 1
                self._let_in()
            raise

    def _let_in(self) -> None:
        while self._waiting and self.inside < self.width:
            turn = self._waiting.popleft()
            if not turn.done():
                self.inside += 1
                turn.set_result(None)

    def slow_down(self, width: int) -> None:
        """Let only half as many through from now on as there were, at least one; once for all of those `width`."""
        if self.width >= width:
            self.width = max(1, width // 2)
        self._calm = 0

    def went_well(self) -> None:
        """Note that nobody complained; after a while of that one more is let through."""
        if self.width == self.most:
            return
        self._calm += 1
        if self._calm >= _CALM:
            self.width, self._calm = self.width + 1, 0
            self._let_in()
