"""What Microsoft Graph tells of security defaults and Conditional Access."""

from dataclasses import replace
from typing import Any

import pytest

from diag.lab import Lab
from tests.lab.device import SCANNER
from tests.lab.graph import (
    BLOCK,
    DEFAULTS,
    EXCHANGE,
    HEALTHY,
    NOBODY,
    POLICIES,
    WHAT_IF,
    Answered,
    ask,
    user,
    with_directory,
)


@pytest.mark.parametrize("enabled", [True, False])
def test_security_defaults_are_on_or_off(enabled: bool) -> None:
    with Lab(with_directory(security_defaults=enabled)) as lab:
        assert ask(lab, DEFAULTS).json["isEnabled"] is enabled


def test_a_policy_is_told_in_graphs_form() -> None:
    with Lab(replace(HEALTHY, policies=(replace(BLOCK, excluded_users=(SCANNER,)),))) as lab:
        (policy,) = ask(lab, POLICIES).rows
        assert policy["conditions"]["users"]["includeUsers"] == ["All"]
        assert policy["conditions"]["users"]["excludeUsers"] == [user(lab).json["id"]]
    assert policy["conditions"]["authenticationFlows"] == {"transferMethods": "deviceCodeFlow,authenticationTransfer"}
    assert policy["grantControls"] == {"operator": "OR", "builtInControls": ["block"]}
    assert (policy["displayName"], policy["state"]) == ("Block device code flow", "enabled")


def what_if(lab: Lab, flow: str | None = "deviceCodeFlow", **more: Any) -> Answered:
    conditions: dict[str, Any] = {"clientAppType": "mobileAppsAndDesktopClients"}
    if flow:
        conditions["authenticationFlow"] = {"transferMethod": flow}
    body = {
        "signInIdentity": {"@odata.type": "#microsoft.graph.userSignIn", "userId": user(lab).json["id"]},
        "signInContext": {"@odata.type": "#microsoft.graph.applicationContext", "includeApplications": [EXCHANGE]},
        "signInConditions": conditions,
    }
    return ask(lab, WHAT_IF, body={**body, **more})


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({}, "notSet"),
        ({"state": "enabledForReportingButNotEnforced"}, "notSet"),
        ({"state": "disabled"}, "policyNotEnabled"),
        ({"users": ("admin@contoso.com",)}, "users"),
        ({"users": (SCANNER,)}, "notSet"),
        ({"excluded_users": (SCANNER,)}, "users"),
        ({"applications": ("Office365",)}, "notSet"),
        ({"applications": (EXCHANGE,)}, "notSet"),
        ({"applications": (NOBODY,)}, "application"),
        ({"excluded_applications": (EXCHANGE,)}, "application"),
        ({"clients": ("other",)}, "clientApps"),
        ({"clients": ("other", "mobileAppsAndDesktopClients")}, "notSet"),
        ({"flows": ("authenticationTransfer",)}, "authenticationFlow"),
        ({"flows": ()}, "notSet"),
    ],
)
def test_what_if_says_which_policies_apply_and_what_keeps_the_others(keys: dict[str, Any], reason: str) -> None:
    with Lab(replace(HEALTHY, policies=(replace(BLOCK, **keys),))) as lab:
        (result,) = what_if(lab).rows
        applied = what_if(lab, appliedPoliciesOnly=True).rows
    assert result["@odata.type"] == "#microsoft.graph.whatIfAnalysisResult"
    assert result["analysisReasons"] == reason
    assert result["policyApplies"] is (reason == "notSet")
    assert len(applied) == (reason == "notSet")


def test_what_if_needs_a_sign_in_to_judge() -> None:
    with Lab(replace(HEALTHY, policies=(BLOCK,))) as lab:
        assert what_if(lab, flow=None).rows[0]["analysisReasons"] == "authenticationFlow"
        for wrong in ({"signInIdentity": {"userId": NOBODY}}, {"signInContext": None}, {"signInIdentity": 3}):
            assert what_if(lab, **wrong).status == 400
        assert ask(lab, WHAT_IF, body="[").status == 400
    assert not lab.bugs
