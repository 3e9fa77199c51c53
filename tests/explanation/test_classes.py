"""What a code tells where nobody knows its words."""

import pytest

from diag.explanation.classes import Codes, codes, told_by


@pytest.mark.parametrize(
    ("text", "code", "enhanced"),
    [
        ("535 5.7.3 Authentication unsuccessful", "535", "5.7.3"),
        ("535-5.7.3 Authentication unsuccessful", "535", "5.7.3"),
        ("(535, b'5.7.3 Authentication unsuccessful')", "535", "5.7.3"),
        ("500 #5.5.1 command not recognized", "500", "5.5.1"),
        ("421 kettle", "421", None),
        ("5.7.57 Client not authenticated", None, "5.7.57"),
        (
            "530 5.7.57 Client not authenticated to send mail. Error: 535 5.7.3 Authentication unsuccessful",
            "535",
            "5.7.3",
        ),
        ("421-4.4.2 Connection dropped", "421", "4.4.2"),
        ("smtp;550 5.1.10 Recipient not found", "550", "5.1.10"),
        ("no code here, 192.0.2.50 and 1.5.7.3 neither", None, None),
        ("", None, None),
    ],
)
def test_the_codes_of_a_refusal_are_found(text: str, code: str | None, enhanced: str | None) -> None:
    assert codes(text) == Codes(code, enhanced)


@pytest.mark.parametrize(
    "text",
    [
        "Unable to connect to smtp.office365.com:587 (Connection timed out)",
        "connect to smtp.office365.com port 587: Connection refused",
        "connect to 192.0.2.18 port 465 failed",
    ],
)
def test_a_port_is_no_code(text: str) -> None:
    assert codes(text) == Codes(None, None)


def test_a_refusal_for_now_and_one_for_good_are_told_apart() -> None:
    for_now, for_good = told_by(Codes("421", None)), told_by(Codes("550", None))
    assert "accepted later" in str(for_now[0])
    assert "will not help" in str(for_good[0])


@pytest.mark.parametrize(
    ("found", "about"),
    [
        (Codes("550", "5.1.99"), "address"),
        (Codes("550", "5.2.99"), "mailbox"),
        (Codes("452", "4.3.99"), "mail system"),
        (Codes("451", "4.4.99"), "network"),
        (Codes("503", "5.5.99"), "commands"),
        (Codes("550", "5.6.99"), "content"),
        (Codes(None, "5.7.999"), "security"),
        (Codes("500", None), "command"),
        (Codes("421", None), "connection"),
        (Codes("534", None), "signing in"),
    ],
)
def test_a_code_tells_what_it_is_about(found: Codes, about: str) -> None:
    assert about in str(told_by(found)[-1])


def test_no_code_tells_nothing() -> None:
    assert told_by(Codes(None, None)) == ()
    assert not Codes(None, None).known
