import pytest

from checks.token_issued import judge
from diag.evidence import Auth, BrowserShowed, CodeExpired, Declined, Granted, Page, Reason, Silence
from diag.outcome import Certainty
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import NOBODY, healthy, refusal, with_sign_in, without_token


def test_the_wait_for_the_person_is_shown() -> None:
    outcome = judge(healthy())
    assert passed(outcome) == set()
    assert shown(outcome) == "yes, after 15 s (polls: 3)"


def test_a_token_that_needed_no_waiting_is_just_issued() -> None:
    assert shown(judge(with_sign_in(healthy(), acquisition=Granted(auth=Auth.APP)))) == "yes"


def test_a_token_that_was_given_is_said_to_be_given() -> None:
    outcome = judge(with_sign_in(healthy(), acquisition=Granted(auth=Auth.TOKEN, given=True)))
    assert passed(outcome) == set()
    assert shown(outcome) == "none was asked for: a token was given"


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((65001,), {"consent_missing": PROVEN}),
        ((50126,), {"wrong_password": PROVEN}),
        ((50034,), {"account_not_found": PROVEN}),
        ((65001, 50126), {"consent_missing": PROVEN, "wrong_password": PROVEN}),
        ((999999,), {"sign_in_refused_unknown": POSSIBLE}),
        ((999999, 65001), {"consent_missing": PROVEN}),
    ],
)
def test_a_refusal_is_read_from_its_numbers(codes: tuple[int, ...], expected: dict[str, Certainty]) -> None:
    assert suspects(judge(without_token(healthy(), refusal(*codes)))) == expected


def test_a_policy_that_blocks_a_device_code_most_likely_blocks_that_flow() -> None:
    outcome = judge(without_token(healthy(), refusal(53003, policies=("11111111-aaaa",))))
    assert suspects(outcome) == {"device_code_blocked": LIKELY, "conditional_access_blocked": POSSIBLE}
    assert "(policy 11111111-aaaa)" in because(outcome)


def test_a_policy_that_blocks_an_application_is_a_policy() -> None:
    outcome = judge(with_sign_in(without_token(healthy(), refusal(53003)), auth=Auth.APP))
    assert suspects(outcome) == {"conditional_access_blocked": PROVEN}


def test_a_number_nobody_knows_comes_with_the_page_that_explains_it() -> None:
    outcome = judge(without_token(healthy(), refusal(999999)))
    assert "https://login.microsoftonline.com/error?code=999999" in because(outcome)


@pytest.mark.parametrize(
    ("error", "status", "expected"),
    [
        ("temporarily_unavailable", 400, {"temporary_sign_in_error": LIKELY}),
        ("", 503, {"temporary_sign_in_error": LIKELY}),
        ("invalid_client", 401, {"client_secret_wrong": LIKELY}),
        ("invalid_scope", 400, {"scope_invalid": LIKELY}),
        ("unauthorized_client", 400, {"app_not_found": LIKELY}),
        ("consent_required", 400, {"consent_missing": LIKELY}),
        ("something_else", 400, {"sign_in_refused_unknown": POSSIBLE}),
        ("", None, {"sign_in_refused_unknown": POSSIBLE}),
    ],
)
def test_a_service_without_numbers_is_read_by_its_error(
    error: str, status: int | None, expected: dict[str, Certainty]
) -> None:
    refused = refusal(error=error, http_status=status)
    assert suspects(judge(without_token(healthy(), refused))) == expected


def test_a_refusal_without_any_words_shows_its_status() -> None:
    assert shown(judge(without_token(healthy(), refusal(error="", http_status=500)))) == "refused: HTTP 500"


def test_a_code_that_ran_out_says_how_long_it_lived() -> None:
    outcome = judge(without_token(healthy(), CodeExpired(polls=180, lifetime_s=900, browser=None)))
    assert suspects(outcome) == {"device_code_expired": PROVEN}
    assert "900 s" in because(outcome)
    assert "180 times" in because(outcome)
    assert "browser" not in because(outcome)


@pytest.mark.parametrize(
    ("showed", "expected"),
    [
        (BrowserShowed(page=Page.SECOND_PROOF), "mfa_required"),
        (BrowserShowed(page=Page.NEEDS_APPROVAL), "admin_consent_required"),
        (BrowserShowed(page=Page.BLOCKED), "device_code_blocked"),
        (BrowserShowed(page=Page.OTHER, words="Error Code: aadsts50126: wrong"), "wrong_password"),
    ],
)
def test_what_the_browser_showed_names_a_likely_cause(showed: BrowserShowed, expected: str) -> None:
    outcome = judge(without_token(healthy(), CodeExpired(polls=1, lifetime_s=900, browser=showed)))
    assert suspects(outcome)[expected] is LIKELY
    assert "device_code_expired" in suspects(outcome)


@pytest.mark.parametrize(
    "showed",
    [
        BrowserShowed(page=Page.WRONG_CODE),
        BrowserShowed(page=Page.NOT_OPENED),
        BrowserShowed(page=Page.OTHER, words="You can't get there from here"),
        BrowserShowed(page=Page.OTHER, words="AADSTS999999"),
    ],
)
def test_what_names_no_cause_leaves_the_expiry(showed: BrowserShowed) -> None:
    outcome = judge(without_token(healthy(), CodeExpired(polls=1, lifetime_s=900, browser=showed)))
    assert set(suspects(outcome)) == {"device_code_expired"}


def test_a_declined_sign_in_is_said_to_be_declined() -> None:
    outcome = judge(without_token(healthy(), Declined(polls=2)))
    assert suspects(outcome) == {"device_code_declined": PROVEN}
    assert shown(outcome) == "declined"


def test_a_service_that_falls_silent_is_named() -> None:
    silence = Silence(who="login.microsoftonline.com", reason=Reason.TIMEOUT)
    outcome = judge(without_token(healthy(), silence))
    assert suspects(outcome) == {"sign_in_unreachable": PROVEN}
    assert "login.microsoftonline.com" in because(outcome)


def test_a_token_nobody_asked_for_is_not_judged() -> None:
    assert skipped(judge(without_token(healthy(), NOBODY))) == "nobody asked"
