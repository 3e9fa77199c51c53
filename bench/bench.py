"""Ratios, measured side by side in one run: what diag costs beside the least that would do.

Run it with `make bench`. It prints medians of alternating runs; nothing here passes or fails.
"""

import asyncio
import random
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import aiosmtplib

import checks
import diag
from diag import __version__, catalogue, pipeline
from diag.adapters.network import open_socket
from diag.adapters.smtp_words import xoauth2
from diag.adapters.trust import trust
from diag.lab import Lab, load_scenario
from diag.secret import Secret
from diag.sentence import Sentence
from diag.wiring import Options, examination

ROUNDS_OF_PROCESSES = 15
ROUNDS_OF_DIALOGUES = 7
LATENCY_MS = 50
LINES = 10_000
HELLO = """import typer

app = typer.Typer()


@app.command()
def hello(name: str, greeting: str = "Hello") -> None:
    \"\"\"Greet somebody.\"\"\"
    print(f"{greeting} {name}")


app()
"""


class Nobody:
    """In front of the terminal sits nobody."""

    def progress(self, now: Sentence, *, fleeting: bool = False) -> None:
        """Not shown."""

    def show_code(self, code: Secret, page: str, lifetime_s: int) -> None:
        """Not shown."""

    def browser_showed(self) -> None:
        """Nobody to ask."""


def side_by_side(rounds: int, *runs: Callable[[], object]) -> list[float]:
    """Seconds, the median of each run; the runs take turns, so that a busy machine hits them alike."""
    spent: list[list[float]] = [[] for _ in runs]
    for run in runs:
        run()  # warm
    for _ in range(rounds):
        for run, kept in zip(runs, spent, strict=True):
            began = time.perf_counter()
            run()
            kept.append(time.perf_counter() - began)
    return [statistics.median(kept) for kept in spent]


def report(what: str, ours: float, least: float, limit: float) -> None:
    """Print one line: the ratio, its limit, and the two medians behind it."""
    ratio = ours / least
    print(f"{what}: {ratio:.2f} x (at most {limit} x wanted; {ours * 1000:.0f} ms beside {least * 1000:.0f} ms)")


def process(*command: str) -> Callable[[], object]:
    """Return what runs a Python program; a cause found (1) is a success too."""

    def run() -> None:
        done = subprocess.run([sys.executable, *command], capture_output=True, check=False)  # noqa: S603 - our own words
        if done.returncode not in {0, 1}:
            sys.exit(done.stderr.decode())

    return run


def start_up() -> None:
    """`diag --help` and a look-up, each beside a Typer app with one command that does as little."""
    with tempfile.TemporaryDirectory() as folder:
        hello, line = Path(folder) / "hello.py", Path(folder) / "line.py"
        hello.write_text(HELLO, encoding="utf-8")
        line.write_text(HELLO.replace("    print(", "    from rich import print\n\n    print("), encoding="utf-8")
        helped = process("-m", "diag", "--help"), process(str(hello), "--help")
        ours, least = side_by_side(ROUNDS_OF_PROCESSES, *helped)
        report("diag --help, beside a hello-world Typer app", ours, least, 1.3)
        explained = process("-m", "diag", "explain", "535 5.7.3"), process(str(line), "you")
        ours, least = side_by_side(ROUNDS_OF_PROCESSES, *explained)
        report("diag explain '535 5.7.3', beside a Typer app that prints one line through rich", ours, least, 1.3)


def knowledge() -> None:
    """What the catalogue costs to load, and a long log to explain, in processor time."""
    program = (
        "import time; from diag.catalogue import load; began = time.process_time();"
        "list(load().causes); read = time.process_time(); load().matches(' 535 ');"
        "print(read - began, time.process_time() - read)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout.split()  # noqa: S603 - the same
        for _ in range(ROUNDS_OF_PROCESSES)
    ]
    loaded, ruled = (statistics.median(float(run[at]) for run in runs) * 1000 for at in (0, 1))
    print(f"loading the catalogue: {loaded:.1f} ms of processor time (less than 15 wanted)")
    print(f"its rules, at the first reply: {ruled:.1f} ms of processor time")
    samples = tomllib.loads((Path(__file__).parents[1] / "tests/catalogue/samples.toml").read_text("utf-8"))["sample"]
    texts = [sample["text"].replace("\n", " ") for sample in samples]
    for share, what in ((0.1, "one line in ten"), (1.0, "every line")):
        chosen = random.Random(1)  # noqa: S311 - the same log in every run
        log = "\n".join(
            f"2026-11-23 10:{at // 60 % 60:02}:{at % 60:02} "
            + (f"ERROR mail[{at}]: {chosen.choice(texts)}" if chosen.random() < share else f"INFO job {at} is done")
            for at in range(LINES)
        )
        began = time.process_time()
        found = len(diag.explain(log).findings)
        took = time.process_time() - began
        print(f"{LINES} lines of log, {what} a refusal: {took:.2f} s of processor time (1 wanted), {found} findings")


async def bare(lab: Lab, token: Secret, context: ssl.SSLContext) -> None:
    """The same round trips by aiosmtplib, with nothing kept and nothing judged."""
    sock = await open_socket(*lab.route("192.0.2.10", 587), 5)
    smtp = aiosmtplib.SMTP(
        hostname="smtp.office365.com", sock=sock, start_tls=False, tls_context=context, local_hostname="[127.0.0.1]"
    )
    await smtp.connect()
    await smtp.ehlo()
    await smtp.starttls()
    await smtp.ehlo()
    mailbox = lab.scenario.run.mailbox
    await smtp.execute_command(b"AUTH", b"XOAUTH2")
    await smtp.execute_command(xoauth2(mailbox, token).reveal().encode())
    await smtp.mail(mailbox)
    await smtp.rcpt(mailbox)
    await smtp.quit()


def dialogue() -> None:
    """A whole diagnosis beside a bare dialogue, each reply of the server 50 ms late."""
    healthy = load_scenario("healthy")
    scenario = replace(healthy, smtp=replace(healthy.smtp, latency_ms=LATENCY_MS))
    with Lab(scenario) as lab:
        token = Secret(lab.token())
        context = trust(lab.ca_file).context

        def diagnosis() -> None:
            options = Options(mailbox=scenario.run.mailbox, token=token)
            with examination(options, Nobody(), lab) as exam:
                run = pipeline.run(exam.subject, exam.ports, checks.CHECKS, catalogue.load(), __version__)
                _, found = asyncio.run(run)
            if found.verdict != "healthy":
                sys.exit(f"the lab should be healthy, but is {found.verdict}")

        ours, least = side_by_side(ROUNDS_OF_DIALOGUES, diagnosis, lambda: asyncio.run(bare(lab, token, context)))
    report(f"a diagnosis with {LATENCY_MS} ms a round trip, beside a bare dialogue", ours, least, 1.15)


if __name__ == "__main__":
    start_up()
    knowledge()
    dialogue()
