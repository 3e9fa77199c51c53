"""What Microsoft Graph tells of sign-ins, the health of Exchange Online, and messages."""

from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest

from diag.lab import Lab, Scenario
from diag.lab.graph_call import ROOT
from diag.lab.scenario_directory import Admin, Directory, Incident, SignInRecord
from tests.lab.device import SCANNER, Device
from tests.lab.graph import (
    BLOCK,
    EXCHANGE,
    HEALTHY,
    POLICIES,
    SIGN_INS,
    TRACES,
    Answered,
    ask,
    with_directory,
)

LOGGED = replace(
    HEALTHY,
    policies=(BLOCK,),
    sign_ins=(
        SignInRecord(minutes_ago=90),
        SignInRecord(minutes_ago=10, code=53003, policy="Block device code flow"),
        SignInRecord(minutes_ago=5, code=700082, event="nonInteractiveUser"),
        SignInRecord(minutes_ago=4, code=7000222, event="servicePrincipal"),
        SignInRecord(minutes_ago=3, account="admin@contoso.com", app="Portal", reason="Because."),
    ),
)


def test_sign_ins_come_newest_first_with_their_reason_and_policy() -> None:
    with Lab(LOGGED) as lab:
        everything = ask(lab, SIGN_INS).rows
        blocked, fine = ask(lab, f"{SIGN_INS}?$filter=userPrincipalName eq '{SCANNER}'").rows
        since = blocked["createdDateTime"]
        (late,) = ask(
            lab, f"{SIGN_INS}?$filter=userPrincipalName eq '{SCANNER}' and createdDateTime ge {since}&$top=5"
        ).rows
        (policy,) = ask(lab, POLICIES).rows
        assert late == blocked
        assert len(ask(lab, f"{SIGN_INS}?$top=1").rows) == 1
        assert len(ask(lab, f"{SIGN_INS}?$filter=status/errorCode ne 0").rows) == 1
    assert [row["status"]["errorCode"] for row in everything] == [0, 53003, 0]
    assert [row["appDisplayName"] for row in everything] == ["Portal", "Scan to e-mail", "Scan to e-mail"]
    assert everything[0]["status"]["failureReason"] == "Because."
    assert blocked["status"]["failureReason"] == "Access has been blocked by Conditional Access policies."
    assert blocked["conditionalAccessStatus"] == "failure"
    (applied,) = blocked["appliedConditionalAccessPolicies"]
    assert applied["id"] == policy["id"]
    assert (applied["displayName"], applied["result"]) == ("Block device code flow", "failure")
    assert (blocked["appId"], fine["status"]["failureReason"]) == (HEALTHY.app.client_id, "Other.")


@pytest.mark.parametrize(("event", "code"), [("nonInteractiveUser", 700082), ("servicePrincipal", 7000222)])
def test_only_beta_tells_of_sign_ins_that_were_not_interactive(event: str, code: int) -> None:
    path = f"{SIGN_INS}?$filter=signInEventTypes/any(t: t eq '{event}')"
    with Lab(LOGGED) as lab:
        (row,) = ask(lab, path, version="beta").rows
        answer = ask(lab, path)
        assert all(row["isInteractive"] for row in ask(lab, SIGN_INS, version="beta").rows)
    assert (row["status"]["errorCode"], row["signInEventTypes"]) == (code, [event])
    assert answer.status == 400
    assert "Could not find a property named 'signInEventTypes" in answer.json["error"]["message"]


