"""What is told of an explanation, in text and Markdown."""

import re

import pytest
from markdown_it import MarkdownIt
from syrupy.assertion import SnapshotAssertion

import diag
from diag.catalogue import aadsts_link, load
from diag.language import supported
from reports import render_explanation
from reports.remedy import steps

TAIL = "AM0PR02CA0134.eurprd02.prod.outlook.com 2026-11-23T04:27:23.358Z 08DE2C20D8DDB635"
OFF = f"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. [{TAIL}]"
BARE = f"535 5.7.3 Authentication unsuccessful [{TAIL}]"
BOUNCE = (
    "Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup'"
)
LOG = f"""2026-11-23 09:00:01 INFO connect smtp.office365.com:587
S: 220 AM0PR02CA0134.outlook.office365.com Microsoft ESMTP MAIL Service ready
C: AUTH XOAUTH2
S: {OFF}
C: QUIT
S: 220 AM0PR02CA0134.outlook.office365.com Microsoft ESMTP MAIL Service ready
C: MAIL FROM:<scanner@contoso.com>
S: 554 5.9.99 whatever the server wants
C: QUIT
2026-11-23 09:30:01 ERROR AADSTS65001: The user or administrator has not consented to use the application.
S: {OFF}
"""
TEXTS = {
    "one cause": OFF,
    "several causes": BARE,
    "number": "AADSTS50173",
    "unknown number": "AADSTS9999999: something new. Trace ID: 0f8fad5b-d9cb-469f-a165-70867728950e",
    "panel code": "#839",
    "state": "0x50",
    "bounce": BOUNCE,
    "unknown reply": f"554 5.9.99 the moon is in the wrong house [{TAIL}]",
    "id": "smtp_auth_disabled_mailbox",
    "nothing": "250 2.0.0 OK",
    "log": LOG,
}
HOSTILE = (
    "5.7.3 \x1b[2J\x1b]0;owned\x07 \u202egnp.exe\u202c zero\u200bwidth ![x](http://evil.example/x.png)"
    " <script>alert(1)</script> [click](javascript:x) `tick` ```fence``` www.evil.example # * _ {title} {0}"
)
DOCS = "https://docs.example/"


def _told(text: str, form: str = "text", language: str = "en", docs_url: str | None = None) -> str:
    return render_explanation(form, diag.explain(text), version="0.1.0", language=language, docs_url=docs_url)


def _said(text: str, form: str = "text") -> str:
    return " ".join(_told(text, form).split())


@pytest.mark.parametrize("language", supported())
@pytest.mark.parametrize("case", TEXTS)
def test_the_explanation_reads_as_it_did(case: str, language: str, snapshot: SnapshotAssertion) -> None:
    assert _told(TEXTS[case], language=language) == snapshot


@pytest.mark.parametrize("language", supported())
@pytest.mark.parametrize("case", ["several causes", "number", "log"])
def test_the_ticket_reads_as_it_did(case: str, language: str, snapshot: SnapshotAssertion) -> None:
    assert _told(TEXTS[case], "markdown", language) == snapshot


@pytest.mark.parametrize("language", supported())
@pytest.mark.parametrize("case", TEXTS)
def test_no_line_is_wider_than_eighty_columns_but_for_what_is_quoted_or_pasted(case: str, language: str) -> None:
    whole = re.compile(r"^    +\S|https?://|Set-CASMailbox|2026-11-23T")
    lines = _told(TEXTS[case], language=language).splitlines()
    assert [line for line in lines if len(line) > 80 and not whole.search(line)] == []


@pytest.mark.parametrize("cause", load().causes)
@pytest.mark.parametrize("language", supported())
def test_the_id_of_a_cause_gives_everything_about_it(cause: str, language: str) -> None:
    known, told = load().cause(cause), _told(cause, language=language)
    said = " ".join(told.split())
    for text in (known.title, known.explanation, known.look_alikes):
        assert " ".join(text.in_language(language).split()) in said
    for step in steps(known, None, language):
        assert " ".join(str(step).split()) in said
    assert all(link in told for link in known.links)


def test_the_answer_comes_first_with_how_sure_it_is() -> None:
    for form in ("text", "markdown"):
        first = _said(OFF, form).removeprefix("# ")
        assert first.startswith("Cause: Authenticated SMTP is switched off for the organisation")
        assert "follows it. This is proven." in first[:160]


def test_where_the_text_alone_cannot_tell_no_cause_is_told_as_if_it_were_found() -> None:
    causes = diag.explain(BARE).causes
    told = _told(BARE)
    assert told.startswith(f"This text alone does not tell which of {len(causes)} causes it is.\n")
    assert "This is for" not in told
    assert "What to do" not in told
    for question in ("--sign-in password", "--sign-in oauth", "diag scan-to-email MAILBOX"):
        assert question in told
    said = " ".join(told.split())
    for number, suspected in enumerate(causes, 1):
        title = suspected.cause.title.en
        assert f"{number}. {title} [{suspected.cause.id}] How to tell: {suspected.cause.look_alikes.en}" in said


def test_a_question_is_asked_only_where_its_answer_is_open() -> None:
    answered = render_explanation("text", diag.explain(BARE, mechanism="oauth"), version="0.1.0", language="en")
    assert "--sign-in" not in answered
    assert "--account" not in answered
    assert "--account organisation" in _told(OFF.replace("Tenant", "Mailbox"))


