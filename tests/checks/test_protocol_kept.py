import pytest

from checks.protocol_kept import judge
from diag.evidence import Breach
from diag.stage import Stage
from tests.checks.outcomes import LIKELY, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import breaking, healthy, unspoken


def test_proper_replies_clear_both_breaches() -> None:
    assert passed(judge(healthy())) == {"plaintext_after_starttls", "protocol_violation"}


def test_plain_bytes_after_starttls_are_proven_and_shown() -> None:
    outcome = judge(breaking(healthy(), Breach.PLAINTEXT_AFTER_STARTTLS))
    assert suspects(outcome) == {"plaintext_after_starttls": PROVEN}
    assert "250 AUTH PLAIN" in because(outcome)


@pytest.mark.parametrize("breach", [Breach.UNSOLICITED, Breach.MIXED_CODES, Breach.BAD_LINE, Breach.TOO_LONG])
def test_every_other_breach_is_named_with_the_step(breach: Breach) -> None:
    outcome = judge(breaking(healthy(), breach, stage=Stage.EHLO_TLS))
    assert suspects(outcome) == {"protocol_violation": LIKELY}
    assert "EHLO after TLS" in because(outcome)


def test_bare_line_endings_are_harmless() -> None:
    assert "protocol_violation" in passed(judge(breaking(healthy(), Breach.BARE_LINE_ENDING)))


def test_several_breaches_are_counted_and_each_cause_is_named_once() -> None:
    outcome = judge(
        breaking(
            healthy(), Breach.BARE_LINE_ENDING, Breach.BAD_LINE, Breach.UNSOLICITED, Breach.PLAINTEXT_AFTER_STARTTLS
        )
    )
    assert suspects(outcome) == {"plaintext_after_starttls": PROVEN, "protocol_violation": LIKELY}
    assert shown(outcome) == "3 breaches of the protocol"


def test_without_a_dialogue_no_protocol_can_be_broken() -> None:
    assert "could be reached" in skipped(judge(unspoken(healthy())))
