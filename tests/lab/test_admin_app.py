"""The administrator's application at the sign-in service: one sign-in, two resources, none of the device's faults."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import jwt
import msal
import pytest
import requests

from diag.lab import Lab, Scenario, load_scenario
from diag.lab.scenario import DeviceCode, Endpoint, Fault, Mailbox, SignIn
from diag.lab.scenario_directory import Admin, Directory
from tests.lab.device import SCANNER
from tests.lab.graph import ask
from tests.lab.test_exchange import read

HEALTHY = load_scenario("healthy")
GRAPH = "https://graph.microsoft.com/.default"
EXCHANGE = "https://outlook.office365.com/.default"
SEND = "https://outlook.office.com/SMTP.Send"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@contextmanager
def web(lab: Lab) -> Iterator[requests.Session]:
    """Yield an HTTPS client that trusts the lab's root alone."""
    with requests.Session() as session:
        session.verify = str(lab.ca_file)
        session.trust_env = False
        yield session


def token(lab: Lab, session: requests.Session, **form: str) -> Any:
    form = {"client_id": lab.admin_client_id, **form}
    return session.post(f"{lab.authority}/oauth2/v2.0/token", form, timeout=5).json()


def refreshed(lab: Lab, session: requests.Session, scope: str, **form: str) -> Any:
    form = {"grant_type": "refresh_token", "refresh_token": lab.admin_refresh_token(), "scope": scope, **form}
    return token(lab, session, **form)


def by_device_code(lab: Lab, session: requests.Session, client_id: str, scope: str) -> Any:
    form = {"client_id": client_id, "scope": scope}
    code = session.post(f"{lab.authority}/oauth2/v2.0/devicecode", form, timeout=5).json()["device_code"]
    return token(lab, session, client_id=client_id, grant_type=DEVICE_GRANT, device_code=code)


def claims(answer: Any) -> Any:
    return jwt.decode(answer["access_token"], options={"verify_signature": False})


def test_one_sign_in_with_msal_gives_tokens_for_graph_and_for_exchange_online() -> None:
    with Lab(HEALTHY) as lab, web(lab) as session:
        cache = msal.SerializableTokenCache()
        app = msal.PublicClientApplication(
            lab.admin_client_id,
            authority=lab.authority,
            instance_discovery=False,
            http_client=session,
            token_cache=cache,
        )
        first = app.acquire_token_by_device_flow(app.initiate_device_flow([GRAPH]), exit_condition=lambda _: True)
        assert first["id_token_claims"]["preferred_username"] == "admin@contoso.com"
        assert ask(lab, "/me", token=first["access_token"]).json["userPrincipalName"] == "admin@contoso.com"
        (account,) = app.get_accounts()
        second = app.acquire_token_silent([EXCHANGE], account)
        assert read(lab, token=second["access_token"]).status == 200
        asked = len(lab.requests)
        assert app.acquire_token_silent([GRAPH], account)["access_token"] == first["access_token"]
        assert app.acquire_token_silent([EXCHANGE], account)["access_token"] == second["access_token"]
        assert len(lab.requests) == asked
    assert "Exchange.Manage" not in claims(first)["scp"]
    assert claims(second)["scp"] == "Exchange.Manage"
    assert not lab.bugs


