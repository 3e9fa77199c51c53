"""What the words around a refusal tell: how somebody signed in, whose account it is, how far the dialogue was."""

import pytest

from diag.explanation import Explanation, Question, explain

BARE = "535 5.7.3 Authentication unsuccessful"
BASIC = "535 5.7.139 Authentication unsuccessful, basic authentication is disabled."
ANONYMOUS = "530 5.7.57 Client not authenticated to send mail."
TYPE = "504 5.7.4 Unrecognized authentication type"


def causes(explanation: Explanation) -> list[str]:
    return [suspected.cause.id for suspected in explanation.causes]


@pytest.mark.parametrize(
    "before",
    [
        "C: AUTH XOAUTH2 [hidden]\nS: ",
        "AUTH XOAUTH2\n334 \n[hidden]\n",
        "send: 'AUTH XOAUTH2 dXNlcj1z\\r\\n'\nreply: b'",
        "CLIENT -> SERVER: AUTH XOAUTH2 [credentials hidden]\nSERVER -> CLIENT: ",
        "2026-11-23 10:00:01 DEBUG [x] C: AUTH XOAUTH2 /* secret */\n2026-11-23 10:00:02 DEBUG [x] S: ",
        "> smtp.office365.com[192.0.2.1]:587: AUTH XOAUTH2 [hidden]\n< smtp.office365.com[192.0.2.1]:587: ",
        "C: AUTH XOAUTH2 [hidden]\n10:00:00 INFO waiting\nS: 334 \nC: [hidden]\nS: ",
        "DEBUG SMTP: AUTH XOAUTH2 command trace suppressed\nDEBUG SMTP: AUTH XOAUTH2 failed\n",
    ],
)
def test_a_token_that_was_sent_before_accuses_no_password(before: str) -> None:
    explanation = explain(before + BARE)
    assert "token_user_mismatch" in causes(explanation)
    assert "wrong_password" not in causes(explanation)
    assert explanation.findings[-1].asks == ()


@pytest.mark.parametrize(
    "before",
    [
        "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: [hidden]\nS: 334 UGFzc3dvcmQ6\nC: [hidden]\nS: ",
        "AUTH PLAIN [hidden]\n",
        "DEBUG SMTP: AUTH LOGIN command trace suppressed\nDEBUG SMTP: AUTH LOGIN failed\n",
        "SMTP ERROR: Password command failed: ",
        "Invalid Username/Password: ",
    ],
)
def test_a_password_that_was_sent_before_accuses_no_token(before: str) -> None:
    explanation = explain(before + BARE)
    assert "wrong_password" in causes(explanation)
    assert "token_user_mismatch" not in causes(explanation)
    assert explanation.findings[-1].asks == ()


@pytest.mark.parametrize(
    "offer",
    [
        "S: 250-AUTH LOGIN XOAUTH2",
        "250-AUTH XOAUTH2",
        "250 AUTH=LOGIN",
        "220 x\nEHLO me\n250-AUTH LOGIN XOAUTH2\n250 SMTPUTF8",
        "Host offered AUTH: LOGIN XOAUTH2",
        "Supported authentication mechanisms: LOGIN, XOAUTH2",
        "EHLO response: AUTH LOGIN XOAUTH2",
    ],
)
def test_what_the_server_offers_is_no_use_of_it(offer: str) -> None:
    explanation = explain(f"{offer}\n{BARE}")
    assert {"wrong_password", "token_user_mismatch"} <= set(causes(explanation))
    assert explanation.findings[-1].asks == (Question.MECHANISM,)


def test_the_last_way_to_sign_in_counts() -> None:
    login, token = explain(f"C: AUTH LOGIN\nS: {BARE}\nC: AUTH XOAUTH2 [hidden]\nS: {BARE}").findings
    assert "wrong_password" in {one.cause.id for one in login.causes}
    assert "wrong_password" not in {one.cause.id for one in token.causes}


def test_a_way_to_sign_in_is_forgotten_with_the_next_greeting() -> None:
    text = f"S: 220 a\nC: AUTH XOAUTH2 [hidden]\nS: 235 2.7.0 OK\nC: QUIT\nS: 221 bye\nS: 220 b\nS: {BARE}"
    assert explain(text).findings[-1].asks == (Question.MECHANISM,)


