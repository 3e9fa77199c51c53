"""Microsoft Graph in the lab: who may ask, and how it fails."""

import time
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from diag.lab import Lab, load_scenario
from diag.lab.scenario import Mailbox, SignIn
from diag.lab.scenario_directory import Admin
from tests.lab.device import SCANNER
from tests.lab.graph import (
    DEFAULTS,
    EXCHANGE,
    HEALTHY,
    NOBODY,
    POLICIES,
    SIGN_INS,
    TRACES,
    WHAT_IF,
    ask,
    connected,
    user,
    with_directory,
)


def test_a_call_needs_a_token_for_graph_of_this_tenant_that_is_valid_now() -> None:
    with Lab(HEALTHY) as lab:
        claims = jwt.decode(lab.graph_token(), options={"verify_signature": False})
        stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        expired = lab._issuer.administrator("https://graph.microsoft.com", ("User.Read.All",), "admin@contoso.com")
        assert user(lab).status == 200
        refused = {
            "Access token is empty.": "",
            "IDX14100: JWT is not well formed, there are no dots (.).": "nonsense",
            "Access token validation failure.": jwt.encode(claims, stranger, algorithm="RS256"),
            "Access token validation failure. Invalid audience.": lab.admin_token(),
        }
        for message, token in refused.items():
            answer = ask(lab, "/me", token=token)
            assert (answer.status, answer.code) == (401, "InvalidAuthenticationToken")
            assert answer.json["error"]["message"] == message
            assert "00000003-0000-0000-c000-000000000000" in answer.headers["www-authenticate"]
        lab._clock = lab._exchange.clock = replace(lab._clock, offset_s=86400)
        answer = ask(lab, "/me", token=expired)
        assert answer.json["error"]["message"] == "Lifetime validation failed, the token is expired."
    assert not lab.bugs


def test_the_audience_may_also_be_graphs_application_id() -> None:
    with Lab(HEALTHY) as lab:
        audience = "00000003-0000-0000-c000-000000000000"
        token = lab._issuer.administrator(audience, ("User.Read.All",), "admin@contoso.com")
        assert ask(lab, f"/users/{SCANNER}", token=token).status == 200


def test_a_token_of_another_tenant_is_not_taken() -> None:
    elsewhere = SignIn(audience="https://graph.microsoft.com", scopes=("User.Read.All",), tenant=NOBODY)
    with Lab(replace(HEALTHY, sign_in=elsewhere)) as lab:
        assert ask(lab, "/me", token=lab.token()).status == 401
    with Lab(replace(HEALTHY, sign_in=replace(elsewhere, tenant=""))) as lab:
        assert ask(lab, "/me", token=lab.token()).json["userPrincipalName"] == SCANNER


def test_what_is_wrong_with_the_device_s_token_is_not_wrong_with_the_administrators() -> None:
    for name in ("token-expired", "wrong-tenant", "token-for-graph", "clock-off"):
        with Lab(load_scenario(name)) as lab:
            assert ask(lab, "/me").status == 200


CALLS = [
    (f"/users/{SCANNER}", None, "User.Read.All", "Authorization_RequestDenied"),
    (f"/users?$filter=mail eq '{SCANNER}'", None, "User.Read.All", "Authorization_RequestDenied"),
    ("/users/admin@contoso.com/mailboxSettings/userPurpose", None, "MailboxSettings.Read", "ErrorAccessDenied"),
    (DEFAULTS, None, "Policy.Read.All", "AccessDenied"),
    (POLICIES, None, "Policy.Read.All", "AccessDenied"),
    (WHAT_IF, {}, "Policy.Read.ConditionalAccess", "AccessDenied"),
    (f"/servicePrincipals(appId='{EXCHANGE}')", None, "Application.Read.All", "Authorization_RequestDenied"),
    ("/servicePrincipals", None, "Application.Read.All", "Authorization_RequestDenied"),
    ("/oauth2PermissionGrants", None, "Directory.Read.All", "Authorization_RequestDenied"),
    ("/applications", None, "Application.Read.All", "Authorization_RequestDenied"),
    (SIGN_INS, None, "AuditLog.Read.All", "Authentication_MSGraphPermissionMissing"),
    (
        "/admin/serviceAnnouncement/healthOverviews/Exchange Online",
        None,
        "ServiceHealth.Read.All",
        "Authorization_RequestDenied",
    ),
    ("/admin/serviceAnnouncement/issues", None, "ServiceHealth.Read.All", "Authorization_RequestDenied"),
    (TRACES, None, "ExchangeMessageTrace.Read.All", "Authorization_RequestDenied"),
    (
        "/admin/configurationManagement/configurationSnapshots/createSnapshot",
        {},
        "ConfigurationMonitoring.ReadWrite.All",
        "Authorization_RequestDenied",
    ),
    (
        f"/admin/configurationManagement/configurationSnapshotJobs/{NOBODY}",
        None,
        "ConfigurationMonitoring.Read.All",
        "Authorization_RequestDenied",
    ),
    ("/organization", None, "Organization.Read.All", "Authorization_RequestDenied"),
    ("/subscribedSkus", None, "Organization.Read.All", "Authorization_RequestDenied"),
    ("/me", None, "User.Read", "Authorization_RequestDenied"),
    ("/applications", {"displayName": "x"}, "Application.ReadWrite.All", "Authorization_RequestDenied"),
    ("/servicePrincipals", {}, "Application.ReadWrite.All", "Authorization_RequestDenied"),
    ("/oauth2PermissionGrants", {}, "DelegatedPermissionGrant.ReadWrite.All", "Authorization_RequestDenied"),
]