@pytest.mark.parametrize(
    ("scope", "audience", "scopes"),
    [
        (GRAPH, "https://graph.microsoft.com", {"User.Read", "Policy.Read.All"}),
        ("https://graph.microsoft.com/User.Read", "https://graph.microsoft.com", {"User.Read", "Policy.Read.All"}),
        ("User.Read Policy.Read.All", "https://graph.microsoft.com", {"User.Read", "Policy.Read.All"}),
        (EXCHANGE, "https://outlook.office365.com", {"Exchange.Manage"}),
        ("https://outlook.office365.com/Exchange.Manage", "https://outlook.office365.com", {"Exchange.Manage"}),
        (
            "00000003-0000-0000-c000-000000000000/.default",
            "00000003-0000-0000-c000-000000000000",
            {"User.Read", "Policy.Read.All"},
        ),
    ],
)
def test_the_resource_that_is_asked_for_decides_what_the_token_is_for(
    scope: str, audience: str, scopes: set[str]
) -> None:
    admin = Admin(scopes=("User.Read", "Policy.Read.All", "Exchange.Manage"))
    with Lab(replace(HEALTHY, admin=admin)) as lab, web(lab) as session:
        for answer in (
            refreshed(lab, session, f"{scope} openid profile offline_access"),
            by_device_code(lab, session, lab.admin_client_id, f"{scope} openid profile offline_access"),
        ):
            assert claims(answer)["aud"] == audience
            assert set(claims(answer)["scp"].split()) == scopes
            assert answer["refresh_token"]


@pytest.mark.parametrize(
    "scope", [SEND, "https://graph.microsoft.com/Mail.Send", "https://graph.microsoft.com/SMTP.Send"]
)
def test_what_was_not_consented_is_refused(scope: str) -> None:
    with Lab(HEALTHY) as lab, web(lab) as session:
        for answer in (refreshed(lab, session, scope), by_device_code(lab, session, lab.admin_client_id, scope)):
            assert answer["error_codes"] == [65001]
            assert f"'{lab.admin_client_id}' named 'diag'" in answer["error_description"]


def test_the_device_gets_no_token_to_administer_with() -> None:
    manage = "https://outlook.office365.com/Exchange.Manage"
    with Lab(HEALTHY) as lab, web(lab) as session:
        assert by_device_code(lab, session, lab.client_id, manage)["error_codes"] == [65001]
        mine = {"client_id": lab.client_id, "refresh_token": lab.refresh_token()}
        assert refreshed(lab, session, manage, **mine)["error_codes"] == [65001]
        assert claims(refreshed(lab, session, SEND, **mine))["scp"] == "SMTP.Send"


def test_a_refresh_token_or_a_device_code_is_good_for_the_application_it_was_given_to() -> None:
    with Lab(HEALTHY) as lab, web(lab) as session:
        assert refreshed(lab, session, GRAPH, refresh_token=lab.refresh_token())["error"] == "invalid_grant"
        assert refreshed(lab, session, SEND, client_id=lab.client_id)["error"] == "invalid_grant"
        form = {"client_id": lab.client_id, "scope": SEND}
        code = session.post(f"{lab.authority}/oauth2/v2.0/devicecode", form, timeout=5).json()["device_code"]
        answer = token(lab, session, grant_type=DEVICE_GRANT, device_code=code)
        assert answer["error"] == "bad_verification_code"
        assert by_device_code(lab, session, lab.client_id, SEND)["access_token"]


@pytest.mark.parametrize(
    ("scope", "roles"), [(EXCHANGE, ["Exchange.ManageAsApp"]), (GRAPH, ["Policy.Read.All", "User.Read.All"])]
)
def test_the_application_signs_in_by_itself_with_its_secret(scope: str, roles: list[str]) -> None:
    admin = Admin(roles=("Policy.Read.All", "User.Read.All", "Exchange.ManageAsApp"))
    with Lab(replace(HEALTHY, admin=admin)) as lab, web(lab) as session:
        app = msal.ConfidentialClientApplication(
            lab.admin_client_id,
            client_credential=lab.admin_client_secret,
            authority=lab.authority,
            instance_discovery=False,
            http_client=session,
        )
        answer = app.acquire_token_for_client([scope])
        assert claims(answer)["roles"] == roles
        assert "scp" not in claims(answer)
        if scope == EXCHANGE:
            assert read(lab, token=answer["access_token"]).status == 200
        else:
            assert ask(lab, f"/users/{SCANNER}", token=answer["access_token"]).status == 200
        wrong = {"grant_type": "client_credentials", "scope": scope, "client_secret": lab.client_secret}
        assert token(lab, session, **wrong)["error_codes"] == [7000215]


