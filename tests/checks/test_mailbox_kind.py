import pytest

from checks import CHECKS
from checks.mailbox_kind import judge
from diag.catalogue import load
from diag.directory import MailboxKind
from diag.evidence import Evidence
from diag.obstacle import Obstacle
from diag.pipeline import replay
from tests.checks.outcomes import LIKELY, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import (
    MAILBOX_OFF,
    administered,
    alone,
    expired,
    healthy,
    knowing,
    no_answer,
    reading,
    refused,
    unspoken,
)

CAUSE = "shared_mailbox_as_smtp_identity"


def of_kind(evidence: Evidence, purpose: str) -> Evidence:
    return knowing(reading(evidence), mailbox=MailboxKind(purpose=purpose))


@pytest.mark.parametrize("purpose", ["user", "linked"])
def test_a_mailbox_of_a_person_clears_the_shared_one(purpose: str) -> None:
    assert passed(judge(of_kind(refused(healthy()), purpose))) == {CAUSE}


def test_a_bare_refusal_of_a_persons_mailbox_is_left_without_a_reason() -> None:
    diagnosis = replay(administered(refused(healthy())), CHECKS, load())
    found = {finding.cause.id for finding in diagnosis.findings}
    assert found == {"oauth_rejected_unspecified", "microsoft_side_outage_auth"}


@pytest.mark.parametrize("purpose", ["shared", "room", "equipment", "Shared"])
def test_a_bare_refusal_of_a_mailbox_that_is_nobodys_is_proven(purpose: str) -> None:
    outcome = judge(of_kind(refused(healthy()), purpose))
    assert suspects(outcome) == {CAUSE: PROVEN}
    assert purpose.lower() in because(outcome)


# It was seen that both hold one after the other: switched on, such a mailbox was refused all the same.
@pytest.mark.parametrize("evidence", [refused(healthy(), MAILBOX_OFF), expired(healthy()), unspoken(healthy())])
def test_it_is_likely_the_next_obstacle_where_another_one_came_first(evidence: Evidence) -> None:
    assert suspects(judge(of_kind(evidence, "shared"))) == {CAUSE: LIKELY}


@pytest.mark.parametrize("evidence", [healthy(), alone(refused(healthy()))])
def test_it_is_only_noted_where_it_keeps_nobody_out(evidence: Evidence) -> None:
    outcome = judge(of_kind(evidence, "shared"))
    assert passed(outcome) == set()
    assert shown(outcome).startswith("a shared mailbox")


def test_a_kind_nobody_knows_says_nothing() -> None:
    assert passed(judge(of_kind(refused(healthy()), "others"))) == set()


def test_a_kind_that_may_not_be_read_is_skipped() -> None:
    missing = no_answer(Obstacle.NO_PERMISSION, "MailboxSettings.Read")
    assert "MailboxSettings.Read" in skipped(judge(knowing(healthy(), mailbox=missing)))
