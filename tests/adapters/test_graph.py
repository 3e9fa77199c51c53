"""The directory through Microsoft Graph, against servers that answer, refuse and misbehave, over real TLS."""

import asyncio
import base64
import contextlib
import gzip
import json
import logging
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diag import ports
from diag.adapters import graph_reading
from diag.adapters.answers import quoting
from diag.adapters.graph import Graph
from diag.adapters.graph_reading import Record
from diag.adapters.graph_wire import GRAPH_URLS, GraphService, graph_url
from diag.adapters.graph_words import CALLS, LICENCE, NO_LICENCE_CODE, PERMISSIONS
from diag.adapters.network import Route
from diag.adapters.trust import Trust, trust
from diag.directory import (
    NOTHING_STORED,
    Account,
    AppCredential,
    AppliedPolicy,
    Consent,
    Directory,
    EnterpriseApp,
    Grant,
    Incident,
    LastSignIn,
    MailboxKind,
    Plan,
    Policies,
    Policy,
    Registration,
    Scope,
    SecurityDefaults,
    ServiceHealth,
    SignIns,
    Trace,
    Traced,
)
from diag.evidence import Auth
from diag.lab import Lab, Scenario, load_scenario
from diag.lab.scenario_directory import Hindrance
from diag.lab.scenario_directory import Policy as LabPolicy
from diag.obstacle import NotAnswered, Obstacle
from diag.secret import Redactor, Secret
from diag.subject import Cloud, InvalidInputError, Subject
from tests.adapters.graph_server import (
    ACCOUNT,
    APP,
    CANARY,
    CLIENT,
    EXO,
    HOST,
    NOBODY,
    SCANNER,
    SIGN_IN,
    TENANT,
    USER,
    Act,
    Met,
    Reply,
    call_of,
    error,
    http,
    meet,
    rows,
)

SUBJECT = Subject(mailbox=SCANNER, sender=SCANNER)
SINCE = datetime(2026, 11, 22, tzinfo=UTC)
# The questions, and the calls each of them is made of where all goes well.
QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "account": ("account",),
    "mailbox": ("mailbox",),
    "security_defaults": ("security_defaults",),
    "policies": ("what_if",),
    "app": ("app",),
    "consent": ("grants", "roles", "exchange"),
    "registration": ("registration",),
    "sign_ins": ("sign_ins",),
    "last_sign_in": ("last_sign_in",),
    "health": ("health", "incidents"),
}
ASKED = [*(call for calls in QUESTIONS.values() for call in calls), "background_sign_ins"]


def graph(trusted: Trust, route: Route, *, token: str | None = CANARY, timeout_s: float = 20) -> Graph:
    async def ask() -> Secret | NotAnswered:
        return NOBODY if token is None else Secret(token)

    return Graph(GraphService(token=ask, trust=trusted, redactor=Redactor(), timeout_s=timeout_s, route=route))


def asking(
    *, client_id: str | None = CLIENT, auth: Auth | None = Auth.DEVICE_CODE, subject: Subject = SUBJECT, **how: Any
) -> Act[Directory]:
    async def put(port: ports.Directory) -> Directory:
        return await port.ask(subject, client_id=client_id, auth=auth)

    async def act(trusted: Trust, route: Route) -> Directory:
        return await put(graph(trusted, route, **how))

    return act


async def tracing(trusted: Trust, route: Route) -> Trace | NotAnswered:
    return await graph(trusted, route).trace(SCANNER, "anna@contoso.com", SINCE)


def asked(folder: Path, replies: Mapping[str, Reply | tuple[Reply, ...]] | None = None, **how: Any) -> Met[Directory]:
    return meet(folder, asking(**how), replies)


def refused(found: object, obstacle: Obstacle, words: str = "", missing: str | None = None) -> NotAnswered:
    assert isinstance(found, NotAnswered), found
    assert found.obstacle is obstacle, found
    assert words in str(found.because)
    assert found.missing == missing
    return found


# --- what is answered


def test_every_question_has_its_answer(tmp_path: Path) -> None:
    met = asked(tmp_path)
    found = met.result
    assert found.account == Account(
        id=USER,
        sign_in_name=SCANNER,
        display_name="Scanner 3rd floor",
        mail=SCANNER,
        aliases=("copier@contoso.com",),
        found_by="sign_in_name",
        enabled=True,
        member=True,
        synced=False,
        plans=(Plan(id="9aaf7827-d63c-4b61-89c3-182f06f82e5c", service="exchange", status="Enabled"),),
        password_changed_at=datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC),
    )
    assert found.account.exchange_plans == ("EXCHANGE_S_STANDARD",)
    assert found.mailbox == MailboxKind(purpose="shared")
    assert found.security_defaults == SecurityDefaults(enabled=True)
    policy = Policy(id="p1", name="Block device code flow", state="enabled", controls=("block",), applies=True)
    assert found.policies == Policies(asked="what_if", flow="device_code", policies=(policy,))
    assert found.app == EnterpriseApp(
        object_id=APP, client_id=CLIENT, name="Scan relay", enabled=True, assignment_required=False
    )
    everybody = Grant(everybody=True, account_id=None, resource=EXO, scopes=("SMTP.Send", "offline_access"))
    assert found.consent == Consent(exchange=EXO, grants=(everybody,), roles=("SMTP.SendAsApp", "r9"))
    secret = AppCredential(form="secret", name="2026", begins_at=None, ends_at=datetime(2026, 12, 31, tzinfo=UTC))
    assert found.registration == Registration(
        object_id="reg", name="Scan relay", public_client=True, credentials=(secret,)
    )
    assert isinstance(found.sign_ins, SignIns)
    assert [one.code for one in found.sign_ins.records] == [700082, 53003]
    assert found.sign_ins.records[1].reason == "Access has been blocked by Conditional Access policies."
    assert found.sign_ins.records[1].policies == (
        AppliedPolicy(id="p1", name="Block device code flow", result="failure"),
    )
    assert found.last_sign_in == LastSignIn(at=datetime(2026, 11, 22, 11, tzinfo=UTC))
    assert timedelta(days=7) <= datetime.now(UTC) - found.sign_ins.since < timedelta(days=7, minutes=1)
    incident = Incident(id="EX1", title="SMTP AUTH", feature="E-Mail", status="x", since=None)
    assert found.health == ServiceHealth(status="serviceDegradation", incidents=(incident,))
    refused(found.trace, Obstacle.NOT_ASKED, "No message was sent")
    assert sorted(met.server.names()) == sorted(ASKED)


