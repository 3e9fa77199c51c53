"""Every case from the field can be met in the lab, or is asked for and explained where only the device can show it.

That a scenario does end in the cause it states is tested with each of them, in tests/e2e.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from diag import explain
from diag.catalogue import load
from diag.lab import load_scenario
from diag.outcome import Certainty

CASES: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("field_cases.toml").read_text("utf-8"))["case"]
SEEN = [case for case in CASES if "scenario" in case]
ONLY_THE_DEVICE_SHOWS = [case for case in CASES if "asked" in case]
FROM_THE_FIELD = 21


def symptom(case: dict[str, Any]) -> str:
    return str(case["symptom"])


def test_every_case_is_told_with_its_source_and_covered_in_one_way() -> None:
    assert len({case["source"] for case in CASES}) >= FROM_THE_FIELD
    for case in CASES:
        assert {"symptom", "root_cause", "source"} <= case.keys()
        assert case["source"].startswith(("https://", "http://"))
        assert ({"scenario", "cause"} <= case.keys()) != ({"asked", "phrase"} <= case.keys()), case["symptom"]


@pytest.mark.parametrize("case", SEEN, ids=symptom)
def test_a_case_that_can_be_seen_is_a_scenario_with_its_root_cause_first(case: dict[str, Any]) -> None:
    expected = load_scenario(case["scenario"]).expect
    assert expected.cause == case["cause"]
    assert expected.certainty in {Certainty.PROVEN, Certainty.LIKELY}


@pytest.mark.parametrize("case", ONLY_THE_DEVICE_SHOWS, ids=symptom)
def test_a_case_that_only_the_device_shows_is_asked_for_in_both_languages(case: dict[str, Any]) -> None:
    cause = load().cause(case["asked"])
    for language, phrase in case["phrase"].items():
        read = (cause.explanation, cause.look_alikes)
        told = [*(text.in_language(language) for text in read), *getattr(cause.fix, language)]
        assert any(phrase in text for text in told), (language, phrase)
    assert case["phrase"].keys() == {"en", "fr"}


@pytest.mark.parametrize("case", [case for case in CASES if "reply" in case], ids=symptom)
def test_what_the_person_reads_is_explained_by_that_cause(case: dict[str, Any]) -> None:
    wanted = case.get("asked") or case["cause"]
    assert wanted in {suspicion.cause.id for suspicion in explain(case["reply"]).causes}
