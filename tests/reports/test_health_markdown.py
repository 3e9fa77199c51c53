import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from syrupy.assertion import SnapshotAssertion

from diag import catalogue
from diag.health.report import HealthReport
from diag.health.result import Status
from diag.language import supported
from reports import render_health
from reports.health_markdown import MOST_LINES
from tests.health import any_entries
from tests.health.fleet import BASIC, OFF, entry, fleet, found, muting, reported, result, scanner

MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})


def message(report: HealthReport, language: str = "en", **known: Any) -> str:
    return render_health("markdown", report, language=language, **known)


@pytest.mark.parametrize("language", supported())
def test_the_message_reads_as_it_did(language: str, snapshot: SnapshotAssertion) -> None:
    assert message(fleet(), language) == snapshot


def test_the_most_there_can_be_to_say_fits() -> None:
    entries = [
        entry(result(scanner(place), found(cause)), "HBHB") for place, cause in enumerate(catalogue.load().causes)
    ]
    report = reported(entries, run=fleet().run, gone=[scanner(999)])
    assert len(message(report).splitlines()) == MOST_LINES
    assert f"and {len(entries) - 5} more causes" in message(report)


@any_entries.SLOW
@given(any_entries.reports(), any_entries.TEXT, st.sampled_from(supported()))
def test_whatever_is_said_it_takes_fifteen_lines_and_holds_no_html_no_image_and_no_foreign_link(
    report: HealthReport, where: str, language: str
) -> None:
    text = message(report, language, where=where)
    assert len(text.splitlines()) <= MOST_LINES
    html = MARKDOWN.render(text)
    assert set(re.findall(r"<(/?\w+)", html)) <= {
        "p",
        "/p",
        "strong",
        "/strong",
        "ul",
        "/ul",
        "li",
        "/li",
        "code",
        "/code",
    }


def test_what_a_server_and_an_inventory_wrote_is_no_markup() -> None:
    html = MARKDOWN.render(message(fleet(hostile=True)))
    for hostile in ("<script", "<img", "evil.example"):
        assert hostile not in html


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        ("https://ops.example/health/12", '<a href="https://ops.example/health/12">'),
        ("https://ops.example/a b", "<code>https://ops.example/a b</code>"),
        ("https://ops.example/><script>", "<code>https://ops.example/&gt;&lt;script&gt;</code>"),
        ("javascript:alert(1)", "<code>javascript:alert(1)</code>"),
        (r"C:\reports\*.csv", r"<code>C:\reports\*.csv</code>"),
        (None, "<code>diag health report --format csv</code>"),
    ],
)
def test_it_says_where_everything_stands(where: str | None, shown: str) -> None:
    assert shown in MARKDOWN.render(message(fleet(), where=where))


def test_causes_link_to_the_documentation_where_that_is_published() -> None:
    html = MARKDOWN.render(message(fleet(), docs_url="https://docs.example/"))
    assert 'href="https://docs.example/causes/switch.md#smtp_auth_disabled_tenant"' in html


def test_a_deadline_stands_at_its_cause() -> None:
    text = message(reported([entry(result(scanner(1), found(BASIC, Status.WILL_BREAK)))]))
    assert "To be done by 2026-12-31: 38 days are left." in text


def test_a_cause_that_is_muted_whole_gives_way_to_those_that_are_not() -> None:
    report = reported(
        [entry(result(scanner(1), found(OFF))), entry(result(scanner(2), found("wrong_password")))],
        annotations=muting(cause=OFF),
    )
    text = message(report)
    assert "User name or password is wrong**: 1 mailbox" in text
    assert "and 1 more cause" in text


def test_a_cause_with_a_date_is_among_those_that_are_told_however_many_there_are() -> None:
    causes = ("port_blocked", "tls_intercepted", OFF, "sender_mismatch", "app_only_not_set_up", "mailbox_not_licensed")
    broken = [entry(result(scanner(number), found(cause))) for number, cause in enumerate(causes)]
    soon = entry(result(scanner(9), found(BASIC, Status.WILL_BREAK), status=Status.WILL_BREAK))
    told = message(reported([*broken, soon]))
    assert "2026-12-31" in told
    assert len(told.splitlines()) <= MOST_LINES
