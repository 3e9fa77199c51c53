"""What a tenant was asked once, and what that says of each of its mailboxes."""

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest

from checks import CHECKS
from diag.catalogue import load
from diag.diagnosis import Verdict
from diag.directory import NOT_TRACED, Directory, LastSignIn, SignInRecord, SignIns
from diag.discovery import Gap, Sender, Senders, Sighting, Source, Usage, senders
from diag.obstacle import NotAnswered, Obstacle
from diag.outcome import Failed, Passed, Skipped
from diag.overview import (
    SETTINGS_NOT_WANTED,
    IdleAccounts,
    Overview,
    Settings,
    SignInLog,
    SmtpUser,
    directory_of,
    setting_of,
    users_in,
)
from diag.pipeline import replay
from diag.sentence import say
from diag.setting import Backend, Setting, Switch
from diag.subject import EXCHANGE_ONLINE_ID
from tests.evidence_cases import MAILBOX, NOW, administered, healthy, no_answer, refusal, without_token

SINCE = NOW - timedelta(days=7)
OTHER = "copier@contoso.com"
CUT = say("it has more than {count} pages", count=10)
HEALTHY = administered(healthy())
BACKEND = Backend(name="exchange", writes=True, vendor_supported=False)


def record(minutes: int = 5, **fields: Any) -> SignInRecord:
    usual: dict[str, Any] = {
        "at": NOW - timedelta(minutes=minutes),
        "app": "Office 365 Exchange Online",
        "app_id": EXCHANGE_ONLINE_ID,
        "client": "Authenticated SMTP",
        "resource": "Office 365 Exchange Online",
        "code": 0,
        "reason": "",
        "ip": "198.51.100.23",
    }
    return SignInRecord(**usual | fields)


def by_app(minutes: int = 5, **fields: Any) -> SignInRecord:
    usual = {"app": "Scan relay", "app_id": "5ca11ab1", "client": "Mobile Apps and Desktop clients"}
    return record(minutes, **usual | fields)


def log(*gaps: Any, **records: tuple[SignInRecord, ...]) -> SignInLog:
    return SignInLog(since=SINCE, records={f"{name}@contoso.com": known for name, known in records.items()}, gaps=gaps)


def setting(mailbox: str = MAILBOX, own: Switch = Switch.ON) -> Setting:
    return Setting(identity=mailbox, mailbox=own, organisation=Switch.OFF, backend=BACKEND, observed_at=NOW)


def settings(*known: Setting, gap: Any = None) -> Settings:
    return Settings(organisation=Switch.OFF, mailboxes={one.identity.casefold(): one for one in known}, gap=gap)


def overview(sign_ins: Any = None, known: Any = None, idle: Any = None) -> Overview:
    """An overview of a healthy tenant, with this log and these settings."""
    directory = HEALTHY.directory
    assert isinstance(directory, Directory)
    shared = {one.name for one in fields(Overview)} & {one.name for one in fields(directory)} - {"sign_ins"}
    return Overview(
        client_id=None,
        **{name: getattr(directory, name) for name in shared},
        sign_ins=sign_ins or log(),
        idle=idle or IdleAccounts(since=SINCE, accounts={}),
        settings=known or settings(),
    )


# --- of one mailbox


def test_what_is_the_tenants_is_every_mailboxs_and_its_own_account_was_not_asked_for() -> None:
    known = overview()
    found = directory_of(known, MAILBOX)
    for name in ("security_defaults", "policies", "app", "consent", "registration", "health"):
        assert getattr(found, name) is getattr(known, name)
    for own in (found.account, found.mailbox):
        assert isinstance(own, NotAnswered)
        assert own.obstacle is Obstacle.NOT_ASKED
        assert "does not ask this of each of them" in str(own.because)
    assert found.trace == NOT_TRACED


def test_a_mailbox_has_its_own_sign_ins_however_it_is_spelt() -> None:
    mine = (record(5), record(9, code=50126))
    known = overview(log(scanner=mine, copier=(record(1),)))
    assert directory_of(known, "Scanner@Contoso.com").sign_ins == SignIns(since=SINCE, records=mine, background=True)


def test_without_a_row_in_a_whole_log_there_was_no_sign_in_and_in_a_part_of_one_nobody_knows() -> None:
    assert directory_of(overview(log()), MAILBOX).sign_ins == SignIns(since=SINCE, records=(), background=True)
    part = log(CUT, copier=(record(),))
    assert not part.complete
    unknown = directory_of(overview(part), MAILBOX).sign_ins
    assert isinstance(unknown, NotAnswered)
    assert unknown.obstacle is Obstacle.NOT_ASKED
    assert "more than 10 pages" in str(unknown.because)
    assert directory_of(overview(part), OTHER).sign_ins == SignIns(since=SINCE, records=(record(),))


