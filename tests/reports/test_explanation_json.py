"""The explanation for programs."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import diag
import reports
from diag.catalogue import load
from diag.language import supported
from reports import explanation_json, render_explanation
from tests.reports.test_explanation import BARE, BOUNCE, DOCS, HOSTILE, LOG, OFF, TAIL, TEXTS

SCHEMA = Path(reports.__file__).with_name("explanation.schema.json")


def _report(text: str, language: str = "en", docs_url: str | None = None) -> dict[str, Any]:
    made = render_explanation("json", diag.explain(text), version="0.1.0", language=language, docs_url=docs_url)
    found: dict[str, Any] = json.loads(made)
    return found


def _finding(text: str) -> dict[str, Any]:
    found: dict[str, Any] = _report(text)["findings"][0]
    return found


def test_the_shipped_schema_is_the_one_that_the_code_makes() -> None:
    assert SCHEMA.read_text("utf-8") == explanation_json.schema()


@pytest.mark.parametrize("language", supported())
@pytest.mark.parametrize("text", [*TEXTS.values(), f"535 {HOSTILE}", ""], ids=[*TEXTS, "hostile", "empty"])
def test_every_explanation_keeps_to_the_schema(text: str, language: str) -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(_report(text, language), schema)


def test_the_schema_refuses_what_is_not_an_explanation() -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    for damage in ({"findings": None}, {"schema": "diag.explanation/2"}, {"lines": "many"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(_report(OFF) | damage, schema)


def test_the_keys_are_those_that_were_promised() -> None:
    report = _report(OFF)
    finding, cause = report["findings"][0], report["causes"][0]
    assert list(report) == ["schema", "diag_version", "lines", "findings", "causes"]
    assert (report["schema"], report["diag_version"], report["lines"]) == ("diag.explanation/1", "0.1.0", 1)
    assert set(finding) == set(
        "line lines text code enhanced kind causes aadsts panel told asks route ids".split()  # noqa: SIM905 - shorter so
    )
    assert set(cause) == set(
        "id title certainty severity actor stage explanation fix links look_alikes docs".split()  # noqa: SIM905
    )
    assert (finding["code"], finding["enhanced"], finding["kind"]) == ("535", "5.7.139", "reply")
    assert finding["causes"][0]["id"] == cause["id"] == "smtp_auth_disabled_tenant"
    assert "names this cause itself" in finding["causes"][0]["because"]
    assert cause["docs"] == "causes/switch.md#smtp_auth_disabled_tenant"
    assert finding["ids"] == [{"label": "Server, time and id of the reply", "value": TAIL}]


def test_each_kind_of_finding_has_its_own_part() -> None:
    number, panel, state = _finding("AADSTS50173"), _finding("#839"), _finding("0x50")
    assert (number["kind"], number["aadsts"][0]["number"], number["aadsts"][0]["known"]) == ("sign_in", 50173, True)
    assert (panel["kind"], panel["panel"][0]["vendor"], panel["panel"][0]["kind"]) == ("panel", "Canon", "error")
    assert (state["panel"][0]["shows"], state["panel"][0]["kind"], state["causes"]) == ("Sending OK", "state", [])
    assert _finding("smtp_auth_disabled_mailbox")["kind"] == "cause"
    assert _finding(BOUNCE)["route"] == "bounce"
    assert _finding(BARE)["asks"] == ["mechanism"]
    unknown = _finding("AADSTS9999999")["aadsts"][0]
    assert (unknown["known"], unknown["name"], unknown["meaning"]) == (False, None, None)
    assert unknown["link"].endswith("code=9999999")
    assert len(_finding("554 5.7.99 who knows")["told"]) == 2


def test_findings_come_in_order_and_each_cause_once() -> None:
    report = _report(f"{LOG}{LOG}")
    lines = [finding["line"] for finding in report["findings"]]
    assert lines == sorted(lines)
    ids = [cause["id"] for cause in report["causes"]]
    assert len(ids) == len(set(ids))
    assert {one["id"] for finding in report["findings"] for one in finding["causes"]} == set(ids)


def test_the_best_cause_comes_first() -> None:
    order = ["proven", "likely", "possible"]
    sure = [order.index(cause["certainty"]) for cause in _report(f"{BARE}\n\nAADSTS65001: no consent")["causes"]]
    assert len(set(sure)) > 1
    assert sure == sorted(sure)


def test_only_sentences_depend_on_the_language() -> None:
    english, french = _report(OFF), _report(OFF, "fr")
    assert english["findings"][0]["text"] == french["findings"][0]["text"]
    assert english["causes"][0]["id"] == french["causes"][0]["id"]
    assert english["causes"][0]["title"] != french["causes"][0]["title"]
    assert english["findings"][0]["causes"][0]["because"] != french["findings"][0]["causes"][0]["because"]
    assert french["causes"][0]["docs"] == "fr/causes/switch.md#smtp_auth_disabled_tenant"


def test_the_published_page_stands_whole() -> None:
    (cause,) = _report(OFF, docs_url=DOCS)["causes"]
    assert cause["docs"] == "https://docs.example/causes/switch.md#smtp_auth_disabled_tenant"


def test_what_a_text_said_is_kept_in_ascii() -> None:
    text = render_explanation("json", diag.explain(f"554 {HOSTILE}"), version="0.1.0", language="fr")
    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text)["findings"][0]["text"] == f"554 {HOSTILE}"


def test_the_fix_is_the_one_of_the_catalogue() -> None:
    (cause,) = _report(OFF)["causes"]
    assert tuple(cause["fix"]) == load().cause("smtp_auth_disabled_tenant").fix.en
