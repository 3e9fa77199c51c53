"""What scenarios say is true of their scanners is what diag finds, mailbox by mailbox and without sending anything."""

import asyncio
import sys
from collections.abc import Iterator

import pytest

from checks import CHECKS
from diag import __version__
from diag.catalogue import load
from diag.health.result import Result, result_of
from diag.health.scanner import Scanner
from diag.lab import Lab, Scenario, load_scenario, truth_of
from diag.pipeline import run
from diag.wiring import Options, examination
from tests.fakes import World
from tests.lab.crowd import KINDS, crowd

FLEET = load_scenario("fleet")
ONE_OF_EACH = crowd(len(KINDS), dict.fromkeys(KINDS, 1 / len(KINDS)))
TIMEOUT_S = 4


def of_each_kind(scenario: Scenario) -> Iterator[str]:
    """Yield a mailbox of each kind that a scenario has; of those nobody can tell apart one is enough."""
    seen = set()
    for box in scenario.mailboxes:
        kind = (box.site, box.device.partition(" no.")[0], box.expect, box.throttled_first)
        if kind not in seen:
            seen.add(kind)
            yield box.address


def found(lab: Lab, mailbox: str) -> Result:
    wanted = Options(mailbox=mailbox, timeout_s=TIMEOUT_S)
    with examination(wanted, World(), lab, administrator=World()) as examined:
        _, diagnosis = asyncio.run(run(examined.subject, examined.ports, CHECKS, load(), __version__))
    return result_of(Scanner(mailbox=mailbox), diagnosis)


@pytest.mark.parametrize("scenario", [FLEET, ONE_OF_EACH], ids=["fleet", "crowd"])
def test_the_truth_is_found(scenario: Scenario) -> None:
    truth, known = truth_of(scenario), {"", *load().causes} - ({"port_blocked"} if sys.platform == "win32" else set())
    with Lab(scenario) as lab:
        for mailbox in of_each_kind(scenario):
            if truth[mailbox][1] not in known:
                continue
            result = found(lab, mailbox)
            (box,) = scenario.called(mailbox)
            if box.throttled_first:
                assert result.cause == "concurrent_connections_exceeded"
                result = found(lab, mailbox)
            assert (mailbox, result.status, result.cause) == (mailbox, *truth[mailbox])
    assert not lab.bugs
