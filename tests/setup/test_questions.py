"""Which permission each question needs, and whether a token has it."""

from dataclasses import replace

import pytest

from diag.adapters.graph_words import CALLS, PERMISSIONS
from diag.evidence import Claims
from diag.obstacle import NotAnswered
from diag.setup import QUESTIONS, allowed
from diag.wiring import allowed_to_ask, applications
from tests.evidence_cases import CLAIMS
from tests.setup_cases import UNANSWERED

ALL = tuple(dict.fromkeys(PERMISSIONS[call] for one in QUESTIONS for call in one.calls))
# What is asked for other ends than a diagnosis: snapshots of the configuration, reports by mail, and setting up itself.
OTHER = {"snapshot", "snapshot_job", "snapshot_result", "send_mail"}
SETTING_UP = {"microsoft_graph", "applications", "register", "amend", "enrol"}


def token(*scopes: str, roles: tuple[str, ...] = ()) -> Claims:
    return replace(CLAIMS, scopes=scopes, roles=roles, app_only=bool(roles))


def states(graph: Claims | NotAnswered | None, exchange: Claims | NotAnswered | None) -> dict[str, str]:
    return {row.permission: row.state for row in allowed(PERMISSIONS, graph, exchange)}


def test_every_call_belongs_to_one_question_or_to_setting_up() -> None:
    named = [call for one in QUESTIONS for call in one.calls]
    assert sorted([*named, *OTHER, *SETTING_UP]) == sorted(call.name for call in CALLS)


def test_a_diagnosis_needs_no_permission_to_write() -> None:
    assert not [permission for permission in ALL if "Write" in permission or "FullControl" in permission]


def test_the_administrators_application_asks_for_what_the_questions_need_and_the_setting() -> None:
    smtp, admin = applications(app_only=False)
    assert [one.value for one in smtp.asks] == ["SMTP.Send"]
    assert {one.value for one in admin.asks} == {*ALL, "Exchange.Manage"}
    assert {one.kind for one in (*smtp.asks, *admin.asks)} == {"delegated"}


def test_with_nobody_signed_in_it_asks_for_the_same_and_no_more() -> None:
    smtp, admin = applications(app_only=False, unattended=True)
    assert smtp == applications(app_only=False)[0]
    by_itself = {one.value for one in admin.asks if one.kind == "application"}
    assert by_itself == {*ALL, "Exchange.ManageAsApp"}
    assert not [value for value in by_itself if "Write" in value or "FullControl" in value]


def test_tokens_with_everything_lack_nothing() -> None:
    assert {row.state for row in allowed_to_ask(token(*ALL), token("Exchange.Manage"))} == {"there"}


@pytest.mark.parametrize("permission", ALL)
def test_a_permission_that_is_missing_is_missing_for_its_questions_alone(permission: str) -> None:
    held = token(*(one for one in ALL if one != permission))
    wider = permission in {"User.Read.All", "Application.Read.All"}  # Directory.Read.All includes them
    expected = set() if wider else {permission}
    assert {name for name, state in states(held, token("Exchange.Manage")).items() if state == "missing"} == expected


def test_an_application_by_itself_needs_another_permission_for_the_setting() -> None:
    found = states(token(roles=ALL), token(roles=("Exchange.ManageAsApp",)))
    assert found["Exchange.ManageAsApp"] == "there"
    assert "Exchange.Manage" not in found


def test_where_nobody_signed_in_or_a_token_cannot_be_read_nothing_is_known() -> None:
    assert set(states(UNANSWERED, UNANSWERED).values()) == {"unknown"}
    assert set(states(None, None).values()) == {"unknown"}
