from checks.sender_accepted import judge
from diag.evidence import Reason
from diag.stage import Stage
from tests.checks.outcomes import LIKELY, POSSIBLE, because, passed, shown, skipped, suspects
from tests.evidence_cases import BARE, TAIL, answered, healthy, silent, unspoken

STEP = Stage.MAIL


def test_an_accepted_step_clears_its_cause() -> None:
    assert passed(judge(healthy())) == {"no_auth_sent"}


def test_a_refusal_nobody_knows_is_a_possibility() -> None:
    outcome = judge(answered(healthy(), STEP, 550, f"5.9.9 Never heard of it {TAIL}"))
    assert suspects(outcome) == {"send_as_denied": POSSIBLE}
    assert shown(outcome) == "refused: 550 5.9.9 Never heard of it"


def test_silence_is_a_dropped_connection_and_says_who() -> None:
    outcome = judge(silent(healthy(), STEP, Reason.TIMEOUT))
    assert suspects(outcome) == {"connection_dropped": LIKELY}
    assert "smtp.office365.com:587" in because(outcome)
    assert shown(outcome) == "no answer: no answer in time"


def test_a_step_behind_a_refused_sign_in_is_not_judged() -> None:
    assert skipped(judge(answered(healthy(), Stage.AUTH, 535, BARE))) == "an earlier step was refused"
    assert "could be reached" in skipped(judge(unspoken(healthy())))


def test_a_sender_refused_for_want_of_a_sign_in_is_read_in_the_catalogue() -> None:
    outcome = judge(answered(healthy(), STEP, 530, "5.7.57 Client not authenticated to send mail."))
    assert "no_auth_sent" in suspects(outcome)
    assert "send_as_denied" not in suspects(outcome)
