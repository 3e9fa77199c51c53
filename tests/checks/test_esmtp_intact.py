from checks.esmtp_intact import judge
from diag.stage import Stage
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import answered, greeting, healthy, saying, silent, talk_of, unspoken


def test_capabilities_are_counted_without_the_greeting_line() -> None:
    outcome = judge(healthy())
    assert passed(outcome) == {"esmtp_inspection"}
    assert shown(outcome) == "9 capabilities"


def test_asterisks_over_the_greeting_are_proven_inspection() -> None:
    outcome = judge(greeting(healthy(), "************************************"))
    assert suspects(outcome) == {"esmtp_inspection": PROVEN}
    assert "****" in because(outcome)


def test_capabilities_written_over_with_x_are_proven_inspection() -> None:
    features = tuple("XXXXXXXA" if line == "STARTTLS" else line for line in talk_of(healthy()).features_before)
    outcome = judge(saying(healthy(), features_before=features))
    assert suspects(outcome) == {"esmtp_inspection": PROVEN}
    assert "XXXXXXXA" in because(outcome)


def test_an_extension_that_begins_with_x_is_no_mask() -> None:
    features = (*talk_of(healthy()).features_before, "XRDST", "X-EXPS GSSAPI NTLM", "XCLIENT NAME")
    assert passed(judge(saying(healthy(), features_before=features))) == {"esmtp_inspection"}


def test_a_server_that_does_not_know_ehlo_is_possibly_inspected() -> None:
    outcome = judge(answered(healthy(), Stage.EHLO, 502, "5.5.1 Command not implemented"))
    assert suspects(outcome) == {"esmtp_inspection": POSSIBLE, "command_not_implemented": POSSIBLE}
    assert "502 5.5.1" in because(outcome)


def test_silence_after_ehlo_is_a_dropped_connection() -> None:
    assert suspects(judge(silent(healthy(), Stage.EHLO))) == {"connection_dropped": LIKELY}


def test_without_ehlo_nothing_can_be_masked() -> None:
    assert skipped(judge(silent(healthy(), Stage.BANNER))) == "the dialogue ended before, at the step greeting"
    assert skipped(judge(answered(healthy(), Stage.BANNER, 554, "no"))) == "an earlier step was refused"
    assert "could be reached" in skipped(judge(unspoken(healthy())))