def test_without_a_licence_or_a_permission_for_policies_sign_ins_tell_less() -> None:
    with Lab(replace(LOGGED, directory=Directory(premium=False))) as lab:
        answer = ask(lab, SIGN_INS)
        assert (answer.status, answer.code) == (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant")
    with Lab(replace(LOGGED, admin=Admin(scopes=("AuditLog.Read.All",)))) as lab:
        assert not any(row["appliedConditionalAccessPolicies"] for row in ask(lab, SIGN_INS).rows)


def many(count: int, **directory: Any) -> Scenario:
    sign_ins = tuple(SignInRecord(minutes_ago=n, client="SMTP", ip=f"198.51.100.{n % 9}") for n in range(count))
    return replace(HEALTHY, sign_ins=sign_ins, directory=Directory(**directory))


def further(answer: Answered) -> str:
    """Return the path and query of the link to the next page."""
    link = answer.json["@odata.nextLink"]
    assert link.startswith(f"{ROOT}/v1.0{SIGN_INS}?")
    return unquote(link.removeprefix(f"{ROOT}/v1.0"))


def test_a_long_log_comes_in_pages_and_each_says_where_the_next_one_is() -> None:
    wanted = f"{SIGN_INS}?$filter=clientAppUsed eq 'SMTP'"
    with Lab(many(2300)) as lab:
        first = ask(lab, wanted)
        second = ask(lab, further(first))
        third = ask(lab, further(second))
        small = ask(lab, f"{wanted}&$top=2")
        assert [row["id"] for row in ask(lab, further(small)).rows] == [row["id"] for row in first.rows[2:4]]
        assert ask(lab, f"{wanted}&$skiptoken=7").status == 400
        assert ask(lab, f"{wanted}&$top=1001").status == ask(lab, f"{wanted}&$top=0").status == 400
    found = [*first.rows, *second.rows, *third.rows]
    assert [len(page.rows) for page in (first, second, third)] == [1000, 1000, 300]
    assert len({row["id"] for row in found}) == 2300
    assert "@odata.nextLink" not in third.json
    assert {row["ipAddress"] for row in found} == {f"198.51.100.{n}" for n in range(9)}


def test_over_smtp_itself_the_application_is_exchange_online_and_can_be_filtered_by() -> None:
    signed_in = (SignInRecord(minutes_ago=1, client="Authenticated SMTP"), SignInRecord(minutes_ago=2))
    with Lab(replace(HEALTHY, sign_ins=signed_in)) as lab:
        over_smtp = "(clientAppUsed eq 'Authenticated SMTP' or clientAppUsed eq 'SMTP')"
        (smtp,) = ask(lab, f"{SIGN_INS}?$filter={over_smtp}").rows
        (app,) = ask(lab, f"{SIGN_INS}?$filter=appId eq '{HEALTHY.app.client_id}'", version="beta").rows
    assert (smtp["appId"], smtp["appDisplayName"]) == (EXCHANGE, "Office 365 Exchange Online")
    assert (app["appId"], app["appDisplayName"]) == (HEALTHY.app.client_id, "Scan to e-mail")


def test_more_than_the_log_takes_in_ten_seconds_is_refused_with_the_time_to_wait() -> None:
    with Lab(many(1, log_limit=2, retry_after_s=7)) as lab:
        statuses = [ask(lab, SIGN_INS).status for _ in range(3)]
        busy = ask(lab, SIGN_INS)
        assert ask(lab, POLICIES).status == 200
    assert statuses == [200, 200, 429]
    assert busy.headers["retry-after"] == "7"


def test_exchange_online_is_as_the_scenario_says() -> None:
    overview, open_ones = (
        "/admin/serviceAnnouncement/healthOverviews/Exchange Online",
        "/admin/serviceAnnouncement/issues?$filter=service eq 'Exchange Online' and isResolved eq false",
    )
    with Lab(HEALTHY) as lab:
        assert ask(lab, overview).json["status"] == "serviceOperational"
        assert ask(lab, open_ones).rows == []
        assert ask(lab, overview.replace("Exchange Online", "Teams")).status == 404
    with Lab(with_directory(health="serviceDegradation", incident=Incident(title="Late"))) as lab:
        assert ask(lab, f"{overview}?$expand=issues").json["issues"] == ask(lab, open_ones).rows
        (issue,) = ask(lab, open_ones).rows
        assert ask(lab, overview).json["status"] == issue["status"] == "serviceDegradation"
    assert (issue["id"], issue["title"], issue["isResolved"]) == ("EX1234567", "Late", False)


def sent(lab: Lab) -> None:
    with Device(lab) as device:
        assert device.sign_in(lab.token()).startswith("235 ")
        for line in (f"MAIL FROM:<{SCANNER}>", "RCPT TO:<anna@contoso.com>", "DATA"):
            assert device.say(line)[0] in "23"
        for line in (f"From: {SCANNER}", "Message-ID: <scan@contoso.com>", "Subject: Scan", "", "page"):
            device.send(line)
        assert device.say(".").startswith("250 ")


@pytest.mark.parametrize("status", ["delivered", "failed", "quarantined"])
def test_a_message_the_mail_server_took_can_be_traced(status: Any) -> None:
    with Lab(with_directory(trace=status)) as lab:
        assert ask(lab, TRACES).rows == []
        sent(lab)
        between = "receivedDateTime ge 2020-01-01T00:00:00Z and receivedDateTime le 2099-01-01T00:00:00Z"
        (row,) = ask(lab, f"{TRACES}?$filter=senderAddress eq '{SCANNER}' and {between}").rows
        assert ask(lab, f"{TRACES}?$filter=senderAddress eq 'bob@contoso.com'").rows == []
    assert (
        row.items()
        >= {
            "messageId": "<scan@contoso.com>",
            "senderAddress": SCANNER,
            "recipientAddress": "anna@contoso.com",
            "status": status,
            "subject": "Scan",
        }.items()
    )


def test_a_trace_can_be_empty_or_not_set_up() -> None:
    with Lab(with_directory(trace="")) as lab:
        sent(lab)
        assert ask(lab, TRACES).rows == []
    with Lab(with_directory(trace_set_up=False)) as lab:
        assert ask(lab, TRACES).status == 401
        service = {"appId": "8bd644d1-64a1-4d4b-ae52-2e0cbf64e373"}
        assert ask(lab, "/servicePrincipals", body=service).status == 201
        assert ask(lab, TRACES).status == 200
