"""How outcomes are weighed, shown with outcomes made by hand."""

from dataclasses import replace

import pytest

from diag.catalogue import Cause, load
from diag.catalogue.knowledge import Severity
from diag.diagnosis import Diagnosis, Judged, Verdict, diagnose
from diag.evidence import Evidence
from diag.outcome import (
    Broken,
    Certainty,
    Check,
    Failed,
    Outcome,
    Passed,
    Skipped,
    Suspicion,
    likely,
    possible,
    proven,
)
from diag.sentence import say
from diag.stage import Stage
from tests.evidence_cases import (
    healthy,
)

WHY = say("because")


def cause(name: str, *, severity: Severity = "blocker", hides: tuple[str, ...] = ()) -> Cause:
    return replace(load().cause("dns_failure"), id=name, stage=Stage.AUTH, severity=severity, hides=hides)


def weigh(*outcomes: Outcome, causes: tuple[Cause, ...] = (), essential: bool = False) -> Diagnosis:
    """Judge by made-up checks, one for each outcome, named c0, c1 and so on; causes a to f are plain blockers."""

    def raising(_: Evidence) -> Outcome:
        raise NotImplementedError

    judged = [
        Judged(check=Check(f"c{at}", say("title"), Stage.AUTH, raising, essential), outcome=outcome, duration_ms=0)
        for at, outcome in enumerate(outcomes)
    ]
    known = {name: cause(name) for name in "abcdef"} | {one.id: one for one in causes}
    return diagnose(healthy(), judged, replace(load(), causes=known))


def failed(*suspects: Suspicion, clears: tuple[str, ...] = ()) -> Failed:
    return Failed(shown=say("no"), suspects=suspects, clears=clears)


def passed(*clears: str) -> Passed:
    return Passed(shown=say("yes"), clears=clears)


SKIPPED, BROKEN = Skipped(because=say("not asked")), Broken(error="KeyError at x.py:1")


def ids(diagnosis: Diagnosis) -> list[str]:
    return [finding.cause.id for finding in diagnosis.findings]


# --- weighing


def test_proven_beats_likely_beats_possible() -> None:
    diagnosis = weigh(failed(possible("a", WHY)), failed(likely("b", WHY)), failed(likely("c", WHY)))
    assert ids(diagnosis) == ["b", "c", "a"]
    assert ids(weigh(failed(likely("b", WHY)), failed(proven("c", WHY)))) == ["c", "b"]


def test_what_explains_the_refusal_comes_before_mere_possibilities_whatever_its_weight() -> None:
    incident = cause("x", severity="degraded")
    refusal = failed(possible("a", WHY), likely("x", WHY))
    assert ids(weigh(refusal, causes=(incident,), essential=True)) == ["x", "a"]
    assert ids(weigh(refusal, causes=(incident,))) == ["a", "x"]
    assert ids(weigh(failed(likely("a", WHY), likely("x", WHY)), causes=(incident,), essential=True)) == ["a", "x"]


def test_ties_follow_the_dialogue() -> None:
    names = ["d", "a", "c", "b"]
    assert ids(weigh(*(failed(likely(name, WHY)) for name in names))) == names


def test_a_cleared_cause_falls_unless_a_later_check_suspects_it_again() -> None:
    assert ids(weigh(passed("a"), failed(likely("a", WHY), likely("b", WHY)))) == ["a", "b"]
    assert ids(weigh(passed("a"), failed(possible("a", WHY), likely("b", WHY)))) == ["b"]
    assert ids(weigh(failed(proven("a", WHY), likely("b", WHY)), passed("a"))) == ["b"]
    assert ids(weigh(failed(proven("a", WHY)), failed(proven("b", WHY), clears=("a",)))) == ["b"]


def test_the_surest_suspicion_of_several_counts_and_all_reasons_are_kept_once() -> None:
    other = say("another reason")
    diagnosis = weigh(failed(possible("a", WHY)), failed(likely("a", other)), failed(possible("a", WHY)))
    (finding,) = diagnosis.findings
    assert finding.certainty is Certainty.LIKELY
    assert finding.because == (WHY, other)
    assert finding.checks == ("c0", "c1", "c2")


def test_a_surer_or_equally_sure_cause_hides_another() -> None:
    hiding = cause("a", hides=("b", "c"))
    causes = (hiding,)
    assert ids(weigh(failed(likely("b", WHY), likely("a", WHY)), causes=causes)) == ["a"]
    assert ids(weigh(failed(likely("b", WHY), proven("a", WHY)), causes=causes)) == ["a"]


def test_a_mere_possibility_hides_nothing_that_is_surer() -> None:
    assert ids(weigh(failed(likely("b", WHY), possible("a", WHY)), causes=(cause("a", hides=("b",)),))) == ["b", "a"]


def test_a_cleared_cause_hides_nothing() -> None:
    causes = (cause("a", hides=("b",)),)
    assert ids(weigh(failed(likely("b", WHY), proven("a", WHY)), passed("a"), causes=causes)) == ["b"]


def test_a_possibility_beside_a_proven_blocker_is_dropped() -> None:
    assert ids(weigh(failed(proven("a", WHY), possible("b", WHY), likely("c", WHY)))) == ["a", "c"]


