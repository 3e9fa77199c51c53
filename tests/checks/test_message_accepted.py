from checks.message_accepted import judge
from diag.evidence import Reason
from diag.stage import Stage
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, passed, skipped, suspects
from tests.evidence_cases import BARE, answered, healthy, sending, silent


def test_without_a_recipient_nothing_is_sent() -> None:
    assert skipped(judge(healthy())) == "nothing is sent without --to"


def test_a_message_that_is_taken_shows_that_the_sender_may_send() -> None:
    assert passed(judge(sending(healthy()))) == {"send_as_denied", "sender_mismatch"}


def test_a_sender_without_the_right_is_proven() -> None:
    text = "5.2.252 SendAsDenied; scanner@contoso.com not allowed to send as other@contoso.com"
    assert suspects(judge(answered(sending(healthy()), Stage.DATA, 554, text))) == {"send_as_denied": PROVEN}


def test_a_refusal_nobody_knows_is_possibly_the_sender() -> None:
    assert suspects(judge(answered(sending(healthy()), Stage.DATA, 554, "5.9.9 no"))) == {"send_as_denied": POSSIBLE}


def test_silence_after_the_message_is_a_dropped_connection() -> None:
    assert suspects(judge(silent(sending(healthy()), Stage.DATA, Reason.DROPPED))) == {"connection_dropped": LIKELY}


def test_a_message_behind_a_refused_sign_in_is_not_judged() -> None:
    assert skipped(judge(answered(sending(healthy()), Stage.AUTH, 535, BARE))) == "an earlier step was refused"


def test_an_answer_that_asks_for_the_message_is_no_acceptance() -> None:
    assert suspects(judge(answered(sending(healthy()), Stage.DATA, 354, "Start mail input"))) == {
        "send_as_denied": POSSIBLE
    }
