"""Run what is asynchronous."""

import asyncio
import signal
import sys
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def complete(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run `work` to its end and return what it returns; Ctrl-C cancels it, a second one ends it at once.

    On Windows with a loop that watches sockets only: the driver of PostgreSQL cannot use the usual one.
    """
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop if sys.platform == "win32" else None) as runner:
        if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
            return runner.run(work)  # asyncio itself cancels it
        return runner.run(_interruptible(work))


async def _interruptible(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Have the event loop itself wake at Ctrl-C.

    The system may hand the signal to another thread, such as one that waits for an answer on stdin; asyncio's own
    handler would then wait until something else wakes the loop.
    """
    task = asyncio.ensure_future(work)
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        if interrupted:
            raise KeyboardInterrupt
        interrupted = True
        task.cancel()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        return await task
    except asyncio.CancelledError:
        if interrupted:
            raise KeyboardInterrupt from None
        raise
    finally:
        loop.remove_signal_handler(signal.SIGINT)
