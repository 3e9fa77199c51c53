"""What a run over thousands of mailboxes costs, beside a bare aiosmtplib dialogue with each of them.

Run it with `make bench`, or alone: python -m bench.fleet [MAILBOXES]. The server is a lab in another process. Both
sides take turns in slices, so that a busy machine hits them alike; nothing here passes or fails.
"""

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiosmtplib

import checks
from diag import __version__, catalogue
from diag.adapters.network import open_socket
from diag.adapters.smtp_words import xoauth2
from diag.adapters.trust import trust
from diag.fleet.bounds import Bounds
from diag.fleet.running import Means, examine_all
from diag.fleet.shared import Unattended
from diag.health.result import Result, Status
from diag.health.scanner import Scanner
from diag.lab import ServedLab, served
from diag.secret import Secret
from diag.store import open_history
from diag.wiring import Options
from diag.wiring.fleet import Inventoried, fleet
from tests.lab.crowd import crowd_text
from tests.lab.serving import serving

MAILBOXES = 5_000
SLICES = 5
AT_ONCE = 50
HOST = "smtp.office365.com"


class Count:
    """Counts what came of the mailboxes."""

    def __init__(self) -> None:
        self.healthy = 0

    def went_on(self, result: Result) -> None:
        """Count one."""
        self.healthy += result.status is Status.HEALTHY

    def was_done(self, count: int) -> None:
        """Nothing was."""

    def waits(self, scanner: Scanner, seconds: float) -> None:
        """Nobody asks for patience."""


@dataclass
class Spent:
    """Seconds: of the processor, by this process, and of the clock on the wall."""

    processor: float = 0
    wall: float = 0

    async def on(self, work: Awaitable[object]) -> None:
        """Add what some work takes."""
        processor, wall = time.process_time(), time.perf_counter()
        await work
        self.processor += time.process_time() - processor
        self.wall += time.perf_counter() - wall


def peak_mib() -> float:
    """The most memory that this process ever held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def scanners(first: int, count: int) -> Iterator[Scanner]:
    """Yield so many mailboxes of the crowd."""
    for number in range(first, first + count):
        yield Scanner(mailbox=f"healthy-{number:05}@contoso.com", tenant="contoso.com", smtp_host=HOST)


async def bare(lab: ServedLab, mailbox: str, context: object, token: str) -> None:
    """Hold the least dialogue that signs in, and says goodbye."""
    sock = await open_socket(*lab.route(await address(lab), 587), 20)
    client = aiosmtplib.SMTP(hostname=HOST, sock=sock, start_tls=False, timeout=20)
    await client.connect()
    await client.ehlo()
    await client.starttls(server_hostname=HOST, tls_context=context)  # type: ignore[arg-type] # an SSLContext
    await client.ehlo()
    await client.execute_command(b"AUTH", b"XOAUTH2")
    answer = await client.execute_command(xoauth2(mailbox, Secret(token)).reveal().encode())
    if answer.code != 235:  # noqa: PLR2004 - RFC 4954: authentication succeeded
        sys.exit(f"{mailbox}: {answer}")
    await client.mail(mailbox)
    await client.rcpt(mailbox)
    await client.quit()


async def address(lab: ServedLab) -> str:
    """Return the address of the submission host in the lab, looked up once."""
    if lab.id not in ADDRESSES:
        from diag.adapters.network import SystemNetwork

        found = await SystemNetwork(nameserver=lab.nameserver).look_up(HOST)
        ADDRESSES[lab.id] = found[0].addresses[0]
    return ADDRESSES[lab.id]


ADDRESSES: dict[str, str] = {}


async def all_at_once(work: Callable[[Scanner], Awaitable[None]], rows: Iterator[Scanner]) -> None:
    """Do the work for every row, so many at a time."""

    async def some() -> None:
        for row in rows:
            await work(row)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


async def measured(lab: ServedLab, file: Path, mailboxes: int) -> None:
    """Measure both, in turns, and print the ratios."""
    context, token = trust(lab.ca_file).context, ""
    least, ours = Spent(), Spent()
    options = Options(mailbox=None, lab=str(file), lab_remembers=False)
    with fleet(options, Unattended(), Inventoried(), {}) as ground, tempfile.TemporaryDirectory() as folder:
        async with ground.ready(next(scanners(1, 1))) as ready:
            acquired = await ready.ports.tokens.acquire()  # type: ignore[union-attr] # every mailbox of the crowd is fine
        token = acquired.token.reveal() if acquired.token else ""
        async with open_history(Path(folder) / "bench.db") as history:
            means = Means(
                ground=ground,
                history=history,
                clock=ground.clock,
                checks=checks.CHECKS,
                catalogue=catalogue.load(),
                bounds=Bounds(tenant=AT_ONCE, total=AT_ONCE),
            )
            each = mailboxes // SLICES
            count = Count()

            async def ours_over(rows: Iterator[Scanner]) -> None:
                run = await history.begin(
                    series="bench", inventory="bench", diag_version=__version__, at=datetime.now(UTC)
                )
                await examine_all(rows, run, means, count)

            async def one(scanner: Scanner) -> None:
                await bare(lab, scanner.mailbox, context, token)

            await ours_over(scanners(1, each))  # warm
            await all_at_once(one, scanners(1, each))
            count.healthy = 0
            for number in range(SLICES):
                await least.on(all_at_once(one, scanners(1 + number * each, each)))
                await ours.on(ours_over(scanners(1 + number * each, each)))
    if count.healthy != each * SLICES:
        sys.exit(f"{count.healthy} of {each * SLICES} mailboxes are healthy; all should be")
    total = each * SLICES
    print(
        f"Processor time a mailbox, beside a bare dialogue: {ours.processor / least.processor:.2f} x"
        f" (at most 1.5 x wanted; {1000 * ours.processor / total:.2f} beside {1000 * least.processor / total:.2f} ms)"
    )
    print(
        f"Mailboxes a second, beside bare dialogues: {least.wall / ours.wall:.2f} x"
        f" (at least 0.85 x wanted; {total / ours.wall:.0f} beside {total / least.wall:.0f})"
    )
    print(f"Most memory, with {total} mailboxes: {peak_mib():.0f} MiB (at most 150 MiB wanted)")


def main() -> None:
    """Serve a lab in another process, and measure against it."""
    mailboxes = int(sys.argv[1]) if len(sys.argv) > 1 else MAILBOXES
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "crowd.toml"
        scenario.write_text(crowd_text(mailboxes, {}), encoding="utf-8")
        with serving(str(scenario), Path(folder)) as running:
            asyncio.run(measured(served(str(running.file)), running.file, mailboxes))


if __name__ == "__main__":
    main()
