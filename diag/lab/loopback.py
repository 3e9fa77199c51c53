"""Sockets of loopback that behave like a network that does not let one through."""

import contextlib
import select
import socket
from collections.abc import Iterator

_FILLERS = 32
_SETTLE_S = 0.05


@contextlib.contextmanager
def refused() -> Iterator[tuple[str, int]]:
    """Yield an address at which connections are refused: the port is taken, and nobody listens there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield "127.0.0.1", taken.getsockname()[1]


@contextlib.contextmanager
def blocked() -> Iterator[tuple[str, int]]:
    """Yield an address at which connecting never ends, as behind a firewall that drops what it does not want.

    A listening socket whose queue is full ignores further connections on Linux and macOS; Windows refuses them.
    """
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        unanswered = 0
        for _ in range(_FILLERS):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
                filler.connect(listener.getsockname())
            # One may be late on a busy machine; two in a row that are not answered mean that the queue is full.
            unanswered = 0 if select.select([], [filler], [], _SETTLE_S)[1] else unanswered + 1
            if unanswered == 2:  # noqa: PLR2004
                break
        yield "127.0.0.1", listener.getsockname()[1]
