"""The checks as a set: complete, named after their files, pure, and at home in the catalogue."""

import ast
import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings

import checks
from checks import CHECKS
from diag.catalogue import load
from diag.diagnosis import Verdict
from diag.evidence import Evidence
from diag.outcome import Broken, Check, Failed, Passed, Skipped
from diag.pipeline import judge, replay
from diag.stage import Stage
from tests.any_evidence import EVIDENCE
from tests.evidence_cases import administered, empty, healthy, sending

FOLDER = Path(checks.__file__).parent
FILES = sorted(path for path in FOLDER.glob("*.py") if path.stem != "__init__")
CHECK_FILES = [path for path in FILES if "\nCHECK = " in path.read_text("utf-8")]
SUSPECTING = {"proven", "likely", "possible"}


def module_of(path: Path) -> ModuleType:
    return importlib.import_module(f"checks.{path.stem}")


def name_of(path: Path) -> str:
    return path.stem


def id_of(check: Check) -> str:
    return check.id


def strings(node: ast.AST) -> Iterator[str]:
    """String literals, without those of sentences: `say(...)` holds words, not causes."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from strings(child)


def causes_in(path: Path) -> set[str]:
    """Literals in proven, likely, possible, in `clears` and `otherwise`, and in constants that hold causes."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[cause, *_]) if name in SUSPECTING:
                found.update(strings(cause))
            case ast.keyword(arg="clears" | "otherwise", value=value):
                found.update(strings(value))
            case ast.Assign(targets=[ast.Name(id="_IDENTITY" | "cause")], value=value):
                found.update(strings(value))
            case ast.Assign(targets=[ast.Name(id="_BY_ERROR")], value=ast.Dict(values=values)):
                found.update(text for value in values for text in strings(value))
            case _:
                pass
    return found


def test_there_are_checks_and_shared_readings() -> None:
    assert len(CHECK_FILES) == len(CHECKS) >= 46
    assert {path.stem for path in FILES} - {path.stem for path in CHECK_FILES} == {
        "answer_to",
        "asked",
        "not_reached",
        "policies",
        "reading",
        "refusal",
        "signing_in",
        "token_claims",
    }


@pytest.mark.parametrize("path", CHECK_FILES, ids=name_of)
def test_a_check_is_registered_once_under_the_name_of_its_file(path: Path) -> None:
    check = module_of(path).CHECK
    assert isinstance(check, Check)
    assert [id(other) for other in CHECKS].count(id(check)) == 1
    assert check.id == path.stem.replace("_", "-")


@pytest.mark.parametrize("path", CHECK_FILES, ids=name_of)
def test_a_check_is_introduced_by_its_question(path: Path) -> None:
    question = module_of(path).__doc__
    assert question is not None
    assert question.strip().endswith("?")


@pytest.mark.parametrize("path", CHECK_FILES, ids=name_of)
def test_a_check_has_tests_of_its_own(path: Path) -> None:
    tests = Path(__file__).with_name(f"test_{path.stem}.py").read_text("utf-8")
    assert f"from checks.{path.stem} import judge" in tests
    assert tests.count("\ndef test_") >= 3


def test_ids_and_titles_are_unique() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    assert len({str(check.title) for check in CHECKS}) == len(CHECKS)


def test_the_checks_stand_in_the_order_of_the_dialogue() -> None:
    judged = judge(healthy(), CHECKS)
    assert [entry.check.id for entry in judged] == [
        check.id for check in sorted(CHECKS, key=lambda check: check.stage.order)
    ]


def test_the_time_of_a_step_is_told_by_one_check_alone() -> None:
    stages = [check.stage for check in CHECKS if check.timed]
    assert len(stages) == len(set(stages)) >= 9


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_cause_a_check_names_or_clears_is_in_the_catalogue(path: Path) -> None:
    assert causes_in(path) <= set(load().causes)


