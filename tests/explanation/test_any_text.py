"""Any text at all comes to an end, names causes of the catalogue alone, and tells where it found them."""

from itertools import cycle, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.catalogue import load
from diag.explanation import Explanation, explain
from tests.explanation.examination import questions

many = settings(deadline=None, database=None, derandomize=True, max_examples=300)
# What texts about mail are made of, and what the reader looks for; put together at random it means nothing.
PIECES = (
    *("\n", "\r\n", " ", "\t", ": ", "'", '"', "\\", "\\n", "%20", "&amp;", "<br>", "{", "[", "(", ")", "\ufeff", "\0"),
    *(
        "535",
        "530 ",
        "5.7.57",
        "5.7.139 ",
        "250-",
        "220 ***",
        "334 ",
        "AADSTS50173",
        "AADSTS1",
        "error code",
        "0x54",
        "#839",
    ),
    *(
        "S: ",
        "C: ",
        "> ",
        "< ",
        "2026-11-23 10:00:01 ",
        "Nov 23 10:00:01 ",
        "ERROR ",
        "AUTH XOAUTH2 ",
        "MAIL FROM:<",
        "QUIT",
    ),
    *(
        "Authentication unsuccessful",
        "is not disabled for the Mailbox",
        "Trace ID: ",
        "Kyocera ",
        "scanner@outlook.com",
    ),
)
LONG = 400_000  # what grows with the square of the length would take minutes, and meet the time-out of every test
HOSTILE = {
    "blanks": " ",
    "line ends": "\n",
    "carriage returns": "\r",
    "masked and blanks": "220 ***" + " " * 8_000 + "x\n",
    "masked and tabs": "250 XXXX" + "\t" * 8_000 + "x\n",
    "brackets": "[",
    "open braces": "{",
    "quotation marks": "'\"(",
    "commas": ",",
    "escapes": "\\r",
    "percent signs": "%41",
    "tags": "<br",
    "entities": "&amp;",
    "one word": "a",
    "digits": "5",
    "continuation lines": "550-5.7.1 a\n",
    "refusals": "535 5.7.3 Authentication unsuccessful\n",
    "refusals on one line": "535 5.7.3 Authentication unsuccessful ",
    "anonymous refusals": "530 5.7.57 Client not authenticated to send mail.\n",
    "time stamps": "2026-11-23 10:00:01 ",
    "levels": "ERROR ",
    "markers": "S: ",
    "arrows": "<<<",
    "dates without an end": "2026-11-23 1",
    "numbers of the sign-in service": "AADSTS50173: ",
    "labels of numbers": "error code: ",
    "rows of numbers": 'error_codes":[50173,',
    "addresses": "a@outlook.com",
    "domains without an end": "@outlook.com.",
    "mechanisms": "AUTH LOGIN PLAIN ",
    "secrets": "password=",
    "policies": "capolids",
    "time and no id": "[a 2026-11-23T10:00:01Z ",
    "words of a rule": "SmtpClientAuthentication disabled for the ",
    "denied words of a rule": "not disabled for the Mailbox ",
    "accents": "\u0316\u0301",
    "ligatures": "\ufdfa",
}


def is_sound(explanation: Explanation) -> bool:
    causes = [suspected.cause.id for suspected in explanation.causes]
    lines = [line for finding in explanation.findings for line in finding.lines]
    return (
        set(causes) <= set(load().causes)
        and len(set(causes)) == len(causes)
        and all(1 <= line <= explanation.lines for line in lines)
        and len(set(lines)) == len(lines)
        and all(list(finding.lines) == sorted(finding.lines) for finding in explanation.findings)
    )


@many
@given(st.text(max_size=400))
def test_any_text_is_explained(text: str) -> None:
    assert is_sound(explain(text))


@many
@given(st.binary(max_size=400))
def test_any_bytes_are_explained(raw: bytes) -> None:
    assert is_sound(explain(raw.decode("latin-1")))


@many
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_heap_of_words_is_explained(text: str) -> None:
    assert is_sound(explain(text))
    assert is_sound(explain(text, vendor="Brother", mechanism="xoauth2", account="personal"))


@many
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_the_same_text_is_always_explained_the_same(text: str) -> None:
    assert explain(text) == explain(text)


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_a_long_hostile_text_is_explained(piece: str) -> None:
    many_times = piece * (LONG // len(piece) + 1)
    assert is_sound(explain(many_times[:LONG]))
    assert is_sound(explain(f"535 5.7.3 Authentication unsuccessful {many_times[:LONG]}", mechanism="xoauth2"))


def test_in_a_long_log_every_refusal_is_found_on_its_line() -> None:
    replies = [
        asked
        for asked in questions()
        if asked.paper == "known.toml, bare"
        and asked.kind == "sure"
        and asked.text[:3].isdigit()
        and "\n" not in asked.text
    ]
    assert len(replies) >= 20
    lines: list[str] = []
    begins: dict[int, str] = {}
    for at, asked in enumerate(islice(cycle(replies), 250)):
        now = f"2026-11-23 10:{at // 60:02}:{at % 60:02}"
        lines += [f"{now} INFO scan-service: job {at * 100 + job} queued, {job} pages" for job in range(34)]
        lines += [f"{now} S: 220 contoso.outlook.office365.com Microsoft ESMTP MAIL Service ready"]
        lines += [f"{now} C: EHLO scanner", f"{now} S: 250 SMTPUTF8", f"{now} C: NOOP"]
        lines += [f"{now} S: {asked.text}"]
        begins[len(lines)] = asked.causes[0]
        lines += [f"{now} C: QUIT"]
    assert len(lines) == 10_000
    findings = explain("\n".join(lines)).findings
    assert [finding.lines for finding in findings] == [(line,) for line in begins]
    assert [
        (finding.line, begins[finding.line])
        for finding in findings
        if begins[finding.line] not in {suspected.cause.id for suspected in finding.causes}
    ] == []
