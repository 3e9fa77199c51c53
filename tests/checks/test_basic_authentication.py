from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checks import CHECKS
from checks.basic_authentication import judge
from diag.catalogue import load
from diag.diagnosis import Verdict
from diag.directory import SignInRecord, SignIns
from diag.evidence import Evidence
from diag.obstacle import Obstacle
from diag.outcome import Failed
from diag.pipeline import replay
from diag.setting import Switch
from diag.subject import EXCHANGE_ONLINE_ID
from tests.checks.outcomes import LIKELY, because, passed, shown, skipped, suspects
from tests.evidence_cases import (
    CLIENT,
    MAILBOX_OFF,
    NOW,
    SIGNED_IN,
    administered,
    asking,
    healthy,
    knowing,
    no_answer,
    reading,
    refused,
    sending,
    with_sign_in,
    with_token,
)


def use(hours_ago: int = 2, **fields: Any) -> SignInRecord:
    usual: dict[str, Any] = {
        "at": NOW - timedelta(hours=hours_ago),
        "app": "Office 365 Exchange Online",
        "app_id": EXCHANGE_ONLINE_ID,
        "client": "Authenticated SMTP",
        "ip": "203.0.113.10",
    }
    return replace(SIGNED_IN, **usual | fields)


def logged(evidence: Evidence, *records: SignInRecord) -> Evidence:
    return knowing(reading(evidence), sign_ins=SignIns(since=NOW - timedelta(days=7), records=(SIGNED_IN, *records)))


@pytest.mark.parametrize("client", ["Authenticated SMTP", "SMTP", "AUTHENTICATED SMTP"])
def test_a_sign_in_over_smtp_is_likely_one_with_a_password(client: str) -> None:
    outcome = judge(logged(healthy(), use(client=client)))
    assert suspects(outcome) == {"basic_auth_still_used": LIKELY}
    assert f"From 203.0.113.10, as 'Office 365 Exchange Online' ({client}): 1 in the log" in because(outcome)
    assert "the last at 2026-11-23 07:30 UTC" in because(outcome)
    assert shown(outcome) == ("the last one at 2026-11-23 07:30 UTC, from 203.0.113.10; 1 since 2026-11-16 09:30 UTC")


def test_it_works_today_and_is_no_fault_of_today() -> None:
    diagnosis = replay(logged(sending(healthy()), use()), CHECKS, load())
    assert diagnosis.verdict is Verdict.DEGRADED
    assert [finding.cause.id for finding in diagnosis.findings] == ["basic_auth_still_used"]


def test_each_source_is_told_with_its_newest_use_and_the_newest_source_first() -> None:
    records = (use(9), use(5, ip="198.51.100.4"), use(30), use(3, app="Ricoh"), use(4))
    outcome = judge(logged(healthy(), *records))
    assert isinstance(outcome, Failed)
    told = [str(suspicion.because) for suspicion in outcome.suspects][1:]
    exchange = "'Office 365 Exchange Online' (Authenticated SMTP)"
    assert told == [
        "From 203.0.113.10, as 'Ricoh' (Authenticated SMTP): 1 in the log, the last at 2026-11-23 06:30 UTC.",
        f"From 203.0.113.10, as {exchange}: 3 in the log, the last at 2026-11-23 05:30 UTC.",
        f"From 198.51.100.4, as {exchange}: 1 in the log, the last at 2026-11-23 04:30 UTC.",
    ]


def test_many_sources_are_counted_and_the_first_few_told() -> None:
    outcome = judge(logged(healthy(), *(use(number, ip=f"203.0.113.{number}") for number in range(1, 41))))
    assert isinstance(outcome, Failed)
    assert len(outcome.suspects) == 7
    assert str(outcome.suspects[-1].because) == "From 35 more addresses or applications."


@pytest.mark.parametrize(
    "record",
    [
        use(code=50126),  # somebody guesses passwords
        use(code=53003),
        use(client="Mobile Apps and Desktop clients"),
        use(client="IMAP4"),
        use(app_id=CLIENT),  # the device's own application: a token
        use(app_id=CLIENT.upper()),
    ],
)
def test_what_failed_or_was_a_token_is_no_use_of_a_password(record: SignInRecord) -> None:
    outcome = judge(logged(healthy(), record))
    assert passed(outcome) == set()
    assert shown(outcome) == "no sign-in with a password since 2026-11-16 09:30 UTC"


def test_the_application_is_the_tokens_where_none_was_given() -> None:
    nameless = with_sign_in(healthy(), client_id=None)
    assert passed(judge(logged(nameless, use(app_id=CLIENT)))) == set()
    unknown = with_token(nameless, app_id=None)
    assert suspects(judge(logged(unknown, use(app_id=CLIENT)))) == {"basic_auth_still_used": LIKELY}


def test_a_record_without_address_and_application_is_told_all_the_same() -> None:
    outcome = judge(logged(healthy(), use(ip=None, app="", app_id=None)))
    assert "From -, as '-' (Authenticated SMTP): 1 in the log" in because(outcome)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), "From the end of December 2026 passwords are refused by default."),
        (datetime(2027, 1, 1, tzinfo=UTC), "here they are still allowed, or again."),
    ],
)
def test_the_reason_is_right_before_and_after_the_end_of_2026(when: datetime, said: str) -> None:
    evidence = replace(logged(healthy(), use()), started_at=when, clocks=())
    assert said in because(judge(evidence))


def test_what_keeps_the_mailbox_from_sending_today_comes_first() -> None:
    evidence = logged(refused(healthy(), MAILBOX_OFF), use())
    diagnosis = replay(replace(evidence, setting=reading(healthy(), Switch.OFF).setting), CHECKS, load())
    assert diagnosis.verdict is Verdict.BROKEN
    assert [finding.cause.id for finding in diagnosis.findings] == [
        "smtp_auth_disabled_mailbox",
        "basic_auth_still_used",
    ]


def test_it_does_not_pass_for_the_reason_of_a_refusal_without_one() -> None:
    diagnosis = replay(logged(refused(healthy()), use()), CHECKS, load())
    assert diagnosis.verdict is Verdict.INCONCLUSIVE
    assert diagnosis.findings[0].cause.severity == "blocker"
    assert "basic_auth_still_used" in {finding.cause.id for finding in diagnosis.findings}


def test_where_the_log_is_not_known_nothing_is_said() -> None:
    assert skipped(judge(healthy())) == "no administrator is signed in"
    missing = no_answer(Obstacle.NO_LICENCE, "Microsoft Entra ID P1")
    assert skipped(judge(knowing(healthy(), sign_ins=missing))).endswith("(missing licence: Microsoft Entra ID P1)")
    assert "is not Exchange Online" in skipped(judge(asking(logged(healthy(), use()), smtp_host="mail.example.net")))
    assert passed(judge(administered(healthy()))) == set()