@pytest.mark.parametrize(("path", "body", "permission", "code"), CALLS)
def test_a_call_needs_its_permission_as_a_scope_or_a_role(path: str, body: Any, permission: str, code: str) -> None:
    boxed = replace(HEALTHY, mailboxes=(Mailbox(address=SCANNER), Mailbox(address="admin@contoso.com")))
    with Lab(replace(boxed, admin=Admin(scopes=(permission,)))) as lab:
        assert ask(lab, path, body=body).status not in {401, 403}
        role = lab._issuer.administering("https://graph.microsoft.com", (permission,))
        assert ask(lab, path, body=body, token=role).status not in {401, 403}
        none = lab._issuer.administering("https://graph.microsoft.com", ("Calendars.Read",))
        answer = ask(lab, path, body=body, token=none)
        assert (answer.status, answer.code) == (403, code)
    assert not lab.bugs


def test_every_request_is_written_down_without_a_value() -> None:
    with Lab(HEALTHY) as lab:
        ask(lab, "/users?$filter=mail eq 'secret@contoso.com'&$select=id")
        ask(lab, WHAT_IF, body={"signInIdentity": {"userId": "secret"}})
        ask(lab, "/nowhere", token="")
    assert [(one.method, one.path, one.fields, one.status) for one in lab.requests] == [
        ("GET", "/v1.0/users", ("$filter", "$select"), 200),
        ("POST", f"/v1.0{WHAT_IF}", ("signInIdentity",), 400),
        ("GET", "/v1.0/nowhere", (), 401),
    ]
    assert "secret" not in repr(lab.requests)


def test_what_is_not_there_is_said_in_graphs_words() -> None:
    with Lab(HEALTHY) as lab:
        answer = ask(lab, "/nowhere/else")
        assert (answer.status, answer.code) == (400, "BadRequest")
        assert answer.json["error"]["message"] == "Resource not found for the segment 'nowhere'."
        assert ask(lab, "/me", version="v2.0").status == 400
        assert ask(lab, POLICIES, version="beta").json["@odata.context"].startswith("https://graph.microsoft.com/beta/")


# --- what keeps it from answering


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("throttled", 429, "TooManyRequests"),
        ("unavailable", 503, "serviceNotAvailable"),
        ("no_permission", 403, "Authorization_RequestDenied"),
        ("no_licence", 403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant"),
    ],
)
def test_a_fault_is_one_question_s_alone(fault: Any, status: int, code: str) -> None:
    with Lab(with_directory(faults={"account": fault}, retry_after_s=7)) as lab:
        answer = user(lab)
        assert (answer.status, answer.code) == (status, code)
        assert (answer.headers.get("retry-after") == "7") == (fault == "throttled")
        assert ask(lab, DEFAULTS).status == 200


def test_a_guest_network_answers_in_its_place() -> None:
    with Lab(with_directory(faults={"health": "html"})) as lab:
        answer = ask(lab, "/admin/serviceAnnouncement/issues", token="")
    assert answer.status == 200
    assert answer.body.startswith(b"<!doctype html>")


def test_a_silent_call_is_written_down_and_never_answered() -> None:
    with Lab(with_directory(faults={"policies": "silent"})) as lab:
        waiting = connected(lab)
        waiting.request("GET", f"/v1.0{POLICIES}", headers={"Authorization": f"Bearer {lab.graph_token()}"})
        while not lab.requests:
            time.sleep(0.01)
        waiting.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            waiting.sock.recv(1)
    waiting.close()
    assert lab.requests[0].status == 0
    assert not lab.bugs


def test_every_call_takes_as_long_as_the_scenario_says() -> None:
    with Lab(with_directory(latency_ms=200)) as lab:
        before = time.monotonic()
        assert user(lab).status == 200
    assert time.monotonic() - before >= 0.2