def test_the_requests_are_those_that_graph_documents(tmp_path: Path) -> None:
    server = asked(tmp_path).server
    assert "?" not in server.names()
    assert {one.header("authorization") for one in server.asked} == {f"Bearer {CANARY}"}
    assert {one.header("host") for one in server.asked} == {HOST}
    assert {one.header("user-agent") for one in server.asked} == {"diag"}
    account = server.the("account")
    assert account.target.startswith("/v1.0/users/scanner%40contoso.com?$select=id,displayName,userPrincipalName")
    assert server.the("app").target.startswith(f"/v1.0/servicePrincipals(appId='{CLIENT}')?$select=id,appId,")
    assert server.the("grants").query == {"$filter": f"clientId eq '{APP}'"}
    assert server.the("health").target == "/v1.0/admin/serviceAnnouncement/healthOverviews/Exchange%20Online"
    assert server.the("incidents").query == {"$filter": "service eq 'Exchange Online' and isResolved eq false"}
    signed_in = server.the("sign_ins").query
    assert signed_in["$filter"].startswith(f"userPrincipalName eq '{SCANNER}' and createdDateTime ge 20")
    assert signed_in["$top"] == "20"
    background = server.the("background_sign_ins")
    assert background.target.startswith("/beta/auditLogs/signIns?$filter=")
    assert f"(t: t eq 'nonInteractiveUser') and userId eq '{USER}'" in background.query["$filter"]
    assert "secretText" not in server.the("registration").target


def test_what_if_is_asked_as_documented(tmp_path: Path) -> None:
    body = json.loads(asked(tmp_path).server.the("what_if").body)
    assert body == {
        "signInIdentity": {"@odata.type": "#microsoft.graph.userSignIn", "userId": USER},
        "signInContext": {
            "@odata.type": "#microsoft.graph.applicationContext",
            "includeApplications": ["00000002-0000-0ff1-ce00-000000000000"],
        },
        "signInConditions": {
            "clientAppType": "mobileAppsAndDesktopClients",
            "authenticationFlow": {"transferMethod": "deviceCodeFlow"},
        },
        "appliedPoliciesOnly": True,
    }
    given = asked(tmp_path, auth=Auth.TOKEN)
    assert "authenticationFlow" not in json.loads(given.server.the("what_if").body)["signInConditions"]
    assert isinstance(given.result.policies, Policies)
    assert given.result.policies.flow is None


def test_of_an_application_by_itself_the_policies_are_read_and_what_if_is_not_asked(tmp_path: Path) -> None:
    met = asked(tmp_path, auth=Auth.APP)
    assert isinstance(met.result.policies, Policies)
    assert (met.result.policies.asked, met.result.policies.flow) == ("read", None)
    assert "what_if" not in met.server.names()


@pytest.mark.parametrize("status", [400, 403, 404])
def test_where_what_if_is_refused_the_policies_are_read(status: int, tmp_path: Path) -> None:
    met = asked(tmp_path, {"what_if": error(status, "no")})
    assert isinstance(met.result.policies, Policies)
    assert (met.result.policies.asked, met.result.policies.flow) == ("read", "device_code")
    assert met.result.policies.policies[0].applies is None


def test_where_neither_is_allowed_the_permission_for_what_if_is_named(tmp_path: Path) -> None:
    no = error(403, "Authorization_RequestDenied")
    found = asked(tmp_path, {"what_if": no, "policies": no}).result.policies
    refused(found, Obstacle.NO_PERMISSION, "Policy.Read.ConditionalAccess", "Policy.Read.ConditionalAccess")


def test_an_alias_is_found_in_small_letters_or_in_capitals(tmp_path: Path) -> None:
    unknown = error(404, "Request_ResourceNotFound")
    for replies, times in (((rows(ACCOUNT),), 1), ((rows(), rows(ACCOUNT)), 2)):
        met = asked(tmp_path, {"account": unknown, "alias": replies})
        assert isinstance(met.result.account, Account)
        assert met.result.account.found_by == "alias"
        searches = [one for one in met.server.asked if one.call == "alias"]
        assert len(searches) == times
        assert {one.header("ConsistencyLevel") for one in searches} == {"eventual"}
        assert {one.query["$count"] for one in searches} == {"true"}
        kinds = [one.query["$filter"] for one in searches]
        assert kinds == [f"proxyAddresses/any(p:p eq '{kind}:{SCANNER}')" for kind in ("smtp", "SMTP")[:times]]


def test_an_account_that_is_nowhere_leaves_what_needs_it_unasked(tmp_path: Path) -> None:
    met = asked(tmp_path, {"account": error(404, "Request_ResourceNotFound")})
    refused(met.result.account, Obstacle.NOT_FOUND, f"no account {SCANNER}")
    for found in (met.result.mailbox, met.result.sign_ins):
        refused(found, Obstacle.NOT_ASKED, f"without the account. Microsoft Entra has no account {SCANNER}")
    assert isinstance(met.result.policies, Policies)
    assert met.result.policies.asked == "read"
    assert isinstance(met.result.consent, Consent)


