from dataclasses import replace
from typing import Any

import pytest

from checks.exchange_plan import judge
from diag.directory import MailboxKind, Plan
from diag.evidence import Evidence
from diag.obstacle import Obstacle
from diag.outcome import Failed
from diag.stage import Stage
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, passed, shown, skipped, suspects
from tests.evidence_cases import (
    ACCOUNT,
    administered,
    alone,
    answered,
    expired,
    healthy,
    knowing,
    no_answer,
    reading,
    refused,
)

FOUNDATION = Plan(id="113feb6c-3fe4-4440-bddc-54d774bf0318", service="exchange", status="Enabled")
CAUSE = "mailbox_not_licensed"


def without_plan(evidence: Evidence, *plans: Plan, **answers: Any) -> Evidence:
    return knowing(evidence, account=replace(ACCOUNT, plans=plans), **answers)


def test_a_plan_with_a_mailbox_clears_the_missing_licence() -> None:
    assert passed(judge(administered(refused(healthy())))) == {CAUSE}


@pytest.mark.parametrize("plans", [(), (FOUNDATION,), (replace(ACCOUNT.plans[0], status="Deleted"),)])
def test_a_user_without_a_plan_that_is_refused_without_a_reason_is_proven(plans: tuple[Plan, ...]) -> None:
    assert suspects(judge(without_plan(refused(healthy()), *plans))) == {CAUSE: PROVEN}


def test_a_sender_refused_after_the_sign_in_is_proven_too() -> None:
    evidence = answered(healthy(), Stage.MAIL, 530, "5.7.57 Client not authenticated to send mail.")
    assert suspects(judge(without_plan(evidence))) == {CAUSE: PROVEN}


def test_no_mailbox_at_all_is_no_shared_mailbox() -> None:
    outcome = judge(without_plan(refused(healthy()), mailbox=no_answer(Obstacle.NOT_FOUND)))
    assert suspects(outcome) == {CAUSE: PROVEN}
    assert isinstance(outcome, Failed)
    assert outcome.clears == ("shared_mailbox_as_smtp_identity",)


def test_exchange_online_knows_too_that_there_is_no_mailbox() -> None:
    evidence = without_plan(refused(healthy()), mailbox=no_answer(Obstacle.NO_PERMISSION))
    outcome = judge(replace(evidence, setting=no_answer(Obstacle.NOT_FOUND)))
    assert suspects(outcome) == {CAUSE: PROVEN}
    assert isinstance(outcome, Failed)
    assert outcome.clears == ("shared_mailbox_as_smtp_identity",)


@pytest.mark.parametrize(
    "evidence", [without_plan(expired(healthy())), without_plan(refused(healthy()), mailbox=no_answer())]
)
def test_it_is_only_likely_where_the_kind_is_not_known_or_nothing_was_tried(evidence: Evidence) -> None:
    assert suspects(judge(evidence)) == {CAUSE: LIKELY}


def test_a_mailbox_that_exchange_has_without_a_licence_is_more_likely_a_shared_one() -> None:
    evidence = reading(without_plan(refused(healthy()), mailbox=no_answer(Obstacle.NO_PERMISSION)))
    assert suspects(judge(evidence)) == {"shared_mailbox_as_smtp_identity": LIKELY, CAUSE: POSSIBLE}
    by_itself = reading(without_plan(refused(alone(healthy())), mailbox=no_answer(Obstacle.NO_PERMISSION)))
    assert suspects(judge(by_itself)) == {CAUSE: POSSIBLE}
    nobody_tried = reading(without_plan(expired(healthy()), mailbox=no_answer(Obstacle.NO_PERMISSION)))
    assert suspects(judge(nobody_tried)) == {CAUSE: POSSIBLE}


def test_a_plan_diag_does_not_know_accuses_nobody() -> None:
    plan = Plan(id="90927877-dcff-4af6-b346-2332c0b15bb7", service="exchange", status="Enabled")
    outcome = judge(without_plan(refused(healthy()), plan))
    assert passed(outcome) == set()
    assert plan.id in shown(outcome)


def test_a_shared_mailbox_needs_no_plan() -> None:
    evidence = without_plan(refused(healthy()), mailbox=MailboxKind(purpose="shared"))
    assert "needs none" in shown(judge(evidence))


def test_an_accepted_mailbox_is_not_accused() -> None:
    assert "and yet the server accepts" in shown(judge(without_plan(healthy())))


def test_without_the_account_nothing_is_said() -> None:
    assert skipped(judge(knowing(healthy(), account=no_answer()))) == "there was no answer"
