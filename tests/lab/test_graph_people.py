"""What Microsoft Graph tells of accounts, mailboxes and the organisation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from diag.lab import Lab
from diag.lab.scenario_directory import Admin, SignInRecord
from tests.lab.device import SCANNER, Device
from tests.lab.graph import HEALTHY, ask, user, with_box, with_directory


def test_an_account_is_told_as_the_scenario_has_it() -> None:
    with Lab(HEALTHY) as lab:
        told = user(lab).json
        claims = jwt.decode(lab.token(), options={"verify_signature": False})
        assert told.pop("@odata.context").endswith("$metadata#users/$entity")
        (plan,) = told.pop("assignedPlans")
        assert (plan["servicePlanId"], plan["capabilityStatus"]) == ("9aaf7827-d63c-4b61-89c3-182f06f82e5c", "Enabled")
        assert told == {
            "id": claims["oid"],
            "userPrincipalName": SCANNER,
            "mail": SCANNER,
            "proxyAddresses": [f"SMTP:{SCANNER}"],
            "accountEnabled": True,
            "userType": "Member",
            "onPremisesSyncEnabled": None,
        }
        assert user(lab, told["id"]).json["mail"] == SCANNER
        assert "accountEnabled" not in ask(lab, f"/users/{SCANNER}").json
        answer = user(lab, "absent@contoso.com")
        assert (answer.status, answer.code) == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"enabled": False}, {"accountEnabled": False}),
        ({"kind": "shared"}, {"accountEnabled": False, "assignedPlans": []}),
        ({"kind": "shared", "enabled": True}, {"accountEnabled": True}),
        ({"guest": True}, {"userType": "Guest"}),
        ({"synced": True}, {"onPremisesSyncEnabled": True}),
        ({"plan": ""}, {"assignedPlans": [], "mail": None}),
    ],
)
def test_a_key_of_the_mailbox_shows_in_its_account(keys: dict[str, Any], told: dict[str, Any]) -> None:
    with Lab(with_box(**keys)) as lab:
        assert user(lab).json.items() >= told.items()


def test_an_alias_is_found_by_the_filter_alone() -> None:
    with Lab(with_box(sign_in_name="mfp@contoso.com", aliases=("copier@contoso.com",))) as lab:
        assert user(lab).status == user(lab, "copier@contoso.com").status == 404
        for asked in ("smtp:copier@contoso.com", "smtp:scanner@contoso.com"):
            found = f"/users?$filter=proxyAddresses/any(p:p eq '{asked}')&$select=userPrincipalName&$count=true"
            assert ask(lab, found).rows == [{"userPrincipalName": "mfp@contoso.com"}]
            assert ask(lab, found).json["@odata.count"] == 1
        assert ask(lab, "/users?$filter=startswith(userPrincipalName,'mfp') and not accountEnabled eq false").rows
        assert ask(lab, "/users?$filter=mail eq 'x' or (mail eq 'y' or mail eq 'scanner@contoso.com')").rows
        for bad in ("mail", "shoe eq 'x'", "mail eq", "mail eq 'x' and", "mail eq shoe", "mail eq 'x' mail", '"', ""):
            answer = ask(lab, f"/users?$filter={bad}")
            assert answer.status == (200 if bad == "" else 400)
            assert bad == "" or answer.code == "BadRequest"
    assert not lab.bugs


def test_when_somebody_last_signed_in_is_told_by_id_to_whoever_may_read_the_log() -> None:
    day = 24 * 60
    records = (
        SignInRecord(minutes_ago=40 * day),
        SignInRecord(minutes_ago=2 * day, event="nonInteractiveUser", code=700082),
        SignInRecord(minutes_ago=day, event="servicePrincipal"),
    )
    select = "$select=id,signInActivity"
    with Lab(replace(HEALTHY, sign_ins=records)) as lab:
        account = user(lab).json["id"]
        told = ask(lab, f"/users/{account}?{select}").json["signInActivity"]
        ages = {key: _days_since(told[f"last{key}DateTime"]) for key in ("SignIn", "NonInteractiveSignIn")}
        assert ages == {"SignIn": 40, "NonInteractiveSignIn": 2}
        assert told["lastSuccessfulSignInDateTime"] == told["lastSignInDateTime"]
        assert "signInActivity" not in ask(lab, f"/users/{account}").json
        assert ask(lab, f"/users/{SCANNER}?{select}").status == 400
        assert ask(lab, f"/users?{select}&$top=501").status == 400
        for count, condition in ((1, "le 2026-01-01T00:00:00Z"), (0, "ge 2026-01-01T00:00:00Z")):
            found = ask(lab, f"/users?$filter=not signInActivity/lastSignInDateTime {condition}&{select}").rows
            assert sum(row["id"] == account for row in found) == count
        both = "signInActivity/lastSignInDateTime le 2026-01-01T00:00:00Z and accountEnabled eq true"
        assert ask(lab, f"/users?$filter={both}").status == 400


@pytest.mark.parametrize(
    ("keys", "scopes", "code"),
    [
        ({"premium": False}, None, "Authentication_RequestFromNonPremiumTenantOrB2CTenant"),
        ({}, ("User.Read.All",), "Authentication_MSGraphPermissionMissing"),
        ({}, ("AuditLog.Read.All",), "Authorization_RequestDenied"),
    ],
)
def test_who_may_not_read_the_log_is_not_told_when_somebody_last_signed_in(
    keys: dict[str, Any], scopes: tuple[str, ...] | None, code: str
) -> None:
    scenario = with_directory(**keys)
    if scopes is not None:
        scenario = replace(scenario, admin=Admin(scopes=scopes))
    with Lab(scenario) as lab:
        answer = ask(lab, "/users?$filter=signInActivity/lastSignInDateTime le 2026-01-01T00:00:00Z")
        assert (answer.status, answer.code) == (403, code)


def _days_since(stamp: str) -> int:
    return round((datetime.now(UTC) - datetime.fromisoformat(stamp)) / timedelta(days=1))


@pytest.mark.parametrize(
    ("keys", "purpose"),
    [
        ({}, "user"),
        ({"kind": "shared"}, "shared"),
        ({"kind": "room"}, "room"),
        ({"plan": ""}, None),
        ({"plan": "EXCHANGE_S_FOUNDATION"}, None),
        ({"cloud_mailbox": False}, None),
    ],
)
def test_what_the_mailbox_is_for_is_told_where_there_is_one(keys: dict[str, Any], purpose: str | None) -> None:
    with Lab(with_box(**keys)) as lab:
        token = lab._issuer.administering("https://graph.microsoft.com", ("MailboxSettings.Read",))
        answer = ask(lab, f"/users/{SCANNER}/mailboxSettings/userPurpose", token=token)
        settings = ask(lab, f"/users/{SCANNER}/mailboxSettings", token=token)
    if purpose is None:
        assert (answer.status, answer.code) == (404, "MailboxNotEnabledForRESTAPI")
    else:
        assert answer.json["value"] == settings.json["userPurpose"] == purpose
        assert answer.json["@odata.context"].endswith("/mailboxSettings/userPurpose")


def test_a_person_may_not_ask_what_somebody_elses_mailbox_is_for() -> None:
    with Lab(HEALTHY) as lab:
        answer = ask(lab, f"/users/{SCANNER}/mailboxSettings/userPurpose")
    assert (answer.status, answer.code) == (403, "ErrorAccessDenied")


def test_the_administrator_has_an_account_and_an_application_has_none() -> None:
    with Lab(HEALTHY) as lab:
        assert ask(lab, "/me").json["userPrincipalName"] == "admin@contoso.com"
        itself = lab._issuer.administering("https://graph.microsoft.com", ("User.Read.All",))
        assert ask(lab, "/me", token=itself).status == 400


@pytest.mark.parametrize("premium", [True, False])
def test_the_organisation_tells_its_names_and_what_it_bought(premium: bool) -> None:
    with Lab(with_directory(premium=premium)) as lab:
        (tenant,) = ask(lab, "/organization?$select=id,verifiedDomains").rows
        assert tenant["id"] == HEALTHY.tenant.id
        assert {one["name"]: one["isInitial"] for one in tenant["verifiedDomains"]} == {
            "contoso.com": False,
            "contoso.onmicrosoft.com": True,
        }
        (sku,) = ask(lab, "/subscribedSkus").rows
    plans = {one["servicePlanName"] for one in sku["servicePlans"]}
    assert plans == {"EXCHANGE_S_STANDARD"} | ({"AAD_PREMIUM"} if premium else set())


@pytest.mark.parametrize(
    "keys",
    [
        {"enabled": False},
        {"plan": ""},
        {"cloud_mailbox": False},
        {"kind": "room"},
        {"sign_in_name": "mfp@contoso.com"},
    ],
)
def test_what_the_directory_has_against_the_mailbox_the_mail_server_has_too(keys: dict[str, Any]) -> None:
    with Lab(with_box(**keys)) as lab, Device(lab) as device:
        assert device.sign_in(lab.token()).startswith("535 5.7.3 ")
    assert not lab.bugs


def test_the_sign_in_name_is_the_one_the_mail_server_takes() -> None:
    with Lab(with_box(sign_in_name="mfp@contoso.com")) as lab, Device(lab) as device:
        assert device.sign_in(lab.token(), "mfp@contoso.com").startswith("235 ")
