from checks.token_user import judge
from diag.evidence import Unreadable
from diag.sentence import say
from tests.checks.outcomes import LIKELY, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import MAILBOX, healthy, with_token


def test_the_mailbox_itself_signed_in() -> None:
    outcome = judge(healthy())
    assert passed(outcome) == {"token_user_mismatch", "upn_differs_from_email"}
    assert shown(outcome) == f"signed in as {MAILBOX}"


def test_case_does_not_make_another_account() -> None:
    assert passed(judge(with_token(healthy(), users=(("upn", MAILBOX.upper()),))))


def test_somebody_else_is_proven_with_both_names() -> None:
    outcome = judge(with_token(healthy(), users=(("upn", "admin@contoso.com"),)))
    assert suspects(outcome) == {"token_user_mismatch": PROVEN}
    assert f"admin@contoso.com signed in, not {MAILBOX}" in because(outcome)


def test_an_account_that_has_the_mailbox_as_another_address_is_likely_the_same_person() -> None:
    users = (("upn", "mfp01@contoso.onmicrosoft.com"), ("email", MAILBOX))
    assert suspects(judge(with_token(healthy(), users=users))) == {"upn_differs_from_email": LIKELY}


def test_an_application_has_no_user() -> None:
    assert "application" in skipped(judge(with_token(healthy(), app_only=True, users=())))


def test_a_token_that_names_nobody_is_not_judged() -> None:
    assert skipped(judge(with_token(healthy(), users=()))) == "the token does not say who signed in"
    assert skipped(judge(with_token(healthy(), Unreadable(length=1, problem=say("x"))))) == "the token is damaged"
