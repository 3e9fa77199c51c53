"""Gather, judge, diagnose: one direction, no way back."""

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from diag.catalogue import Catalogue, load
from diag.change import effective, on_its_way, refused, shows
from diag.diagnosis import SWITCHED_OFF, Diagnosis, Judged, diagnose
from diag.evidence import Dialogue, Evidence, Granted, Reply
from diag.gather import gather
from diag.obstacle import NotAnswered, Obstacle
from diag.outcome import Broken, Check, Outcome
from diag.ports import Ledger, Ports
from diag.setting import Change, LedgerError, Propagation, Setting
from diag.stage import Stage
from diag.subject import Subject


def _judge(check: Check, evidence: Evidence) -> Outcome:
    try:
        return check.judge(evidence)
    except Exception as problem:  # noqa: BLE001 - the one place: a check that raises is our bug, and is shown as such
        return Broken(error=whereabouts(problem))


def whereabouts(problem: Exception) -> str:
    """Return the type and the place of a bug; its message could quote evidence in full, and is left out."""
    trace = problem.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    file = re.split(r"[/\\]", trace.tb_frame.f_code.co_filename)[-1] if trace else "?"
    return f"{type(problem).__name__} at {file}:{trace.tb_lineno if trace else 0}"


def _duration(check: Check, evidence: Evidence, judging_ms: float) -> float:
    """The time of the step that a check stands for, else that of judging."""
    if not check.timed:
        return judging_ms
    match check.stage:
        case Stage.DNS:
            spent = max((lookup.duration_ms for lookup in evidence.network.lookups), default=None)
        case Stage.CONNECT:
            spent = max((contact.duration_ms for contact in evidence.network.contacts), default=None)
        case Stage.SIGN_IN:
            acquisition = evidence.sign_in.acquisition
            spent = acquisition.waited_ms if isinstance(acquisition, Granted) and acquisition.polls else None
        case stage:
            spent = evidence.dialogue.duration_ms(stage) if isinstance(evidence.dialogue, Dialogue) else None
    return judging_ms if spent is None else spent


def judge(evidence: Evidence, checks: Sequence[Check]) -> tuple[Judged, ...]:
    """Put every check to the evidence, in the order of the dialogue; none vanishes."""
    judged: list[Judged] = []
    for check in sorted(checks, key=lambda check: check.stage.order):
        began = time.perf_counter()
        outcome = _judge(check, evidence)
        spent = (time.perf_counter() - began) * 1000
        judged.append(Judged(check=check, outcome=outcome, duration_ms=_duration(check, evidence, spent)))
    return tuple(judged)


def replay(evidence: Evidence, checks: Sequence[Check], catalogue: Catalogue) -> Diagnosis:
    """Judge saved evidence again."""
    return diagnose(evidence, judge(evidence, checks), catalogue)


async def follow(evidence: Evidence, ledger: Ledger, now: datetime) -> Evidence:
    """Add what the ledger knows of a change that may still be on its way, and tell the ledger what was seen of it."""
    live = evidence.setting if isinstance(evidence.setting, Setting) else None
    mailbox = live.identity if live else evidence.subject.mailbox
    found: Propagation | NotAnswered | None
    try:
        found = await on_its_way(ledger, mailbox=mailbox, now=now, live=live)
        if found is not None:
            found = replace(found, change=await _seen(found.change, evidence, ledger))
    except LedgerError as error:
        found = NotAnswered(obstacle=Obstacle.UNAVAILABLE, because=error.sentence)
    return replace(evidence, propagation=found)


async def _seen(change: Change, evidence: Evidence, ledger: Ledger) -> Change:
    """Record what this run's sign-in says about the change: at Exchange Online, and in words about this setting."""
    talk = evidence.dialogue
    step = talk.step(Stage.AUTH) if isinstance(talk, Dialogue) else None
    if not isinstance(talk, Dialogue) or step is None or not isinstance(step.answer, Reply):
        return change
    if not evidence.subject.is_exchange:
        return change
    at = talk.started_at + timedelta(milliseconds=step.at_ms + step.duration_ms)
    if talk.authenticated:
        own = await ledger.changes(mailbox=change.intent.mailbox)
        return await effective(change, at, ledger=ledger) if shows(change, own) else change
    return await refused(change, at, ledger=ledger) if _names_the_setting(step.answer) else change


def _names_the_setting(reply: Reply) -> bool:
    readings = load().classify(str(reply), stage=Stage.AUTH, mechanism="XOAUTH2")
    return any(reading.cause in SWITCHED_OFF for reading in readings)


async def run(
    subject: Subject, ports: Ports, checks: Sequence[Check], catalogue: Catalogue, diag_version: str
) -> tuple[Evidence, Diagnosis]:
    """Ask, then judge."""
    evidence = await gather(subject, ports, diag_version)
    if ports.ledger is not None:
        evidence = await follow(evidence, ports.ledger, ports.clock.now())
    return evidence, replay(evidence, checks, catalogue)
