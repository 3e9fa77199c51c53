"""A health run in a process of its own: takes orders from stdin, a line of JSON each, and answers so.

Once told to stop at a commit, it says "stopped" before that transaction ends, and waits there to be killed.
"""

import asyncio
import json
import sys
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Engine, event

from diag.health.run import Run, UnderWayError
from diag.store import open_history
from diag.store.history import SqlHistory
from tests.store.books import NOON
from tests.store.runs import kept


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def enter(history: SqlHistory, series: str, at: datetime, *, resume: bool) -> int | str:
    """Begin or resume a run: its number, or why not."""
    try:
        if resume:
            run: Run | None = await history.resume(series=series, at=at)
        else:
            run = await history.begin(series=series, inventory="", diag_version="", at=at)
    except UnderWayError:
        return "under way"
    return run.id if run else "nothing"


async def add(history: SqlHistory, run: int, *, batches: int, size: int, evidence: int) -> None:
    """Add so many batches, and say so after each."""
    for batch in range(batches):
        numbers = range(batch * size, batch * size + size)
        await history.add(run, [kept(f"scanner{n:05}", evidence=b"x" * evidence) for n in numbers], NOON)
        say(batch)


async def work(order: dict[str, Any]) -> None:
    do: Literal["enter", "add", "prune"] = order["do"]
    async with open_history(order["store"], patience_s=30) as history:
        if "stop_at" in order:
            stop_at_commit(order["stop_at"])
        match do:
            case "enter":
                at = datetime.fromisoformat(order["at"])
                say([await enter(history, one, at, resume=order["resume"]) for one in order["series"]])
            case "add":
                await add(
                    history, order["run"], batches=order["batches"], size=order["size"], evidence=order["evidence"]
                )
            case "prune":
                at = datetime.fromisoformat(order["at"])
                say(await history.prune(before=at, evidence_before=at))


def stop_at_commit(number: int) -> None:
    left = [number]

    def commit(_: object) -> None:
        left[0] -= 1
        if not left[0]:
            say("stopped")
            sys.stdin.read()

    event.listen(Engine, "commit", commit)


def main() -> None:
    # Loaded before the start, so that two of them really meet.
    import diag.store.versions  # noqa: F401

    say("ready")
    for line in sys.stdin:
        asyncio.run(work(json.loads(line)))


if __name__ == "__main__":
    main()
