"""The sign-in service, met with MSAL as the product uses it, and with plain requests."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import jwt
import msal
import pytest
import requests

from diag.lab import Lab, load_scenario
from diag.lab.scenario import App, Certificate, DeviceCode, Endpoint, Fault, Scenario, SignIn
from tests.lab.device import SCANNER, Device

HEALTHY = load_scenario("healthy")
SCOPE = "https://outlook.office.com/SMTP.Send"
DEFAULT = "https://outlook.office365.com/.default"
TENANT = HEALTHY.tenant.id


@contextmanager
def web(lab: Lab) -> Iterator[requests.Session]:
    """Yield an HTTPS client that trusts the lab's root alone."""
    with requests.Session() as session:
        session.verify = str(lab.ca_file)
        session.trust_env = False
        yield session


def device_flow(lab: Lab, session: requests.Session, **authority: Any) -> tuple[Any, dict[str, Any]]:
    chosen = authority or {"authority": lab.authority, "instance_discovery": False}
    app = msal.PublicClientApplication(lab.client_id, http_client=session, **chosen)
    return app, app.initiate_device_flow([SCOPE])


def one_poll(app: Any, flow: dict[str, Any]) -> dict[str, Any]:
    flow.pop("latest_attempt_at", None)  # MSAL warns of polls that come too soon; this is the test's haste, not a fault
    answer: dict[str, Any] = app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
    return answer


def outcome(scenario: Scenario, polls: int = 1) -> list[dict[str, Any]]:
    """Return the answers to some polls of one device code."""
    with Lab(scenario) as lab, web(lab) as session:
        app, flow = device_flow(lab, session)
        answers = [one_poll(app, flow) for _ in range(polls)]
    assert not lab.bugs
    return answers


def with_code(code: DeviceCode) -> Scenario:
    return replace(HEALTHY, device_code=code)


@pytest.mark.parametrize("kind", ["authority", "oidc_authority"])
def test_msals_device_flow_ends_in_a_token_the_mail_server_takes(kind: str) -> None:
    with Lab(HEALTHY) as lab, web(lab) as session:
        chosen = {"oidc_authority": lab.oidc_authority} if kind == "oidc_authority" else {}
        app, flow = device_flow(lab, session, **chosen)
        assert flow["user_code"] in flow["message"]
        answer = one_poll(app, flow)
        assert answer["scope"] == SCOPE
        assert answer["refresh_token"]
        assert answer["id_token_claims"]["preferred_username"] == SCANNER
        with Device(lab) as device:
            assert device.sign_in(answer["access_token"]).startswith("235 ")
        paths = [request.path.rpartition("/")[2] for request in lab.requests]
        assert paths == ["openid-configuration", "devicecode", "token"]
        assert "device_code" in lab.requests[2].fields


def test_a_token_can_be_checked_with_the_published_key_and_is_as_long_as_entras() -> None:
    with Lab(HEALTHY) as lab, web(lab) as session:
        described = session.get(f"{lab.authority}/v2.0/.well-known/openid-configuration", timeout=5).json()
        key = jwt.PyJWK(session.get(described["jwks_uri"], timeout=5).json()["keys"][0])
        token = lab.token()
    claims = jwt.decode(token, key, algorithms=["RS256"], audience="https://outlook.office.com")
    assert 1500 <= len(token) <= 4096
    assert claims["upn"] == SCANNER
    assert claims["scp"] == "SMTP.Send"
    assert claims["tid"] == TENANT
    assert claims["appid"] == HEALTHY.app.client_id
    assert claims["ver"] == "1.0"


def test_the_description_names_the_issuer_it_was_asked_for() -> None:
    with Lab(HEALTHY) as lab, web(lab) as session:
        described = session.get(f"{lab.oidc_authority}/.well-known/openid-configuration", timeout=5).json()
    assert described["issuer"] == lab.oidc_authority
    assert described["device_authorization_endpoint"].endswith(f"/{TENANT}/oauth2/v2.0/devicecode")


