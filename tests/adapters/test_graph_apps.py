"""Registrations read and changed through Microsoft Graph: against a server over real TLS, and against the lab."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diag import ports
from diag.adapters.graph_apps import GraphApplications
from diag.adapters.graph_wire import GraphService
from diag.adapters.network import Route
from diag.adapters.trust import Trust, trust
from diag.applications import (
    MICROSOFT_GRAPH_ID,
    Amend,
    Application,
    Consented,
    Enrol,
    Permission,
    Register,
    Sent,
    Step,
    Tenant,
)
from diag.lab import Lab
from diag.lab.scenario_directory import Admin
from diag.obstacle import NotAnswered, Obstacle
from diag.secret import Redactor, Secret
from diag.setup import Made, NotMade, Plan, Result, look, make
from diag.subject import EXCHANGE_ONLINE_ID, InvalidInputError
from diag.wiring import applications
from tests.adapters.graph_server import CANARY, NOBODY, Act, Met, Reply, call_of, error, http, meet, rows
from tests.lab.graph import HEALTHY, ask

SEND_ID, MANAGE_ID, READ_ID = (f"{number}6faac2a-0f20-42f1-928a-50de5b9dbe52" for number in (7, 8, 9))
APP_ID, OBJECT_ID = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"
SEND = Permission(service=EXCHANGE_ONLINE_ID, id=SEND_ID, kind="delegated", value="SMTP.Send")
NAMES: Mapping[str, str | None] = {"diag SMTP": None}
REGISTERED: dict[str, Any] = {
    "id": OBJECT_ID,
    "appId": APP_ID.upper(),
    "displayName": "diag SMTP",
    "signInAudience": "AzureADMyOrg",
    "isFallbackPublicClient": None,
    "requiredResourceAccess": [
        {
            "resourceAppId": EXCHANGE_ONLINE_ID,
            "resourceAccess": [{"id": SEND_ID, "type": "Scope"}, {"id": READ_ID, "type": "Role"}],
        }
    ],
}
WORLD: Mapping[str, Reply] = {
    "exchange": {
        "id": "exo",
        "oauth2PermissionScopes": [
            {"id": SEND_ID, "value": "SMTP.Send", "isEnabled": True},
            {"id": MANAGE_ID, "value": "Exchange.Manage", "isEnabled": False},
        ],
        "appRoles": [{"id": READ_ID, "value": "SMTP.SendAsApp"}],
    },
    "microsoft_graph": {"id": "msgraph", "oauth2PermissionScopes": [{"id": READ_ID, "value": "User.Read.All"}]},
    "applications": rows(REGISTERED),
    "registration": REGISTERED,
    "app": {"id": "enterprise"},
    "grants": rows({"consentType": "Principal", "resourceId": "exo", "scope": " SMTP.Send  offline_access"}),
    "roles": rows({"resourceId": "exo", "appRoleId": READ_ID}, {"resourceId": "other", "appRoleId": "r1"}),
    "register": http(201, REGISTERED),
    "amend": http(204),
    "enrol": http(201, {"id": "enterprise"}),
}


def port(trusted: Trust, route: Route, *, token: str | None = CANARY, timeout_s: float = 20) -> GraphApplications:
    async def ask_token() -> Secret | NotAnswered:
        return NOBODY if token is None else Secret(token)

    return GraphApplications(
        GraphService(token=ask_token, trust=trusted, redactor=Redactor(), timeout_s=timeout_s, route=route)
    )


def looking(names: Mapping[str, str | None] = NAMES, **how: Any) -> "Act[Tenant | NotAnswered]":
    async def put(one: ports.Applications) -> Tenant | NotAnswered:
        return await one.look(names)

    return lambda trusted, route: put(port(trusted, route, **how))


def taking(step: Step, **how: Any) -> "Act[Sent | NotAnswered]":
    async def put(one: ports.Applications) -> Sent | NotAnswered:
        return await one.take(step)

    return lambda trusted, route: put(port(trusted, route, **how))


def looked(folder: Path, replies: Mapping[str, Any] | None = None, **how: Any) -> "Met[Tenant | NotAnswered]":
    return meet(folder, looking(**how), {**WORLD, **(replies or {})})


def taken(folder: Path, step: Step, replies: Mapping[str, Any] | None = None, **how: Any) -> "Met[Sent | NotAnswered]":
    return meet(folder, taking(step, **how), {**WORLD, **(replies or {})})


def test_a_registration_is_read_with_its_permissions_by_name_and_its_consent(tmp_path: Path) -> None:
    met = looked(tmp_path)
    assert isinstance(met.result, Tenant)
    ((found,),) = met.result.registered.values()
    assert found == Application(
        object_id=OBJECT_ID,
        client_id=APP_ID,
        name="diag SMTP",
        audience="AzureADMyOrg",
        public=None,
        requires=(SEND, Permission(service=EXCHANGE_ONLINE_ID, id=READ_ID, kind="application")),
        enterprise="enterprise",
        consented=(
            Consented(service=EXCHANGE_ONLINE_ID, value="SMTP.Send", kind="delegated", everybody=False),
            Consented(service=EXCHANGE_ONLINE_ID, value="offline_access", kind="delegated", everybody=False),
            Consented(service=EXCHANGE_ONLINE_ID, value="SMTP.SendAsApp", kind="application"),
            Consented(service="other", value="r1", kind="application"),
        ),
    )
    assert [one.value for one in found.requires] == ["SMTP.Send", "SMTP.SendAsApp"]
    assert met.server.names() == ["exchange", "microsoft_graph", "applications", "app", "grants", "roles"]
    assert met.server.the("applications").query["$filter"] == "displayName eq 'diag SMTP'"
    exchange = met.result.service(EXCHANGE_ONLINE_ID)
    assert exchange is not None
    assert exchange.permission("Exchange.Manage", "delegated") is None, "nobody can be given one that is disabled"


def test_what_is_known_by_its_client_id_is_asked_for_by_it_and_may_not_be_there_yet(tmp_path: Path) -> None:
    met = looked(tmp_path, names={"diag SMTP": APP_ID})
    assert "applications" not in met.server.names()
    assert APP_ID in met.server.the("registration").target
    gone = looked(tmp_path, {"registration": error(404, "Request_ResourceNotFound")}, names={"diag SMTP": APP_ID})
    assert isinstance(gone.result, Tenant)
    assert gone.result.registered == {"diag SMTP": ()}


def test_all_of_a_thousand_permissions_are_read(tmp_path: Path) -> None:
    many = [
        {"id": f"{number:08}-0000-0000-0000-000000000000", "value": f"Thing{number}.Read.All", "type": "x" * 800}
        for number in range(1500)
    ]
    met = looked(tmp_path, {"microsoft_graph": {"id": "msgraph", "oauth2PermissionScopes": many}})
    assert isinstance(met.result, Tenant)
    graph = met.result.service(MICROSOFT_GRAPH_ID)
    assert graph is not None
    assert graph.permission("Thing1499.Read.All", "delegated") is not None


def test_without_an_enterprise_application_there_is_none_yet(tmp_path: Path) -> None:
    met = looked(tmp_path, {"app": error(404, "Request_ResourceNotFound")})
    assert isinstance(met.result, Tenant)
    ((found,),) = met.result.registered.values()
    assert (found.enterprise, found.consented) == (None, ())


@pytest.mark.parametrize("call", ["grants", "roles"])
def test_consent_that_may_not_be_read_costs_nothing_else(tmp_path: Path, call: str) -> None:
    met = looked(tmp_path, {call: error(403, "Authorization_RequestDenied")})
    assert isinstance(met.result, Tenant)
    ((found,),) = met.result.registered.values()
    assert found.enterprise == "enterprise"
    assert isinstance(found.consented, NotAnswered)
    assert found.consented.obstacle is Obstacle.NO_PERMISSION


@pytest.mark.parametrize("call", ["exchange", "microsoft_graph", "applications", "app"])
def test_what_must_be_known_and_may_not_be_asked_names_its_permission(tmp_path: Path, call: str) -> None:
    met = looked(tmp_path, {call: error(403, "Authorization_RequestDenied", "Insufficient privileges")})
    assert isinstance(met.result, NotAnswered)
    assert (met.result.obstacle, met.result.missing) == (Obstacle.NO_PERMISSION, "Application.Read.All")


@pytest.mark.parametrize(
    "access",
    [
        None,
        "x",
        [None],
        [{"resourceAppId": "../x", "resourceAccess": []}],
        [{"resourceAppId": EXCHANGE_ONLINE_ID, "resourceAccess": None}],
        [{"resourceAppId": EXCHANGE_ONLINE_ID, "resourceAccess": [{"id": SEND_ID, "type": "Other"}]}],
        [{"resourceAppId": EXCHANGE_ONLINE_ID, "resourceAccess": [{"id": 7, "type": "Scope"}]}],
        [{"resourceAppId": EXCHANGE_ONLINE_ID, "resourceAccess": [None]}],
        [{"resourceAppId": EXCHANGE_ONLINE_ID, "resourceAccess": [{"id": SEND_ID, "type": ["Scope"]}]}],
    ],
)
def test_a_registration_that_cannot_be_read_whole_is_not_read_in_part(tmp_path: Path, access: object) -> None:
    met = looked(tmp_path, {"applications": rows(REGISTERED | {"requiredResourceAccess": access})})
    assert isinstance(met.result, NotAnswered)
    assert "cannot be read whole" in str(met.result.because)


def test_a_registration_is_sent_as_it_should_be(tmp_path: Path) -> None:
    met = taken(tmp_path, Register(name="diag SMTP", requires=(SEND,)))
    assert met.result == Sent(client_id=APP_ID.upper())
    assert json.loads(met.server.the("register").body) == {
        "displayName": "diag SMTP",
        "signInAudience": "AzureADMyOrg",
        "isFallbackPublicClient": True,
        "requiredResourceAccess": [
            {"resourceAppId": EXCHANGE_ONLINE_ID, "resourceAccess": [{"id": SEND_ID, "type": "Scope"}]}
        ],
    }
    assert met.server.names() == ["register"]


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"public": True}, {"isFallbackPublicClient": True}),
        ({"single_tenant": True}, {"signInAudience": "AzureADMyOrg"}),
    ],
)
def test_a_change_sends_what_changes_and_nothing_else(
    tmp_path: Path, changes: dict[str, Any], body: dict[str, Any]
) -> None:
    met = taken(tmp_path, Amend(name="x", object_id=OBJECT_ID, requires=(SEND,), **changes))
    assert met.result == Sent()
    assert json.loads(met.server.the("amend").body) == body
    assert met.server.the("amend").target == f"/v1.0/applications/{OBJECT_ID}"


def test_permissions_are_added_to_those_that_are_there(tmp_path: Path) -> None:
    read = Permission(service=MICROSOFT_GRAPH_ID, id=READ_ID, kind="delegated")
    met = taken(tmp_path, Amend(name="x", object_id=OBJECT_ID, requires=(SEND,), adds=(read,)))
    assert json.loads(met.server.the("amend").body) == {
        "requiredResourceAccess": [
            {"resourceAppId": EXCHANGE_ONLINE_ID, "resourceAccess": [{"id": SEND_ID, "type": "Scope"}]},
            {"resourceAppId": MICROSOFT_GRAPH_ID, "resourceAccess": [{"id": READ_ID, "type": "Scope"}]},
        ]
    }


def test_an_enterprise_application_is_made_of_a_client_id(tmp_path: Path) -> None:
    met = taken(tmp_path, Enrol(name="x", client_id=APP_ID))
    assert met.result == Sent()
    assert json.loads(met.server.the("enrol").body) == {"appId": APP_ID}
    nothing = taken(tmp_path, Enrol(name="x", client_id=None))
    assert isinstance(nothing.result, NotAnswered)
    assert nothing.server.asked == []


STEPS: dict[str, Step] = {
    "register": Register(name="diag SMTP", requires=(SEND,)),
    "amend": Amend(name="x", object_id=OBJECT_ID, public=True),
    "enrol": Enrol(name="x", client_id=APP_ID),
}


@pytest.mark.parametrize("call", STEPS)
@pytest.mark.parametrize(
    ("reply", "obstacle"),
    [
        (error(403, "Authorization_RequestDenied"), Obstacle.NO_PERMISSION),
        (error(429, "TooManyRequests", "later", "Retry-After: 0"), Obstacle.THROTTLED),
        (error(503, "serviceNotAvailable", "later", "Retry-After: 0"), Obstacle.UNAVAILABLE),
        (error(401, "InvalidAuthenticationToken"), Obstacle.NOT_SIGNED_IN),
        (error(400, "Request_BadRequest"), Obstacle.REFUSED),
        (http(200, b"<html>", kind="text/html"), Obstacle.NOT_SPOKEN),
        (http(302, b"", "Location: https://elsewhere.example/"), Obstacle.NOT_SPOKEN),
        (None, Obstacle.UNREACHABLE),
        (b"HTTP/1.1 2", Obstacle.UNREACHABLE),
    ],
)
def test_a_change_is_sent_once_whatever_is_answered(
    tmp_path: Path, call: str, reply: Reply, obstacle: Obstacle
) -> None:
    met = taken(tmp_path, STEPS[call], {call: reply}, timeout_s=1.5)
    assert isinstance(met.result, NotAnswered)
    assert met.result.obstacle is obstacle
    assert met.server.names() == [call]
    assert CANARY not in str(met.result)
    if obstacle is Obstacle.NO_PERMISSION:
        assert met.result.missing == "Application.ReadWrite.All"
        assert "Application Administrator" in str(met.result.because)


def test_without_a_token_nothing_is_asked(tmp_path: Path) -> None:
    assert looked(tmp_path, token=None).result == NOBODY
    assert taken(tmp_path, STEPS["enrol"], token=None).server.asked == []


def test_no_token_goes_to_an_address_that_is_none() -> None:
    async def nobody() -> NotAnswered:
        return NOBODY

    with pytest.raises(InvalidInputError):
        GraphService(token=nobody, trust=trust(None), redactor=Redactor(), base="http://graph.microsoft.com")


# --- the wrong thing

HOSTILE: list[Any] = [None, 7, True, "x" * 5000, "\x1b[2J\u202e\ud800", [], {}, [None], [[]], [{}], {"value": 7}]


@pytest.mark.parametrize("call", ["exchange", "microsoft_graph", "applications", "app", "grants", "roles"])
def test_whatever_is_answered_is_read_or_said_to_be_unreadable(tmp_path: Path, call: str) -> None:
    for odd in HOSTILE:
        good = WORLD[call]
        assert isinstance(good, dict)
        first = good["value"][0] if "value" in good else {}
        for answer in (odd, dict.fromkeys(good, odd), rows(odd), rows(dict.fromkeys(first, odd))):
            result = looked(tmp_path, {call: http(200, answer)}).result
            assert isinstance(result, Tenant | NotAnswered)
            assert "\x1b" not in str(result)


@pytest.mark.parametrize("call", ["register", "enrol"])
def test_a_step_is_not_taken_for_done_by_an_answer_that_is_none(tmp_path: Path, call: str) -> None:
    for odd in HOSTILE:
        assert isinstance(taken(tmp_path, STEPS[call], {call: http(201, odd)}).result, NotAnswered)


# --- against the lab


def in_lab(lab: Lab, *, app_only: bool = False) -> tuple[Plan | Any, Result | None]:
    """Look, and make what lacks."""

    async def token() -> Secret:
        return Secret(lab.graph_token())

    async def both() -> tuple[Plan | Any, Result | None]:
        service = GraphService(token=token, trust=trust(lab.ca_file), redactor=Redactor(), route=lab.route)
        one = GraphApplications(service)
        planned = await look(one, applications(app_only=app_only))
        return planned, await make(one, planned) if isinstance(planned, Plan) and planned.steps else None

    return asyncio.run(both())


def test_the_lab_has_both_applications_afterwards_and_a_second_run_nothing_to_do() -> None:
    with Lab(HEALTHY) as lab:
        planned, result = in_lab(lab)
        again, nothing = in_lab(lab)
        smtp = ask(lab, "/applications?$filter=displayName eq 'diag SMTP'").rows
        admin = ask(lab, "/applications?$filter=displayName eq 'diag administrator'").rows
        asked = {call_of(f"{one.method} {one.path} HTTP/1.1") for one in lab.requests}
    assert asked == {
        *("exchange", "microsoft_graph", "applications", "registration", "app", "grants", "roles"),
        *("register", "enrol"),
    }
    assert len(planned.steps) == 4
    assert isinstance(result, Made)
    assert (again.steps, nothing) == ((), None)
    ((registered,), (administrators,)) = smtp, admin
    assert registered["requiredResourceAccess"] == [
        {
            "resourceAppId": EXCHANGE_ONLINE_ID,
            "resourceAccess": [{"id": "76faac2a-0f20-42f1-928a-50de5b9dbe52", "type": "Scope"}],
        }
    ]
    assert {one["resourceAppId"] for one in administrators["requiredResourceAccess"]} == {
        EXCHANGE_ONLINE_ID,
        MICROSOFT_GRAPH_ID,
    }


def test_a_permission_that_came_later_is_added_to_what_was_made_before() -> None:
    with Lab(HEALTHY) as lab:
        in_lab(lab)
        planned, result = in_lab(lab, app_only=True)
    (amend,) = planned.steps
    assert isinstance(amend, Amend)
    assert [one.value for one in amend.adds] == ["SMTP.SendAsApp"]
    assert isinstance(result, Made)


def test_whoever_may_only_read_is_told_what_lacks() -> None:
    reader = replace(HEALTHY, admin=Admin(scopes=("Directory.Read.All",)))
    with Lab(reader) as lab:
        _, result = in_lab(lab)
    assert isinstance(result, NotMade)
    assert "It needs the permission Application.ReadWrite.All" in str(result.because)
    assert len(result.plan.steps) == 4
