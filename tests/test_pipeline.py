import asyncio
import json
from typing import Any

import pytest

from checks import CHECKS
from diag.catalogue import load
from diag.diagnosis import Verdict
from diag.evidence import Auth, Evidence
from diag.outcome import Broken, Check, Outcome, Passed, Skipped
from diag.pipeline import judge, replay, run
from diag.sentence import say
from diag.stage import Stage
from diag.subject import Subject
from tests.evidence_cases import MAILBOX, empty, healthy, unspoken
from tests.fakes import World

SECRET = "s3cr3t-in-the-evidence"


def passing(_: Evidence) -> Outcome:
    return Passed(shown=say("yes"))


def raising(_: Evidence) -> Outcome:
    table: dict[str, int] = {}
    return Passed(shown=say("{n}", n=table[SECRET]))


def deep(_: Evidence) -> Outcome:
    json.loads(SECRET)
    return Passed(shown=say("yes"))


def check(name: str, stage: Stage, judging: Any = passing, *, essential: bool = False, timed: bool = False) -> Check:
    return Check(name, say("title of {name}", name=name), stage, judging, essential=essential, timed=timed)


def test_every_check_is_judged_in_the_order_of_the_dialogue() -> None:
    checks = [
        check("last", Stage.DATA),
        check("first", Stage.DNS),
        check("middle", Stage.TLS),
        check("next", Stage.TLS),
    ]
    assert [entry.check.id for entry in judge(healthy(), checks)] == ["first", "middle", "next", "last"]


def test_a_check_that_raises_is_broken_with_type_and_place_and_without_its_message() -> None:
    (entry,) = judge(healthy(), [check("one", Stage.DNS, raising)])
    assert isinstance(entry.outcome, Broken)
    line = raising.__code__.co_firstlineno + 2
    assert entry.outcome.error == f"KeyError at test_pipeline.py:{line}"
    assert SECRET not in repr(entry)


def test_the_place_is_where_it_was_raised_and_names_no_folder() -> None:
    (entry,) = judge(healthy(), [check("one", Stage.DNS, deep)])
    assert isinstance(entry.outcome, Broken)
    assert entry.outcome.error.startswith("JSONDecodeError at decoder.py:")


# Python names files with backslashes on Windows, and the folder there is the home of whoever runs diag.
def test_the_place_names_no_folder_on_windows_either() -> None:
    scope: dict[str, Any] = {}
    exec(compile("def judging(_):\n    1 / 0\n", r"C:\Users\somebody\diag\checks\port_open.py", "exec"), scope)  # noqa: S102
    (entry,) = judge(healthy(), [check("one", Stage.DNS, scope["judging"])])
    assert entry.outcome == Broken(error="ZeroDivisionError at port_open.py:2")


def test_one_broken_check_takes_no_other_with_it() -> None:
    diagnosis = replay(healthy(), [*CHECKS, check("broken", Stage.DNS, raising)], load())
    assert diagnosis.broke
    assert len(diagnosis.judged) == len(CHECKS) + 1
    assert diagnosis.verdict is Verdict.HEALTHY
    essential = check("broken", Stage.DNS, raising, essential=True)
    assert replay(healthy(), [*CHECKS, essential], load()).verdict is Verdict.INCONCLUSIVE


def test_somebody_who_interrupts_is_not_taken_for_a_broken_check() -> None:
    def interrupted(_: Evidence) -> Outcome:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge(healthy(), [check("one", Stage.DNS, interrupted)])


@pytest.mark.parametrize(
    ("stage", "spent"),
    [
        (Stage.DNS, 3.5),
        (Stage.CONNECT, 11.5),
        (Stage.EHLO, 9.5),
        (Stage.TLS, 21.5),
        (Stage.SIGN_IN, 15000.0),
        (Stage.AUTH, 19.0),
    ],
)
def test_a_timed_check_takes_the_time_of_the_step_it_judges(stage: Stage, spent: float) -> None:
    (entry,) = judge(healthy(), [check("one", stage, timed=True)])
    assert entry.duration_ms == spent


def test_only_the_check_that_stands_for_a_step_takes_its_time() -> None:
    judged = judge(healthy(), [check("one", Stage.AUTH, timed=True), check("other", Stage.AUTH)])
    assert [entry.duration_ms == 19.0 for entry in judged] == [True, False]


@pytest.mark.parametrize("stage", [Stage.DNS, Stage.CONNECT, Stage.AUTH, Stage.SIGN_IN, Stage.TOKEN])
def test_a_check_without_a_step_takes_the_time_of_its_judging(stage: Stage) -> None:
    (entry,) = judge(empty(), [check("one", stage, timed=True)])
    assert entry.duration_ms >= 0


def test_evidence_is_judged_again_with_the_same_result() -> None:
    first, second = (replay(unspoken(healthy()), CHECKS, load()) for _ in range(2))
    assert first.findings == second.findings
    assert [entry.outcome for entry in first.judged] == [entry.outcome for entry in second.judged]


def test_a_run_asks_and_judges_what_it_was_told() -> None:
    world = World(auth=Auth.TOKEN)
    subject = Subject(mailbox=MAILBOX, sender=MAILBOX)
    evidence, diagnosis = asyncio.run(run(subject, world.ports, CHECKS, load(), "1.2.3"))
    assert evidence.diag_version == diagnosis.diag_version == "1.2.3"
    assert diagnosis.verdict is Verdict.HEALTHY
    steps = [e for e in diagnosis.judged if e.check.stage is not Stage.DIRECTORY]
    assert [e.check.id for e in steps if isinstance(e.outcome, Skipped)] == ["message-accepted"]
    assert replay(evidence, CHECKS, load()).findings == diagnosis.findings