def test_without_a_client_id_nothing_is_asked_about_the_application(tmp_path: Path) -> None:
    for client_id in (None, "x'y", "../x"):
        met = asked(tmp_path, client_id=client_id)
        for found in (met.result.app, met.result.registration):
            refused(found, Obstacle.NOT_ASKED, "not known which application")
        refused(met.result.consent, Obstacle.NOT_ASKED, "without the enterprise application. It is not known")
        assert not {"app", "exchange", "grants", "roles", "registration"} & set(met.server.names())


def test_an_application_of_another_tenant_has_no_registration_here(tmp_path: Path) -> None:
    met = asked(tmp_path, {"registration": error(404, "Request_ResourceNotFound"), "app": error(404, "x")})
    refused(met.result.registration, Obstacle.NOT_FOUND, "It may belong to another one")
    refused(met.result.app, Obstacle.NOT_FOUND, "nobody has consented")
    refused(met.result.consent, Obstacle.NOT_ASKED, "nobody has consented")


@pytest.mark.parametrize("reply", [error(400, "BadRequest"), error(403, "no"), http(500), rows(None, 7, {}), {}])
def test_sign_ins_with_a_person_are_enough(reply: Reply, tmp_path: Path) -> None:
    found = asked(tmp_path, {"background_sign_ins": reply}).result.sign_ins
    assert isinstance(found, SignIns)
    assert [one.code for one in found.records] == [53003]


@pytest.mark.parametrize(
    ("reply", "purpose"),
    [
        ({"value": "user"}, "user"),
        ({"value": {"value": "room"}}, "room"),
        ({"userPurpose": "equipment"}, "equipment"),
    ],
)
def test_the_purpose_has_forms(reply: Reply, purpose: str, tmp_path: Path) -> None:
    assert asked(tmp_path, {"mailbox": reply}).result.mailbox == MailboxKind(purpose=purpose)


def test_a_policy_is_read_with_all_that_limits_it(tmp_path: Path) -> None:
    written = {
        "id": "p2",
        "displayName": "MFA",
        "state": "enabledForReportingButNotEnforced",
        "conditions": {
            "clientAppTypes": ["all"],
            "users": {
                "includeUsers": ["All"],
                "excludeUsers": [USER],
                "includeGroups": ["g"],
                "excludeRoles": ["r"],
                "includeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "b2bCollaborationGuest"},
            },
            "applications": {"includeApplications": ["Office365"]},
            "locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]},
            "platforms": None,
            "authenticationFlows": {"transferMethods": "deviceCodeFlow,authenticationTransfer"},
        },
        "grantControls": {
            "operator": "AND",
            "builtInControls": ["compliantDevice"],
            "authenticationStrength": {"id": "s"},
        },
    }
    found = asked(tmp_path, {"policies": rows(written)}, auth=Auth.APP).result.policies
    assert isinstance(found, Policies)
    assert found.policies == (
        Policy(
            id="p2",
            name="MFA",
            state="enabledForReportingButNotEnforced",
            controls=("compliantDevice", "authenticationStrength"),
            operator="AND",
            users=Scope(included=("All", "GuestsOrExternalUsers"), excluded=(USER,)),
            groups=Scope(included=("g",)),
            roles=Scope(excluded=("r",)),
            applications=Scope(included=("Office365",)),
            locations=Scope(included=("All",), excluded=("AllTrusted",)),
            clients=("all",),
            flows=("deviceCodeFlow", "authenticationTransfer"),
        ),
    )


def test_consents_on_a_second_page_count(tmp_path: Path) -> None:
    link = f"https://{HOST}/v1.0/oauth2PermissionGrants?$skiptoken=x"
    first = {"value": [], "@odata.nextLink": link}
    met = asked(tmp_path, {"grants": (first, TENANT["grants"])})
    assert isinstance(met.result.consent, Consent)
    assert len(met.result.consent.grants) == 1
    assert [one.target for one in met.server.asked if one.call == "grants"][1].endswith("?$skiptoken=x")


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/oauth2PermissionGrants?x",
        f"https://{HOST}.evil.example/v1.0/oauth2PermissionGrants?x",
        f"https://{HOST}@evil.example/v1.0/oauth2PermissionGrants?x",
        f"https://{HOST}/v1.0/users?x",
        f"http://{HOST}/v1.0/oauth2PermissionGrants?x",
        f"https://{HOST}/v1.0/oauth2PermissionGrants?\r\nX: y",
        "x" * 100_000,
    ],
)
def test_a_next_page_elsewhere_is_not_followed(link: str, tmp_path: Path) -> None:
    met = asked(tmp_path, {"grants": {"value": [], "@odata.nextLink": link}})
    refused(met.result.consent, Obstacle.NOT_SPOKEN, "next page stands elsewhere")
    assert met.server.names().count("grants") == 1


def test_pages_without_end_are_not_read(tmp_path: Path) -> None:
    more = {"value": [], "@odata.nextLink": f"https://{HOST}/v1.0/oauth2PermissionGrants?$skiptoken=x"}
    met = asked(tmp_path, {"grants": more})
    refused(met.result.consent, Obstacle.NOT_SPOKEN, "more than 5 pages")
    assert met.server.names().count("grants") == 5


def test_a_message_is_traced(tmp_path: Path) -> None:
    met = meet(tmp_path, tracing)
    found = Traced(
        at=datetime(2026, 11, 22, 10, 15, 44, tzinfo=UTC),
        recipient="anna@contoso.com",
        status="delivered",
        message_id="<1@contoso.com>",
    )
    assert met.result == Trace(since=SINCE, messages=(found,))
    condition = met.server.the("trace").query["$filter"]
    assert condition.startswith(
        f"senderAddress eq '{SCANNER}' and recipientAddress eq 'anna@contoso.com'"
        " and receivedDateTime ge 2026-11-22T00:00:00Z and receivedDateTime le 20"
    )
    assert met.server.names() == ["trace"]


