"""Markdown as plain text: what people read of it, and nothing more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.health.plain import one_line, plain
from reports.markdown import code, prose


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("## Health of 40 scanners", "Health of 40 scanners"),
        ("- **2 broken**, *1 new*", "- 2 broken, 1 new"),
        ("see [the causes](https://example.org/causes)", "see the causes (https://example.org/causes)"),
        ("`copier@contoso.com` and `` a`b ``", "copier@contoso.com and a`b"),
        ("`**not bold**` and \\*not\\* this", "**not bold** and *not* this"),
        ("a\\\\b 2\\. x", "a\\b 2. x"),
        ("5 * 4 * 3 and snake_case_name", "5 * 4 * 3 and snake_case_name"),
        ("one\n\ntwo  ", "one\n\ntwo"),
        ("\0000\000", "0"),
        ("", ""),
    ],
)
def test_marks_go_and_words_stay(markdown: str, text: str) -> None:
    assert plain(markdown) == text


@given(st.text("ab1*_`\\[]()<>#&. @-", max_size=40))
def test_what_the_report_escapes_comes_back_as_it_was(text: str) -> None:
    line = " ".join(text.split())
    assert plain(f"x {prose(line)}".rstrip()) == f"x {line}".rstrip()


@given(st.text("ab`\\*_[]() ", min_size=1, max_size=20))
def test_code_comes_back_as_it_was(text: str) -> None:
    assert plain(code(text)).strip() == text.strip()


@given(st.text(max_size=400))
def test_a_header_is_one_line(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert len(line) <= 200
