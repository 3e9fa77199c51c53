import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import reports
from diag.language import supported
from reports import as_json, render
from tests.reports import cases
from tests.setting_cases import LIVE, ON_ITS_WAY

SCHEMA = Path(reports.__file__).with_name("diagnosis.schema.json")


def _report(case: str, language: str = "en") -> dict[str, Any]:
    made: dict[str, Any] = json.loads(render("json", *cases.CASES[case](), language=language))
    return made


def test_the_shipped_schema_is_the_one_that_the_code_makes() -> None:
    assert SCHEMA.read_text("utf-8") == as_json.schema()


@pytest.mark.parametrize("language", supported())
@pytest.mark.parametrize("case", cases.CASES)
def test_every_report_keeps_to_the_schema(case: str, language: str) -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(_report(case, language), schema)


def test_the_schema_refuses_what_is_not_a_report() -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    for damage in ({"verdict": "fine"}, {"schema": "diag.diagnosis/2"}, {"causes": None}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(_report("healthy") | damage, schema)


def test_the_keys_are_those_that_were_promised() -> None:
    report = _report("switched off")
    assert list(report) == [
        "schema",
        "diag_version",
        "started_at",
        "duration_ms",
        "subject",
        "verdict",
        "causes",
        "checks",
        "setting",
        "propagation",
    ]
    assert list(report["subject"]) == ["mailbox", "tenant", "from", "smtp_host", "smtp_port", "cloud"]
    cause, check = report["causes"][0], report["checks"][-2]
    assert list(cause) == ["id", "title", "certainty", "severity", "explanation", "fix", "links", "because", "docs"]
    assert (cause["id"], cause["certainty"]) == ("smtp_auth_disabled_mailbox", "proven")
    assert check["outcome"] == "failed"
    assert check["suspects"] == [{"id": "smtp_auth_disabled_mailbox", "certainty": "proven"}]
    assert report["propagation"] is None
    setting = report["setting"]
    del setting["observed_at"]
    assert setting == {
        "mailbox": "off",
        "organisation": None,
        "effective": "off",
        "backend": "probe",
        "vendor_supported": False,
    }


@pytest.mark.parametrize(
    ("name", "values"),
    [("healthy", (None, None, "on")), ("several causes", None)],
)
def test_what_the_sign_in_shows_of_the_setting_is_told_and_nothing_more(
    name: str, values: tuple[str | None, ...] | None
) -> None:
    setting = _report(name)["setting"]
    if values is None:
        assert setting is None
    else:
        assert (setting["mailbox"], setting["organisation"], setting["effective"]) == values


def test_the_setting_that_was_read_goes_before_what_the_sign_in_shows() -> None:
    diagnosis, evidence = cases.CASES["switched off"]()
    told = render("json", diagnosis, replace(evidence, setting=LIVE, propagation=ON_ITS_WAY), language="en")
    report = json.loads(told)
    jsonschema.validate(report, json.loads(SCHEMA.read_text("utf-8")))
    assert (report["setting"]["mailbox"], report["setting"]["backend"]) == ("on", "exchange")
    assert report["propagation"]["change"]["progress"] == "written"
    assert report["propagation"]["expectation"] is None


def test_what_a_server_said_is_kept_in_ascii() -> None:
    text = render("json", *cases.hostile(), language="fr")
    assert text.isascii()
    assert "\x1b" not in text
    assert cases.HOSTILE in json.loads(text)["causes"][0]["because"][0]


def test_only_sentences_depend_on_the_language() -> None:
    english, french = _report("several causes", "en"), _report("several causes", "fr")
    assert [cause["id"] for cause in english["causes"]] == [cause["id"] for cause in french["causes"]]
    for one, other in zip(english["causes"], french["causes"], strict=True):
        assert one["title"] != other["title"]
        assert one["because"] != other["because"]