def test_what_is_no_address_is_not_traced(tmp_path: Path) -> None:
    async def act(trusted: Trust, route: Route) -> object:
        return await graph(trusted, route).trace("x' or 1 eq 1", SCANNER, SINCE)

    with pytest.raises(InvalidInputError):
        meet(tmp_path, act)


def test_an_apostrophe_is_doubled_in_a_filter(tmp_path: Path) -> None:
    name = "o'neil@contoso.com"
    subject = Subject(mailbox=name, sender=name)
    met = asked(tmp_path, {"account": error(404, "x")}, subject=subject)
    filters = [one.query["$filter"] for one in met.server.asked if one.call == "alias"]
    assert filters[0] == "proxyAddresses/any(p:p eq 'smtp:o''neil@contoso.com')"


# --- what is refused

CODE = "Authorization_RequestDenied"
PAGE = b"<html><title>Accept our terms</title></html>"
REFUSALS: dict[str, tuple[bytes, Obstacle, str]] = {
    "401": (error(401, "InvalidAuthenticationToken", "Lifetime"), Obstacle.NOT_SIGNED_IN, "The server says: Lifetime"),
    "401 bare": (http(401), Obstacle.NOT_SIGNED_IN, "(HTTP 401)"),
    "403": (error(403, CODE, "Insufficient privileges"), Obstacle.NO_PERMISSION, "(HTTP 403). It needs the permission"),
    "licence": (error(403, NO_LICENCE_CODE), Obstacle.NO_LICENCE, "Microsoft Entra ID P1"),
    "403 page": (http(403, PAGE, kind="text/html"), Obstacle.NOT_SPOKEN, "guest network"),
    "404 page": (http(404, PAGE), Obstacle.NOT_SPOKEN, "guest network"),
    "404 bare": (http(404), Obstacle.NOT_SPOKEN, "HTTP 404"),
    "400": (error(400, "BadRequest", "Could not find"), Obstacle.REFUSED, "(HTTP 400). The server says: Could not"),
    "429": (http(429, b"", "Retry-After: 30"), Obstacle.THROTTLED, "Try again in 30 seconds."),
    "429 bare": (http(429), Obstacle.THROTTLED, "Wait a little"),
    "500": (http(500), Obstacle.UNAVAILABLE, "HTTP 500"),
    "502 page": (http(502, PAGE), Obstacle.UNAVAILABLE, "HTTP 502"),
    "503": (http(503, {}, "Retry-After: 5"), Obstacle.UNAVAILABLE, "HTTP 503"),
    "504": (http(504), Obstacle.UNAVAILABLE, "HTTP 504"),
    "408": (http(408), Obstacle.UNAVAILABLE, "HTTP 408"),
    "redirection": (http(302, b"", "Location: https://portal.example/?x"), Obstacle.NOT_SPOKEN, "to portal.example"),
    "page": (http(200, PAGE), Obstacle.NOT_SPOKEN, "A web page came in place"),
    "truncated": (http(200, b'{"value":['), Obstacle.NOT_SPOKEN, "does not have the form"),
    "list": (http(200, []), Obstacle.NOT_SPOKEN, "does not have the form"),
    "empty": (http(200), Obstacle.NOT_SPOKEN, "does not have the form"),
    "deep": (http(200, b"[" * 200_000), Obstacle.NOT_SPOKEN, "does not have the form"),
    "null": (http(200, b"null"), Obstacle.NOT_SPOKEN, "does not have the form"),
    "number": (http(200, b'{"id":' + b"9" * 5000 + b"}"), Obstacle.NOT_SPOKEN, "does not have the form"),
    "error": (http(200, {"error": {"code": 7}}), Obstacle.NOT_SPOKEN, "does not have the form"),
    "compressed": (http(200, b"x", "Content-Encoding: br"), Obstacle.NOT_SPOKEN, "nobody asked for"),
    "damaged": (http(200, b"x" * 99, "Content-Encoding: gzip"), Obstacle.NOT_SPOKEN, "damaged"),
    "no http": (b"220 mail.example ESMTP\r\n\r\n", Obstacle.UNREACHABLE, "no whole answer"),
    "closed": (b"", Obstacle.UNREACHABLE, "no whole answer"),
    "cut off": (http(200, {}, "Connection: close")[:-1], Obstacle.UNREACHABLE, "no whole answer"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_told_in_words_for_a_helpdesk(name: str, tmp_path: Path) -> None:
    reply, obstacle, words = REFUSALS[name]
    met = asked(tmp_path, dict.fromkeys([*TENANT], reply))
    for question in fields(Directory):
        found = getattr(met.result, question.name)
        if question.name == "kind":
            continue
        assert isinstance(found, NotAnswered), question.name
        if found.obstacle is Obstacle.NOT_ASKED:
            continue
        call = "policies" if question.name == "policies" else QUESTIONS[question.name][0]
        missing = {Obstacle.NO_PERMISSION: PERMISSIONS[call], Obstacle.NO_LICENCE: LICENCE}.get(obstacle)
        refused(found, obstacle, words, missing)
        busy = obstacle in {Obstacle.THROTTLED, Obstacle.UNAVAILABLE}
        assert (found.retry_after_s is not None) == (busy and b"Retry-After" in reply)
    assert len(met.server.names()) == len(set(met.server.names()))


@pytest.mark.parametrize("question", [name for name in QUESTIONS if name != "account"])
def test_the_permission_that_is_missing_is_named_for_every_question(question: str, tmp_path: Path) -> None:
    no = error(403, CODE)
    for call in QUESTIONS[question]:
        both = {call: no, "policies": no} if question == "policies" else {call: no}
        found = asked(tmp_path, both).result
        refused(getattr(found, question), Obstacle.NO_PERMISSION, PERMISSIONS[call], PERMISSIONS[call])
        others = [getattr(found, other) for other in QUESTIONS if other not in {question, "consent"}]
        assert not [one for one in others if isinstance(one, NotAnswered)]


def test_a_trace_that_is_refused_names_what_else_it_needs(tmp_path: Path) -> None:
    for status, obstacle in ((401, Obstacle.NOT_SIGNED_IN), (403, Obstacle.NO_PERMISSION)):
        found = meet(tmp_path, tracing, {"trace": error(status, "x")}).result
        missing = PERMISSIONS["trace"] if status == 403 else None
        refused(found, obstacle, "8bd644d1-64a1-4d4b-ae52-2e0cbf64e373", missing)


def test_a_mailbox_of_another_cannot_be_read_by_a_person(tmp_path: Path) -> None:
    found = asked(tmp_path, {"mailbox": error(403, "ErrorAccessDenied")}).result.mailbox
    refused(found, Obstacle.NO_PERMISSION, "of the own mailbox only", "MailboxSettings.Read")
    found = asked(tmp_path, {"mailbox": error(404, "MailboxNotEnabledForRESTAPI")}).result.mailbox
    refused(found, Obstacle.NOT_FOUND, "no mailbox in Exchange Online")


# --- once, and once more


@pytest.mark.parametrize("when", ["0", "1", "Mon, 23 Nov 2015 04:27:23 GMT"])
def test_a_busy_server_is_asked_once_more_where_it_says_when(when: str, tmp_path: Path) -> None:
    busy = http(429, b"", f"Retry-After: {when}")
    met = asked(tmp_path, {"account": (busy, ACCOUNT), "health": busy})
    assert isinstance(met.result.account, Account)
    refused(met.result.health, Obstacle.THROTTLED)
    assert met.server.names().count("account") == met.server.names().count("health") == 2


@pytest.mark.parametrize("header", ["Retry-After: 11", "Retry-After: soon", "X: y"])
def test_a_busy_server_that_wants_more_time_is_left_alone(header: str, tmp_path: Path) -> None:
    met = asked(tmp_path, {"health": http(429, b"", header)})
    refused(met.result.health, Obstacle.THROTTLED)
    assert met.server.names().count("health") == 1


CHALLENGE = 'WWW-Authenticate: Bearer realm="", error="insufficient_claims", claims="eyJhIjoiYiJ9"'


@pytest.mark.parametrize(
    "reply",
    [
        http(429, b"", "Retry-After: 0"),
        http(503, b"", "Retry-After: 0"),
        http(504),
        http(307, b"", f"Location: https://{HOST}/v1.0/identity/conditionalAccess/evaluate"),
        http(401, b"", CHALLENGE),
        b"",
    ],
)
def test_a_post_is_never_sent_again(reply: bytes, tmp_path: Path) -> None:
    server = asked(tmp_path, {"what_if": reply}).server
    assert server.names().count("what_if") == 1


def test_a_challenge_and_a_redirection_are_not_followed(tmp_path: Path) -> None:
    moved = http(302, b"", f"Location: https://{HOST}/v1.0/users")
    server = asked(tmp_path, {"account": http(401, b"", CHALLENGE), "health": moved}).server
    assert server.names().count("account") == server.names().count("health") == 1
    assert "alias" not in server.names()


def test_at_most_four_questions_are_under_way(tmp_path: Path) -> None:
    met = meet(tmp_path, asking(), delay_s=lambda _call: 0.05)
    assert met.server.most == 4
    assert sorted(met.server.names()) == sorted(ASKED)


def test_what_waits_for_the_account_does_not_wait_for_the_application(tmp_path: Path) -> None:
    server = meet(tmp_path, asking(), delay_s=lambda call: 0.4 if call == "app" else 0.02).server
    order = server.names()
    assert order.index("mailbox") < order.index("grants")
    assert order.index("health") < order.index("grants")


# --- silence


def test_one_deadline_holds_for_all_the_questions(tmp_path: Path) -> None:
    silent: dict[str, Reply | tuple[Reply, ...]] = dict.fromkeys([*TENANT])
    met = asked(tmp_path, silent, timeout_s=0.8)
    refused(met.result.account, Obstacle.UNREACHABLE, f"{HOST} did not answer within 1 s.")
    refused(met.result.registration, Obstacle.UNREACHABLE)
    refused(met.result.sign_ins, Obstacle.NOT_ASKED, "did not answer within")
    one = asked(tmp_path, {"sign_ins": None}, timeout_s=1.5).result
    refused(one.sign_ins, Obstacle.UNREACHABLE)
    assert isinstance(one.health, ServiceHealth)


def test_a_server_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "roots.pem")
    trusted = trust(tmp_path / "roots.pem")

    async def run() -> Directory:
        return await asking()(trusted, lambda _host, _port: ("127.0.0.1", 9))

    found = asyncio.run(run())
    refused(found.account, Obstacle.UNREACHABLE, f"{HOST} cannot be reached: ")


def test_a_server_that_takes_the_connection_and_is_mute_is_left(tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "roots.pem")
    trusted = trust(tmp_path / "roots.pem")

    async def run(port: int) -> Directory:
        return await asking(timeout_s=2)(trusted, lambda _host, _port: ("127.0.0.1", port))

    with socket.create_server(("127.0.0.1", 0)) as mute:
        found = asyncio.run(run(mute.getsockname()[1]))
    refused(found.account, Obstacle.UNREACHABLE, f"{HOST} did not answer within 1 s.")
    refused(found.policies, Obstacle.NOT_ASKED, "did not answer within")


@pytest.mark.parametrize(("named", "trusted"), [(HOST, False), ("mail.example", True)])
def test_a_certificate_that_does_not_verify_gets_no_token(named: str, trusted: bool, tmp_path: Path) -> None:
    met = meet(tmp_path, asking(), named=named, trusted=trusted)
    refused(met.result.account, Obstacle.UNREACHABLE, "so nothing was sent")
    assert not met.server.asked


@pytest.mark.parametrize("token", [None, "", "two words", "line\r\nX-Evil: 1", "accentu\u00e9", "x" * 70_000])
def test_without_a_token_nothing_is_sent(token: str | None, tmp_path: Path) -> None:
    met = asked(tmp_path, token=token)
    for name in QUESTIONS:
        refused(getattr(met.result, name), Obstacle.NO_TOKEN)
    assert "Evil" not in repr(met.result)
    assert not met.server.asked


def test_without_the_library_it_is_said_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "diag.adapters.graph_sdk", raising=False)
    monkeypatch.setitem(sys.modules, "msgraph.graph_service_client", None)
    met = asked(tmp_path)
    for name in QUESTIONS:
        refused(getattr(met.result, name), Obstacle.NOT_ASKED, 'pip install "diag[graph]"')
    assert not met.server.asked


