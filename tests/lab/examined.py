"""A scenario examined as `--lab` does it, in this process, with its administrator signed in."""

import asyncio
from contextlib import AbstractContextManager
from dataclasses import dataclass

from checks import CHECKS
from diag import __version__
from diag.catalogue import load
from diag.diagnosis import Diagnosis
from diag.evidence import Evidence
from diag.lab import Lab, load_scenario
from diag.pipeline import run
from diag.wiring import Examination, Options, examination
from tests.fakes import World

_FULL_QUEUE = {"port-blocked", "port-blocked-and-switched-off", "ipv6-broken"}


def needs_a_full_queue(name: str) -> bool:
    """Whether a scenario blocks a port; Windows refuses there instead."""
    return name in _FULL_QUEUE


def patience_s(name: str) -> int:
    """How long to wait for a scenario's answers: not long for a time-out, but longer than a refusal may take."""
    if name == "large-packets-lost":
        return 11
    return 3 if name in _FULL_QUEUE or name == "server-silent" else 20


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found; `lab` keeps what it was asked."""

    lab: Lab
    evidence: Evidence
    diagnosis: Diagnosis


def opened(lab: Lab, name: str) -> AbstractContextManager[Examination]:
    """Put together what `diag scan-to-email --lab` works with; the administrator's tokens are there already."""
    wanted = Options(mailbox=None, timeout_s=patience_s(name))
    return examination(wanted, World(), lab, administrator=World())


def examined(name: str) -> Examined:
    """Examine a shipped scenario as it is written."""
    with Lab(load_scenario(name)) as lab, opened(lab, name) as found:
        assert found.administration is not None
        evidence, diagnosis = asyncio.run(run(found.subject, found.ports, CHECKS, load(), __version__))
    assert not lab.bugs
    return Examined(lab, evidence, diagnosis)