def test_the_search_for_causes_finds_them() -> None:
    found = set().union(*(causes_in(path) for path in FILES))
    assert found >= {"dns_failure", "token_wrong_tenant", "app_only_not_set_up", "scope_invalid", "no_auth_sent"}
    assert len(found) > 45


@pytest.mark.parametrize("check", CHECKS, ids=id_of)
@pytest.mark.parametrize("evidence", [healthy(), sending(healthy()), empty()], ids=["healthy", "sending", "empty"])
def test_a_check_judges_the_same_evidence_alike(check: Check, evidence: Evidence) -> None:
    outcome = check.judge(evidence)
    assert outcome == check.judge(evidence)
    assert not isinstance(outcome, Broken)


@pytest.mark.parametrize(
    "evidence",
    [healthy(), sending(healthy()), administered(sending(healthy()))],
    ids=["healthy", "sending", "administered"],
)
def test_nothing_fails_where_everything_is_accepted(evidence: Evidence) -> None:
    diagnosis = replay(evidence, CHECKS, load())
    assert [j.check.id for j in diagnosis.judged if isinstance(j.outcome, Failed)] == []
    assert diagnosis.findings == ()
    assert diagnosis.verdict is Verdict.HEALTHY


def left_out(evidence: Evidence) -> set[str]:
    return {entry.check.id for entry in judge(evidence, CHECKS) if isinstance(entry.outcome, Skipped)}


def test_only_the_test_message_and_what_administrators_see_is_left_out_where_everything_is_accepted() -> None:
    administrators = {check.id for check in CHECKS if check.stage is Stage.DIRECTORY}
    assert left_out(healthy()) == {"message-accepted"} | administrators
    assert left_out(sending(healthy())) == administrators


def test_an_administrator_leaves_out_only_what_is_of_applications_by_themselves() -> None:
    assert left_out(administered(sending(healthy()))) == {"app-in-exchange", "credential-valid"}
    judged = judge(administered(sending(healthy())), CHECKS)
    assert not [entry.check.id for entry in judged if not isinstance(entry.outcome, Passed | Skipped)]


# What only administrators see is judged apart from the way to the server: no question of it is needed for a verdict.
def test_no_question_to_the_directory_is_essential() -> None:
    assert not [check.id for check in CHECKS if check.essential and check.stage is Stage.DIRECTORY]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EVIDENCE)
def test_no_oddity_in_the_directory_breaks_a_run_in_which_everything_was_accepted(other: Evidence) -> None:
    accepted = replace(
        sending(healthy()), setting=other.setting, directory=other.directory, propagation=other.propagation
    )
    diagnosis = replay(accepted, CHECKS, load())
    assert diagnosis.verdict in {Verdict.HEALTHY, Verdict.DEGRADED}
    assert {finding.cause.severity for finding in diagnosis.findings} <= {"degraded", "impending"}


def test_where_nothing_could_be_asked_nothing_is_called_healthy() -> None:
    diagnosis = replay(empty(), CHECKS, load())
    assert not diagnosis.broke
    assert diagnosis.verdict is not Verdict.HEALTHY
    assert {j.check.id for j in diagnosis.unanswered} == {c.id for c in CHECKS if c.essential}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EVIDENCE)
def test_no_evidence_makes_a_check_raise(evidence: Evidence) -> None:
    catalogue = load()
    diagnosis = replay(evidence, CHECKS, catalogue)
    assert [str(j.outcome) for j in diagnosis.judged if isinstance(j.outcome, Broken)] == []
    for entry in diagnosis.judged:
        match entry.outcome:
            case Failed(shown=shown, suspects=suspects, clears=clears):
                assert suspects
                assert {suspicion.cause for suspicion in suspects} | set(clears) <= set(catalogue.causes)
                _ = str(shown), [str(suspicion.because) for suspicion in suspects]
            case Passed(shown=shown, clears=clears):
                assert set(clears) <= set(catalogue.causes)
                _ = str(shown)
            case Skipped(because=because):
                assert str(because)
            case Broken():
                pytest.fail("seen above")
