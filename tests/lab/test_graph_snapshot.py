"""The configuration snapshot, from the order to the values."""

from dataclasses import replace
from typing import Any

from diag.lab import Lab
from diag.lab.scenario import Mailbox, Tenant
from tests.lab.device import SCANNER
from tests.lab.graph import HEALTHY, NOBODY, ask, with_directory
from tests.lab.test_exchange import AT_ONCE, change

PLACE = "/admin/configurationManagement"
ORDER = f"{PLACE}/configurationSnapshots/createSnapshot"
WANTED = {
    "displayName": "diag SMTP AUTH",
    "description": "diag",
    "resources": ["microsoft.exchange.casmailboxsettings", "microsoft.exchange.transportconfig"],
}
SETTING = "SmtpClientAuthenticationDisabled"


def state(lab: Lab, job: str) -> Any:
    path = f"{PLACE}/configurationSnapshotJobs/{job}?$select=id,status,resourceLocation,errorDetails"
    return ask(lab, path).json


def values(lab: Lab, job: str) -> dict[str, Any]:
    while (told := state(lab, job))["status"] != "succeeded":
        pass
    place = told["resourceLocation"].removeprefix("https://graph.microsoft.com/v1.0")
    rows = ask(lab, place).json["resources"]
    return {row["properties"].get("Identity", row["resourceType"]): row["properties"] for row in rows}


def test_a_snapshot_is_ordered_waited_for_and_then_tells_every_switch() -> None:
    boxes = (
        Mailbox(address=SCANNER, authenticated_smtp="off"),
        Mailbox(address="second@contoso.com"),
        Mailbox(address="third@contoso.com", authenticated_smtp="unset", kind="room"),
        Mailbox(address="absent@contoso.com", cloud_mailbox=False),
    )
    with Lab(replace(HEALTHY, mailboxes=boxes, tenant=Tenant(authenticated_smtp="off"))) as lab:
        job = ask(lab, ORDER, body=WANTED).json
        assert (job["status"], job["resourceLocation"], job["completedDateTime"]) == (
            "notStarted",
            "",
            "0001-01-01T00:00:00Z",
        )
        running = state(lab, job["id"])
        assert (running["status"], running["resourceLocation"], running["errorDetails"]) == ("running", "", [])
        told = values(lab, job["id"])
        assert "resourceLocation" not in ask(lab, f"{PLACE}/configurationSnapshotJobs('{job['id']}')").json
    assert told.keys() == {"scanner", "second", "third", "microsoft.exchange.transportconfig"}
    assert (told["scanner"][SETTING], told["second"][SETTING]) == (True, False)
    assert SETTING not in told["third"]
    assert told["microsoft.exchange.transportconfig"][SETTING] is True
    assert not lab.bugs


def test_a_snapshot_has_what_was_set_since_and_an_old_one_has_not() -> None:
    with Lab(replace(HEALTHY, setting=AT_ONCE)) as lab:
        first = ask(lab, ORDER, body=WANTED).json["id"]
        assert values(lab, first)["scanner"][SETTING] is False
        change(lab, disabled=True)
        second = ask(lab, ORDER, body=WANTED).json["id"]
        assert values(lab, second)["scanner"][SETTING] is True
        assert values(lab, first)["scanner"][SETTING] is False


def test_the_scenario_says_how_often_one_looks_in_vain() -> None:
    with Lab(with_directory(snapshot_polls=3)) as lab:
        job = ask(lab, ORDER, body=WANTED).json["id"]
        assert [state(lab, job)["status"] for _ in range(5)] == ["running"] * 3 + ["succeeded"] * 2


def test_an_order_that_makes_no_sense_is_refused() -> None:
    with Lab(HEALTHY) as lab:
        for wrong in ({}, {**WANTED, "resources": []}, {**WANTED, "resources": ["microsoft.teams.x"]}):
            assert ask(lab, ORDER, body=wrong).status == 400
        assert ask(lab, f"{PLACE}/configurationSnapshotJobs/{NOBODY}").status == 404
        assert ask(lab, f"{PLACE}/configurationSnapshots/{NOBODY}").status == 404
    assert not lab.bugs