def test_why_there_is_no_log_is_every_mailboxs() -> None:
    nothing = no_answer(Obstacle.NO_LICENCE, "Microsoft Entra ID P1")
    assert directory_of(overview(nothing), MAILBOX).sign_ins is nothing


def test_a_mailbox_that_nobody_uses_has_the_date_of_its_last_sign_in() -> None:
    last = LastSignIn(at=NOW - timedelta(days=50))
    known = overview(idle=IdleAccounts(since=SINCE, accounts={MAILBOX: last}, gap=CUT))
    assert directory_of(known, MAILBOX.title()).last_sign_in is last
    other = directory_of(known, OTHER).last_sign_in
    assert isinstance(other, NotAnswered)
    assert other.obstacle is Obstacle.NOT_ASKED
    assert "not all were read: it has more than 10 pages" in str(other.because)
    recent = directory_of(overview(), OTHER).last_sign_in
    assert isinstance(recent, NotAnswered)
    assert "sign-in name copier@contoso.com is among those that were last signed in to before 2026-11-16" in str(
        recent.because
    )
    nothing = no_answer(Obstacle.NO_LICENCE, "Microsoft Entra ID P1")
    assert directory_of(overview(idle=nothing), OTHER).last_sign_in is nothing


@pytest.mark.parametrize(("client_id", "is_other"), [("5CA11AB1", False), (None, False), ("another", True)])
def test_what_was_asked_about_an_application_holds_for_no_other_one(client_id: str | None, is_other: bool) -> None:
    known = replace(overview(), client_id="5ca11ab1")
    found = directory_of(known, MAILBOX, client_id)
    for name in ("app", "consent", "registration"):
        answer = getattr(found, name)
        assert (answer is getattr(known, name)) is not is_other
        assert not is_other or "this mailbox has another one" in str(answer.because)
    assert found.policies is known.policies


def test_the_setting_is_found_by_the_first_address() -> None:
    known = overview(known=settings(setting("Scanner@Contoso.com", Switch.OFF)))
    found = setting_of(known, MAILBOX)
    assert isinstance(found, Setting)
    assert (found.identity, found.effective) == ("Scanner@Contoso.com", Switch.OFF)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (settings(setting(OTHER)), "has scanner@contoso.com as its first address"),
        (settings(setting(OTHER), gap=CUT), "not all were: it has more than 10 pages"),
        (SETTINGS_NOT_WANTED, "were not asked for"),
    ],
)
def test_a_mailbox_that_is_not_on_the_list_is_not_said_to_be_missing(known: Any, words: str) -> None:
    found = setting_of(overview(known=known), MAILBOX)
    assert isinstance(found, NotAnswered)
    assert found.obstacle is Obstacle.NOT_ASKED  # "not found" would mean that Exchange Online has no such mailbox
    assert words in str(found.because)


def test_a_setting_that_could_not_be_read_says_why() -> None:
    nothing = no_answer(Obstacle.NOT_SPOKEN)
    known = Settings(organisation=None, mailboxes={MAILBOX: nothing})
    assert setting_of(overview(known=known), MAILBOX) is nothing


# --- what the checks make of it


def test_the_checks_skip_what_was_not_asked_and_say_so_and_judge_the_rest() -> None:
    evidence = replace(HEALTHY, directory=directory_of(overview(log(CUT)), MAILBOX))
    diagnosis = replay(evidence, CHECKS, load())
    assert diagnosis.verdict is Verdict.HEALTHY
    outcomes = {one.check.id: one.outcome for one in diagnosis.judged}
    for name in ("account-found", "account-enabled", "account-synced", "mailbox-kind", "exchange-plan"):
        outcome = outcomes[name]
        assert isinstance(outcome, Skipped)
        assert str(outcome.because) == "a run over many mailboxes does not ask this of each of them"
    unread = outcomes["sign-in-log"]
    assert isinstance(unread, Skipped)
    assert "not all of it was read: it has more than 10 pages" in str(unread.because)
    for name in ("security-defaults", "consent-given", "app-known", "service-health"):
        assert isinstance(outcomes[name], Passed), name


