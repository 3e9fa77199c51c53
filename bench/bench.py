"""Ratios, measured side by side in one run: what diag costs beside the least that would do.

Run it with `make bench`. It prints medians of alternating runs; nothing here passes or fails.
"""

import asyncio
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import aiosmtplib

import checks
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

    def progress(self, now: Sentence) -> None:
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


def start_up() -> None:
    """`diag --help` beside the help of a Typer app with one command."""
    with tempfile.TemporaryDirectory() as folder:
        hello = Path(folder) / "hello.py"
        hello.write_text(HELLO, encoding="utf-8")

        def run(*command: str) -> Callable[[], object]:
            return lambda: subprocess.run([sys.executable, *command], capture_output=True, check=True)  # noqa: S603

        ours, least = side_by_side(ROUNDS_OF_PROCESSES, run("-m", "diag", "--help"), run(str(hello), "--help"))
    report("diag --help, beside a hello-world Typer app", ours, least, 1.3)


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
    dialogue()
