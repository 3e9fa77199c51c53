"""What Microsoft Graph tells of accounts, mailboxes and the organisation."""

from typing import Any

import jwt
import pytest

from diag.lab import Lab
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
