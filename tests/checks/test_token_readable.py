from checks.token_readable import judge
from diag.evidence import Opaque, Unreadable
from diag.sentence import say
from tests.checks.outcomes import PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import NOBODY, healthy, with_token


def test_the_token_of_a_person_and_of_an_application_are_told_apart() -> None:
    assert passed(judge(healthy())) == set()
    assert shown(judge(healthy())) == "2143 characters, the token of a person"
    assert shown(judge(with_token(healthy(), app_only=True))) == "2143 characters, the token of an application"


def test_an_opaque_token_is_in_order() -> None:
    assert shown(judge(with_token(healthy(), Opaque(length=1200)))).startswith("1200 characters, opaque")


def test_half_a_token_is_proven_to_be_damaged() -> None:
    outcome = judge(with_token(healthy(), Unreadable(length=1024, problem=say("2 parts in place of 3"))))
    assert suspects(outcome) == {"token_unreadable": PROVEN}
    assert "2 parts in place of 3, 1024 characters" in because(outcome)


def test_a_token_there_is_not_cannot_be_damaged() -> None:
    assert skipped(judge(with_token(healthy(), NOBODY))) == "nobody asked"
