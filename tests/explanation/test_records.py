"""What belongs together, and what does not."""

import pytest

from diag.explanation.lines import Line
from diag.explanation.records import Record, records

TENANT = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
ANONYMOUS = "530 5.7.57 Client not authenticated to send mail."


def cut(*lines: str) -> list[list[int]]:
    """The lines of each record; talk between them is left out."""
    return [[line.number for line in one.lines] for one in records("\n".join(lines)) if isinstance(one, Record)]


def test_an_empty_text_holds_nothing() -> None:
    assert list(records("")) == []
    assert list(records("\n \n\t\n")) == []


def test_a_sentence_folded_over_lines_is_one_record() -> None:
    folded = (
        "(535, b'5.7.139 Authentication unsuccessful, SmtpClientAuthentication is",
        "  disabled for the",
        "Tenant.')",
    )
    assert cut(*folded) == [[1, 2, 3]]
    (record,) = records("\n".join(folded))
    assert isinstance(record, Record)
    assert " smtpclientauthentication is disabled for the tenant " in record.words


@pytest.mark.parametrize("mark", ["", "S: ", "> ", "2026-11-23 10:00:01 S: "])
def test_the_code_of_a_continuation_line_parts_no_sentence(mark: str) -> None:
    text = f"{mark}550-5.7.30 Basic authentication is not\n{mark}550 5.7.30 supported for Client Submission."
    (record,) = records(text)
    assert isinstance(record, Record)
    assert " is not supported for client submission " in record.words


def test_two_lines_of_a_log_are_two_records() -> None:
    assert cut(f"2026-11-23 10:00:01 {TENANT}", "2026-11-23 10:00:02 job 4711 failed") == [[1], [2]]


def test_two_refusals_one_below_the_other_are_two_records() -> None:
    assert cut(TENANT, TENANT) == [[1], [2]]


def test_a_refused_sign_in_behind_an_anonymous_refusal_belongs_to_it() -> None:
    assert cut(ANONYMOUS, f"Error: {TENANT}") == [[1, 2]]
    assert cut(ANONYMOUS, TENANT) == [[1, 2]]


def test_a_code_alone_on_its_line_waits_for_its_words() -> None:
    assert cut("said: 535", "5.7.3 Authentication unsuccessful") == [[1, 2]]


def test_a_blank_line_ends_a_record() -> None:
    assert cut(TENANT, "", "something else") == [[1], [3]]


def test_talk_ends_a_record_and_stands_alone() -> None:
    found = list(records(f"C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nS: {TENANT}\nC: QUIT"))
    assert [type(one) for one in found] == [Line, Line, Record, Line]


def test_a_json_body_over_several_lines_is_one_record_and_the_next_another() -> None:
    body = ("{", '  "error": "invalid_grant",', '  "error_codes": [', "    50173", "  ]", "}")
    assert cut(*body) == [[1, 2, 3, 4, 5, 6]]
    assert cut(*body, *body) == [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]]


def test_no_record_grows_without_end() -> None:
    assert max(len(lines) for lines in cut(TENANT, *(["and so on"] * 500))) <= 50


def test_a_word_is_found_on_its_line() -> None:
    (record,) = records("Server error\nInvalid Username/Password:\n  the authentication was unsuccessful")
    assert isinstance(record, Record)
    assert record.line_at(record.words.index(" server ")).number == 1
    assert record.line_at(record.words.index(" invalid ")).number == 2
    assert record.line_at(record.words.index(" authentication ")).number == 3


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_do_on_any_system(end: str) -> None:
    found = [one for one in records(end.join(["hello", "", TENANT, ""])) if isinstance(one, Record)]
    assert [[line.number for line in one.lines] for one in found] == [[1], [3]]