def test_a_refusal_in_the_log_of_the_tenant_counts_as_one_in_the_log_of_the_mailbox() -> None:
    blocked = log(scanner=(by_app(code=53003, reason="Blocked.", app_id=HEALTHY.sign_in.client_id),))
    evidence = replace(
        without_token(HEALTHY, refusal()), directory=directory_of(overview(blocked), "Scanner@contoso.com")
    )
    outcomes = {one.check.id: one.outcome for one in replay(evidence, CHECKS, load()).judged}
    failed = outcomes["sign-in-log"]
    assert isinstance(failed, Failed)
    assert "AADSTS53003" in str(failed.suspects[0].because)


# --- who sends


def test_who_signed_in_over_smtp_is_told_with_how_and_from_where() -> None:
    known = log(
        scanner=(record(5), record(9, ip="198.51.100.99")),
        copier=(by_app(7), record(8, ip=None)),
        relay=(by_app(2),),
    )
    ago = {minutes: NOW - timedelta(minutes=minutes) for minutes in (2, 5, 7, 8)}
    basic, relay = "Office 365 Exchange Online", "Scan relay"
    assert users_in(known) == (
        SmtpUser(mailbox=OTHER, app=basic, ip=None, last_seen=ago[8], basic=True),
        SmtpUser(mailbox=OTHER, app=relay, ip="198.51.100.23", last_seen=ago[7], basic=False),
        SmtpUser(mailbox="relay@contoso.com", app=relay, ip="198.51.100.23", last_seen=ago[2], basic=False),
        SmtpUser(mailbox=MAILBOX, app=basic, ip="198.51.100.23", last_seen=ago[5], basic=True),
    )


def test_whoever_only_failed_is_nobody_who_sends() -> None:
    assert users_in(log(scanner=(record(code=50126), by_app(code=53003)))) == ()


@pytest.mark.parametrize(
    ("client", "app_id", "basic"),
    [
        ("Authenticated SMTP", EXCHANGE_ONLINE_ID, True),
        ("SMTP", None, True),
        ("Authenticated SMTP", "5ca11ab1", False),
        ("Browser", EXCHANGE_ONLINE_ID, False),
        ("", None, False),
    ],
)
def test_a_password_is_what_signs_in_over_smtp_with_no_application(
    client: str, app_id: str | None, basic: bool
) -> None:
    assert record(client=client, app_id=app_id).is_basic is basic


# --- discovery


def test_a_mailbox_is_found_once_with_all_places_where_it_was_seen() -> None:
    found = senders(
        log(scanner=(record(5),)),
        Usage(days=7, users={"Scanner@contoso.com": date(2026, 11, 21), "room@contoso.com": None}),
        settings(setting("SCANNER@contoso.com"), setting("b@contoso.com"), setting("off@contoso.com", Switch.OFF)),
    )
    logged = Sighting(
        source=Source.SIGN_INS,
        last_seen=NOW - timedelta(minutes=5),
        app="Office 365 Exchange Online",
        ip="198.51.100.23",
        basic=True,
    )
    used, on = Sighting(source=Source.USAGE, last_seen=date(2026, 11, 21)), Sighting(source=Source.SETTING)
    assert found == Senders(
        found=(
            Sender(mailbox="b@contoso.com", sightings=(on,)),
            Sender(mailbox="room@contoso.com", sightings=(Sighting(source=Source.USAGE),)),
            Sender(mailbox=MAILBOX, sightings=(logged, used, on)),
        )
    )


def test_a_mailbox_that_follows_the_organisation_is_not_found_by_its_setting() -> None:
    known = Settings(organisation=Switch.ON, mailboxes={MAILBOX: setting(own=Switch.UNSET), OTHER: no_answer()})
    assert senders(log(), Usage(days=7, users={}), known) == Senders(found=())


def test_each_place_that_could_not_be_looked_into_says_so_and_the_others_count() -> None:
    nothing = no_answer(Obstacle.NO_PERMISSION)
    usage = Usage(days=7, users={MAILBOX: None})
    found = senders(nothing, usage, nothing)
    assert [one.mailbox for one in found.found] == [MAILBOX]
    assert found.gaps == tuple(Gap(source=one, because=nothing.because) for one in (Source.SIGN_INS, Source.SETTING))
    part = senders(log(CUT), nothing, settings(gap=CUT))
    assert [(gap.source, gap.because) for gap in part.gaps] == [
        (Source.SIGN_INS, CUT),
        (Source.USAGE, nothing.because),
        (Source.SETTING, CUT),
    ]
    assert senders(log(), usage, None).gaps == ()


@pytest.mark.parametrize("name", ["", "nobody", "=cmd|' /C calc'!A0", "a@b", "x@contoso.com\n", "é@contoso.com"])
def test_what_is_no_address_is_no_mailbox(name: str) -> None:
    assert senders(log(), Usage(days=7, users={name: None}), settings(setting(name))).found == ()
