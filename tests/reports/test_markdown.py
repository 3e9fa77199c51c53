import re
from html import unescape

import pytest
from markdown_it import MarkdownIt
from syrupy.assertion import SnapshotAssertion

from diag.language import supported
from diag.sentence import say
from reports import render
from reports.markdown import code, prose
from reports.wording import told
from tests.reports import cases


@pytest.mark.parametrize("language", supported())
def test_the_ticket_reads_as_it_did(language: str, snapshot: SnapshotAssertion) -> None:
    assert render("markdown", *cases.switched_off(), language=language) == snapshot


@pytest.mark.parametrize("verbose", [False, True])
def test_nothing_a_server_wrote_becomes_a_link_an_image_or_html(verbose: bool) -> None:
    ticket = render("markdown", *cases.hostile(), language="en", verbose=verbose)
    markdown = MarkdownIt("gfm-like", {"linkify": False})
    html = markdown.render(ticket)
    for hostile in ("<script", "<img", 'href="http://evil', 'href="javascript', 'href="www'):
        assert hostile not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "payload",
    [
        "<img src=x onerror=alert(1)>",
        "![x](http://evil.example/x.png)",
        "<script>alert(1)</script>",
        "[c](http://evil.example)",
    ],
)
@pytest.mark.parametrize("filler", ["\U000e0001", "`\U000e0001", "\u202e`", "x"])
def test_a_quotation_keeps_its_end_however_long_its_escapes_are(payload: str, filler: str) -> None:
    html = MarkdownIt("gfm-like", {"linkify": False}).render(
        told(say("{a} {b}", a=payload + filler * 1900, b=filler * 1900 + payload), str, code)
    )
    assert re.findall(r"<(?!/?(?:code|p)>)", html) == []


def test_our_own_text_is_shown_as_it_stands() -> None:
    for text in (
        "Add-It -User <object id> * `x` [y](z) #1 a_b _c_ ~~d~~ <e@f.example> &lt; \\ Users > Mail",
        "# x",
        "> x",
        "1. x",
        "- x",
    ):
        html = MarkdownIt("gfm-like", {"linkify": False}).render(prose(text))
        shown = html.replace("<code>", "").replace("</code>", "").removeprefix("<p>").removesuffix("</p>\n")
        assert unescape(shown) == text


def test_commands_and_addresses_are_code() -> None:
    html = MarkdownIt().render(render("markdown", *cases.switched_off(), language="en"))
    command = "Set-CASMailbox -Identity scanner@contoso.com -SmtpClientAuthenticationDisabled $false"
    assert f"<code>{command}</code>" in html
    assert prose("for instance o'scan@b.example, no other") == "for instance `o'scan@b.example`, no other"


@pytest.mark.parametrize("text", ["`", "``x`", "a`b", "x", "a|b", "  ", "*x*", "\x1b", "<b>"])
def test_a_code_span_holds_exactly_what_it_shows(text: str) -> None:
    html = MarkdownIt().renderInline(f"before {code(text)} after")
    assert html.count("<code>") == (1 if text.strip() else 0)
    assert "<b>" not in html
    assert "<em>" not in html


def test_the_links_of_the_catalogue_are_live() -> None:
    diagnosis, evidence = cases.switched_off()
    html = MarkdownIt().render(render("markdown", diagnosis, evidence, language="en"))
    assert diagnosis.best is not None
    assert all(f'href="{link}"' in html for link in diagnosis.best.cause.links)