def test_an_unknown_tenant_is_aadsts90002() -> None:
    with Lab(HEALTHY) as lab, web(lab) as session:
        base = lab.authority.rpartition("/")[0]
        answer = session.get(f"{base}/contso.com/v2.0/.well-known/openid-configuration", timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error_codes"] == [90002]
    assert "'contso.com' not found" in answer.json()["error_description"]


def test_an_unknown_application_is_aadsts700016() -> None:
    with Lab(HEALTHY) as lab, web(lab) as session:
        answer = session.post(
            f"{lab.authority}/oauth2/v2.0/devicecode", {"client_id": "not-there", "scope": SCOPE}, timeout=5
        )
    assert answer.json()["error"] == "unauthorized_client"
    assert answer.json()["error_codes"] == [700016]


def test_every_answer_states_a_date_and_a_refusal_carries_what_support_asks_for() -> None:
    with Lab(HEALTHY) as lab, web(lab) as session:
        answer = session.post(
            f"{lab.authority}/oauth2/v2.0/token", {}, headers={"client-request-id": TENANT}, timeout=5
        )
    body = answer.json()
    assert answer.headers["date"].endswith(" GMT")
    assert body["correlation_id"] == TENANT
    assert re.fullmatch(r"[0-9a-f-]{36}", body["trace_id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", body["timestamp"])
    assert body["trace_id"] in body["error_description"]


def test_nobody_signed_in_yet_is_pending_and_then_approved() -> None:
    first, second, third = outcome(with_code(DeviceCode(approve_after_polls=3)), polls=3)
    assert first["error"] == second["error"] == "authorization_pending"
    assert first["error_codes"] == [70016]
    assert third["access_token"]


def test_a_hasty_device_is_told_to_slow_down() -> None:
    first, second = outcome(with_code(DeviceCode(slow_down=1)), polls=2)
    assert first["error"] == "slow_down"
    assert second["access_token"]


def test_a_declined_sign_in_is_said_to_be_declined() -> None:
    (answer,) = outcome(with_code(DeviceCode(outcome="declined")))
    assert answer["error"] == "authorization_declined"


def test_a_code_that_was_never_typed_expires() -> None:
    (answer,) = outcome(with_code(DeviceCode(lifetime_s=0, outcome="never")))
    assert answer["error"] == "expired_token"
    assert answer["error_codes"] == [70020]


def test_a_code_that_was_never_handed_out_is_not_known() -> None:
    with Lab(HEALTHY) as lab, web(lab) as session:
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": lab.client_id}
        answer = session.post(f"{lab.authority}/oauth2/v2.0/token", {**form, "device_code": "x"}, timeout=5)
    assert answer.json()["error"] == "bad_verification_code"


@pytest.mark.parametrize(("action", "error"), [("approve", None), ("decline", "authorization_declined")])
def test_a_person_can_type_the_code_in_a_browser(action: str, error: str | None) -> None:
    with Lab(with_code(DeviceCode(outcome="never"))) as lab, web(lab) as session:
        app, flow = device_flow(lab, session)
        assert one_poll(app, flow)["error"] == "authorization_pending"
        page = session.get(flow["verification_uri"], timeout=5).text
        assert f"Signed in as <b>{SCANNER}</b>" in page
        assert session.post(flow["verification_uri"], {"user_code": "WRONG"}, timeout=5).status_code == 400
        typed = {"user_code": flow["user_code"].lower(), "action": action}
        assert session.post(flow["verification_uri"], typed, timeout=5).ok
        assert one_poll(app, flow).get("error") == error


def test_an_application_that_is_no_public_client_needs_a_secret() -> None:
    (answer,) = outcome(replace(HEALTHY, app=App(public_client=False)))
    assert answer["error"] == "invalid_client"
    assert answer["error_codes"] == [7000218]


def test_a_device_code_can_be_refused_outright() -> None:
    with Lab(with_code(DeviceCode(error=Fault(aadsts=7000112)))) as lab, web(lab) as session:
        _, flow = device_flow(lab, session)
    assert flow["error_codes"] == [7000112]
    assert "'(Scan to e-mail) is disabled." in flow["error_description"]


def test_conditional_access_names_the_policy_that_blocked() -> None:
    (answer,) = outcome(load_scenario("device-code-blocked"))
    assert answer["error_codes"] == [53003]
    assert answer["suberror"] == "message_only"
    (policy,) = json.loads(answer["claims"])["access_token"]["capolids"]["values"]
    assert policy in load_scenario("device-code-blocked").token.error.policies  # type: ignore[union-attr]


def test_missing_consent_names_the_application() -> None:
    (answer,) = outcome(load_scenario("consent-missing"))
    assert answer["error_codes"] == [65001]
    assert answer["suberror"] == "consent_required"
    assert f"'{HEALTHY.app.client_id}' named 'Scan to e-mail'" in answer["error_description"]


def test_a_number_the_lab_does_not_know_says_what_the_scenario_says() -> None:
    fault = Fault(aadsts=50105, description="Not assigned to a role.", error="access_denied", http_status=403)
    with Lab(replace(HEALTHY, token=Endpoint(error=fault))) as lab, web(lab) as session:
        app, flow = device_flow(lab, session)
        answer = one_poll(app, flow)
    assert answer["error"] == "access_denied"
    assert answer["error_description"].startswith("AADSTS50105: Not assigned to a role. Trace ID: ")
    assert lab.requests[-1].status == 403


def application(lab: Lab, session: requests.Session, credential: Any) -> dict[str, Any]:
    app = msal.ConfidentialClientApplication(
        lab.client_id,
        client_credential=credential,
        authority=lab.authority,
        instance_discovery=False,
        http_client=session,
    )
    answer: dict[str, Any] = app.acquire_token_for_client([DEFAULT])
    return answer


@pytest.mark.parametrize("kind", ["secret", "certificate"])
def test_an_application_signs_in_and_sends(kind: str) -> None:
    with Lab(HEALTHY) as lab, web(lab) as session:
        if kind == "secret":
            answer = application(lab, session, lab.client_secret)
        else:
            pem = lab.client_certificate.read_text()
            answer = application(lab, session, {"private_key": pem, "public_certificate": pem})
        claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
        assert claims["roles"] == ["SMTP.SendAsApp"]
        assert claims["aud"] == "https://outlook.office365.com"
        assert "upn" not in claims
        with Device(lab) as device:
            assert device.sign_in(answer["access_token"]).startswith("235 ")


def test_an_application_exchange_does_not_know_is_refused_there() -> None:
    with Lab(load_scenario("app-only-not-set-up")) as lab, web(lab) as session, Device(lab) as device:
        token = application(lab, session, lab.client_secret)["access_token"]
        assert device.sign_in(token).startswith("535 5.7.3 ")


def test_wrong_credentials_of_an_application_are_told_apart() -> None:
    with Lab(HEALTHY) as other, Lab(HEALTHY) as lab, web(lab) as session:
        assert application(lab, session, other.client_secret)["error_codes"] == [7000215]
        forged = jwt.encode({"iss": lab.client_id, "sub": lab.client_id, "aud": "x", "exp": 1}, "k" * 32, "HS256")
        assert application(lab, session, {"client_assertion": lambda: forged})["error_codes"] == [700027]
        form = {"grant_type": "client_credentials", "client_id": lab.client_id, "scope": SCOPE}
        url = f"{lab.authority}/oauth2/v2.0/token"
        assert session.post(url, form, timeout=5).json()["error_codes"] == [7000218]
        form["client_secret"] = lab.client_secret
        assert session.post(url, form, timeout=5).json()["error_codes"] == [1002012]
    with Lab(replace(HEALTHY, app=App(secret="expired"))) as lab, web(lab) as session:
        assert application(lab, session, lab.client_secret)["error_codes"] == [7000222]


def refreshed(lab: Lab, session: requests.Session, token: str) -> dict[str, Any]:
    app = msal.PublicClientApplication(
        lab.client_id, authority=lab.authority, instance_discovery=False, http_client=session
    )
    answer: dict[str, Any] = app.acquire_token_by_refresh_token(token, [SCOPE])
    return answer


def test_a_stored_refresh_token_is_redeemed_for_the_account_it_was_given_to() -> None:
    scenario = replace(HEALTHY, sign_in=SignIn(account="admin@contoso.com"))
    with Lab(scenario) as lab, web(lab) as session:
        answer = refreshed(lab, session, lab.refresh_token())
        stranger = refreshed(lab, session, "1.not-ours")
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert claims["upn"] == "admin@contoso.com"
    assert stranger["error"] == "invalid_grant"


def test_a_refresh_token_that_was_idle_for_ninety_days_is_dead() -> None:
    with Lab(load_scenario("refresh-token-dead")) as lab, web(lab) as session:
        answer = refreshed(lab, session, lab.refresh_token())
    assert answer["error_codes"] == [700082]
    assert answer["suberror"] == "bad_token"
    assert "and was inactive for 90.00:00:00." in answer["error_description"]


def test_the_firewall_can_inspect_the_sign_in_too() -> None:
    inspected = Certificate(issuer="CN=FortiGate CA,O=Fortinet", sign_in=True)
    verdict = pytest.raises(requests.exceptions.SSLError, match="self-signed certificate in certificate chain")
    with Lab(replace(HEALTHY, certificate=inspected)) as lab, web(lab) as session, verdict:
        session.get(lab.authority, timeout=5)
