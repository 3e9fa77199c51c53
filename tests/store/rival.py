"""A second diag on the same store: takes the store and its orders from stdin, a line of JSON each, and answers so."""

import asyncio
import json
import sys
from dataclasses import replace

from diag.setting import Change
from diag.store import open_ledger
from tests.store.books import INTENT, NOON


async def begin(named: str, mailboxes: list[str]) -> list[tuple[bool, int]]:
    """Begin a change of each mailbox in turn: whether it was begun, and the number of the one that is open then."""
    answers = []
    async with open_ledger(named, patience_s=30) as ledger:
        for mailbox in mailboxes:
            outcome = await ledger.begin(replace(INTENT, mailbox=mailbox), NOON)
            won = isinstance(outcome, Change)
            answers.append((won, outcome.id if isinstance(outcome, Change) else outcome.change.id))
    return answers


def main() -> None:
    # Loaded before the start, so that two rivals really meet.
    import diag.store.ledger
    import diag.store.versions  # noqa: F401

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        order = json.loads(line)
        answers = [asyncio.run(begin(named, order["mailboxes"])) for named in order["stores"]]
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