def test_the_library_is_imported_only_where_graph_is_asked() -> None:
    program = (
        "import sys, diag.adapters.graph, diag.adapters.graph_snapshot;"
        "print([name for name in ('httpx', 'kiota_abstractions', 'msgraph', 'msgraph_core') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)  # noqa: S603 - our own words
    assert done.stdout.strip() == b"[]"


def test_who_stops_waiting_leaves_nothing_behind(tmp_path: Path) -> None:
    async def act(trusted: Trust, route: Route) -> str:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asking()(trusted, route), 1)
        return "stopped"

    silent: dict[str, Reply | tuple[Reply, ...]] = dict.fromkeys([*TENANT])
    assert meet(tmp_path, act, silent).result == "stopped"


def test_no_variable_of_the_environment_leads_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
    assert isinstance(asked(tmp_path).result.account, Account)


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.microsoft.com",
        "https://",
        "https://me:secret@graph.microsoft.com",
        "https://graph.microsoft.com/v1.0",
        "https://graph.microsoft.com?x=1",
        "https://graph.microsoft.com\n",
        "https://graph.microsoft.com:http",
        "graph.microsoft.com",
    ],
)
def test_an_address_that_no_token_may_be_sent_to_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        graph_url(url)
    assert "secret" not in str(caught.value.sentence)


