from checks.app_in_exchange import judge
from tests.checks.outcomes import LIKELY, because, passed, shown, skipped, suspects
from tests.evidence_cases import (
    APP,
    CLIENT,
    REGISTRATION,
    administered,
    alone,
    healthy,
    knowing,
    no_answer,
    refused,
)


def test_a_person_needs_no_entry_for_the_app() -> None:
    assert "not an application" in skipped(judge(administered(refused(healthy()))))


def test_an_application_that_is_accepted_is_in_order() -> None:
    assert passed(judge(administered(alone(healthy())))) == set()
    assert APP.object_id in shown(judge(administered(alone(healthy()))))


def test_a_bare_refusal_names_the_right_id_and_the_wrong_one() -> None:
    outcome = judge(administered(alone(refused(healthy()))))
    assert suspects(outcome) == {"app_only_not_set_up": LIKELY}
    assert f"New-ServicePrincipal -AppId {CLIENT} -ObjectId {APP.object_id}" in because(outcome)
    assert f"{REGISTRATION.object_id} of its registration is the wrong one" in because(outcome)


def test_a_registration_that_lies_elsewhere_is_not_told_of() -> None:
    outcome = judge(knowing(alone(refused(healthy())), registration=no_answer()))
    assert "registration" not in because(outcome)


def test_without_the_app_nothing_is_said() -> None:
    assert skipped(judge(knowing(alone(healthy()), app=no_answer()))) == "there was no answer"
