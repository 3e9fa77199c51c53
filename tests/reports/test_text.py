from dataclasses import replace
from datetime import timedelta

import pytest
from syrupy.assertion import SnapshotAssertion

from checks import CHECKS
from diag import catalogue
from diag.diagnosis import Verdict
from diag.directory import SignIns
from diag.evidence import Evidence, NotAsked, Reply
from diag.language import supported, translator
from diag.obstacle import Obstacle
from diag.outcome import Certainty
from diag.pipeline import replay
from diag.sentence import say
from diag.stage import Stage
from diag.subject import Subject
from reports import FORMATS, render
from reports.remedy import Step, steps
from reports.transcript import certificates, transcript
from reports.wording import inside, shown
from tests.evidence_cases import (
    NOW,
    SIGNED_IN,
    administered,
    healthy,
    knowing,
    no_answer,
    reading,
    refused,
    sending,
    without_token,
)
from tests.reports import cases

# The reply, commands and links are kept whole; everything else keeps to the width.
_WHOLE = ("    535", "    5.7", "    AADSTS", "http", "2026-11-23T", "SHA-256", "Set-CASMailbox")


@pytest.mark.parametrize("language", supported())
@pytest.mark.parametrize("case", ["switched off", "several causes", "without a token", "healthy", "refused by Entra"])
def test_the_report_reads_as_it_did(case: str, language: str, snapshot: SnapshotAssertion) -> None:
    assert render("text", *cases.CASES[case](), language=language) == snapshot


@pytest.mark.parametrize("language", supported())
@pytest.mark.parametrize("case", cases.CASES)
def test_no_line_is_wider_than_eighty_columns_but_for_quotations(case: str, language: str) -> None:
    lines = render("text", *cases.CASES[case](), language=language).splitlines()
    assert [line for line in lines if len(line) > 80 and not any(mark in line for mark in _WHOLE)] == []


@pytest.mark.parametrize("language", supported())
def test_the_first_sentence_says_who_cannot_send_and_why(language: str) -> None:
    diagnosis, evidence = cases.switched_off()
    first = " ".join(render("text", diagnosis, evidence, language=language).split("\n\n")[0].split())
    assert diagnosis.best is not None
    assert first.startswith("scanner@contoso.com")
    assert inside(diagnosis.best.cause.title.in_language(language), language) in first


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_servers_own_reply_stands_whole_on_one_line(form: str) -> None:
    report = render(form, *cases.switched_off(), language="en")
    assert any(line.strip() == f"535 {cases.OFF}" for line in report.splitlines())


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_support_asks_for_is_always_there(form: str) -> None:
    report = render(form, *cases.refused_by_entra(), language="en")
    for value in (
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "2026-11-23 09:30:02Z",
        "AADSTS65001",
    ):
        assert value in report
    assert cases.TAIL in render(form, *cases.switched_off(), language="en").partition("sign-in log")[2]


@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.parametrize("case", cases.CASES)
def test_no_check_is_left_out(form: str, case: str) -> None:
    diagnosis, evidence = cases.CASES[case]()
    report = " ".join(render(form, diagnosis, evidence, language="en").split())
    for judged in diagnosis.judged:
        assert str(judged.check.title) in report


def test_a_check_that_broke_is_shown_as_our_own_bug() -> None:
    report = " ".join(render("text", *cases.broken(), language="en").split())
    assert "please report" in report
    assert "KeyError at sign_in_accepted.py:12" in report


@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.parametrize("verbose", [False, True])
def test_hostile_characters_are_shown_as_escapes(form: str, verbose: bool) -> None:
    report = render(form, *cases.hostile(), language="en", verbose=verbose)
    for hostile in ("\x1b", "\x07", "\r", "\u202e", "\u202c", "\u200b"):
        assert hostile not in report
    for escape in (r"\x1b", r"\x07", r"\u202e", r"\u200b"):
        assert escape in report
    assert max(len(line) for line in report.splitlines()) < 20_000


def test_visible_text_in_any_script_is_left_alone() -> None:
    assert shown("Boîte aux lettres\u00a0: 受信トレイ") == "Boîte aux lettres\u00a0: 受信トレイ"
    assert shown("x" * 5000) == "x" * 4093 + "..."


def test_escapes_count_as_long_as_they_are() -> None:
    assert shown("\U000e0001" * 1900) == (r"\U000e0001".lower() * 1900)[:4093].replace("\\u", "\\U") + "..."


def test_a_foreign_tenants_mailbox_stands_in_the_command_to_copy() -> None:
    diagnosis, evidence = cases.switched_off("copier.3@fabrikam.example")
    report = " ".join(render("text", diagnosis, evidence, language="en").split())
    assert "Set-CASMailbox -Identity copier.3@fabrikam.example " in report
    assert "scanner@contoso.com" not in report