def test_every_cloud_has_an_address_and_every_call_a_permission() -> None:
    assert set(GRAPH_URLS) == set(Cloud)
    assert [graph_url(url) for url in GRAPH_URLS.values()] == list(GRAPH_URLS.values())
    assert {call.name: call.permission for call in CALLS} == PERMISSIONS
    assert len(PERMISSIONS) == len(CALLS)


# --- too much, and the wrong thing

HOSTILE: list[Any] = [None, 7, 1.5, True, "x" * 5000, "\x1b[2J\u202e\ud800", [], {}, [None], [{}], {"value": 7}]


def twisted(good: Reply, odd: Any, form: str) -> dict[str, Any]:
    """The same answer with something odd in place of its fields, its rows, or the fields of its rows."""
    assert isinstance(good, dict)
    if form == "fields" or not isinstance(good.get("value"), list):
        return dict.fromkeys(good, odd)
    return rows(odd, odd) if form == "rows" else rows(*(dict.fromkeys(row, odd) for row in good["value"]))


@pytest.mark.parametrize("odd", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("form", ["fields", "rows", "fields of rows"])
def test_hostile_shapes_are_not_guessed_at_and_never_raise(form: str, odd: Any, tmp_path: Path) -> None:
    strange: dict[str, Reply | tuple[Reply, ...]] = {call: twisted(good, odd, form) for call, good in TENANT.items()}
    heads: dict[str, Reply | tuple[Reply, ...]] = {"account": ACCOUNT, "app": TENANT["app"]}
    alias = {**strange, "account": error(404, "x"), "what_if": error(403, "x")}
    found = [asked(tmp_path, replies).result for replies in (strange, {**strange, **heads}, alias)]
    shown = repr([*found, meet(tmp_path, tracing, strange).result])
    assert "\x1b" not in shown
    assert "x" * 401 not in shown
    assert "\ud800" not in shown


def test_an_id_that_is_a_path_is_not_asked_for(tmp_path: Path) -> None:
    for odd in ("../me", "a/b", "a?b", "", "x" * 200, 7, "a b"):
        met = asked(tmp_path, {"account": {**ACCOUNT, "id": odd}})
        refused(met.result.account, Obstacle.NOT_SPOKEN)
        assert "?" not in met.server.names()
        assert "mailbox" not in met.server.names()


def test_a_long_body_is_cut_off_and_not_read_on(tmp_path: Path) -> None:
    long = http(200, b'{"id":"' + b"x" * 10 * 2**20 + b'"}')
    bomb = http(200, gzip.compress(b" " * 50 * 2**20, 1), "Content-Encoding: gzip")
    found = asked(tmp_path, {"health": long, "registration": bomb}).result
    refused(found.health, Obstacle.NOT_SPOKEN, "longer than one mebibyte")
    refused(found.registration, Obstacle.NOT_SPOKEN, "longer than one mebibyte")
    assert isinstance(found.sign_ins, SignIns)


def test_long_lists_are_cut(tmp_path: Path) -> None:
    many = {**ACCOUNT, "proxyAddresses": [f"smtp:{n}@contoso.com" for n in range(20_000)]}
    found = asked(tmp_path, {"account": many, "sign_ins": rows(*[SIGN_IN] * 1100)}).result
    assert isinstance(found.account, Account)
    assert len(found.account.aliases) == 1000
    assert isinstance(found.sign_ins, SignIns)
    assert len(found.sign_ins.records) == 1001


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)
NAMES = sorted(
    {"id", "value", "status", "errorCode", "createdDateTime", "userPrincipalName", "conditions", "grantControls"}
    | {"users", "includeUsers", "appRoles", "appRoleId", "resourceId", "passwordCredentials", "proxyAddresses"}
    | {"receivedDateTime", "isEnabled", "assignedPlans", "transferMethods", "authenticationFlows", "scope"}
)
INNER = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4)
SHAPES = st.dictionaries(st.sampled_from(NAMES), JSON | INNER | st.lists(INNER, max_size=2), max_size=8)
READERS: dict[str, Callable[[Record], object]] = {
    "account": lambda found: graph_reading.account(found, "alias"),
    "mailbox": graph_reading.mailbox,
    "security_defaults": graph_reading.security_defaults,
    "policy": graph_reading.policy,
    "app": lambda found: graph_reading.app(found, CLIENT),
    "grant": graph_reading.grant,
    "roles": lambda found: graph_reading.roles(found.rows("value"), found),
    "registration": graph_reading.registration,
    "sign_in": graph_reading.sign_in,
    "last_sign_in": graph_reading.last_sign_in,
    "incident": graph_reading.incident,
    "traced": graph_reading.traced,
}


