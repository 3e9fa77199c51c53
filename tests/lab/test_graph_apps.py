"""What Microsoft Graph tells of applications and consent, and what of it can be changed."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from diag.lab import Lab
from diag.lab.scenario import App
from diag.lab.scenario_directory import Admin, Directory
from tests.lab.graph import EXCHANGE, HEALTHY, NOBODY, Answered, ask, user, with_directory

DEVICE = HEALTHY.app.client_id
GRAPH = "00000003-0000-0000-c000-000000000000"


def principal(lab: Lab, app_id: str = DEVICE) -> Answered:
    return ask(lab, f"/servicePrincipals(appId='{app_id}')")


def registration(lab: Lab, app_id: str = DEVICE) -> Answered:
    return ask(lab, f"/applications(appId='{app_id}')")


def grants(lab: Lab, app_id: str = DEVICE) -> Any:
    return ask(lab, f"/oauth2PermissionGrants?$filter=clientId eq '{principal(lab, app_id).json['id']}'").rows


def test_exchange_online_names_its_permissions_with_their_ids() -> None:
    with Lab(HEALTHY) as lab:
        told = principal(lab, EXCHANGE).json
        graph = principal(lab, GRAPH).json
    scopes = {one["value"]: one["id"] for one in told["oauth2PermissionScopes"]}
    roles = {one["value"]: one["id"] for one in told["appRoles"]}
    assert told["displayName"] == "Office 365 Exchange Online"
    assert scopes["SMTP.Send"] == "76faac2a-0f20-42f1-928a-50de5b9dbe52"
    assert scopes["Exchange.Manage"] == "ab4f2b77-0b06-4fc1-a9de-02113fc2ab7c"
    assert roles["Exchange.ManageAsApp"] == "dc50a0fb-09a3-484d-be87-e023b12c6440"
    assert "SMTP.SendAsApp" in roles
    assert {one["value"] for one in graph["oauth2PermissionScopes"]} > set(HEALTHY.admin.roles[:-1])


@pytest.mark.parametrize("state", ["enabled", "disabled", "missing"])
def test_the_enterprise_application_is_as_the_scenario_says(state: Any) -> None:
    with Lab(with_directory(enterprise_app=state, assignment_required=True)) as lab:
        answer = principal(lab)
        found = ask(lab, f"/servicePrincipals?$filter=appId eq '{DEVICE}'&$select=appId,accountEnabled").rows
    if state == "missing":
        assert (answer.status, answer.code, found) == (404, "Request_ResourceNotFound", [])
    else:
        assert found == [{"appId": DEVICE, "accountEnabled": state == "enabled"}]
        assert answer.json["appRoleAssignmentRequired"] is True
        assert answer.json["disabledByMicrosoftStatus"] is None


@pytest.mark.parametrize("consent", ["everybody", "account", "none"])
def test_the_consent_is_as_the_scenario_says(consent: Any) -> None:
    with Lab(with_directory(consent=consent)) as lab:
        found, whose, exchange = grants(lab), user(lab).json["id"], principal(lab, EXCHANGE).json["id"]
    if consent == "none":
        assert found == []
        return
    (grant,) = found
    assert (grant["scope"], grant["resourceId"]) == ("SMTP.Send offline_access", exchange)
    assert (grant["consentType"], grant["principalId"]) == (
        ("AllPrincipals", None) if consent == "everybody" else ("Principal", whose)
    )


def test_application_permissions_are_those_of_the_scenario() -> None:
    with Lab(HEALTHY) as lab:
        roles = {one["value"]: one["id"] for one in principal(lab, EXCHANGE).json["appRoles"]}
        for path in (f"/servicePrincipals/{principal(lab).json['id']}", f"/servicePrincipals(appId='{DEVICE}')"):
            (assigned,) = ask(lab, f"{path}/appRoleAssignments").rows
            assert assigned["appRoleId"] == roles["SMTP.SendAsApp"]
            assert assigned["resourceDisplayName"] == "Office 365 Exchange Online"
        assert ask(lab, f"/servicePrincipals/{NOBODY}/appRoleAssignments").status == 404


def days_left(lab: Lab, credential: Any) -> int:
    ends = datetime.fromisoformat(credential["endDateTime"])
    return round((ends - lab._clock.now()).total_seconds() / 86400)


def test_the_registration_tells_when_its_credentials_end_and_never_the_secret() -> None:
    with Lab(with_directory(secret_ends_days=9, certificate_ends_days=-3)) as lab:
        answer = registration(lab)
        told = answer.json
        assert lab.client_secret not in answer.body.decode()
        assert ask(lab, f"/applications/{told['id']}").json == told
        (found,) = ask(lab, f"/applications?$filter=appId eq '{DEVICE}'&$select=displayName").rows
    (secret,), (certificate,) = told["passwordCredentials"], told["keyCredentials"]
    assert (days_left(lab, secret), days_left(lab, certificate)) == (9, -3)
    assert secret["secretText"] is None
    assert told["isFallbackPublicClient"] is True
    assert found == {"displayName": "Scan to e-mail"}


def test_the_registration_agrees_with_the_application() -> None:
    with Lab(replace(HEALTHY, app=App(secret="expired", public_client=False))) as lab:
        told = registration(lab).json
        assert days_left(lab, told["passwordCredentials"][0]) == -1
        assert (told["isFallbackPublicClient"], told["keyCredentials"]) == (False, [])
    with Lab(with_directory(registration="elsewhere")) as lab:
        assert registration(lab).status == 404
        assert principal(lab).status == 200


def test_the_administrators_application_is_registered_with_what_was_consented_to_it() -> None:
    with Lab(replace(HEALTHY, admin=Admin(scopes=("Directory.Read.All", "Exchange.Manage"), roles=()))) as lab:
        assert {one["scope"] for one in grants(lab, lab.admin_client_id)} == {"Directory.Read.All", "Exchange.Manage"}
        assert registration(lab, lab.admin_client_id).json["displayName"] == "diag"


# --- what is set up


def test_an_application_is_registered_changed_enrolled_and_given_consent() -> None:
    with Lab(HEALTHY) as lab:
        answer = ask(lab, "/applications", body={"displayName": "Scanners", "isFallbackPublicClient": False})
        assert answer.status == 201
        app = answer.json
        assert app["@odata.context"].endswith("#applications/$entity")
        assert (
            ask(lab, f"/applications/{app['id']}", body={"isFallbackPublicClient": True}, method="PATCH").status == 204
        )
        changed = {"displayName": "Scanners of Contoso"}
        assert ask(lab, f"/applications(appId='{app['appId']}')", body=changed, method="PATCH").status == 204
        told = registration(lab, app["appId"]).json
        assert (told["displayName"], told["isFallbackPublicClient"]) == ("Scanners of Contoso", True)

        enrolled = ask(lab, "/servicePrincipals", body={"appId": app["appId"]})
        assert (enrolled.status, enrolled.json["displayName"]) == (201, "Scanners of Contoso")
        again = ask(lab, "/servicePrincipals", body={"appId": app["appId"]})
        assert (again.status, again.code) == (409, "Request_MultipleObjectsWithSameKeyValue")
        assert again.json["error"]["details"][0]["code"] == "ObjectConflict"

        wanted = {
            "clientId": enrolled.json["id"],
            "consentType": "AllPrincipals",
            "resourceId": principal(lab, EXCHANGE).json["id"],
            "scope": "SMTP.Send",
        }
        grant = ask(lab, "/oauth2PermissionGrants", body=wanted)
        assert grant.status == 201
        again = ask(lab, "/oauth2PermissionGrants", body=wanted)
        assert (again.status, again.code) == (409, "Request_MultipleObjectsWithSameKeyValue")
        more = {"scope": "SMTP.Send offline_access"}
        assert ask(lab, f"/oauth2PermissionGrants/{grant.json['id']}", body=more, method="PATCH").status == 204
        (told,) = grants(lab, app["appId"])
        assert told["scope"] == "SMTP.Send offline_access"
    with Lab(HEALTHY) as fresh:
        assert registration(fresh, app["appId"]).status == 404
    assert not lab.bugs


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/applications", {}, 400),
        ("/applications", [], 400),
        ("/applications", "{", 400),
        ("/applications", {"displayName": "x", "appId": DEVICE}, 400),
        ("/applications", {"displayName": "x", "colour": "red"}, 400),
        ("/servicePrincipals", {}, 400),
        ("/servicePrincipals", {"appId": NOBODY}, 400),
        ("/servicePrincipals", {"appId": EXCHANGE}, 409),
        ("/oauth2PermissionGrants", {"consentType": "Everybody", "scope": ""}, 400),
        ("/oauth2PermissionGrants", {"consentType": "Principal", "scope": ""}, 400),
        ("/oauth2PermissionGrants", {"consentType": "AllPrincipals", "scope": "", "clientId": NOBODY}, 404),
    ],
)
def test_nonsense_is_refused(path: str, body: Any, status: int) -> None:
    with Lab(HEALTHY) as lab:
        answer = ask(lab, path, body=body)
        assert (answer.status, bool(answer.code)) == (status, True)
    assert not lab.bugs


def test_what_is_not_there_cannot_be_changed() -> None:
    with Lab(HEALTHY) as lab:
        assert ask(lab, f"/applications/{NOBODY}", body={}, method="PATCH").status == 404
        assert ask(lab, f"/oauth2PermissionGrants/{NOBODY}", body={"scope": ""}, method="PATCH").status == 404
        (grant,) = grants(lab)
        wrong = {"consentType": "Principal"}
        assert ask(lab, f"/oauth2PermissionGrants/{grant['id']}", body=wrong, method="PATCH").status == 400
        made = {"id": NOBODY}
        assert ask(lab, f"/applications(appId='{DEVICE}')", body=made, method="PATCH").status == 400


def test_a_missing_enterprise_application_can_be_enrolled() -> None:
    with Lab(replace(HEALTHY, directory=Directory(enterprise_app="missing", registration="elsewhere"))) as lab:
        assert ask(lab, "/servicePrincipals", body={"appId": DEVICE}).json["displayName"] == "Scan to e-mail"
        assert principal(lab).status == 200
