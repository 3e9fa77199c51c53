"""Where a report says that everything about a cause stands."""

import json

import pytest

from diag.language import supported
from reports import render
from tests.reports import cases

DOCS = "https://docs.example/"
PAGES = {"en": "causes/switch.md#smtp_auth_disabled_mailbox", "fr": "fr/causes/switch.md#smtp_auth_disabled_mailbox"}


@pytest.mark.parametrize("language", supported())
def test_the_diagnosis_names_the_command_that_tells_more(language: str) -> None:
    for form, shown in (("text", ": diag explain {id}\n"), ("markdown", ": `diag explain {id}`\n")):
        report = render(form, *cases.several(), language=language)
        for finding in cases.several()[0].findings:
            assert shown.format(id=finding.cause.id) in report


@pytest.mark.parametrize("language", supported())
def test_the_diagnosis_links_to_the_published_page(language: str) -> None:
    for form, shown in (("text", f": {DOCS}{PAGES[language]}\n"), ("markdown", f": <{DOCS}{PAGES[language]}>\n")):
        report = render(form, *cases.switched_off(), language=language, docs_url=DOCS)
        assert shown in report
        assert "diag explain" not in report


@pytest.mark.parametrize("language", supported())
@pytest.mark.parametrize("docs_url", [None, DOCS])
def test_programs_are_told_the_page_of_each_cause(language: str, docs_url: str | None) -> None:
    (cause,) = json.loads(render("json", *cases.switched_off(), language=language, docs_url=docs_url))["causes"]
    assert cause["docs"] == f"{docs_url or ''}{PAGES[language]}"