def test_what_the_caller_says_goes_before_what_the_text_shows() -> None:
    assert "wrong_password" in causes(explain(f"C: AUTH XOAUTH2 [hidden]\nS: {BARE}", mechanism="password"))
    assert "wrong_password" not in causes(explain(f"C: AUTH LOGIN\nS: {BARE}", mechanism="XOAUTH2"))
    assert causes(explain(f"scanner@hotmail.com: {BASIC}", account="organisation")) == ["basic_auth_disabled"]


@pytest.mark.parametrize(
    "where",
    [
        "scanner@outlook.com: ",
        "scanner@Hotmail.fr said ",
        "from <scanner@live.com> ",
        "scanner@msn.com ",
        "scanner@outlook.co.uk ",
        "C: MAIL FROM:<scanner@outlook.com>\nS: ",
        "smtp-mail.outlook.com said: ",
    ],
)
def test_a_personal_address_tells_whose_account_it_is(where: str) -> None:
    explanation = explain(where + BASIC)
    assert causes(explanation) == ["basic_auth_disabled_consumer"]
    assert explanation.findings[0].asks == ()


@pytest.mark.parametrize(
    "where",
    [
        "scanner@contoso.com: ",
        "",
        "smtp.office365.com said: ",
        "[PN0PR01CA0035.INDPRD01.PROD.OUTLOOK.COM] ",
        "scanner@outlook.com.contoso.com ",
        "scanner@notoutlook.com ",
    ],
)
def test_any_other_address_leaves_it_open(where: str) -> None:
    explanation = explain(where + BASIC)
    assert set(causes(explanation)) == {"basic_auth_disabled", "basic_auth_disabled_consumer"}
    assert explanation.findings[0].asks == (Question.ACCOUNT,)


def test_an_address_of_a_tenant_tells_too() -> None:
    assert causes(explain(f"scanner@contoso.onmicrosoft.com: {BASIC}")) == ["basic_auth_disabled"]


def test_a_sign_in_in_clear_is_blamed_on_the_missing_starttls() -> None:
    text = f"S: 220 a\nC: EHLO scanner\nS: 250-STARTTLS\nS: 250 SMTPUTF8\nC: AUTH LOGIN\nS: {TYPE}"
    assert causes(explain(text))[0] == "auth_before_starttls"


def test_a_sign_in_behind_starttls_is_not() -> None:
    text = (
        "S: 220 a\nC: EHLO scanner\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 2.0.0 SMTP server ready\nC: EHLO scanner\n"
        f"S: 250 AUTH LOGIN XOAUTH2\nC: AUTH PLAIN [hidden]\nS: {TYPE}"
    )
    assert causes(explain(text))[0] == "auth_mechanism_not_offered"


def test_mail_without_any_sign_in_is_told_from_a_sign_in_that_failed() -> None:
    none = f"S: 220 a\nC: EHLO scanner\nS: 250 SMTPUTF8\nC: MAIL FROM:<scanner@contoso.com>\nS: {ANONYMOUS}"
    assert causes(explain(none)) == ["no_auth_sent"]
    tried = none.replace("C: MAIL", "C: AUTH LOGIN\nC: MAIL")
    assert causes(explain(tried))[0] == "smtp_auth_disabled_or_basic_blocked"


@pytest.mark.parametrize(
    "text",
    [
        "Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found'",
        "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found",
        "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found",
        "Delivery has failed to these recipients or groups:\n550 5.1.10 RESOLVER.ADR.RecipientNotFound",
        "Le serveur distant a renvoyé '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found'",
    ],
)
def test_a_bounce_is_known_as_one(text: str) -> None:
    (finding,) = explain(text).findings
    assert finding.route == "bounce"
    assert [one.cause.id for one in finding.causes] == ["recipient_rejected"]


def test_an_answer_in_the_dialogue_is_no_bounce() -> None:
    assert explain("C: RCPT TO:<a@contoso.com>\nS: 550 5.1.10 Recipient not found").findings[0].route is None


def test_the_stage_tells_what_a_refused_command_was() -> None:
    text = "C: STARTTLS\nS: 500 5.5.2 command not recognized"
    assert causes(explain(text))[0] == "starttls_refused"
    assert "starttls_refused" not in causes(explain("C: NOOP\nS: 500 5.5.2 command not recognized"))
