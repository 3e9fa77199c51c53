"""Blocking calls beside the event loop, in threads that nobody has to wait for.

`asyncio.to_thread` uses threads that the interpreter joins before it ends: a server that drips its answer would then
hold the whole program, Ctrl-C or not.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")


async def abandonable(seconds: float | None, function: Callable[..., _Result], *arguments: object) -> _Result:
    """Return what `function(*arguments)` returns, or raise what it raises; `TimeoutError` after `seconds`.

    When the time is over, or the caller is cancelled, the thread is left to end by itself.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Result] = loop.create_future()

    def settle(result: _Result | None, problem: BaseException | None) -> None:
        if future.done():
            return
        if problem is not None:
            future.set_exception(problem)
        else:
            future.set_result(result)  # type: ignore[arg-type] # a result is there where there is no problem

    def run() -> None:
        result, problem = None, None
        try:
            result = function(*arguments)
        except BaseException as raised:  # noqa: BLE001 - raised again where the result is awaited
            problem = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, problem)

    threading.Thread(target=run, name="diag-call", daemon=True).start()
    async with asyncio.timeout(seconds):
        return await future