@pytest.mark.parametrize(
    ("activity", "day"),
    [
        (None, None),
        ("x", None),
        ({}, None),
        ({"lastSignInDateTime": None, "lastNonInteractiveSignInDateTime": "0001-01-01T00:00:00Z"}, None),
        ({"lastSuccessfulSignInDateTime": "2026-01-05T00:00:00Z"}, 5),
        ({"lastSuccessfulSignInDateTime": "2026-01-05T00:00:00Z", "lastSignInDateTime": "2026-01-07T00:00:00Z"}, 7),
        (
            {
                "lastSuccessfulSignInDateTime": "2026-01-05T00:00:00Z",
                "lastNonInteractiveSignInDateTime": "2026-01-09T00:00:00Z",
            },
            9,
        ),
    ],
)
def test_the_last_sign_in_is_the_newest_of_all_dates_that_are_given(activity: object, day: int | None) -> None:
    found = graph_reading.last_sign_in(Record({"id": USER, "signInActivity": activity}, quoting(Redactor())))
    assert found == LastSignIn(at=None if day is None else datetime(2026, 1, day, tzinfo=UTC))
    assert graph_reading.last_sign_in(Record({"signInActivity": activity}, quoting(Redactor()))) is None


def test_when_somebody_last_signed_in_is_asked_with_the_accounts_id(tmp_path: Path) -> None:
    one = asked(tmp_path).server.the("last_sign_in")
    assert urlsplit(one.target).path == f"/v1.0/users/{USER}"
    assert one.query == {"$select": "id,signInActivity"}


def test_of_an_application_by_itself_the_last_sign_in_is_not_asked(tmp_path: Path) -> None:
    met = asked(tmp_path, auth=Auth.APP)
    assert met.result.last_sign_in is NOTHING_STORED
    assert "last_sign_in" not in met.server.names()


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shape=SHAPES)
def test_a_reader_reads_anything_without_raising(name: str, shape: dict[str, Any]) -> None:
    found = READERS[name](Record(shape, quoting(Redactor())))
    assert found is None or type(found).__module__ in {"diag.directory", "builtins"}


def test_the_readers_are_all_tested() -> None:
    public = {name for name in vars(graph_reading) if not name.startswith("_")}
    made_here = {
        name for name in public if getattr(vars(graph_reading)[name], "__module__", "") == graph_reading.__name__
    }
    assert made_here - {"Record"} == set(READERS)


# --- the token


