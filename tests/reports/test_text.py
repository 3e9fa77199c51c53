import pytest
from syrupy.assertion import SnapshotAssertion

from diag.evidence import NotAsked, Reply
from diag.language import supported, translator
from reports import FORMATS, render
from reports.transcript import certificates, transcript
from reports.wording import shown
from tests.reports import cases

# The reply and links are kept whole; everything else keeps to the width.
_WHOLE = ("    535", "    5.7", "    AADSTS", "http", "2026-11-23T", "SHA-256")


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
    assert diagnosis.best.cause.title.in_language(language) in first


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


def test_a_foreign_tenants_mailbox_stands_in_the_command_to_copy() -> None:
    diagnosis, evidence = cases.switched_off("copier.3@fabrikam.example")
    report = " ".join(render("text", diagnosis, evidence, language="en").split())
    assert "Set-CASMailbox -Identity copier.3@fabrikam.example " in report
    assert "scanner@contoso.com" not in report


def test_an_address_that_a_shell_would_misread_is_not_put_into_a_command() -> None:
    diagnosis, evidence = cases.switched_off("a$(b)&c".replace("(", "{").replace(")", "}") + "@fabrikam.example")
    assert "-Identity a$" not in " ".join(render("text", diagnosis, evidence, language="en").split())


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
