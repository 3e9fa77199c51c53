"""Whole texts: which findings there are, on which lines, and what they say."""

import pytest

import diag
from diag.catalogue import load
from diag.explanation import Explanation, Finding, explain
from diag.outcome import Certainty

END = "[AM0PR02CA0134.eurprd02.prod.outlook.com 2026-11-23T04:27:23.358Z 08DE2C20D8DDB635]"
TENANT = f"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. {END}"
ANONYMOUS = "530 5.7.57 Client not authenticated to send mail."
SESSION = (
    "S: 220 AM0PR02CA0134.outlook.office365.com Microsoft ESMTP MAIL Service ready\nC: EHLO scanner\nS: 250 SMTPUTF8\n"
    f"C: AUTH LOGIN\nS: {TENANT}\nC: QUIT\nS: 221 2.0.0 Service closing transmission channel\n"
)


def causes(of: Explanation | Finding) -> list[str]:
    return [suspected.cause.id for suspected in of.causes]


def lines(explanation: Explanation) -> list[tuple[int, ...]]:
    return [finding.lines for finding in explanation.findings]


@pytest.mark.parametrize(
    "text",
    [
        f"{ANONYMOUS} Error: {TENANT}",
        f"{ANONYMOUS}\nError: {TENANT}",
        f"{ANONYMOUS}\n{TENANT}",
        f"{ANONYMOUS}\r\n  Error: {TENANT}\r\n",
        f"2026-11-23 10:00:01 {ANONYMOUS}\n2026-11-23 10:00:01 Error: {TENANT}",
        f"10:00:01 S: {ANONYMOUS}\n10:00:01 S: Error: {TENANT}",
        f"(530, b'5.7.57 Client not authenticated to send mail. Error: {TENANT}')",
        f"The SMTP server requires a secure connection. The server response was: {ANONYMOUS[4:]} Error: {TENANT}",
    ],
)
def test_the_refusal_inside_an_anonymous_refusal_is_the_one_that_counts(text: str) -> None:
    explanation = explain(text)
    assert lines(explanation) == [(1,)]
    (finding,) = explanation.findings
    assert causes(finding) == ["smtp_auth_disabled_tenant"]
    assert (finding.code, finding.enhanced) == ("535", "5.7.139")


def test_an_anonymous_refusal_behind_the_refused_sign_in_only_repeats_it() -> None:
    explanation = explain(f"C: AUTH LOGIN\nS: {TENANT}\nC: MAIL FROM:<a@contoso.com>\nS: {ANONYMOUS}")
    refused, repeated = explanation.findings
    assert (refused.line, repeated.line) == (2, 4)
    assert causes(refused) == causes(repeated) == ["smtp_auth_disabled_tenant"]
    assert "line 2" in str(repeated.told[0])


def test_the_next_session_owes_nothing_to_the_one_before() -> None:
    explanation = explain(f"{SESSION}S: 220 x\nC: EHLO me\nS: 250 x\nC: MAIL FROM:<a@contoso.com>\nS: {ANONYMOUS}")
    assert causes(explanation.findings[-1]) == ["no_auth_sent"]
    assert explanation.findings[-1].told == ()


@pytest.mark.parametrize(
    "prints",
    [
        (TENANT, TENANT, TENANT),
        (f"10:00:01 DEBUG S: {TENANT}", f"10:00:01 ERROR Invalid login: {TENANT}", f"10:00:02 ERROR job 7: {TENANT}"),
        (
            f"reply: b'{TENANT}'",
            f"reply: retcode (535); Msg: b'{TENANT[4:]}'",
            f"smtplib.SMTPAuthenticationError: (535, b'{TENANT[4:]}')",
        ),
        (f"SERVER -> CLIENT: {TENANT}", f"SMTP ERROR: Password command failed: {TENANT}", f"Mailer Error: {TENANT}"),
        (f"Error: Invalid login: {TENANT}", f"  response: '{TENANT}',", f"error {TENANT}"),
    ],
    ids=["bare", "a logger", "smtplib", "PHPMailer", "Nodemailer"],
)
def test_the_same_refusal_printed_three_times_by_one_program_is_one_finding(prints: tuple[str, ...]) -> None:
    explanation = explain("\n".join(prints))
    assert lines(explanation) == [(1, 2, 3)]
    assert causes(explanation) == ["smtp_auth_disabled_tenant"]


def test_two_sessions_give_two_findings() -> None:
    explanation = explain(SESSION + SESSION)
    assert lines(explanation) == [(5,), (12,)]
    assert causes(explanation) == ["smtp_auth_disabled_tenant"]


def test_two_different_refusals_are_two_findings_in_the_order_of_the_text() -> None:
    denied = "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
    explanation = explain(f"job 1: {denied}\n{TENANT}")
    assert [(finding.line, causes(finding)) for finding in explanation.findings] == [
        (1, ["send_as_denied"]),
        (2, ["smtp_auth_disabled_tenant"]),
    ]


