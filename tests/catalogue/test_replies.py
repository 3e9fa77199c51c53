"""Reading replies: by what they say, however they were shown, and never more surely than they say it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import diag.catalogue
from diag.catalogue import MECHANISMS, Circumstances, Reading, decide, load
from diag.catalogue.words import comparable
from diag.outcome import Certainty
from diag.stage import Stage

CATALOGUE = load()
DATA = tomllib.loads((Path(diag.catalogue.__file__).parent / "replies.toml").read_text(encoding="utf-8"))
CONDITIONS = {"stage", "mechanism", "account", "encrypted", "tried"}
XOAUTH2_SHARED = {"token_user_mismatch", "shared_mailbox_as_smtp_identity", "app_only_not_set_up", "token_expired"}


@dataclass(frozen=True)
class Sample:
    cause: str
    certainty: str
    text: str
    mechanism: str | None = None

    def read(self, text: str | None = None) -> tuple[Reading, ...]:
        return CATALOGUE.classify(self.text if text is None else text, mechanism=self.mechanism)


SAMPLES = [
    Sample(**sample)
    for sample in tomllib.loads((Path(__file__).parent / "samples.toml").read_text(encoding="utf-8"))["sample"]
]
IDS = [f"{sample.cause}-{at}" for at, sample in enumerate(SAMPLES)]
HEALTHY = [
    "220 BE1P281CA0440.outlook.office365.com Microsoft ESMTP MAIL Service ready at Mon, 4 Aug 2025 11:15:30 +0000",
    "SERVER -> CLIENT: 220 HK0PR01CA0063.outlook.office365.com Microsoft ESMTP MAIL Service ready",
    "220 2.0.0 SMTP server ready",
    "221 2.0.0 Service closing transmission channel",
    "235 2.7.0 Authentication successful",
    "(235, b'2.7.0 Authentication successful')",
    "S: 334",
    "354 Start mail input; end with <CRLF>.<CRLF>",
    "250 2.1.0 Sender OK",
    "250-AUTH LOGIN XOAUTH2",
    "250-XXXXX.outlook.office365.com Hello [10.0.0.1]\n250-SIZE 157286400\n250-STARTTLS\n250 SMTPUTF8",
    "220 *****.outlook.office365.com Microsoft ESMTP MAIL Service ready",
    "250 2.0.0 OK <scan@contoso.com> [Hostname=X.prod.outlook.com] mailbox full, account locked in its subject",
    "",
    "\n\n",
    "334 VXNlcm5hbWU6",
]


def causes(readings: tuple[Reading, ...]) -> list[str]:
    return [reading.cause for reading in readings]


def proven(readings: tuple[Reading, ...]) -> set[str]:
    return {reading.cause for reading in readings if reading.certainty is Certainty.PROVEN}


def test_there_are_samples_enough_to_mean_something() -> None:
    assert len(SAMPLES) >= 60
    assert len({sample.cause for sample in SAMPLES}) >= 40


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_a_real_reply_is_read_as_its_cause(sample: Sample) -> None:
    readings = sample.read()
    assert (sample.cause, sample.certainty) in {(reading.cause, str(reading.certainty)) for reading in readings}
    if sample.certainty != "possible":
        assert readings[0].cause == sample.cause


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_the_surest_cause_comes_first_and_each_comes_once(sample: Sample) -> None:
    readings = sample.read()
    assert [one.certainty.rank for one in readings] == sorted(one.certainty.rank for one in readings)
    assert len(set(causes(readings))) == len(readings)


@pytest.mark.parametrize("text", HEALTHY, ids=range(len(HEALTHY)))
def test_a_healthy_line_accuses_nobody(text: str) -> None:
    assert CATALOGUE.classify(text) == ()
    assert CATALOGUE.classify(text, stage=Stage.AUTH, mechanism="xoauth2") == ()


@pytest.mark.parametrize(
    "text",
    [
        "550 5.9.99 The moon is in the wrong phase",
        "421 4.9.1 Kettle boiling",
        "550",
        "user logged in after 535 attempts",
        "PHPMailer 5.7.3 started",
    ],
)
def test_what_the_catalogue_does_not_know_stays_unknown(text: str) -> None:
    assert CATALOGUE.classify(text) == ()


def test_a_bare_refusal_of_a_token_names_all_causes_and_proves_none() -> None:
    readings = CATALOGUE.classify("535 5.7.3 Authentication unsuccessful", stage=Stage.AUTH, mechanism="XOAUTH2")
    assert set(causes(readings)) >= XOAUTH2_SHARED
    assert {reading.certainty for reading in readings} == {Certainty.POSSIBLE}
    assert "wrong_password" not in causes(readings)


def test_a_bare_refusal_of_a_password_speaks_of_passwords() -> None:
    readings = CATALOGUE.classify("535 5.7.3 Authentication unsuccessful", mechanism="login")
    assert {"wrong_password", "security_defaults", "mfa_required_account"} <= set(causes(readings))
    assert not set(causes(readings)) & XOAUTH2_SHARED


@pytest.mark.parametrize("between", [" Error: ", "\nError: ", "\n", "\r\n  "])
def test_the_refusal_inside_an_anonymous_refusal_is_the_one_that_counts(between: str) -> None:
    inner = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."
    text = f"530 5.7.57 Client not authenticated to send mail.{between}{inner}"
    readings = CATALOGUE.classify(text, account="organisation")
    assert causes(readings) == ["smtp_auth_disabled_mailbox"]


def test_starttls_is_not_taken_for_a_refused_sign_in_because_the_number_is_the_same() -> None:
    assert causes(CATALOGUE.classify("451 5.7.3 STARTTLS is required to send mail")) == ["starttls_not_used"]


def test_whose_account_it_is_decides_what_a_switch_means() -> None:
    text = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."
    assert proven(CATALOGUE.classify(text, account="organisation")) == {"smtp_auth_disabled_mailbox"}
    assert proven(CATALOGUE.classify(text, account="personal")) == {"consumer_smtp_auth_disabled_mailbox"}
    assert not proven(CATALOGUE.classify(text))
    assert causes(CATALOGUE.classify(text))[0] == "smtp_auth_disabled_mailbox"


def test_a_code_alone_names_all_causes_it_was_met_with_and_is_sure_of_none() -> None:
    for text in ("535", "535 5.7.3", "(535, b'5.7.3", "530", "432 4.3.2", "554 5.2.0", "5.7.139"):
        readings = CATALOGUE.classify(text)
        assert len(readings) > 1, text
        assert {reading.certainty for reading in readings} <= {Certainty.POSSIBLE, Certainty.LIKELY}, text


@pytest.mark.parametrize("mechanism", ["xoauth2", "oauthbearer"])
def test_credentials_that_are_a_token_never_accuse_a_password(mechanism: str) -> None:
    text = "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect."
    readings = CATALOGUE.classify(text, stage=Stage.AUTH, mechanism=mechanism)
    assert set(causes(readings)) >= XOAUTH2_SHARED
    assert "wrong_password" not in causes(readings)
    assert not proven(readings)
    assert proven(CATALOGUE.classify(text, mechanism="login")) == {"wrong_password"}
    first = CATALOGUE.classify(text)[0]
    assert (first.cause, first.certainty) == ("wrong_password", Certainty.LIKELY)


def test_a_policy_that_refuses_a_token_is_not_a_matter_of_a_second_factor_over_smtp() -> None:
    text = "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated"
    assert causes(CATALOGUE.classify(text, mechanism="xoauth2")) == ["policy_criteria_not_met"]
    assert causes(CATALOGUE.classify(text, mechanism="login")) == ["policy_criteria_not_met", "mfa_required_account"]


@pytest.mark.parametrize("denied", ["is not disabled", "isn't disabled", "isn\u2019t disabled", "was never disabled"])
@pytest.mark.parametrize("end", ["", " Visit https://aka.ms/smtp_auth_disabled for more information."])
@pytest.mark.parametrize("mechanism", ["xoauth2", "login", None])
def test_a_switch_that_is_said_not_to_be_off_is_not_accused(denied: str, end: str, mechanism: str | None) -> None:
    for whose in ("Mailbox", "Tenant"):
        text = f"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication {denied} for the {whose}.{end}"
        named = causes(CATALOGUE.classify(text, mechanism=mechanism))
        assert named
        assert not [cause for cause in named if cause.startswith("smtp_auth_disabled")]


def test_a_denial_of_one_thing_does_not_excuse_another() -> None:
    text = (
        "535 5.7.139 SmtpClientAuthentication is not disabled for the Tenant, "
        "SmtpClientAuthentication is disabled for the Mailbox."
    )
    assert causes(CATALOGUE.classify(text, account="organisation")) == ["smtp_auth_disabled_mailbox"]
    assert proven(CATALOGUE.classify("535 5.7.139 It was blocked by security defaults")) == {"security_defaults"}
    assert not proven(CATALOGUE.classify("535 5.7.139 It was not blocked by security defaults"))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("550 5.7.606 Access denied, banned sending IP [192.0.2.7]", ["banned_sending_ip"]),
        ("550 5.7.511 Access denied, banned sending IP 192.0.2.7", ["banned_sending_ip"]),
        ("550 5.7.511 We have banned sending IP [192.0.2.7]", ["banned_sending_ip"]),
        ("550 5.9.9 Yours is no banned sending IP but the kettle boils", []),
    ],
)
def test_a_banned_address_is_named_as_one(text: str, cause: list[str]) -> None:
    assert causes(CATALOGUE.classify(text)) == cause


def test_a_masked_greeting_is_an_inspecting_firewall() -> None:
    for text in ("220 ****************0*00", "250-XXXXXXXA\n250 XXXXXXXB"):
        assert causes(CATALOGUE.classify(text)) == ["esmtp_inspection"]


def test_the_stage_tells_whose_mailbox_is_meant() -> None:
    assert causes(CATALOGUE.classify("550 Mailbox cannot be accessed", stage=Stage.RCPT)) == ["recipient_rejected"]
    assert causes(CATALOGUE.classify("550 Mailbox cannot be accessed", stage=Stage.AUTH)) == [
        "mailbox_cannot_be_accessed"
    ]


def test_an_unknown_command_accuses_the_firewall_only_at_starttls() -> None:
    text = "500 #5.5.1 command not recognized"
    assert causes(CATALOGUE.classify(text, stage=Stage.STARTTLS))[0] == "starttls_refused"
    assert causes(CATALOGUE.classify(text, stage=Stage.MAIL)) == ["client_sent_garbage"]


def test_the_reason_quotes_the_catalogue_and_never_the_server() -> None:
    reply = (
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication {evil}\x1b[2J is disabled for the Mailbox."
    )
    (reading,) = CATALOGUE.classify(reply, account="organisation")
    assert str(reading.because) == (
        'The reply names this cause itself: "SmtpClientAuthentication … disabled for the Mailbox".'
    )


def written_causes(table: dict[str, Any]) -> list[str]:
    named = [name for certainty in Certainty for name in table.get(certainty, ())]
    each = [cause for name in named for cause in (DATA["lists"][name[1:]] if name.startswith("@") else [name])]
    return list(dict.fromkeys(each))


def as_found(phrase: str) -> str:
    text = phrase.removeprefix("^").removesuffix("$").replace(" … ", " and so on ").replace("*", "x")
    return {"220 masked": "220 ******", "250 masked": "250 XXXXXX"}.get(text, text)


@pytest.mark.parametrize("rule", DATA["reply"], ids=[rule["says"][0] for rule in DATA["reply"]])
def test_a_rule_names_causes_that_exist(rule: dict[str, Any]) -> None:
    assert rule.keys() <= {"says", "cases", "common", *Certainty}
    for table in (*rule.get("cases", ()), rule):
        assert table is rule or table.keys() & CONDITIONS, "a case without a circumstance holds always"
        assert table is rule or table.keys() <= CONDITIONS | set(Certainty)
        assert set(table.get("mechanism", ())) <= set(MECHANISMS) | set().union(*MECHANISMS.values())
        assert set(table.get("account", ())) <= {"personal", "organisation"}
        assert set(written_causes(table)) <= set(CATALOGUE.causes)
        assert len(table.get("proven", ())) <= 1, "two causes cannot both be proven by the same words"
    assert written_causes(rule) or rule.get("cases")


def circumstances(table: dict[str, Any]) -> Circumstances:
    """The first of each kind of circumstance under which a table holds."""
    return Circumstances(
        stage=Stage(table["stage"][0]) if "stage" in table else None,
        mechanism=table.get("mechanism", [None])[0],
        account=table.get("account", [None])[0],
        encrypted=table.get("encrypted"),
        tried=table.get("tried"),
    )


@pytest.mark.parametrize("rule", DATA["reply"], ids=[rule["says"][0] for rule in DATA["reply"]])
def test_a_phrase_is_not_hidden_by_a_rule_before(rule: dict[str, Any]) -> None:
    for phrase in rule["says"]:
        matches = CATALOGUE.matches(comparable(as_found(phrase)))
        for table in (*rule.get("cases", ()), rule):
            if wanted := written_causes(table):
                decided = decide(matches, circumstances(table))
                assert decided is not None, phrase
                assert [cause for cause, _ in decided.rule.causes] == wanted, phrase


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_a_reply_cut_off_anywhere_never_proves_another_cause(sample: Sample) -> None:
    allowed = set(causes(sample.read()))
    for at in range(len(sample.text)):
        assert proven(sample.read(sample.text[:at])) <= allowed, sample.text[:at]
        assert proven(sample.read(sample.text[at:])) <= allowed, sample.text[at:]


def test_the_codes_of_continuation_lines_do_not_part_a_sentence() -> None:
    for mark in ("", "S: ", "> "):
        text = f"{mark}550-5.7.30 Basic authentication is not\n{mark}550 5.7.30 supported for Client Submission."
        assert proven(CATALOGUE.classify(text)) == {"basic_auth_retired"}


@settings(deadline=None, database=None, max_examples=300)
@given(st.sampled_from(SAMPLES), st.data())
def test_cutting_a_reply_never_proves_another_cause(sample: Sample, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(sample.text)))
    end = data.draw(st.integers(start, len(sample.text)))
    assert proven(sample.read(sample.text[start:end])) <= set(causes(sample.read()))


@settings(deadline=None, database=None, max_examples=300)
@given(st.sampled_from(SAMPLES), st.data())
def test_folding_a_reply_at_blanks_changes_nothing(sample: Sample, data: st.DataObject) -> None:
    fold = st.sampled_from([" ", "\n", "\r\n", "\n    # ", "\n\t", "\u00a0", "\\r\\n"])
    code, _, rest = sample.text.partition(" ")  # a code is never parted from its first word
    first, *words = rest.split(" ")
    folded = f"{code} {first}" + "".join(data.draw(fold) + word for word in words)
    whole = sample.read()
    assert proven(sample.read(folded)) == proven(whole)
    assert sample.cause in causes(sample.read(folded))


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_lines_cut_inside_words_never_prove_another_cause(sample: Sample) -> None:
    allowed = set(causes(sample.read()))
    for width in range(8, 91):
        wrapped = "\n> ".join(sample.text[at : at + width] for at in range(0, len(sample.text), width))
        assert proven(sample.read(wrapped)) <= allowed, wrapped


@settings(deadline=None, database=None, max_examples=200)
@given(st.text(max_size=400))
def test_any_text_at_all_can_be_read(text: str) -> None:
    assert all(reading.cause in CATALOGUE.causes for reading in CATALOGUE.classify(text))


@pytest.mark.parametrize(
    "text", [" " * 200_000, "'" * 200_000, "2 " * 100_000, "*" * 200_000, "220 " + "1 " * 90_000], ids=range(5)
)
def test_a_hostile_text_is_read_to_the_end_like_any_other(text: str) -> None:
    assert set(causes(CATALOGUE.classify(text))) <= {"esmtp_inspection"}


_LONG = 400_000  # what grows with the square of the length would take minutes, and meet the time-out of every test
_HOSTILE = {
    "blanks": " ",
    "line ends": "\n",
    "masked and blanks": "220 ***" + " " * 8_000 + "x\n",
    "masked and tabs": "250 XXXX" + "\t" * 8_000 + "x\n",
    "brackets": "[",
    "quotation marks": "'\"(",
    "commas": ",",
    "escapes": "\\r",
    "one word": "a",
    "continuation lines": "550-5.7.1 a\n",
    "words of a rule": "SmtpClientAuthentication disabled for the ",
    "denied words of a rule": "not disabled for the Mailbox ",
    "accents": "\u0316\u0301",
    "ligatures": "\ufdfa",
}


@pytest.mark.parametrize("piece", _HOSTILE.values(), ids=_HOSTILE)
def test_a_long_hostile_text_is_read_like_any_other(piece: str) -> None:
    hostile = "SmtpClientAuthentication " + piece * (_LONG // len(piece) + 1)
    readings = CATALOGUE.classify(hostile[:_LONG], mechanism="xoauth2")
    assert all(reading.cause in CATALOGUE.causes for reading in readings)
