from dataclasses import replace

from checks.certificate_name import judge
from diag.evidence import Flaw
from tests.checks.outcomes import PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import certificate, healthy, unspoken, with_tls


def test_the_names_are_shown() -> None:
    outcome = judge(healthy())
    assert passed(outcome) == {"certificate_wrong_name"}
    assert shown(outcome) == "made out to outlook.com, *.outlook.com, *.office365.com"


def test_many_names_are_counted_in_place_of_shown() -> None:
    many = replace(certificate(), names=tuple(f"n{i}.example" for i in range(50)), names_total=5000)
    assert shown(judge(with_tls(healthy(), chain=(many,)))).endswith("n3.example (+4996)")


def test_a_certificate_for_another_host_is_proven_with_both_names() -> None:
    other = replace(certificate(), names=("mail.example.net",), names_total=1)
    outcome = judge(with_tls(healthy(), verified=False, chain=(other,), flaws=(Flaw.WRONG_NAME,), error="mismatch"))
    assert suspects(outcome) == {"certificate_wrong_name": PROVEN}
    assert "smtp.office365.com was asked for" in because(outcome)
    assert "mail.example.net" in because(outcome)


def test_a_certificate_without_names_is_said_to_have_none() -> None:
    nameless = replace(certificate(), names=(), names_total=0)
    outcome = judge(with_tls(healthy(), verified=False, chain=(nameless,), flaws=(Flaw.WRONG_NAME,), error="mismatch"))
    assert shown(outcome) == "made out to ?"


def test_without_a_certificate_there_is_no_name() -> None:
    assert skipped(judge(with_tls(healthy(), verified=False, chain=(), error="x")))
    assert "could be reached" in skipped(judge(unspoken(healthy())))