def test_the_surest_cause_of_all_findings_comes_first() -> None:
    explanation = explain(f"10:00:01 535 5.7.3 Authentication unsuccessful\n10:00:02 {TENANT}")
    assert len(explanation.findings) == 2
    assert explanation.causes[0].cause.id == "smtp_auth_disabled_tenant"
    assert explanation.causes[0].certainty is Certainty.PROVEN
    assert len(causes(explanation)) == len(set(causes(explanation)))


@pytest.mark.parametrize(
    ("text", "code", "enhanced"),
    [
        ("550 5.9.99 The moon is in the wrong phase", "550", "5.9.99"),
        ("S: 450 4.9.99 The moon is in the wrong phase", "450", "4.9.99"),
        ("S: 421 Kettle boiling", "421", None),
        ("2026-11-23 10:00:01 ERROR mailer: 550 5.9.99 The moon is in the wrong phase", "550", "5.9.99"),
    ],
)
def test_of_an_unknown_refusal_its_code_is_told_and_nobody_blamed(text: str, code: str, enhanced: str | None) -> None:
    explanation = explain(text)
    (finding,) = explanation.findings
    assert explanation.unknown == (finding,)
    assert explanation.causes == ()
    assert (finding.code, finding.enhanced) == (code, enhanced)
    assert finding.told != ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\n",
        "\ufeff",
        "Good morning",
        "550 pages scanned\n421 copies",
        "12:00:01 INFO 550 messages sent in 535 ms\n12:00:02 INFO port 587, 421 pages",
        '  File "mailer.py", line 535, in send',
        SESSION.replace(TENANT, "235 2.7.0 Authentication successful"),
        "status=sent (250 2.6.0 <x@contoso.com> [InternalId=535] Queued mail for delivery)",
    ],
)
def test_where_nothing_is_wrong_there_is_no_finding(text: str) -> None:
    explanation = explain(text)
    assert explanation.findings == ()
    assert explanation.lines == len(text.splitlines())


@pytest.mark.parametrize("cause", ["smtp_auth_disabled_mailbox", " token_expired\n"])
def test_the_id_of_a_cause_is_explained_as_that_cause(cause: str) -> None:
    assert causes(explain(cause)) == [cause.strip()]


def test_every_cause_can_be_asked_for_by_its_id() -> None:
    assert [cause for cause in load().causes if causes(explain(cause)) != [cause]] == []


def test_lines_end_as_they_do_on_windows() -> None:
    text = SESSION.replace("\n", "\r\n")
    assert lines(explain(text)) == [(5,)]
    assert "\r" not in explain(text).findings[0].text


@pytest.mark.parametrize(
    "text",
    [TENANT, f"S: {TENANT}", "550 5.9.99 moon", "550 moon", "#839", "220 ***************", "50173", "token_expired"],
)
def test_a_byte_order_mark_changes_nothing(text: str) -> None:
    marked, plain = explain(f"\ufeff{text}"), explain(text)
    assert lines(marked) == lines(plain) == [(1,)]
    assert causes(marked) == causes(plain)


def test_the_end_of_a_reply_is_told_as_what_support_asks_for() -> None:
    (finding,) = explain(TENANT).findings
    assert [(str(one.label), one.value) for one in finding.ids] == [
        ("Server, time and id of the reply", END.strip("[]"))
    ]


def test_the_reason_quotes_the_catalogue_and_never_the_text() -> None:
    evil = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication {evil}\x1b[2J is disabled for the Tenant."
    assert "evil" not in str(explain(evil).causes[0].because)


def test_a_long_finding_is_cut() -> None:
    (finding,) = explain(f"{TENANT} {'a ' * 50_000}").findings
    assert finding.text.startswith(TENANT)
    assert len(finding.text) < 10_000


def test_python_programs_have_it_as_diag_explain() -> None:
    assert diag.explain(TENANT) == explain(TENANT)


@pytest.mark.parametrize(
    "text",
    [
        "535",
        "E535",
        "SMTP error 535",
        "error 535",
        "Scan to email error 535",
        "erreur 535",
        "Fehler 535",
        "response code 535",
        "responseCode: 535",
        "2026-11-23 10:00:01 ERROR SMTP error 535",
    ],
)
def test_a_code_that_somebody_names_in_a_few_words_is_read_as_that_code(text: str) -> None:
    (finding,) = explain(text).findings
    assert finding.code == "535"
    assert {"wrong_password", "token_user_mismatch", "smtp_auth_disabled_mailbox"} <= {
        one.cause.id for one in finding.causes
    }


@pytest.mark.parametrize(
    "text", ["user logged in after 535 attempts", "12:00:01 INFO 535 files copied", "port 535 open"]
)
def test_a_number_in_other_words_is_no_code(text: str) -> None:
    assert explain(text).findings == ()
