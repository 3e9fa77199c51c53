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
import httpx

import checks
import diag
from diag import __version__, catalogue, pipeline
from diag.adapters.graph import Graph
from diag.adapters.graph_wire import GraphService
from diag.adapters.network import open_socket
from diag.adapters.smtp_words import xoauth2
from diag.adapters.trust import trust
from diag.evidence import Auth
from diag.lab import Lab, load_scenario
from diag.obstacle import NotAnswered
from diag.secret import Redactor, Secret
from diag.sentence import Sentence
from diag.subject import Subject
from diag.wiring import Options, examination

ROUNDS_OF_PROCESSES = 15
ROUNDS_OF_DIALOGUES = 7
LATENCY_MS = 50
GRAPH_LATENCY_MS = 200
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


async def two_in_a_row(lab: Lab, token: str, context: ssl.SSLContext) -> None:
    """The slowest question about the directory: one that needs the account, over one connection."""
    host, port = lab.route("graph.microsoft.com", 443)
    headers = {"Host": "graph.microsoft.com", "Authorization": f"Bearer {token}"}
    root = f"https://{host}:{port}/v1.0/users"
    async with httpx.AsyncClient(verify=context, trust_env=False, headers=headers) as client:
        sni = {"sni_hostname": "graph.microsoft.com"}
        found = await client.get(f"{root}/{lab.scenario.run.mailbox}", extensions=sni)
        await client.get(f"{root}/{found.json()['id']}/mailboxSettings/userPurpose", extensions=sni)


def directory() -> None:
    """Every question about the directory beside the slowest of them, each answer of the server 200 ms late."""
    healthy = load_scenario("healthy")
    late = replace(healthy, directory=replace(healthy.directory, latency_ms=GRAPH_LATENCY_MS))
    with Lab(late) as lab:
        token, trusted, mailbox = lab.graph_token(), trust(lab.ca_file), lab.scenario.run.mailbox
        subject = Subject(mailbox=mailbox, sender=mailbox)

        async def admin() -> Secret:
            return Secret(token)

        def every(at_once: int) -> Callable[[], object]:
            service = GraphService(
                token=admin, trust=trusted, redactor=Redactor(), base=lab.graph_url, route=lab.route, at_once=at_once
            )
            port = Graph(service)

            def run() -> None:
                found = asyncio.run(port.ask(subject, client_id=lab.scenario.app.client_id, auth=Auth.DEVICE_CODE))
                if isinstance(found.account, NotAnswered):
                    sys.exit(str(found.account.because))

            return run

        def least() -> None:
            asyncio.run(two_in_a_row(lab, token, trusted.context))

        four, eight, slowest = side_by_side(ROUNDS_OF_DIALOGUES, every(4), every(8), least)
    what = f"all questions about the directory with {GRAPH_LATENCY_MS} ms a request, beside the slowest"
    report(f"{what}, 4 at once", four, slowest, 1.2)
    report(f"{what}, 8 at once", eight, slowest, 1.2)


UNTIL_AUTH = """import asyncio, sys
from dataclasses import replace
import checks
from diag import __version__, catalogue, pipeline
from diag.evidence import Auth
from diag.stage import Stage
from diag.wiring import Options, examination


class Nobody:
    def progress(self, now, *, fleeting=False): pass
    def show_code(self, code, page, lifetime_s): pass
    def browser_showed(self): return None


with examination(Options(mailbox=None, lab="healthy", auth=Auth.TOKEN, lab_remembers=False), Nobody()) as found:
    ports = found.ports if sys.argv[1] == "with" else replace(found.ports, directory=None, setting=None)
    run = pipeline.run(found.subject, ports, checks.CHECKS, catalogue.load(), __version__)
    evidence, _ = asyncio.run(run)
talk, step = evidence.dialogue, evidence.dialogue.step(Stage.AUTH)
print((talk.started_at - evidence.started_at).total_seconds() + (step.at_ms + step.duration_ms) / 1000)
"""


def overlap() -> None:
    """When the mail server has answered the sign-in, with the directory's questions beside it and without them.

    Each in a process of its own, since the library is loaded once a process.
    """
    times: dict[str, list[float]] = {"with": [], "without": []}
    for _ in range(ROUNDS_OF_DIALOGUES):
        for how, seen in times.items():
            ran = subprocess.run(  # noqa: S603 - our own code
                [sys.executable, "-c", UNTIL_AUTH, how], capture_output=True, text=True, check=True
            )
            seen.append(float(ran.stdout))
    beside, alone = (statistics.median(times[how]) for how in ("with", "without"))
    report("until the sign-in is answered, the directory asked beside it", beside, alone, 1.2)


if __name__ == "__main__":
    start_up()
    knowledge()
    dialogue()
    directory()
    overlap()
