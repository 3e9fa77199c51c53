"""Run what is asynchronous."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def complete(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run `work` to its end and return what it returns.

    On Windows with a loop that watches sockets only: the driver of PostgreSQL cannot use the usual one.
    """
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop if sys.platform == "win32" else None) as runner:
        return runner.run(work)
