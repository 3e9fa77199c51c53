import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion

import reports
from diag.health.past import Past, went_on
from diag.health.rejudged import Rejudged
from diag.health.result import Status
from diag.health.run import DEAD_AFTER, Entry, Run
from diag.language import supported
from diag.outcome import Certainty
from reports import health_history_json
from reports.health_history import history_text, rejudged_text, runs_text
from reports.health_history_json import history_json, rejudged_json, runs_json
from tests.health.fleet import EXPIRING, NIGHT, OFF, OFF_FOR_ALL, entry, found, result, run, scanner

SCHEMA = Path(reports.__file__).with_name("health_history.schema.json")
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))


def read(text: str) -> dict[str, Any]:
    assert text.isascii()
    made: dict[str, Any] = json.loads(text)
    VALIDATOR.validate(made)
    return made


def lived(letters: str) -> list[tuple[Run, Entry]]:
    """What a run a night found, the newest first."""
    rows: list[tuple[Run, Entry]] = []
    past: Past | None = None
    for number, letter in enumerate(letters):
        status = next(one for one in Status if one.letter == letter)
        at = NIGHT - timedelta(days=len(letters) - number - 1)
        causes = () if letter in "HI" else (found(OFF if letter == "B" else EXPIRING, status),)
        of = result(scanner(3), *causes, status=status, at=at)
        past, change = went_on(past, of)
        rows.insert(0, (run(number, at=at), Entry(result=of, past=past, change=change)))
    return rows


def runs() -> tuple[Run, ...]:
    finished = run(10)
    under_way = Run(
        id=12,
        series=finished.series,
        inventory=finished.inventory,
        diag_version="0.1",
        started_at=NIGHT,
        seen_at=NIGHT + timedelta(minutes=5),
        before=10,
    )
    cut_off = Run(
        id=11,
        series="other",
        inventory="other\x1b.csv",
        diag_version="0.1",
        started_at=NIGHT - timedelta(days=1),
        seen_at=NIGHT - timedelta(days=1),
        before=None,
    )
    return under_way, cut_off, finished


COUNTS = {12: {Status.BROKEN: 2}, 10: {Status.HEALTHY: 1200, Status.WILL_BREAK: 4}}
LATER = NIGHT + timedelta(minutes=5) + DEAD_AFTER


def rejudged() -> list[Rejudged]:
    then = entry(result(scanner(1), found(OFF, Status.BROKEN, Certainty.LIKELY)))
    return [
        Rejudged(entry=then, now=result(scanner(1), found(OFF_FOR_ALL))),
        Rejudged(entry=then, now=result(scanner(1), found(OFF))),
        Rejudged(entry=then, now=result(scanner(1))),
    ]


def test_the_shipped_schema_is_the_one_that_the_code_makes() -> None:
    assert SCHEMA.read_text("utf-8") == health_history_json.schema()


@pytest.mark.parametrize("language", supported())
def test_the_history_of_a_mailbox_reads_as_it_did(language: str, snapshot: SnapshotAssertion) -> None:
    assert history_text("Scan-0003@contoso.com", lived("HHHBBBIIBHBHWW"), language=language) == snapshot


@pytest.mark.parametrize("language", supported())
def test_the_table_of_runs_reads_as_it_did(language: str, snapshot: SnapshotAssertion) -> None:
    assert runs_text(runs(), COUNTS, now=LATER, language=language) == snapshot


@pytest.mark.parametrize("language", supported())
def test_what_is_judged_otherwise_reads_as_it_did(language: str, snapshot: SnapshotAssertion) -> None:
    assert rejudged_text(rejudged(), language=language) == snapshot


def test_no_line_is_wider_than_eighty_columns() -> None:
    for language in supported():
        told = history_text("x", lived("HHHBBBIIBHBHWW"), language=language)
        told += runs_text(runs(), COUNTS, now=LATER, language=language) + rejudged_text(rejudged(), language=language)
        assert [line for line in told.splitlines() if len(line) > 80] == []


def test_runs_that_found_the_same_take_one_line() -> None:
    told = history_text("x", lived("HHHB" + "H" * 50), language="en")
    assert told.count("Healthy\n") == 2 + 1  # the legend has it too
    assert ", 50 runs" in told


def test_a_mailbox_that_no_run_knows_and_no_runs_at_all_are_said() -> None:
    assert history_text("a@b.example", [], language="en") == "No run knows a@b.example.\n"
    assert runs_text([], {}, now=NIGHT, language="en").startswith("There is no run yet")
    assert rejudged_text([], language="en") == "0 of 0 mailboxes are judged otherwise today.\n"
    assert read(history_json("a@b.example", [], language="en"))["entries"] == []


def test_the_history_for_programs_has_every_run() -> None:
    told = read(history_json("x", lived("HBB"), language="fr"))
    assert (told["schema"], told["mailbox"], told["trail"]) == ("diag.health_history/1", "x", "HBB")
    assert [one["change"] for one in told["entries"]] == ["still", "new", "first"]
    assert told["entries"][0]["found"]["causes"][0]["id"] == OFF


def test_a_run_is_finished_under_way_or_cut_off() -> None:
    told = read(runs_json(runs(), COUNTS, now=LATER))["runs"]
    assert [(one["run"]["id"], one["state"]) for one in told] == [(12, "under_way"), (11, "cut_off"), (10, "finished")]
    assert told[2]["counts"]["healthy"] == 1200
    late = LATER + timedelta(seconds=1)
    assert read(runs_json(runs(), COUNTS, now=late))["runs"][0]["state"] == "cut_off"


def test_only_what_differs_is_told() -> None:
    told = read(rejudged_json(rejudged(), language="en"))
    assert told["judged"] == 3
    assert [one["now"]["status"] for one in told["different"]] == ["broken", "healthy"]
    assert [one.differs for one in rejudged()] == [True, False, True]


def test_hostile_names_are_shown_as_escapes() -> None:
    told = runs_text(runs(), COUNTS, now=LATER, language="en")
    assert "\x1b" not in told
    assert r"other\x1b.csv" in told
