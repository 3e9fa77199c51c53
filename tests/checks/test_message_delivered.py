from dataclasses import replace
from datetime import timedelta

import pytest

from checks import CHECKS
from checks.message_delivered import judge
from diag.catalogue import load
from diag.diagnosis import Verdict
from diag.directory import Trace, Traced
from diag.evidence import Evidence
from diag.obstacle import Obstacle
from diag.pipeline import replay
from tests.checks.outcomes import PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import NOW, TRACED, administered, healthy, knowing, no_answer, reading, sending


def traced(*messages: Traced) -> Evidence:
    return knowing(reading(sending(healthy())), trace=Trace(since=NOW, messages=messages))


def test_a_delivered_message_is_in_order() -> None:
    assert passed(judge(administered(sending(healthy())))) == {"message_not_delivered"}
    assert passed(judge(traced(replace(TRACED, status="expanded")))) == {"message_not_delivered"}


@pytest.mark.parametrize("status", ["failed", "quarantined", "filteredAsSpam"])
def test_a_message_that_was_stopped_is_proven_and_breaks_no_healthy_run(status: str) -> None:
    evidence = traced(replace(TRACED, status=status))
    assert suspects(judge(evidence)) == {"message_not_delivered": PROVEN}
    assert f"someone@contoso.com as '{status}'" in because(judge(evidence))
    assert replay(evidence, CHECKS, load()).verdict is Verdict.DEGRADED


@pytest.mark.parametrize("status", ["pending", "gettingStatus", "unknown"])
def test_a_message_on_its_way_is_not_lost(status: str) -> None:
    outcome = judge(traced(replace(TRACED, status=status)))
    assert passed(outcome) == set()
    assert shown(outcome).endswith("on its way")


def test_a_message_that_is_not_in_the_trace_yet_is_not_lost() -> None:
    assert "minutes behind" in shown(judge(traced()))
    assert passed(judge(traced())) == set()


def test_the_newest_of_several_counts() -> None:
    older = replace(TRACED, status="failed", at=NOW - timedelta(hours=1))
    assert passed(judge(traced(older, TRACED))) == {"message_not_delivered"}


def test_where_no_message_was_sent_nothing_is_followed() -> None:
    nothing = no_answer(Obstacle.NOT_ASKED)
    assert skipped(judge(knowing(healthy(), trace=nothing))) == "there was no answer"
