"""Memory and speed of a run over very many rows: a real inventory and a real history, simulated mailboxes.

Run it with `make bench`, or alone: python -m bench.rows. Each number of rows is run in a process of its own; one
mailbox in fifty cannot send. Nothing here passes or fails.
"""

import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import checks
from diag import __version__, catalogue
from diag.cli.health_reading import Reading
from diag.evidence import Auth, Evidence
from diag.fleet.bounds import Bounds
from diag.fleet.ground import Examinable
from diag.fleet.inventory import read
from diag.fleet.running import Means, examine_all
from diag.health.annotations import Annotations
from diag.health.result import Result
from diag.health.run import Unasked
from diag.health.scanner import Scanner
from diag.ports import Acquired, Discovered
from diag.secret import Secret
from diag.stage import Stage
from diag.store import open_history
from diag.subject import Subject
from diag.wiring import SystemClock
from tests.evidence_cases import answered, healthy
from tests.fakes import World, jwt

ROWS = (1_000, 100_000)
ONE_IN = 50
OFF = "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."


class Simulated(World):
    """Answers at once, as Exchange Online would, and keeps nothing."""

    async def discover(self) -> Discovered:
        """See the port."""
        self.asked.clear()
        return await super().discover()

    async def acquire(self) -> Acquired:
        """See the port."""
        self.tokens_sent.clear()
        self.addresses.clear()
        self.said.clear()
        return Acquired(acquisition=self.acquisition, token=Secret(self.token or ""))


class Ground:
    """The world of the run."""

    unasked: tuple[Unasked, ...] = ()

    def __init__(self) -> None:
        token, good = jwt(upn=None, app_displayname="diag"), healthy()
        self._worlds = [
            Simulated(auth=Auth.APP, evidence=evidence, token=token)
            for evidence in (good, answered(good, Stage.AUTH, 535, OFF))
        ]

    @asynccontextmanager
    async def ready(self, scanner: Scanner) -> AsyncIterator[Examinable]:
        """See the port."""
        world = self._worlds[scanner.line % ONE_IN == 0]
        yield Examinable(Subject(mailbox=scanner.mailbox, sender=scanner.mailbox), world.ports)

    async def closer(self, scanner: Scanner, known: Evidence) -> Evidence:
        """See the port."""
        del scanner
        return known

    def lane(self, scanner: Scanner) -> str:
        """See the port."""
        return scanner.realm


class Onlooker:
    """Looks away."""

    def went_on(self, result: Result) -> None:
        """See the port."""

    def was_done(self, count: int) -> None:
        """See the port."""

    def waits(self, scanner: Scanner, seconds: float) -> None:
        """See the port."""


async def run_over(rows: int, folder: Path) -> None:
    """Run, and print what the run and its report took."""
    inventory = folder / "scanners.csv"
    with inventory.open("w", encoding="utf-8") as file:
        file.write("mailbox,tenant,site,device\n")
        file.writelines(f"mfp-{n:06}@contoso.com,contoso.com,site-{n % 300},MFP {n}\n" for n in range(rows))
    async with open_history(folder / "history.db") as history:
        began = time.perf_counter()
        run = await history.begin(series="rows", inventory="rows", diag_version=__version__, at=datetime.now(UTC))
        means = Means(
            ground=Ground(),
            history=history,
            clock=SystemClock(),
            checks=checks.CHECKS,
            catalogue=catalogue.load(),
            bounds=Bounds(alike=0),
            keeps_evidence=False,
        )
        run = await examine_all(read(inventory), run, means, Onlooker())
        ran = time.perf_counter() - began
        began = time.perf_counter()
        report = await Reading(Annotations()).report(history, run, datetime.now(UTC))
        reported = time.perf_counter() - began
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{rows} rows, {report.total} mailboxes, {len(report.items)} of them in the report: at most {most:.0f} MiB;"
        f" {rows / ran:.0f} a second; the report {reported:.2f} s"
    )


def main() -> None:
    """Run over each number of rows, each in a process of its own."""
    if len(sys.argv) > 1:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(run_over(int(sys.argv[1]), Path(folder)))
        return
    for rows in ROWS:
        subprocess.run([sys.executable, "-m", "bench.rows", str(rows)], check=True)  # noqa: S603 - our own words


if __name__ == "__main__":
    main()
