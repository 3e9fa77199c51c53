from checks.sender_matches_account import judge
from diag.stage import Stage
from tests.checks.outcomes import LIKELY, because, passed, suspects
from tests.evidence_cases import MAILBOX, answered, asking, healthy, sending, unspoken

OTHER = "scans@contoso.com"


def test_one_address_for_both_is_the_rule_in_any_case() -> None:
    assert passed(judge(healthy())) == {"sender_mismatch"}
    assert passed(judge(asking(healthy(), sender=MAILBOX.upper()))) == {"sender_mismatch"}


def test_another_sender_is_likely_a_mismatch_with_both_addresses() -> None:
    outcome = judge(asking(healthy(), sender=OTHER))
    assert suspects(outcome) == {"sender_mismatch": LIKELY}
    assert OTHER in because(outcome)
    assert MAILBOX in because(outcome)


def test_a_message_that_was_taken_shows_that_the_right_was_given() -> None:
    assert passed(judge(asking(sending(healthy()), sender=OTHER))) == {"sender_mismatch"}


def test_a_message_that_was_refused_shows_nothing() -> None:
    refused = answered(asking(sending(healthy()), sender=OTHER), Stage.DATA, 554, "5.2.252 SendAsDenied")
    assert suspects(judge(refused)) == {"sender_mismatch": LIKELY}
    waiting = answered(asking(sending(healthy()), sender=OTHER), Stage.DATA, 354, "Start mail input")
    assert suspects(judge(waiting)) == {"sender_mismatch": LIKELY}


def test_the_settings_are_compared_even_without_a_dialogue() -> None:
    assert passed(judge(unspoken(healthy()))) == {"sender_mismatch"}
    assert suspects(judge(asking(unspoken(healthy()), sender=OTHER))) == {"sender_mismatch": LIKELY}