@pytest.mark.parametrize(
    ("mailbox", "word"),
    [
        ("o'scan@contoso.com", "'o''scan@contoso.com'"),
        ("a${b}&c@fabrikam.example", "'a${b}&c@fabrikam.example'"),
        ("-scan@fabrikam.example", "'-scan@fabrikam.example'"),
        ("copier.3@fabrikam.example", "copier.3@fabrikam.example"),
    ],
)
@pytest.mark.parametrize("form", FORMATS)
def test_an_address_that_powershell_would_misread_is_quoted(mailbox: str, word: str, form: str) -> None:
    diagnosis, evidence = cases.switched_off(mailbox)
    report = render(form, diagnosis, evidence, language="en")
    assert f"Set-CASMailbox -Identity {word} -SmtpClientAuthenticationDisabled $false" in report
    assert "scanner@contoso.com" not in report.partition('"checks"' if form == "json" else "Every step")[0]


def test_the_sender_that_is_examined_stands_in_the_command_to_grant_it() -> None:
    cause = catalogue.load().cause("send_as_denied")
    command = "Do it: Add-RecipientPermission office@contoso.com -AccessRights SendAs -Trustee scanner@contoso.com"
    cause = replace(cause, fix=replace(cause.fix, en=(command,)))
    subject = Subject(mailbox="scan@fabrikam.example", sender="o'ffice@fabrikam.example")
    assert steps(cause, subject, "en") == (
        Step(
            "Do it:",
            "Add-RecipientPermission 'o''ffice@fabrikam.example' -AccessRights SendAs -Trustee scan@fabrikam.example",
        ),
    )


@pytest.mark.parametrize(
    ("written", "step"),
    [
        ("Tick the box: it is there.", Step("Tick the box: it is there.")),
        ("Run: nslookup smtp.office365.com", Step("Run:", "nslookup smtp.office365.com")),
        ("Exécutez\u00a0: Get-Item x", Step("Exécutez\u00a0:", "Get-Item x")),
        ("Get-Item scanner@contoso.com", Step("", "Get-Item o.o@x.example")),
        ("Run: Get-Item x, and look.", Step("Run: Get-Item x, and look.")),
        ("Run: Get-Item x: it is there", Step("Run: Get-Item x: it is there")),
        ("Check cable or Wi-Fi", Step("Check cable or Wi-Fi")),
    ],
)
def test_a_step_ends_with_its_command_if_it_has_one(written: str, step: Step) -> None:
    cause = catalogue.load().cause("send_as_denied")
    cause = replace(cause, fix=replace(cause.fix, en=(written,)))
    subject = Subject(mailbox="o.o@x.example", sender="o.o@x.example")
    assert steps(cause, subject, "en") == (step,)


def test_a_command_stands_whole_on_a_line_of_its_own() -> None:
    report = render("text", *cases.switched_off(), language="fr")
    command = "Set-CASMailbox -Identity scanner@contoso.com -SmtpClientAuthenticationDisabled $false"
    assert [line.strip() for line in report.splitlines() if "Set-CASMailbox" in line] == [command]


@pytest.mark.parametrize("language", supported())
@pytest.mark.parametrize("form", ["text", "markdown"])
def test_of_several_guesses_none_is_put_into_the_headline(form: str, language: str) -> None:
    diagnosis, evidence = cases.guesses()
    assert diagnosis.verdict is Verdict.INCONCLUSIVE
    assert diagnosis.best is not None
    first, _, rest = render(form, diagnosis, evidence, language=language).partition("Cause\n")
    title = diagnosis.best.cause.title.in_language(language)
    assert title not in " ".join(first.split())
    assert title in " ".join(rest.split())
    assert " 3 causes " in " ".join(first.split())


def test_what_was_likely_is_still_named_where_it_is_not_certain() -> None:
    diagnosis, evidence = cases.switched_off()
    assert diagnosis.best is not None
    unsure = replace(
        diagnosis, verdict=Verdict.INCONCLUSIVE, findings=(replace(diagnosis.best, certainty=Certainty.LIKELY),)
    )
    first = " ".join(render("text", unsure, evidence, language="en").split("\n\n")[0].split())
    assert first.startswith("It is not certain why scanner@contoso.com cannot send: Authenticated SMTP is switched off")


@pytest.mark.parametrize(
    ("title", "goes_on"),
    [
        ("Le SMTP est coupé", "le SMTP est coupé"),
        ("L\u2019appareil", "l\u2019appareil"),
        ("Aucune route", "aucune route"),
        ("SMTP est coupé", "SMTP est coupé"),
        ("Exchange Online manque", "Exchange Online manque"),
        ("Microsoft retient", "Microsoft retient"),
    ],
)
def test_a_french_title_goes_on_in_small_letters_behind_a_colon(title: str, goes_on: str) -> None:
    assert inside(title, "fr") == goes_on
    assert inside(title, "en") == title


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_cause_does_not_repeat_the_headline(form: str) -> None:
    diagnosis, evidence = cases.switched_off()
    report = render(form, diagnosis, evidence, language="en")
    assert report.count("is switched off for this") == 1
    assert "This is proven." in report


