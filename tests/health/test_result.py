from dataclasses import replace

import pytest

from diag import catalogue
from diag.diagnosis import Diagnosis, Judged, Verdict
from diag.diagnosis import Finding as Suspected
from diag.health.result import Result, Status, result_of
from diag.outcome import Broken, Certainty, Check, Outcome, Passed, Skipped
from diag.sentence import say
from diag.stage import Stage
from diag.subject import Subject
from tests.health.fleet import EXPIRING, NIGHT, OFF, OFF_FOR_ALL, found, result, scanner

OLD_TLS = "tls_version_too_old"
PROVEN, LIKELY, POSSIBLE = Certainty
SUBJECT = Subject(mailbox="scan-0001@contoso.com", sender="scan-0001@contoso.com")


def weighed(severity: str) -> str:
    """The id of some cause of this severity."""
    return next(cause.id for cause in catalogue.load().causes.values() if cause.severity == severity)


NOTICE = weighed("notice")
DEGRADED = weighed("degraded")


def finding(cause: str, certainty: Certainty) -> Suspected:
    known = catalogue.load().cause(cause)
    return Suspected(cause=known, certainty=certainty, because=(say("x"),), checks=("auth-accepted",))


def judged(outcome: Outcome) -> Judged:
    check = Check("auth-accepted", say("x"), Stage.AUTH, lambda _: outcome, essential=True)
    return Judged(check=check, outcome=outcome, duration_ms=1)


def of(verdict: Verdict, *findings: tuple[str, Certainty], outcome: Outcome | None = None) -> Result:
    diagnosis = Diagnosis(
        diag_version="0.1",
        subject=SUBJECT,
        started_at=NIGHT,
        duration_ms=12,
        verdict=verdict,
        findings=tuple(finding(cause, certainty) for cause, certainty in findings),
        judged=(judged(outcome or Passed(shown=say("x"))),),
    )
    return result_of(scanner(1), diagnosis)


@pytest.mark.parametrize(
    ("verdict", "findings", "status", "makes"),
    [
        (Verdict.HEALTHY, (), Status.HEALTHY, ()),
        (Verdict.BROKEN, ((OFF, PROVEN),), Status.BROKEN, (Status.BROKEN,)),
        (Verdict.WAITING, (("smtp_auth_change_not_effective", PROVEN),), Status.BROKEN, (Status.BROKEN,)),
        # Why a step failed is what stops the mailbox, whatever that stops elsewhere.
        (Verdict.BROKEN, ((NOTICE, LIKELY),), Status.BROKEN, (Status.BROKEN,)),
        (
            Verdict.BROKEN,
            ((OFF, PROVEN), (EXPIRING, PROVEN)),
            Status.BROKEN,
            (Status.BROKEN, Status.WILL_BREAK),
        ),
        (Verdict.DEGRADED, ((DEGRADED, LIKELY),), Status.DEGRADED, (Status.DEGRADED,)),
        # Everything essential passed: a mere possibility of a blocker does not break the mailbox.
        (Verdict.DEGRADED, ((OFF, POSSIBLE),), Status.DEGRADED, (Status.DEGRADED,)),
        (
            Verdict.DEGRADED,
            ((DEGRADED, PROVEN), (EXPIRING, LIKELY)),
            Status.WILL_BREAK,
            (Status.WILL_BREAK, Status.DEGRADED),
        ),
        (Verdict.INCONCLUSIVE, ((OFF, POSSIBLE),), Status.INCONCLUSIVE, (Status.INCONCLUSIVE,)),
        (
            Verdict.INCONCLUSIVE,
            ((OFF, POSSIBLE), (EXPIRING, PROVEN)),
            Status.WILL_BREAK,
            (Status.WILL_BREAK, Status.INCONCLUSIVE),
        ),
        (Verdict.INCONCLUSIVE, ((EXPIRING, POSSIBLE),), Status.INCONCLUSIVE, (Status.INCONCLUSIVE,)),
    ],
)
def test_a_diagnosis_makes_a_status_and_so_does_each_cause(
    verdict: Verdict, findings: tuple[tuple[str, Certainty], ...], status: Status, makes: tuple[Status, ...]
) -> None:
    made = of(verdict, *findings)
    assert made.status is status
    assert tuple(cause.status for cause in made.found) == makes


def test_the_cause_to_act_on_is_one_that_makes_the_status() -> None:
    assert of(Verdict.DEGRADED, (DEGRADED, PROVEN), (EXPIRING, LIKELY)).cause == EXPIRING


@pytest.mark.parametrize(
    ("outcome", "findings", "told"),
    [
        (Skipped(because=say("nobody signed in")), (), "nobody signed in"),
        (Broken(error="KeyError"), (), "A check of diag itself broke; please report that."),
        (None, ((OFF, POSSIBLE), (OFF_FOR_ALL, POSSIBLE)), "2 causes are possible, none before the others"),
        (None, (), "None"),
    ],
)
def test_why_nothing_is_known_is_said(
    outcome: Outcome | None, findings: tuple[tuple[str, Certainty], ...], told: str
) -> None:
    assert str(of(Verdict.INCONCLUSIVE, *findings, outcome=outcome).because) == told


def test_what_was_examined_to_the_end_needs_no_reason() -> None:
    assert of(Verdict.BROKEN, (OFF, PROVEN), outcome=Skipped(because=say("x"))).because is None


def test_what_competes_with_the_cause_does_not_count_as_found() -> None:
    made = of(Verdict.BROKEN, (OFF, LIKELY), (OFF_FOR_ALL, POSSIBLE), ("wrong_password", LIKELY), (EXPIRING, LIKELY))
    assert [cause.cause for cause in made.standing] == [OFF, EXPIRING]


def test_of_several_guesses_none_counts() -> None:
    assert of(Verdict.INCONCLUSIVE, (OFF, POSSIBLE), (OFF_FOR_ALL, POSSIBLE)).standing == ()
    assert [one.cause for one in of(Verdict.INCONCLUSIVE, (OFF, POSSIBLE)).standing] == [OFF]


def test_a_status_is_worse_the_lower_its_rank() -> None:
    assert [status.letter for status in sorted(Status, key=lambda one: one.rank)] == ["B", "W", "D", "I", "H"]


def test_a_result_without_causes_has_none_to_act_on() -> None:
    healthy = result(scanner(1))
    assert (healthy.cause, healthy.standing) == ("", ())
    assert replace(healthy, found=(found(OFF),)).cause == OFF