def test_a_possibility_beside_a_proven_trifle_stays() -> None:
    causes = (cause("a", severity="degraded"),)
    assert ids(weigh(failed(proven("a", WHY), possible("b", WHY)), causes=causes)) == ["b", "a"]


def test_blockers_come_before_what_only_slows_down() -> None:
    causes = (cause("a", severity="degraded"),)
    assert ids(weigh(failed(proven("a", WHY)), failed(likely("b", WHY)), causes=causes)) == ["b", "a"]


def test_two_proven_causes_both_stand() -> None:
    diagnosis = weigh(failed(proven("b", WHY)), failed(proven("a", WHY)))
    assert ids(diagnosis) == ["b", "a"]
    assert diagnosis.best is not None
    assert diagnosis.best.cause.id == "b"


def test_a_cause_nobody_wrote_down_is_a_bug() -> None:
    with pytest.raises(KeyError):
        weigh(failed(proven("made_up", WHY)))


# --- what only administrators see


def weigh_looked_up(step: Outcome, looked_up: Outcome, *causes: Cause) -> list[str]:
    """One check of the dialogue, and one of the directory."""

    def raising(_: Evidence) -> Outcome:
        raise NotImplementedError

    judged = [
        Judged(check=Check(stage, say("title"), stage, raising), outcome=outcome, duration_ms=0)
        for stage, outcome in ((Stage.CONNECT, step), (Stage.DIRECTORY, looked_up))
    ]
    known = {name: cause(name) for name in "abcdef"} | {one.id: one for one in causes}
    return ids(diagnose(healthy(), judged, replace(load(), causes=known)))


@pytest.mark.parametrize("certainty", [Certainty.PROVEN, Certainty.LIKELY])
def test_what_was_looked_up_is_told_behind_what_comes_first_on_the_way(certainty: Certainty) -> None:
    on_the_way = failed(Suspicion("a", certainty, WHY))
    assert weigh_looked_up(on_the_way, failed(proven("b", WHY)), cause("a", hides=("b",))) == ["a", "b"]


def test_what_is_only_likely_after_looking_is_hidden_as_ever() -> None:
    assert weigh_looked_up(failed(proven("a", WHY)), failed(likely("b", WHY)), cause("a", hides=("b",))) == ["a"]


def test_a_surer_finding_of_the_directory_comes_before_a_less_sure_one_of_its_own() -> None:
    looked_up = failed(likely("a", WHY), proven("b", WHY))
    assert weigh_looked_up(passed(), looked_up, cause("a", hides=("b",))) == ["b", "a"]


# --- verdicts


@pytest.mark.parametrize(
    ("outcomes", "essential", "verdict"),
    [
        ((passed(), passed()), True, Verdict.HEALTHY),
        ((passed(), SKIPPED), False, Verdict.HEALTHY),
        ((passed(), SKIPPED), True, Verdict.INCONCLUSIVE),
        ((passed(), BROKEN), True, Verdict.INCONCLUSIVE),
        ((failed(proven("a", WHY)),), False, Verdict.BROKEN),
        ((failed(likely("a", WHY)),), True, Verdict.BROKEN),
        ((failed(possible("a", WHY)),), False, Verdict.DEGRADED),
        ((failed(possible("a", WHY)),), True, Verdict.INCONCLUSIVE),
        ((failed(proven("a", WHY)), SKIPPED), True, Verdict.BROKEN),
        ((failed(proven("trifle", WHY)),), False, Verdict.DEGRADED),
        ((failed(likely("trifle", WHY)),), True, Verdict.BROKEN),
        ((failed(proven("ahead", WHY)),), False, Verdict.DEGRADED),
        ((failed(possible("a", WHY), proven("ahead", WHY)),), True, Verdict.INCONCLUSIVE),
        ((failed(likely("a", WHY), proven("ahead", WHY)),), True, Verdict.BROKEN),
        ((failed(proven("ahead", WHY)), SKIPPED), True, Verdict.INCONCLUSIVE),
        ((failed(proven("a", WHY)), passed("a")), False, Verdict.HEALTHY),
        ((failed(proven("a", WHY)), passed("a")), True, Verdict.INCONCLUSIVE),
    ],
)
def test_the_verdict_follows_from_causes_and_unanswered_questions(
    outcomes: tuple[Outcome, ...], essential: bool, verdict: Verdict
) -> None:
    known = (cause("trifle", severity="degraded"), cause("ahead", severity="impending"))
    assert weigh(*outcomes, causes=known, essential=essential).verdict is verdict


def test_unanswered_are_the_essential_checks_that_were_skipped() -> None:
    assert [entry.check.id for entry in weigh(passed(), SKIPPED, BROKEN, essential=True).unanswered] == ["c1"]
    assert weigh(SKIPPED).unanswered == ()


def test_a_broken_check_is_kept_and_said() -> None:
    diagnosis = weigh(passed(), BROKEN)
    assert diagnosis.broke
    assert [entry.outcome for entry in diagnosis.judged] == [passed(), BROKEN]
    assert not weigh(passed(), SKIPPED).broke


def test_nothing_found_has_no_best_cause() -> None:
    assert weigh(passed()).best is None