def spellings(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    for before in range(3):
        yield base64.b64encode(b"x" * before + secret.encode()).decode()[4:-4]


def assert_hidden(texts: Mapping[str, str], secret: str) -> None:
    """Fail where 16 characters in a row of any spelling stand in any of the texts."""
    for spelling in spellings(secret):
        for start in range(len(spelling) - 15):
            for place, text in texts.items():
                assert spelling[start : start + 16] not in text, place


def everywhere(value: object, token: str) -> Any:
    """The same shape with the token in place of every text."""
    if isinstance(value, dict):
        return {name: everywhere(one, token) for name, one in value.items()}
    if isinstance(value, list):
        return [everywhere(one, token) for one in value]
    return token if isinstance(value, str) and not value[:4].isdigit() else value


ECHOES: dict[str, Callable[[str, object], bytes]] = {
    "answers": lambda token, good: http(200, everywhere(good, token)),
    "json": lambda token, _: error(400, token, f"no: Bearer {token}"),
    "denied": lambda token, _: error(403, "x", f"Bearer {token}", f"X-Echo: {token}"),
    "text": lambda token, _: http(401, f"Authorization: Bearer {token}".encode()),
    "base64": lambda token, _: error(500, "x", base64.b64encode(f"auth=Bearer {token}".encode()).decode()),
    "reason": lambda token, _: error(401, "x").replace(b"Whatever", token.encode()),
    "location": lambda token, _: http(302, b"", f"Location: https://{token[:200]}/{token}"),
    "header": lambda token, _: http(429, b"", f"Retry-After: {token}"),
    "no http": lambda token, _: f"HTTP/1.1 {token}\r\n{token}: {token}\r\n\r\n".encode(),
    "broken": lambda token, _: http(200, token.encode(), "Connection: close")[:-10],
}


@pytest.mark.parametrize("name", ECHOES)
@pytest.mark.parametrize("token", [CANARY, "opaqueCANARYtoken+0123456789/abcdef"])
def test_the_token_shows_nowhere_even_if_the_server_repeats_it(
    name: str, token: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def echo(good: Reply) -> Callable[[str], bytes]:
        return lambda seen: ECHOES[name](seen, good)

    replies = {call: echo(good) for call, good in TENANT.items()}
    with caplog.at_level(logging.DEBUG):
        first = asked(tmp_path, {**replies, "account": ACCOUNT, "app": TENANT["app"]}, token=token).result
        second = asked(tmp_path, replies, token=token).result
    because = [str(one.because) for one in vars_of(second) if isinstance(one, NotAnswered)]
    assert_hidden({"first": repr(first), "second": repr(second), "why": str(because), "log": caplog.text}, token)


def vars_of(found: Directory) -> list[object]:
    return [getattr(found, one.name) for one in fields(found)]


def test_a_bug_under_way_does_not_show_the_token(tmp_path: Path) -> None:
    import traceback

    def wrong(_host: str, _port: int) -> tuple[str, int]:
        raise RuntimeError("a bug")  # noqa: EM101, TRY003 - the test's own

    async def act(trusted: Trust, _route: Route) -> Directory:
        return await asking()(trusted, wrong)

    with pytest.raises(BaseExceptionGroup) as caught:
        meet(tmp_path, act)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert_hidden({"traceback": shown}, CANARY)


# --- against the lab

HEALTHY = load_scenario("healthy")


def in_lab(scenario: Scenario, token: Callable[[Lab], str] = Lab.graph_token) -> tuple[Directory, list[str]]:
    """What the directory of a scenario tells, and the paths that were asked for."""

    async def run(lab: Lab) -> Directory:
        async def ask() -> Secret:
            return Secret(token(lab))

        service = GraphService(
            token=ask, trust=trust(lab.ca_file), redactor=Redactor(), base=lab.graph_url, timeout_s=20, route=lab.route
        )
        port = Graph(service)
        mailbox = lab.scenario.run.mailbox
        subject = Subject(mailbox=mailbox, sender=mailbox)
        return await port.ask(subject, client_id=lab.scenario.app.client_id, auth=Auth.DEVICE_CODE)

    with Lab(scenario) as lab:
        found = asyncio.run(run(lab))
        paths = [one.path for one in lab.requests]
    assert not lab.bugs
    return found, paths


def with_faults(**faults: Hindrance) -> Scenario:
    return replace(HEALTHY, directory=replace(HEALTHY.directory, faults=faults))  # type: ignore[arg-type] # its words


def test_the_lab_answers_every_question_but_the_one_a_person_may_not_ask() -> None:
    found, paths = in_lab(HEALTHY)
    refused(found.mailbox, Obstacle.NO_PERMISSION, "of the own mailbox only", "MailboxSettings.Read")
    silent = [name for name in QUESTIONS if isinstance(getattr(found, name), NotAnswered)]
    assert silent == ["mailbox"]
    assert isinstance(found.consent, Consent)
    assert [grant.scopes for grant in found.consent.grants if grant.resource == found.consent.exchange]
    documented = {call_of(f"{'POST' if path.endswith('evaluate') else 'GET'} {quote(path)} HTTP/1.1") for path in paths}
    assert documented == set(ASKED) - {"last_sign_in"}  # which is asked with the path of the account
    assert isinstance(found.account, Account)
    assert f"/v1.0/users/{found.account.id}" in paths
    assert found.last_sign_in == LastSignIn(at=None)


FAULTS: dict[Hindrance, Obstacle] = {
    "throttled": Obstacle.THROTTLED,
    "unavailable": Obstacle.UNAVAILABLE,
    "html": Obstacle.NOT_SPOKEN,
    "no_permission": Obstacle.NO_PERMISSION,
    "no_licence": Obstacle.NO_LICENCE,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_lab_is_told_for_what_it_is(fault: Hindrance) -> None:
    every = ("security_defaults", "what_if", "policies", "registration", "sign_ins", "health")
    scenario = with_faults(**dict.fromkeys(every, fault))
    quick = replace(scenario, directory=replace(scenario.directory, retry_after_s=30))
    found, _ = in_lab(quick)
    for question in ("security_defaults", "policies", "registration", "sign_ins", "health"):
        answer = getattr(found, question)
        assert isinstance(answer, NotAnswered)
        assert answer.obstacle is FAULTS[fault]
    assert isinstance(found.account, Account)


def test_entra_says_which_policy_would_block_the_device() -> None:
    blocking = LabPolicy(name="No device codes", flows=("deviceCodeFlow",))
    other = LabPolicy(name="Admins", users=("boss@contoso.com",))
    found, _ = in_lab(replace(HEALTHY, policies=(other, blocking)))
    assert isinstance(found.policies, Policies)
    assert found.policies.asked == "what_if"
    assert [(policy.name, policy.controls, policy.applies) for policy in found.policies.policies] == [
        ("No device codes", ("block",), True)
    ]
    unasked, _ = in_lab(replace(with_faults(what_if="no_permission"), policies=(other, blocking)))
    assert isinstance(unasked.policies, Policies)
    assert [(policy.name, policy.flows) for policy in unasked.policies.policies] == [
        ("Admins", ()),
        ("No device codes", ("deviceCodeFlow",)),
    ]


def test_the_token_of_the_mail_server_is_not_taken() -> None:
    found, _ = in_lab(HEALTHY, token=Lab.token)
    refused(found.account, Obstacle.NOT_SIGNED_IN, "must be meant for Microsoft Graph")
