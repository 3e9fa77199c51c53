"""The numbers of the sign-in service, and the ids its support asks for."""

import json

import pytest

from diag.explanation import explain
from diag.explanation.sign_in import ids, numbers, tail

TRACE, CORRELATION = "7e0359ea-80f1-50c0-afc9-24aa20952800", "decdf39e-b1b8-591d-a708-7ccfb0712f9b"
MESSAGE = (
    "AADSTS65001: The user or administrator has not consented to use the application.\r\n"
    f"Trace ID: {TRACE}\r\nCorrelation ID: {CORRELATION}\r\nTimestamp: 2026-11-23 10:00:01Z"
)
BODY = {"error": "invalid_grant", "error_description": MESSAGE, "error_codes": [65001], "correlation_id": CORRELATION}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("AADSTS50173: The provided grant has expired", (50173,)),
        ("aadsts50173", (50173,)),
        ("AADSTS 50173", (50173,)),
        ("AADSTS70002: Error validating credentials. AADSTS50126: Invalid username", (70002, 50126)),
        ('"error_codes":[50076, 53003]', (50076, 53003)),
        ("'error_codes': [50076]", (50076,)),
        ('\\"error_codes\\":[50076]', (50076,)),
        ("Sign-in error code: 53003", (53003,)),
        ("Code d\u2019erreur de connexion\u00a0: 50053", (50053,)),
        ("Code d'erreur\n50053", (50053,)),
        ("ResultType: 50126", (50126,)),
        ("https://login.microsoftonline.com/error?code=50173", (50173,)),
        ("AADSTS50173 and AADSTS50173", (50173,)),
        ("AADSTS123: too short", ()),
        ("AADSTS123456789: too long", ()),
        ("page 50173", ()),
    ],
)
def test_numbers_are_found_however_they_are_written(text: str, found: tuple[int, ...]) -> None:
    assert numbers(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Sign-in error code: 53003",
        "Sign-in error code\n53003",
        "Sign-in error code\n\n53003\nFailure reason\nAccess has been blocked",
        "Code d\u2019erreur de connexion\u00a0: 53003",
        "Code d\u2019erreur de connexion\n53003",
        "Error code: 53003",
        "ResultType: 53003",
    ],
)
def test_a_page_of_the_sign_in_log_is_read(text: str) -> None:
    assert [one.cause.id for one in explain(text).causes] == ["conditional_access_blocked"]


@pytest.mark.parametrize(
    "text",
    [
        MESSAGE,
        json.dumps(BODY),
        json.dumps(BODY, indent=2),
        json.dumps(json.dumps(BODY)),
        str(BODY),
        f"2026-11-23 10:00:01 ERROR token request failed: {json.dumps(BODY)}",
        f"curl: {{\n{json.dumps(BODY, indent=4)}\n}}",
    ],
)
def test_an_error_body_is_one_finding_with_its_ids(text: str) -> None:
    (finding,) = explain(text).findings
    assert [number.number for number in finding.numbers] == [65001]
    assert [one.cause.id for one in finding.causes] == ["consent_missing"]
    assert {one.value for one in finding.ids} == {TRACE, CORRELATION, "2026-11-23 10:00:01Z"}


def test_a_redirect_to_the_application_is_read_with_its_ids() -> None:
    address = (
        "http://localhost:8400/?error=access_denied&error_description=AADSTS65004%3a+User+declined+to+consent+to+"
        f"access+the+app.%0d%0aTrace+ID%3a+{TRACE}%0d%0aCorrelation+ID%3a+{CORRELATION}&state=12345#"
    )
    (finding,) = explain(address).findings
    assert [number.number for number in finding.numbers] == [65004]
    assert {TRACE, CORRELATION} <= {one.value for one in finding.ids}


def test_the_policy_that_blocks_is_told() -> None:
    claims = json.dumps({"access_token": {"capolids": {"essential": True, "values": [CORRELATION]}}})
    (finding,) = explain(json.dumps({"error_description": "AADSTS53003: Blocked.", "claims": claims})).findings
    assert ("Policy ID", CORRELATION) in {(str(one.label), one.value) for one in finding.ids}


def test_each_id_is_told_once() -> None:
    labels = [str(one.label) for one in ids(f"{MESSAGE}\n{MESSAGE}")]
    assert len(labels) == len(set(labels)) == 3


def test_an_unknown_number_is_told_raw_and_blames_nobody() -> None:
    explanation = explain(f"AADSTS999999: The moon is in the wrong phase. Trace ID: {TRACE}")
    (finding,) = explanation.findings
    assert [(number.number, number.entry) for number in finding.numbers] == [(999999, None)]
    assert explanation.causes == ()
    assert [one.value for one in finding.ids] == [TRACE]


def test_beside_a_number_that_is_known_an_unknown_one_is_not_lost() -> None:
    (finding,) = explain("AADSTS50173: Expired. AADSTS999999: The moon is in the wrong phase.").findings
    assert [number.number for number in finding.numbers] == [50173, 999999]


@pytest.mark.parametrize(("number", "cause"), [("50173", "refresh_token_revoked"), ("AADSTS65001", "consent_missing")])
def test_a_number_alone_is_enough(number: str, cause: str) -> None:
    assert [one.cause.id for one in explain(f" {number}\n").causes] == [cause]


@pytest.mark.parametrize("text", ["99999", "4711", "123456", "500000 pages"])
def test_a_number_that_nobody_knows_and_nobody_calls_an_error_says_nothing(text: str) -> None:
    assert explain(text).findings == ()


def test_the_more_particular_of_two_numbers_decides() -> None:
    text = "AADSTS70002: Error validating credentials. AADSTS70000: The provided access grant is invalid or malformed."
    assert explain(text).causes[0].cause.id == "refresh_token_dead"


def test_the_end_of_a_reply_is_told_apart_from_other_brackets() -> None:
    end = "AM0PR02CA0134.eurprd02.prod.outlook.com 2026-11-23T04:27:23.358Z 08DE2C20D8DDB635"
    assert tail(f"535 5.7.3 Authentication unsuccessful [{end}]") == end
    assert tail(f"535 5.7.3 Authentication unsuccessful\n   [{end.replace(' ', chr(10) + '   ')}]") == end
    assert tail("550 5.7.606 Access denied, banned sending IP [192.0.2.7]") is None
