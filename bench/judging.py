"""What a mailbox costs in processor time: the dialogue beside a bare one, judging, keeping secrets out, packing.

Run it with `python bench/judging.py`. The lab answers from another process, so that its work is not counted. Medians
of runs that take turns; nothing here passes or fails.
"""

import asyncio
import multiprocessing
import secrets
import ssl
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import aiosmtplib

import checks
from diag import __version__, archive, catalogue, pipeline
from diag.adapters.network import open_socket
from diag.adapters.smtp import Submission
from diag.adapters.smtp_words import xoauth2
from diag.adapters.trust import trust
from diag.evidence import Auth, Evidence, Granted, Network, NotAsked, Reply, SignIn
from diag.lab import Lab, load_scenario
from diag.secret import Redactor, Secret
from diag.sentence import say
from diag.stage import Stage
from diag.subject import EXCHANGE_ONLINE_ID, Subject
from diag.token import read_token

ROUNDS_OF_DIALOGUES = 300
ROUNDS = 200
MAILBOXES = 2000
SUBJECT = Subject(mailbox="scanner@contoso.com", sender="scanner@contoso.com")
REFUSED = (
    "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. [AM0PR02CA0134 {}]"
)


@dataclass(frozen=True)
class Server:
    """Where the lab's mail server is, what it is trusted by, and a token that it accepts."""

    where: tuple[str, int]
    context: ssl.SSLContext
    token: Secret
    submission: Submission


def _serve(pipe: Connection) -> None:
    with Lab(load_scenario("healthy")) as lab:
        pipe.send((lab.route("192.0.2.10", 587), str(lab.ca_file), lab.token()))
        pipe.recv()


@contextmanager
def served() -> Iterator[Server]:
    """Run the lab in a process of its own."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there,))
    process.start()
    there.close()  # so that nobody waits for a lab that could not begin
    try:
        where, ca_file, token = here.recv()
        trusted = trust(Path(ca_file))
        submission = Submission(trust=trusted, redactor=Redactor(), route=lambda _address, _port: where)
        yield Server(where, trusted.context, Secret(token), submission)
    finally:
        here.send(None)
        process.join()


async def bare(server: Server) -> None:
    """The same round trips by aiosmtplib, with nothing kept."""
    sock = await open_socket(*server.where, 5)
    smtp = aiosmtplib.SMTP(hostname=SUBJECT.smtp_host, sock=sock, start_tls=False, tls_context=server.context)
    await smtp.connect()
    await smtp.ehlo()
    await smtp.starttls()
    await smtp.ehlo()
    await smtp.execute_command(b"AUTH", b"XOAUTH2")
    answer = await smtp.execute_command(xoauth2(SUBJECT.mailbox, server.token).reveal().encode())
    if answer.code != 235:  # noqa: PLR2004 - RFC 4954: authentication succeeded
        sys.exit(f"the lab should accept the sign-in: {answer}")
    await smtp.mail(SUBJECT.sender)
    await smtp.rcpt(SUBJECT.mailbox)
    await smtp.quit()


async def kept(server: Server) -> Evidence:
    """A dialogue of diag's, as a run over many holds it: each with secrets of its own."""
    with server.submission.redactor.scope() as redactor:
        talk = await replace(server.submission, redactor=redactor).dialogue(SUBJECT, "192.0.2.10", server.token)
    if not talk.authenticated:
        sys.exit("the lab should accept the sign-in")
    return Evidence(
        diag_version=__version__,
        subject=SUBJECT,
        started_at=talk.started_at,
        duration_ms=1.0,
        network=Network(host=talk.host, port=talk.port, lookups=(), contacts=()),
        dialogue=talk,
        sign_in=SignIn(
            auth=Auth.TOKEN,
            client_id=None,
            scope="",
            expected_audiences=("https://outlook.office.com", EXCHANGE_ONLINE_ID),
            discovery=NotAsked(because=say("nobody asked")),
            acquisition=Granted(auth=Auth.TOKEN, given=True),
            token=read_token(server.token),
        ),
        clocks=(),
    )


def refused(evidence: Evidence, number: int) -> Evidence:
    """The same, with a refusal of AUTH that no other mailbox gets word for word."""
    talk = evidence.dialogue
    if isinstance(talk, NotAsked):
        return evidence
    at = next(place for place, step in enumerate(talk.steps) if step.stage is Stage.AUTH)
    no = replace(talk.steps[at], answer=Reply(code=535, lines=(REFUSED.format(number),)))
    return replace(evidence, dialogue=replace(talk, steps=(*talk.steps[:at], no)))


async def _dialogues(server: Server) -> tuple[Evidence, float, float]:
    async def spent(run: Callable[[Server], Awaitable[object]]) -> float:
        began = time.process_time()
        await run(server)
        return (time.process_time() - began) * 1000

    found = await kept(server)
    ours: list[float] = []
    least: list[float] = []
    for _ in range(ROUNDS_OF_DIALOGUES):
        least.append(await spent(bare))
        ours.append(await spent(kept))
    return found, statistics.median(ours), statistics.median(least)


def cost(run: Callable[[int], object], rounds: int = ROUNDS) -> float:
    """Milliseconds of processor time, the median; `run` is given the number of the round."""
    run(-1)  # warm
    spent: list[float] = []
    for number in range(rounds):
        began = time.process_time()
        run(number)
        spent.append((time.process_time() - began) * 1000)
    return statistics.median(spent)


def _redaction() -> None:
    """Make tokens known, each for a while, and clean what a server says; then again after thousands of them."""
    texts = [f"250-AM0PR02CA0134.outlook.office365.com Hello [198.51.100.{host}] SIZE 157286400" for host in range(9)]
    redactor = Redactor()

    def mailbox(_: int) -> None:
        with redactor.scope() as own:
            own.add(Secret(f"eyJ{secrets.token_urlsafe(1500)}"))
            for text in texts:
                own.clean(text)

    first = cost(mailbox)
    for number in range(MAILBOXES):
        mailbox(number)
    later = cost(mailbox)
    print(f"a token made known and {len(texts)} texts cleaned: {first:.2f} ms of processor time")
    print(f"the same after {MAILBOXES} more mailboxes: {later / first:.2f} x")


def judging() -> None:
    """Print what each part costs, and all of them beside a bare dialogue."""
    known = catalogue.load()
    with served() as server:
        found, ours, least = asyncio.run(_dialogues(server))
    print(f"a dialogue beside a bare one: {ours / least:.2f} x of processor time ({ours:.2f} ms beside {least:.2f} ms)")
    no = [refused(found, number) for number in range(-1, ROUNDS)]
    accepted = cost(lambda _: pipeline.replay(found, checks.CHECKS, known))
    turned_down = cost(lambda number: pipeline.replay(no[number + 1], checks.CHECKS, known))
    print(f"judging it: {accepted:.2f} ms accepted, {turned_down:.2f} ms refused ({least:.2f} ms a bare dialogue)")
    packing = cost(lambda _: archive.pack(found))
    packed = archive.pack(found)
    print(f"packing it: {packing:.2f} ms, unpacking it: {cost(lambda _: archive.unpack(packed)):.2f} ms")
    whole = ours + accepted + packing
    print(f"all three beside a bare dialogue: {whole / least:.2f} x of processor time (at most 1.5 x wanted)")
    _redaction()


if __name__ == "__main__":
    judging()
