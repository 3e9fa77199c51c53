"""One line: what was put before it, who says it, with which code."""

import pytest

from diag.explanation.lines import read_line

REPLY = "535 5.7.3 Authentication unsuccessful"


@pytest.mark.parametrize(
    "before",
    [
        "",
        "S: ",
        "< ",
        "<<< ",
        "SERVER -> CLIENT: ",
        "SMTP< ",
        "> S: ",
        "2026-11-23 10:00:01 S: ",
        "2026-11-23T10:00:01.123Z DEBUG S: ",
        "[2026-11-23 10:00:01] DEBUG [lHr1v5x3A] S: ",
        "11/23/2026 10:00:01 AM - [ERROR] ",
        "Nov 23 10:00:01 mail postfix/smtp[1234]: < smtp.office365.com[192.0.2.1]:587: ",
        "Net::SMTP=GLOB(0x5db4351225f8)<<< ",
        "reply: b'",
        "# ",
        "\u00a0\u00a0",
        "<pre>",
        "&lt;- ",
        "\x1b[31m",
    ],
)
def test_what_stands_before_a_reply_is_taken_off(before: str) -> None:
    line = read_line(7, f"{before}{REPLY}")
    assert (line.number, line.code, line.more) == (7, "535", False)
    assert line.side != "client"
    assert line.refuses
    assert not line.healthy
    assert line.body.lstrip("b' \u00a0").startswith(REPLY)


@pytest.mark.parametrize(
    "raw",
    [
        "C: AUTH XOAUTH2 [hidden]",
        "2026-11-23 10:00:01 C: QUIT",
        "CLIENT -> SERVER: EHLO scanner",
        "send: 'MAIL FROM:<scanner@contoso.com>\\r\\n'",
        "Nov 23 10:00:01 mail postfix/smtp[1]: > smtp.office365.com[192.0.2.1]:587: DATA",
        ">>> STARTTLS",
        "EHLO scanner.contoso.com",
        "RCPT TO:<office@contoso.com>",
        "AUTH LOGIN",
    ],
)
def test_what_a_client_says_is_known_as_such(raw: str) -> None:
    line = read_line(1, raw)
    assert (line.side, line.code) == ("client", None)
    assert not line.refuses
    assert not line.healthy


@pytest.mark.parametrize(
    "raw",
    [
        "C: 535 5.7.3 Authentication unsuccessful",
        "> 550 5.7.60 SMTP; Client does not have permissions to send as this sender",
    ],
)
def test_a_refusal_behind_an_arrow_of_the_client_is_still_a_refusal(raw: str) -> None:
    assert read_line(1, raw).refuses


@pytest.mark.parametrize(
    "raw", ["220 2.0.0 SMTP server ready", "S: 250-SIZE 157286400", "334 ", "(235, b'2.7.0 Authentication successful')"]
)
def test_a_healthy_reply_is_healthy(raw: str) -> None:
    assert read_line(1, raw).healthy


def test_a_healthy_code_in_front_excuses_no_refusal_behind_it() -> None:
    assert not read_line(1, f"250 2.1.5 OK {REPLY}").healthy


def test_a_reply_that_goes_on_says_so() -> None:
    line = read_line(1, "S: 550-5.7.30 Basic authentication is not")
    assert (line.code, line.more, line.without_code) == ("550", True, "Basic authentication is not")


def test_a_line_without_end_is_read_as_far_as_a_line_may_go() -> None:
    line = read_line(1, REPLY + "a" * 1_000_000)
    assert line.code == "535"
    assert len(line.body) < 10_000
