from checks.recipient_accepted import judge
from diag.evidence import Reason
from diag.stage import Stage
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import BARE, TAIL, answered, healthy, silent, unspoken

STEP = Stage.RCPT


def test_an_accepted_step_clears_its_cause() -> None:
    assert passed(judge(healthy())) == {"recipient_rejected"}


def test_a_refusal_nobody_knows_is_a_possibility() -> None:
    outcome = judge(answered(healthy(), STEP, 550, f"5.9.9 Never heard of it {TAIL}"))
    assert suspects(outcome) == {"recipient_rejected": POSSIBLE}
    assert shown(outcome) == "refused: 550 5.9.9 Never heard of it"


def test_silence_is_a_dropped_connection_and_says_who() -> None:
    outcome = judge(silent(healthy(), STEP, Reason.TIMEOUT))
    assert suspects(outcome) == {"connection_dropped": LIKELY}
    assert "smtp.office365.com:587" in because(outcome)
    assert shown(outcome) == "no answer: no answer in time"


def test_a_step_behind_a_refused_sign_in_is_not_judged() -> None:
    assert skipped(judge(answered(healthy(), Stage.AUTH, 535, BARE))) == "an earlier step was refused"
    assert "could be reached" in skipped(judge(unspoken(healthy())))


def test_a_recipient_refused_for_spam_is_read_in_the_catalogue() -> None:
    outcome = judge(answered(healthy(), STEP, 550, "5.7.606 Access denied, banned sending IP [192.0.2.7]"))
    assert suspects(outcome) == {"banned_sending_ip": PROVEN}


def test_a_recipient_that_is_forwarded_is_accepted() -> None:
    assert passed(judge(answered(healthy(), STEP, 251, "User not local; will forward")))