@pytest.mark.parametrize(("language", "said"), [("en", "skipped, since"), ("fr", "omis, car")])
@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_was_skipped_for_one_reason_is_told_together(form: str, language: str, said: str) -> None:
    lines = render(form, *cases.without_token(), language=language).splitlines()
    at = next(number for number, line in enumerate(lines) if said in line)
    titles = [line for line in lines[at + 1 :] if line.lstrip().startswith("- ")]
    assert len(titles) == 3


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_no_administrator_was_there_for_takes_one_line(form: str) -> None:
    evidence = cases.evidence(Reply(code=235, lines=("2.7.0 Authentication successful",)))
    report = render(form, replay(evidence, CHECKS, catalogue.load()), evidence, language="en")
    count = sum(check.stage is Stage.DIRECTORY for check in CHECKS)
    assert f"what only administrators can see ({count} questions)" in " ".join(report.split())
    assert "The account may sign in" not in report
    (line,) = [line for line in report.splitlines() if "since no administrator is signed in" in line]
    assert line.lstrip(" -").startswith("skipped, since")


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_lacks_a_permission_is_told_by_its_questions(form: str) -> None:
    refused = no_answer(Obstacle.NO_PERMISSION, "AuditLog.Read.All")
    evidence = knowing(reading(healthy()), sign_ins=refused, trace=refused)
    report = render(form, replay(evidence, CHECKS, catalogue.load()), evidence, language="en")
    assert "(missing permission: AuditLog.Read.All):" in " ".join(report.replace("`", "").split())
    assert "- The sign-in log shows no refusal" in report
    assert "- The test message was delivered" in report
    assert "what only administrators can see" not in report


def test_verbose_adds_the_conversation_and_every_certificate(snapshot: SnapshotAssertion) -> None:
    evidence = cases.unverified()
    for language in supported():
        translate = translator(language)
        assert (certificates(evidence, translate), transcript(evidence, translate)) == snapshot(name=language)


def test_without_a_conversation_there_is_nothing_to_add() -> None:
    _, evidence = cases.without_dialogue()
    assert isinstance(evidence.dialogue, NotAsked)
    assert certificates(evidence, str) == transcript(evidence, str) == ()


def test_lines_of_a_reply_are_kept_apart() -> None:
    lines = transcript(cases.evidence(Reply(code=535, lines=("5.7.3 one", "5.7.3 two"))), str)
    assert [line.split("S: ")[1] for line in lines[-2:]] == ["535-5.7.3 one", "535 5.7.3 two"]


def test_an_unknown_form_is_a_bug() -> None:
    assert set(FORMATS) == {"text", "json", "markdown"}
    with pytest.raises(KeyError):
        render("html", *cases.healthy(), language="en")


# --- what lies ahead


def using_a_password(found: Evidence) -> Evidence:
    """The log has a sign-in of another device, with a password."""
    use = replace(SIGNED_IN, app="Office 365 Exchange Online", app_id=None, client="Authenticated SMTP", ip="192.0.2.7")
    return knowing(reading(found), sign_ins=SignIns(since=NOW - timedelta(days=7), records=(use,)))


def told(found: Evidence, form: str = "text") -> str:
    return " ".join(render(form, replay(found, CHECKS, catalogue.load()), found, language="en").split())


def test_what_works_and_will_stop_reads_as_it_did(snapshot: SnapshotAssertion) -> None:
    found = using_a_password(sending(healthy()))
    assert render("text", replay(found, CHECKS, catalogue.load()), found, language="en") == snapshot


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_works_today_is_not_said_to_fail(form: str) -> None:
    said = told(using_a_password(sending(healthy())), form)
    assert "works today, but will stop unless somebody acts: A device still signs in with a password" in said
    assert "This is likely, not proven." in said
    assert "stands out" not in said
    assert "cannot send" not in said


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_lies_ahead_stands_beside_a_failure_and_does_not_explain_it(form: str) -> None:
    bare = told(using_a_password(refused(healthy())), form)
    title = "A device still signs in with a password (Basic authentication)"
    assert title in bare.partition("What else is wrong")[2].partition("What else it can be")[0]
    assert title not in bare.partition("What else it can be")[2].partition("Every step")[0]


def test_what_lies_ahead_is_not_counted_among_the_causes_of_a_failure() -> None:
    quiet = administered(refused(healthy()))
    count = len(replay(quiet, CHECKS, catalogue.load()).findings)
    assert count > 1
    assert f"{count} causes are possible" in told(quiet)
    assert f"{count} causes are possible" in told(using_a_password(refused(healthy())))


def test_where_the_rest_could_not_be_asked_what_lies_ahead_is_told_and_no_failure() -> None:
    nobody = NotAsked(because=say("nobody asked"))
    said = told(using_a_password(without_token(healthy(), nobody)))
    assert "could not be examined to the end: A device still signs in with a password" in said
    assert "cannot send" not in said.partition("Every step")[0]
