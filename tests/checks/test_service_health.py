from dataclasses import replace

import pytest

from checks import CHECKS
from checks.service_health import judge
from diag.catalogue import load
from diag.directory import Incident, ServiceHealth
from diag.evidence import Evidence
from diag.pipeline import replay
from diag.setting import Switch
from diag.stage import Stage
from tests.checks.outcomes import LIKELY, POSSIBLE, because, passed, shown, skipped, suspects
from tests.evidence_cases import (
    GRAPH,
    INCIDENT,
    MAILBOX_OFF,
    administered,
    expired,
    healthy,
    knowing,
    no_answer,
    reading,
    refusal,
    refused,
    silent,
    with_token,
    without_token,
)

CAUSE = "microsoft_side_outage_auth"
OTHER = replace(INCIDENT, title="Search is slow in Outlook on the web", feature="E-Mail and calendar access")


def disturbed(evidence: Evidence, *incidents: Incident) -> Evidence:
    health = ServiceHealth(status="serviceDegradation", incidents=incidents or (INCIDENT,))
    return knowing(reading(evidence), health=health)


@pytest.mark.parametrize("evidence", [refused(healthy()), silent(healthy(), Stage.AUTH)])
def test_an_incident_is_likely_where_nothing_else_explains_the_refusal(evidence: Evidence) -> None:
    outcome = judge(disturbed(evidence))
    assert suspects(outcome) == {CAUSE: LIKELY}
    assert "EX123456 Users can't authenticate with SMTP" in because(outcome)


@pytest.mark.parametrize(
    "evidence",
    [refused(healthy(), MAILBOX_OFF), with_token(refused(healthy()), audience=GRAPH), expired(healthy())],
)
def test_an_incident_is_possible_where_something_else_may_explain_it(evidence: Evidence) -> None:
    assert suspects(judge(disturbed(evidence))) == {CAUSE: POSSIBLE}


def test_an_incident_does_not_stand_beside_what_is_proven() -> None:
    evidence = reading(disturbed(refused(healthy(), MAILBOX_OFF)), Switch.OFF)
    findings = replay(evidence, CHECKS, load()).findings
    assert CAUSE not in {finding.cause.id for finding in findings}


@pytest.mark.parametrize("evidence", [healthy(), without_token(healthy(), refusal(65001))])
def test_an_incident_is_only_noted_where_it_explains_nothing(evidence: Evidence) -> None:
    assert shown(judge(disturbed(evidence))) == "open: EX123456 Users can't authenticate with SMTP"


def test_an_incident_of_something_else_is_counted() -> None:
    outcome = judge(disturbed(refused(healthy()), OTHER))
    assert passed(outcome) == set()
    assert shown(outcome).endswith(": 1")
    assert suspects(judge(disturbed(refused(healthy()), OTHER, INCIDENT))) == {CAUSE: LIKELY}


def test_no_incident_does_not_rule_one_out() -> None:
    assert passed(judge(administered(refused(healthy())))) == set()


def test_what_may_not_be_read_is_skipped() -> None:
    assert skipped(judge(knowing(healthy(), health=no_answer()))) == "there was no answer"
