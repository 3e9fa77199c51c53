"""Every scenario of the lab through the real command: it must end in what the scenario says, and replay the same."""

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from diag.lab import load_scenario, scenario_names
from tests.e2e.command import ROOT, diag
from tests.lab.examined import needs_a_full_queue, patience_s

SCHEMA = json.loads((ROOT / "reports" / "diagnosis.schema.json").read_text(encoding="utf-8"))
EXITS = {"healthy": 0, "broken": 1, "degraded": 1, "inconclusive": 3, "waiting": 5}


def judged(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(check["id"], check["outcome"]) for check in report["checks"]]


@pytest.mark.parametrize("name", scenario_names())
def test_a_scenario_ends_in_what_it_states_and_is_judged_the_same_again(name: str, tmp_path: Path) -> None:
    if needs_a_full_queue(name) and sys.platform == "win32":
        pytest.skip("Windows refuses where a backlog is full")
    scenario = load_scenario(name)
    saved = tmp_path / "evidence.json"
    arguments = ("scan-to-email", scenario.run.mailbox, "--lab", name, "--format", "json")
    ran = diag(*arguments, "--timeout", str(patience_s(name)), "--evidence", str(saved), folder=tmp_path)
    report = json.loads(ran.out)
    jsonschema.validate(report, SCHEMA)
    best = report["causes"][0] if report["causes"] else {"id": "", "certainty": None}
    certainty = scenario.expect.certainty.value if scenario.expect.certainty else None
    assert (report["verdict"], best["id"], best["certainty"]) == (
        scenario.expect.verdict,
        scenario.expect.cause,
        certainty,
    ), ran.err
    assert ran.code == EXITS[scenario.expect.verdict]
    assert "broken" not in {check["outcome"] for check in report["checks"]}
    again = diag("replay", str(saved), "--format", "json", folder=tmp_path)
    repeated = json.loads(again.out)
    assert again.code == ran.code
    assert (repeated["verdict"], repeated["causes"], judged(repeated)) == (
        report["verdict"],
        report["causes"],
        judged(report),
    )


def test_a_change_becomes_effective_after_a_while() -> None:
    """One lab, asked before and after the setting takes effect."""
    import asyncio
    import time
    from dataclasses import replace

    from diag.adapters.smtp import Submission
    from diag.adapters.trust import trust
    from diag.lab import Lab
    from diag.lab.scenario import Propagation
    from diag.secret import Redactor, Secret
    from diag.stage import Stage
    from diag.subject import Subject

    scenario = replace(load_scenario("propagating"), propagation=Propagation(effective_after_s=3))
    subject = Subject(mailbox=scenario.run.mailbox, sender=scenario.run.mailbox)
    began = time.monotonic()
    with Lab(scenario) as lab:
        smtp = Submission(trust=trust(lab.ca_file), redactor=Redactor(), route=lab.route)

        def answer() -> str:
            talk = asyncio.run(smtp.dialogue(subject, "192.0.2.10", Secret(lab.token())))
            return str(talk.reply(Stage.AUTH))

        before = answer()
        assert "disabled for the Mailbox" in before or time.monotonic() - began > 3
        time.sleep(max(0.0, 3.2 - (time.monotonic() - began)))
        assert answer().startswith("235")