def test_its_secret_can_be_over() -> None:
    with Lab(replace(HEALTHY, admin=Admin(secret="expired"))) as lab, web(lab) as session:
        form = {"grant_type": "client_credentials", "scope": GRAPH, "client_secret": lab.admin_client_secret}
        answer = token(lab, session, **form)
    assert answer["error_codes"] == [7000222]
    assert lab.admin_client_id in answer["error_description"]


FAULTY: list[Scenario] = [
    replace(HEALTHY, token=Endpoint(error=Fault(aadsts=53003))),
    replace(HEALTHY, refresh=Endpoint(error=Fault(aadsts=700082))),
    replace(HEALTHY, device_code=DeviceCode(outcome="declined", slow_down=3, approve_after_polls=9)),
    replace(HEALTHY, device_code=DeviceCode(error=Fault(aadsts=7000112), lifetime_s=0)),
    replace(HEALTHY, sign_in=SignIn(audience="x", scopes=(), tenant="y", lifetime_s=-9, opaque=True)),
    replace(HEALTHY, directory=Directory(consent="none", enterprise_app="missing")),
]


@pytest.mark.parametrize("scenario", FAULTY)
def test_no_fault_of_the_device_is_the_administrators(scenario: Scenario) -> None:
    with Lab(scenario) as lab, web(lab) as session:
        for answer in (
            by_device_code(lab, session, lab.admin_client_id, GRAPH),
            refreshed(lab, session, GRAPH),
            token(
                lab,
                session,
                grant_type="client_credentials",
                scope=GRAPH,
                client_secret=lab.admin_client_secret,
            ),
        ):
            assert claims(answer)["aud"] == "https://graph.microsoft.com"
            assert claims(answer)["tid"] == HEALTHY.tenant.id
        assert read(lab, token=refreshed(lab, session, EXCHANGE)["access_token"]).status == 200
        assert ask(lab, "/me").status == 200
    assert not lab.bugs


@pytest.mark.parametrize(
    ("keys", "person", "itself"),
    [
        ({"enterprise_app": "disabled"}, 7000112, 7000112),
        ({"enterprise_app": "missing"}, 65001, 7000229),
        ({"consent": "none"}, 65001, None),
        ({"consent": "account"}, None, None),
    ],
)
def test_what_the_directory_has_against_the_device_the_sign_in_service_has_too(
    keys: dict[str, Any], person: int | None, itself: int | None
) -> None:
    with Lab(replace(HEALTHY, directory=Directory(**keys))) as lab, web(lab) as session:
        codes = by_device_code(lab, session, lab.client_id, SEND).get("error_codes", [None])
        form = {"client_id": lab.client_id, "client_secret": lab.client_secret, "scope": EXCHANGE}
        own = token(lab, session, grant_type="client_credentials", **form).get("error_codes", [None])
    assert (codes, own) == ([person], [itself])


def test_an_account_that_is_switched_off_does_not_sign_in() -> None:
    with Lab(replace(HEALTHY, mailboxes=(Mailbox(address=SCANNER, enabled=False),))) as lab, web(lab) as session:
        assert by_device_code(lab, session, lab.client_id, SEND)["error_codes"] == [50057]


def test_the_scenario_names_the_administrators_application_and_account() -> None:
    mine = Admin(client_id="12345678-0000-4000-8000-000000000000", account="ops@contoso.com")
    with Lab(replace(HEALTHY, admin=mine)) as lab, web(lab) as session:
        assert lab.admin_client_id == mine.client_id
        answer = refreshed(lab, session, GRAPH)
        assert (claims(answer)["appid"], claims(answer)["upn"]) == (mine.client_id, "ops@contoso.com")
        assert ask(lab, "/me").json["userPrincipalName"] == "ops@contoso.com"
        stranger = {"client_id": HEALTHY.admin.client_id}
        assert refreshed(lab, session, GRAPH, **stranger)["error_codes"] == [700016]
