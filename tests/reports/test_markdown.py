import pytest
from markdown_it import MarkdownIt
from syrupy.assertion import SnapshotAssertion

from diag.language import supported
from reports import render
from reports.markdown import code
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
