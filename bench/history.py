"""What the history of health runs costs: adding to it, and comparing a second run of 100,000 mailboxes with the first.

Run it with `python -m bench.history`; PostgreSQL is measured where the tests have one. It prints figures; nothing here
passes or fails. Each column is measured in a process of its own, and so has its own memory.
"""

import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from diag.health.past import went_on
from diag.health.result import Found, Result, Status
from diag.health.run import Entry, Kept, Notes
from diag.health.scanner import Scanner
from diag.outcome import Certainty
from diag.sentence import say
from diag.store import open_history
from diag.store.history import SqlHistory
from tests.store.postgresql import running

FEW, MANY = 1_000, 100_000
BATCH = 500
FIRST = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SECOND = FIRST + timedelta(days=1)
EVIDENCE = os.urandom(2_000)  # about what an examination packs into
REASON = say(
    "the server says {reply}",
    reply="535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit "
    "https://aka.ms/smtp_auth_disabled for more information. [PR3P195CA0020.EURP195.PROD.OUTLOOK.COM]",
)
REFUSED = Found(
    cause="smtp_auth_disabled_mailbox",
    certainty=Certainty.PROVEN,
    status=Status.BROKEN,
    because=(REASON, say("the setting of the mailbox is {value}", value=say("off"))),
)

Figures: TypeAlias = dict[str, str]


class Spent:
    """Seconds and processor seconds of what is done in `with` blocks, summed up."""

    def __init__(self) -> None:
        self.seconds = self.processor = 0.0

    @property
    def told(self) -> str:
        """Both, as they are printed; only the processor's are ours alone where the computer is busy."""
        return f"{self.seconds:.2f} s, {self.processor:.2f} s of CPU"

    @contextlib.contextmanager
    def counting(self) -> Iterator[None]:
        """Count what is done in the block."""
        seconds, processor = time.perf_counter(), time.process_time()
        yield
        self.seconds += time.perf_counter() - seconds
        self.processor += time.process_time() - processor


def result(number: int, at: datetime, *, broken: bool) -> Result:
    """What is found for one mailbox; the numbers come in an order that is not that of the keys."""
    scanner = Scanner(
        mailbox=f"scanner-{number * 7919 % 1_000_003:07}@contoso.com",
        tenant="contoso.onmicrosoft.com",
        site=f"Building {number % 40}",
        device="Canon iR-ADV C3530",
        owner="helpdesk@contoso.com",
        credential="file:/etc/diag/credentials/contoso",
        tls="1.2",
        line=number + 2,
    )
    status, found = (Status.BROKEN, (REFUSED,)) if broken else (Status.HEALTHY, ())
    return Result(scanner=scanner, status=status, found=found, checked_at=at, duration_ms=431.25)


def night(size: int, at: datetime) -> Iterator[list[Result]]:
    """A run in batches: one mailbox in 20 is broken; in the second 1 in 50 changed, 1 in 100 left and as many came."""
    second = at is SECOND
    numbers = range(size // 100, size + size // 100) if second else range(size)
    for start in range(0, len(numbers), BATCH):
        yield [result(n, at, broken=(n + second * (n % 50 == 0)) % 20 == 0) for n in numbers[start : start + BATCH]]


def kept(found: Result, evidence: bytes | None = None) -> Kept:
    """The entry of a mailbox of which nothing was known."""
    past, change = went_on(None, found)
    return Kept(entry=Entry(result=found, past=past, change=change), evidence=evidence)


async def adding(history: SqlHistory, size: int, *, evidence: bytes | None) -> float:
    """Processor microseconds an entry takes, added in batches of this size."""
    run = await history.begin(series="adding", inventory="bench", diag_version="bench", at=FIRST)
    batches = [
        [kept(result(n, FIRST, broken=n % 20 == 0), evidence) for n in range(start, start + size)]
        for start in range(0, 4_000, size)
    ]
    spent = Spent()
    for batch in batches:
        with spent.counting():
            await history.add(run.id, batch, FIRST)
    await history.finish(run.id, Notes(), FIRST)
    return spent.processor / 4_000 * 1e6


async def two_nights(history: SqlHistory, size: int) -> Figures:
    """Run over so many mailboxes twice, and compare."""
    first = await history.begin(series="nights", inventory="bench", diag_version="bench", at=FIRST)
    for batch in night(size, FIRST):
        await history.add(first.id, [kept(found) for found in batch], FIRST)
    await history.finish(first.id, Notes(), FIRST)
    second = await history.begin(series="nights", inventory="bench", diag_version="bench", at=SECOND)
    asked, compared, quiet, whole, gone, counted, one = (Spent() for _ in range(7))
    for batch in night(size, SECOND):
        with asked.counting():
            pasts = await history.pasts(first.id, [found.scanner.key for found in batch])
        with compared.counting():
            known = [went_on(pasts.get(found.scanner.key), found) for found in batch]
        entries = [Entry(result=found, past=past, change=new) for found, (past, new) in zip(batch, known, strict=True)]
        await history.add(second.id, [Kept(entry=entry) for entry in entries], SECOND)
    await history.finish(second.id, Notes(), SECOND)
    with gone.counting():
        left = len(await history.gone(second.id))
    with quiet.counting():
        changed = sum([1 async for _ in history.entries(second.id, quiet=True)])
    with whole.counting():
        everything = sum([1 async for _ in history.entries(second.id)])
    with counted.counting():
        await history.counts([first.id, second.id])
    with one.counting():
        await history.of_mailbox(result(size // 2, FIRST, broken=False).scanner.mailbox)
    together = Spent()
    for part in (asked, compared, gone, quiet):
        together.seconds += part.seconds
        together.processor += part.processor
    return {
        "pasts": asked.told,
        "went_on": compared.told,
        f"gone ({left:,})": gone.told,
        f"entries, quiet ({changed:,})": quiet.told,
        "the comparison together": together.told,
        f"entries ({everything:,})": whole.told,
        "counts of two runs": counted.told,
        "one mailbox": one.told,
    }


async def measured(named: str, size: int) -> Figures:
    """All figures of one column."""
    figures = {}
    async with open_history(named) as history:
        if size == MANY:
            for batch in (50, 200):
                for evidence in (None, EVIDENCE):
                    name = f"an entry, in batches of {batch}{', with evidence' if evidence else ''}"
                    figures[name] = f"{await adding(history, batch, evidence=evidence):.0f} us of CPU"
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        figures |= await two_nights(history, size)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        figures |= {"memory before, and at most": f"{before:.0f} and {peak:.0f} MB"}
        spent = Spent()
        with spent.counting():
            await history.prune(before=SECOND, evidence_before=SECOND)
        figures["prune of the first run"] = spent.told
    return figures


def column(database: str, named: str, size: int) -> None:
    """Measure in a process of its own, and print."""
    command = [sys.executable, "-m", "bench.history", named, str(size)]
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
    print(f"\n{database}, {size:,} mailboxes")
    figures: Figures = json.loads(ran.stdout)
    for name, figure in figures.items():
        print(f"  {name:<46} {figure}")


def main() -> None:
    """Measure both databases, with few and with many mailboxes."""
    with tempfile.TemporaryDirectory() as folder:
        for size in (FEW, MANY):
            column("SQLite", str(Path(folder) / f"{size}.db"), size)
    try:
        with running() as server:
            for size in (FEW, MANY):
                column("PostgreSQL", server.url(server.database()), size)
    except pytest.skip.Exception as reason:
        print(f"\n{reason}")


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(asyncio.run(measured(sys.argv[1], int(sys.argv[2])))))
    else:
        main()