def test_a_number_is_told_with_its_name_what_to_do_first_and_its_page() -> None:
    entry = load().aadsts(50173)
    assert entry is not None
    for form in ("text", "markdown"):
        said = _said("AADSTS50173", form)
        assert f"AADSTS50173 ({entry.name})" in said
        assert entry.meaning.en in said.replace("\\", "")
        assert "Do this first: " in said
        assert aadsts_link(50173) in said


def test_a_number_that_nobody_knows_is_shown_with_its_page() -> None:
    said = _said(TEXTS["unknown number"])
    assert said.startswith("diag does not know AADSTS9999999,")
    assert aadsts_link(9999999) in said
    assert "Trace ID: 0f8fad5b-d9cb-469f-a165-70867728950e" in said


def test_a_bounce_says_that_the_sign_in_works() -> None:
    assert "the device and its sign-in work" in _said(BOUNCE)
    assert "the device and its sign-in work" not in _said(OFF)


def test_a_state_is_no_error() -> None:
    assert _said("0x50").startswith("Brother 0x50 is no error. Brother 0x50: Sending OK")


def test_codes_of_several_makes_ask_for_the_make() -> None:
    shared: dict[str, set[str]] = {}
    for code in load().panel_codes:
        if code.kind in {"error", "state"} and code.causes:
            shared.setdefault(code.code.casefold(), set()).add(code.vendor)
    for shown, vendors in shared.items():
        asked = "Which make is the device?" in _told(shown)
        assert asked is (len(vendors) > 1), shown


def test_a_finding_names_its_lines_and_quotes_the_first() -> None:
    told = _told(LOG)
    assert told.startswith("4 findings in 11 lines.\n\n  1. Lines 4, 11: S: 535 5.7.139 Authentication")
    assert f"  Lines 4, 11:\n    S: {OFF}\n" in told
    assert "  2. Line 8: S: 554 5.9.99 whatever the server wants\n     unknown to diag\n" in told


def test_each_cause_of_a_log_is_explained_once() -> None:
    told = _told(LOG)
    for title in ("Authenticated SMTP is switched off for the organisation", "Nobody has consented"):
        assert len(re.findall(rf"^\d\. Cause: {title}", told, re.MULTILINE)) == 1


def _session(reply: str) -> str:
    return f"S: 220 mail.example ready\nC: AUTH LOGIN\nS: {reply}\nC: QUIT\n"


def test_ten_thousand_findings_with_the_same_causes_are_told_together() -> None:
    log = "".join(_session(f"535 5.7.3 Authentication unsuccessful [{number:016X}]") for number in range(10_000))
    told = _told(log)
    assert told.startswith("10000 findings in 40000 lines.\n")
    assert "  Lines 3, 7, 11, 15, 19 and 9995 more:\n" in told
    assert len(told.splitlines()) < 100


def test_a_cause_is_not_lost_among_what_nobody_knows() -> None:
    noise = [_session(f"554 5.9.{number} nobody knows") for number in range(100)]
    told = _told("".join([*noise, _session(OFF)]))
    assert "Cause: Authenticated SMTP is switched off for the organisation" in told
    assert "51 more kinds of findings are left out here" in told


@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.parametrize("code", ["535", "554", "AADSTS9999999 535"])
def test_hostile_characters_are_shown_as_escapes(form: str, code: str) -> None:
    report = _told(f"250 ok\n{code} {HOSTILE}", form)
    for hostile in ("\x1b", "\x07", "\r", "\u202e", "\u202c", "\u200b"):
        assert hostile not in report
    for escape in (r"\x1b", r"\x07", r"\u202e", r"\u200b"):
        assert escape in report


@pytest.mark.parametrize("code", ["535", "554", "AADSTS9999999 535"])
def test_nothing_of_a_text_becomes_a_link_an_image_or_html(code: str) -> None:
    ticket = _told(f"{code} {HOSTILE}\n250 ok\n{_session(f'{code} {HOSTILE}')}{_session(OFF)}", "markdown")
    html = MarkdownIt("gfm-like", {"linkify": False}).render(ticket)
    for hostile in ("<script", "<img", 'href="http://evil', 'href="javascript', 'href="www'):
        assert hostile not in html
    assert "&lt;script&gt;" in html


def test_a_line_of_a_megabyte_is_cut() -> None:
    for form in ("text", "markdown"):
        report = _told(f"250 ok\n554 5.9.99 {'x ' * 500_000}", form)
        assert "554 5.9.99 x x x" in report
        assert len(report) < 20_000


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_support_asks_for_is_there(form: str) -> None:
    assert TAIL in _told(OFF, form).partition("Microsoft's support")[2]


def test_more_stands_on_the_published_page_or_in_what_the_command_tells() -> None:
    page = "https://docs.example/causes/switch.md#smtp_auth_disabled_tenant"
    assert "  More: diag explain smtp_auth_disabled_tenant\n" in _told(OFF)
    assert f"  More: {page}\n" in _told(OFF, docs_url=DOCS)
    assert f"<{page}>" in _told(OFF, "markdown", docs_url=DOCS)
    assert "More:" not in _told("smtp_auth_disabled_tenant")
    assert f"  More: {page}\n" in _told("smtp_auth_disabled_tenant", docs_url=DOCS)
    every = [suspected.cause.id for suspected in diag.explain(BARE).causes]
    assert [name for name in every if f".md#{name}\n" not in _told(BARE, docs_url=DOCS)] == []


def test_an_address_in_a_step_is_said_to_stand_for_the_readers_own() -> None:
    assert "scanner@contoso.com stands for the mailbox of the device." in _told(OFF)
    assert "stands for" not in _told(BOUNCE)


def test_an_unknown_form_is_a_bug() -> None:
    with pytest.raises(KeyError):
        _told(OFF, "html")
