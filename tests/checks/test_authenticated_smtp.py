from dataclasses import replace

import pytest

from checks import CHECKS
from checks.authenticated_smtp import judge
from diag.catalogue import load
from diag.diagnosis import Verdict
from diag.evidence import Evidence, NotAsked
from diag.obstacle import NotAnswered, Obstacle
from diag.outcome import Certainty, Failed
from diag.pipeline import replay
from diag.sentence import say
from diag.setting import Propagation, Switch
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import (
    MAILBOX_OFF,
    NOBODY,
    TENANT_OFF,
    asking,
    healthy,
    no_answer,
    propagating,
    reading,
    refused,
    unspoken,
    without_setting,
)

BOTH = {"smtp_auth_disabled_mailbox", "smtp_auth_disabled_tenant"}


def best(evidence: Evidence) -> tuple[str, Certainty]:
    finding = replay(evidence, CHECKS, load()).best
    assert finding is not None
    return finding.cause.id, finding.certainty


@pytest.mark.parametrize("evidence", [healthy(), refused(healthy()), unspoken(healthy())])
@pytest.mark.parametrize(
    ("mailbox", "organisation"), [(Switch.ON, Switch.OFF), (Switch.ON, None), (Switch.UNSET, Switch.ON)]
)
def test_a_setting_that_is_on_clears_both_switches(
    evidence: Evidence, mailbox: Switch, organisation: Switch | None
) -> None:
    assert passed(judge(reading(evidence, mailbox, organisation))) == BOTH


@pytest.mark.parametrize("evidence", [refused(healthy()), refused(healthy(), MAILBOX_OFF), unspoken(healthy())])
def test_a_mailbox_that_reads_off_is_proven_without_the_servers_word(evidence: Evidence) -> None:
    assert suspects(judge(reading(evidence, Switch.OFF, Switch.ON))) == {"smtp_auth_disabled_mailbox": PROVEN}


def test_an_organisation_that_reads_off_is_proven_where_the_mailbox_follows_it() -> None:
    outcome = judge(reading(refused(healthy(), TENANT_OFF), Switch.UNSET, Switch.OFF))
    assert suspects(outcome) == {"smtp_auth_disabled_tenant": PROVEN}
    assert "The server names the other switch" not in because(outcome)


@pytest.mark.parametrize(
    ("text", "mailbox", "cause"),
    [
        (TENANT_OFF, Switch.OFF, "smtp_auth_disabled_mailbox"),
        (MAILBOX_OFF, Switch.UNSET, "smtp_auth_disabled_tenant"),
    ],
)
def test_where_the_server_names_the_other_switch_both_are_told(text: str, mailbox: Switch, cause: str) -> None:
    outcome = judge(reading(refused(healthy(), text), mailbox, Switch.OFF))
    assert suspects(outcome) == {cause: PROVEN}
    assert "The server names the other switch" in because(outcome)
    assert "SmtpClientAuthentication is disabled" in because(outcome)
    assert best(reading(refused(healthy(), text), mailbox, Switch.OFF)) == (cause, PROVEN)


NOT_EFFECTIVE = "smtp_auth_change_not_effective"


@pytest.mark.parametrize("text", [MAILBOX_OFF, TENANT_OFF])
def test_where_it_reads_on_and_the_server_still_refuses_the_change_is_on_its_way(text: str) -> None:
    evidence = reading(refused(healthy(), text), Switch.ON)
    assert suspects(judge(evidence)) == {NOT_EFFECTIVE: LIKELY}
    assert "reads on while the server still refuses" in because(judge(evidence))
    assert best(evidence) == (NOT_EFFECTIVE, LIKELY)


@pytest.mark.parametrize("unread", [NOBODY, NotAnswered(obstacle=Obstacle.THROTTLED, because=say("busy"))])
def test_where_nobody_could_read_it_the_ledger_knows_that_it_was_switched_on(unread: NotAsked | NotAnswered) -> None:
    evidence = replace(propagating(refused(healthy(), MAILBOX_OFF)), setting=unread)
    assert suspects(judge(evidence)) == {NOT_EFFECTIVE: LIKELY}
    assert "unless somebody switched it back" in because(judge(evidence))
    assert best(evidence) == (NOT_EFFECTIVE, LIKELY)


