import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

import reports
from diag.health.report import HealthReport
from diag.health.result import Status
from diag.language import supported
from reports import health_json, render_health
from tests.health import any_entries
from tests.health.fleet import BASIC, EXPIRING, HOSTILE, OFF, entry, fleet, found, reported, result, scanner

SCHEMA = Path(reports.__file__).with_name("health.schema.json")
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))


def read(report: HealthReport, language: str = "en", docs_url: str | None = None) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(render_health("json", report, language=language, docs_url=docs_url))
    VALIDATOR.validate(made)
    return made


def test_the_shipped_schema_is_the_one_that_the_code_makes() -> None:
    assert SCHEMA.read_text("utf-8") == health_json.schema()
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text("utf-8")))


def test_the_schema_refuses_what_is_not_a_report() -> None:
    for damage in ({"worst": "fine"}, {"schema": "diag.health/2"}, {"groups": None}):
        with pytest.raises(jsonschema.ValidationError):
            VALIDATOR.validate(read(fleet()) | damage)


def test_the_keys_are_those_that_were_promised() -> None:
    report = read(fleet())
    assert list(report) == [
        "schema",
        "made_at",
        "run",
        "before",
        "verdict",
        "worst",
        "total",
        "examined",
        "counts",
        "counts_before",
        "muted",
        "groups",
        "by_actor",
        "changes",
        "findings",
        "not_asked",
        "annotations_ended",
        "annotations_unmatched",
    ]
    assert report["counts"] == {"broken": 37, "will_break": 210, "degraded": 6, "inconclusive": 20, "healthy": 931}
    assert report["muted"]["broken"] == 10
    assert report["by_actor"][0] == {
        "actor": "exchange_admin",
        "causes": ["smtp_auth_disabled_tenant"],
        "mailboxes": 21,
    }
    assert len(report["changes"]["new"]) == 17
    assert report["annotations_ended"][0]["annotation"]["until"] == "2026-11-22"
    assert report["not_asked"]["bad_rows_total"] == 3


def test_a_finding_says_all_that_is_known_of_it() -> None:
    entries = [entry(result(scanner(1, site="Lyon"), found(BASIC, Status.WILL_BREAK)), "HW", BASIC)]
    report = read(reported(entries), docs_url="https://docs.example/")
    finding = report["findings"][0]
    assert (finding["mailbox"], finding["site"], finding["change"], finding["days"]) == (
        "scan-0001@contoso.com",
        "Lyon",
        "still",
        1,
    )
    assert (finding["trail"], finding["leads"], finding["muted"]) == ("HWW", True, None)
    assert report["groups"][0]["deadline"] == "2026-12-31"


def test_the_fix_is_that_of_the_catalogue_and_a_single_step_is_for_the_mailbox() -> None:
    report = read(reported([entry(result(scanner(1), found(OFF), found(EXPIRING, Status.WILL_BREAK)))]))
    assert report["groups"][0]["docs"] == "causes/switch.md#smtp_auth_disabled_mailbox"
    assert report["groups"][0]["fix"][0] == report["findings"][0]["first_step"]


def test_a_cause_that_the_catalogue_has_no_more_is_told_by_its_id() -> None:
    group = read(reported([entry(result(scanner(1), found("a_cause_of_old")))]))["groups"][0]
    assert (group["title"], group["fix"], group["links"], group["docs"]) == ("a_cause_of_old", [], [], None)


def test_what_others_wrote_is_kept_in_ascii() -> None:
    text = render_health("json", fleet(hostile=True), language="fr")
    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text)["findings"][0]["device"] == HOSTILE


@any_entries.SLOW
@given(any_entries.reports())
def test_any_report_keeps_to_the_schema_and_adds_up(found_so: HealthReport) -> None:
    report = read(found_so)
    assert sum(report["counts"].values()) == report["total"] == found_so.total
    assert all(group["count"] == len(group["mailboxes"]) for group in report["groups"])


def test_only_sentences_depend_on_the_language() -> None:
    english, french = (read(fleet(), language) for language in supported())
    assert english["verdict"] != french["verdict"]
    assert [group["title"] for group in english["groups"]] != [group["title"] for group in french["groups"]]
    for key in ("run", "counts", "changes", "by_actor", "worst", "total"):
        assert english[key] == french[key]