def test_a_ledger_that_knows_of_another_change_accuses_nobody() -> None:
    evidence = replace(propagating(refused(healthy(), MAILBOX_OFF)), setting=NOBODY)
    assert isinstance(evidence.propagation, Propagation)
    change = evidence.propagation.change
    for other in (
        replace(change, intent=replace(change.intent, after=Switch.OFF)),
        replace(change, intent=replace(change.intent, after=Switch.UNSET)),
    ):
        told = replace(evidence, propagation=replace(evidence.propagation, change=other))
        assert "nobody asked" in skipped(judge(told))
        assert best(told) == ("smtp_auth_disabled_mailbox", PROVEN)
    assert "nobody asked" in skipped(judge(replace(propagating(refused(healthy())), setting=NOBODY)))


def test_a_change_of_our_own_is_told_with_its_time() -> None:
    outcome = judge(propagating(refused(healthy(), MAILBOX_OFF)))
    assert suspects(outcome) == {NOT_EFFECTIVE: PROVEN}
    assert "changed at 2026-11-23 09:20 UTC" in because(outcome)
    assert "not effective yet" in because(outcome)


@pytest.mark.parametrize(("mailbox", "organisation"), [(Switch.OFF, Switch.OFF), (Switch.UNSET, Switch.OFF)])
def test_a_setting_that_reads_off_will_stop_a_device_that_is_still_accepted(
    mailbox: Switch, organisation: Switch
) -> None:
    evidence = reading(healthy(), mailbox, organisation)
    outcome = judge(evidence)
    assert suspects(outcome) == {"smtp_auth_off_not_effective": LIKELY}
    assert "accepted the sign-in all the same" in shown(outcome)
    assert replay(evidence, CHECKS, load()).verdict is Verdict.DEGRADED


def test_a_mailbox_that_follows_an_unknown_organisation_is_not_known() -> None:
    assert "could not be read" in skipped(judge(reading(refused(healthy()), Switch.UNSET, None)))
    assert passed(judge(reading(healthy(), Switch.UNSET, None))) == set()


def test_the_servers_word_stands_in_for_an_organisation_that_could_not_be_read() -> None:
    outcome = judge(reading(refused(healthy(), TENANT_OFF), Switch.UNSET, None))
    assert suspects(outcome) == {"smtp_auth_disabled_tenant": PROVEN}
    outcome = judge(reading(refused(healthy(), MAILBOX_OFF), Switch.UNSET, None))
    assert suspects(outcome) == {"smtp_auth_disabled_mailbox": LIKELY}
    assert isinstance(outcome, Failed)
    assert outcome.clears == ("smtp_auth_disabled_mailbox",)


def test_a_mailbox_that_exchange_does_not_find_may_have_no_licence() -> None:
    missing = without_setting(refused(healthy()), no_answer(Obstacle.NOT_FOUND))
    assert suspects(judge(missing)) == {"mailbox_not_licensed": POSSIBLE}
    assert skipped(judge(without_setting(healthy(), no_answer(Obstacle.NOT_FOUND)))) == "there was no answer"


def test_a_setting_that_could_not_be_read_says_why() -> None:
    assert skipped(judge(healthy())) == "no administrator is signed in"
    assert skipped(judge(without_setting(healthy(), no_answer(Obstacle.NO_ROLE)))) == "there was no answer"
    missing = no_answer(Obstacle.NO_PERMISSION, "Exchange.Manage")
    assert "missing permission: Exchange.Manage" in skipped(judge(without_setting(healthy(), missing)))


def test_another_server_than_exchange_online_does_not_care_for_the_setting() -> None:
    evidence = asking(reading(healthy(), Switch.OFF), smtp_host="mail.example.net")
    assert "mail.example.net is not Exchange Online" in skipped(judge(evidence))
