"""What a run over many mailboxes asks of a tenant, and with whose credentials: counted where it is answered."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import pytest

from diag import archive
from diag.directory import Directory
from diag.evidence import Auth, Evidence
from diag.lab import Lab, Scenario
from diag.lab.scenario_directory import Admin
from diag.obstacle import NotAnswered, Obstacle
from diag.store import open_history
from tests.cli.conftest import desk
from tests.cli.fleets import Desk, counts, json_of, opened, requests
from tests.e2e.test_canary import assert_hidden
from tests.lab.crowd import crowd

__all__ = ["desk"]
HEALTHY_BUT_TWO: Mapping[str, float] = {"healthy": 28 / 30, "off": 1 / 30, "unlicensed": 1 / 30}
ONCE = ("createSnapshot", "identitySecurityDefaultsEnforcementPolicy", "conditionalAccess/policies", "healthOverviews")
ALL_ROLES = Admin().roles


def by_itself(scenario: Scenario, *without: str) -> Scenario:
    """The administrators' application signs in by itself, without some of its permissions."""
    roles = tuple(role for role in ALL_ROLES if role not in without)
    return replace(scenario, admin=replace(scenario.admin, by_itself=True, roles=roles))


@contextmanager
def tenant(desk: Desk, scenario: Scenario, mailboxes: str, **more: str) -> Iterator[tuple[Lab, dict[str, str]]]:
    """Serve a scenario with an inventory, t.toml, whose tenant's applications have their secrets by reference.

    Yields the lab, and the environment in which one of the secrets is.
    """
    with opened(desk, scenario) as lab:
        desk.file("admin.txt", f"{lab.admin_client_secret}\n")
        keys = {
            "name": "contoso.com",
            "client_id": lab.client_id,
            "credential": "env:DEVICE",
            "admin_client_id": lab.admin_client_id,
            "admin_credential": "file:admin.txt",
        }
        lines = [f'{key} = "{value}"' for key, value in {**keys, **more}.items() if value]
        desk.file("t.toml", "\n".join(("[[tenant]]", *lines, mailboxes)))
        yield lab, {"DEVICE": lab.client_secret}


def boxes(*rows: Mapping[str, str]) -> str:
    return "".join("[[mailbox]]\n" + "".join(f'{key} = "{value}"\n' for key, value in row.items()) for row in rows)


def test_what_holds_for_a_tenant_is_asked_once_however_many_mailboxes_it_has(desk: Desk) -> None:
    with opened(desk, crowd(30, HEALTHY_BUT_TWO)) as lab:
        assert counts(desk.report()) == {"healthy": 28, "broken": 2}
        for question in ONCE:
            assert len(requests(lab, question)) == 1, question
        assert len(requests(lab, "auditLogs/signIns")) <= 4  # one for each kind of sign-in
        assert len(requests(lab, "/oauth2/v2.0/token")) == 1
        about = {path.split("/users/")[1].split("/")[0] for path in requests(lab, "/users/") if "@" in path}
        assert {name.split()[0] for name in about} == {"off-00001@contoso.com", "unlicensed-00001@contoso.com"}
        assert len(requests(lab, "Get-CASMailbox")) == 2


def test_twice_the_mailboxes_ask_no_more_of_the_tenant(desk: Desk) -> None:
    asked = []
    for count in (5, 30):
        with opened(desk, crowd(count, {"healthy": 1.0})) as lab:
            assert desk.health("run").code == 0
            asked.append(
                sorted(one for one in requests(lab, "") if "Jobs/" not in one and "/configurationS" not in one)
            )
    assert asked[0] == asked[1]


def test_nothing_is_asked_of_the_settings_where_nobody_wants_them(desk: Desk) -> None:
    with opened(desk, crowd(3, {"healthy": 1.0})) as lab:
        assert desk.health("run", "--settings-from", "none").code == 0
        assert requests(lab, "createSnapshot") == requests(lab, "Get-CASMailbox") == []


@pytest.mark.parametrize(
    ("missing", "part"),
    [(("Exchange.ManageAsApp",), "Get-CASMailbox"), (("User.Read.All", "Directory.Read.All"), "/users/off")],
)
def test_a_tenant_that_refuses_to_tell_of_one_mailbox_is_not_asked_about_the_others(
    desk: Desk, missing: tuple[str, ...], part: str
) -> None:
    names = [f"off-{number:05}@contoso.com" for number in range(1, 7)]
    scenario = by_itself(crowd(6, {"off": 1.0}), *missing)
    with tenant(desk, scenario, boxes(*({"mailbox": name} for name in names))) as (lab, secrets):
        report = desk.report("t.toml", "--per-tenant", "1", **secrets)
        assert counts(report) == {"broken": 6}
        assert len(requests(lab, part)) <= 1


def test_applications_sign_in_with_secrets_that_an_inventory_refers_to(desk: Desk) -> None:
    rows = boxes({"mailbox": "healthy-00001@contoso.com"}, {"mailbox": "off-00001@contoso.com"})
    scenario = by_itself(crowd(2, {"healthy": 0.5, "off": 0.5}))
    with tenant(desk, scenario, rows) as (lab, secrets):
        report = desk.report("t.toml", **secrets)
        assert counts(report) == {"healthy": 1, "broken": 1}
        assert report["not_asked"]["unasked"] == []
        # One token of the device's application for both mailboxes; the administrators' has one for each service.
        assert len(requests(lab, "/oauth2/v2.0/token")) == 3
        (group,) = report["groups"]
        assert (group["cause"], group["certainty"]) == ("smtp_auth_disabled_mailbox", "proven")


def test_a_sign_in_that_a_device_has_stored_and_nobody_uses_will_break(desk: Desk) -> None:
    """Far beyond what is read of the sign-in log; for a device's own application there is no secret here."""
    rows = boxes({"mailbox": "idle-00001@contoso.com"}, {"mailbox": "used-00001@contoso.com"})
    scenario = by_itself(crowd(2, {"idle": 0.5, "used": 0.5}))
    for_people = replace(scenario.app, roles=())
    scenario = replace(scenario, app=for_people, run=replace(scenario.run, auth=Auth.DEVICE_CODE))
    with tenant(desk, scenario, rows, credential="") as (lab, _):
        report = desk.report("t.toml")
        assert counts(report) == {"will_break": 1, "inconclusive": 1}
        (group,) = [one for one in report["groups"] if one["cause"] == "refresh_token_ageing"]
        assert (group["certainty"], group["actor"]) == ("likely", "helpdesk")
        assert group["mailboxes"] == ["idle-00001@contoso.com"]
        (finding,) = [one for one in report["findings"] if one["cause"] == "refresh_token_ageing"]
        assert "70 days ago, with any application" in finding["because"][0]
        (other,) = [one for one in report["findings"] if one["cause"] is None]
        assert other["because"] == ["no secret, certificate or token was given, so nobody could sign in"]
        assert len([one for one in requests(lab, "/v1.0/users") if "/users/" not in one]) == 1


def test_a_row_with_an_application_of_its_own_is_not_judged_by_the_tenants(desk: Desk) -> None:
    """The tenant's application is one that nobody knows here, which says nothing of another one."""
    own = crowd(1).app.client_id
    rows = boxes(
        {"mailbox": "used-00001@contoso.com", "client_id": own},
        {"mailbox": "used-00002@contoso.com"},
    )
    scenario = by_itself(crowd(2, {"used": 1.0}))
    scenario = replace(scenario, run=replace(scenario.run, auth=Auth.DEVICE_CODE))
    with tenant(desk, scenario, rows, credential="", client_id="11111111-0000-4000-8000-000000000001"):
        desk.health("run", "t.toml")
    first, second = sorted(kept(desk), key=lambda evidence: evidence.subject.mailbox)
    assert first.sign_in.client_id == own
    assert "this mailbox has another one" in str(_app(first).because)
    assert _app(second).obstacle is Obstacle.NOT_FOUND


def kept(desk: Desk) -> list[Evidence]:
    """The evidence of the first run."""
    (file,) = desk.folder.parent.rglob("diag.db")

    async def read() -> list[Evidence]:
        async with open_history(file) as history:
            return [archive.unpack(packed) for _, packed in [one async for one in history.evidence(1)]]

    return asyncio.run(read())


def _app(evidence: Evidence) -> NotAnswered:
    assert isinstance(evidence.directory, Directory)
    assert isinstance(evidence.directory.app, NotAnswered)
    return evidence.directory.app


def test_an_administrators_secret_that_is_not_there_leaves_the_devices_examined(desk: Desk) -> None:
    rows = boxes({"mailbox": "healthy-00001@contoso.com"}, {"mailbox": "off-00001@contoso.com"})
    scenario = by_itself(crowd(2, {"healthy": 0.5, "off": 0.5}))
    with tenant(desk, scenario, rows, admin_credential="env:NOWHERE") as (lab, secrets):
        report = desk.report("t.toml", **secrets)
        assert counts(report) == {"healthy": 1, "broken": 1}
        (unasked,) = report["not_asked"]["unasked"]
        assert (unasked["tenant"], unasked["because"]) == ("contoso.com", "The variable NOWHERE is not set.")
        assert requests(lab, "/v1.0/") == requests(lab, "InvokeCommand") == []


def test_a_wrong_administrators_secret_is_tried_once_a_service(desk: Desk) -> None:
    names = [f"off-{number:05}@contoso.com" for number in range(1, 5)]
    with tenant(desk, by_itself(crowd(4, {"off": 1.0})), boxes(*({"mailbox": name} for name in names))) as (
        lab,
        secrets,
    ):
        desk.file("admin.txt", "not-the-secret-of-this-application")
        report = desk.report("t.toml", **secrets)
        assert counts(report) == {"broken": 4}
        assert any("AADSTS7000215" in one["because"] for one in report["not_asked"]["unasked"])
        assert len(requests(lab, "/oauth2/v2.0/token")) <= 3


def test_a_reference_that_leads_nowhere_stops_that_mailbox_alone(desk: Desk) -> None:
    rows = boxes(
        {"mailbox": "healthy-00001@contoso.com"},
        {"mailbox": "healthy-00002@contoso.com", "credential": "env:NOWHERE"},
        {"mailbox": "healthy-00003@contoso.com", "credential": "file:nothing.txt"},
        {"mailbox": "healthy-00004@contoso.com", "credential": "env:WRONG"},
    )
    with tenant(desk, by_itself(crowd(4, {"healthy": 1.0})), rows) as (_, secrets):
        report = desk.report("t.toml", **secrets, WRONG="wrong-wrong-wrong")
        assert counts(report) == {"healthy": 1, "inconclusive": 2, "broken": 1}
        assert [group["cause"] for group in report["groups"]] == ["client_secret_wrong"]
        because = {one["mailbox"]: " ".join(one["because"]) for one in report["findings"]}
        assert "The variable NOWHERE is not set." in because["healthy-00002@contoso.com"]
        assert "nothing.txt" in because["healthy-00003@contoso.com"]


def test_a_tenant_whose_secret_is_not_there_is_not_known_and_the_others_are(desk: Desk) -> None:
    rows = boxes(
        {"mailbox": "healthy-00001@contoso.com"},
        {"mailbox": "healthy-00002@contoso.com", "credential": "env:OWN"},
    )
    with tenant(desk, by_itself(crowd(2, {"healthy": 1.0})), rows, credential="env:NOWHERE") as (_, secrets):
        report = desk.report("t.toml", OWN=secrets["DEVICE"])
        assert counts(report) == {"healthy": 1, "inconclusive": 1}


def test_each_mailbox_may_have_a_refresh_token_of_its_own(desk: Desk) -> None:
    scenario = crowd(3, {"healthy": 1.0})
    scenario = replace(scenario, run=replace(scenario.run, auth=Auth.TOKEN))
    names = [f"healthy-{number:05}@contoso.com" for number in range(1, 4)]
    with opened(desk, scenario) as lab:
        for number, name in enumerate(names):
            kept = {"refresh_token": lab.refresh_token(name), "client_id": lab.client_id}
            desk.file(f"{number}.json", json.dumps(kept))
        rows = "".join(f"{name},file:{number}.json\n" for number, name in enumerate(names))
        report = desk.report(desk.file("scanners.csv", "mailbox,credential\n" + rows))
        assert counts(report) == {"healthy": 3}
        assert {session.user for session in lab.sessions if session.user} == set(names)
        assert len(requests(lab, "/oauth2/v2.0/token")) == 3


@pytest.mark.parametrize("fails", [False, True])
def test_no_secret_that_an_inventory_refers_to_shows_anywhere(desk: Desk, fails: bool) -> None:
    rows = boxes(
        {"mailbox": "healthy-00001@contoso.com"},
        {"mailbox": "off-00001@contoso.com"},
        {"mailbox": "healthy-00002@contoso.com", "credential": "file:own.json"},
        {"mailbox": "healthy-00003@contoso.com", "credential": "env:CANARY"},
    )
    with tenant(desk, by_itself(crowd(4, {"healthy": 0.75, "off": 0.25})), rows) as (lab, secrets):
        refresh, canary = lab.refresh_token("healthy-00002@contoso.com"), "CaNaRy~4.cLiEnT-sEcReT-0123456789"
        desk.file("own.json", json.dumps({"refresh_token": refresh, "client_id": lab.client_id}))
        if fails:
            desk.file("admin.txt", canary)
        words = ("run", "t.toml", "--verbose", "--output", "report.json", "--format", "json")
        ran = desk.health(*words, **secrets, CANARY=canary, DIAG_LOG="debug")
        assert ran.code == 1, ran.err
        report = desk.health("report", "--format", "text"), desk.health("rejudge"), desk.health("runs")
        texts = {"out": ran.out, "err": ran.err, "read": "".join(one.out + one.err for one in report)}
        secret_files = {"own.json", "admin.txt", "lab.json"}
        for file in desk.folder.parent.rglob("*"):
            if file.is_file() and file.name not in secret_files:
                texts[file.name] = file.read_bytes().decode("latin-1")
        assert "diag.db" in texts
        for secret in (refresh, canary, lab.client_secret, lab.admin_client_secret):
            assert_hidden(secret, texts)
        for place, text in texts.items():
            assert "eyJ0" not in text, place


def test_evidence_is_packed_without_secrets(desk: Desk) -> None:
    """What is kept is compressed: it is looked into as what it says."""
    with tenant(desk, by_itself(crowd(2, {"off": 1.0})), boxes({"mailbox": "off-00001@contoso.com"})) as (lab, secrets):
        assert desk.health("run", "t.toml", **secrets).code == 1
        (evidence,) = map(repr, kept(desk))
        assert "SmtpClientAuthentication is disabled" in evidence
        for secret in (lab.client_secret, lab.admin_client_secret):
            assert_hidden(secret, {"evidence": evidence})
        assert "eyJ" not in evidence


def test_a_tenant_without_anybody_who_signs_in_is_reported_too(desk: Desk) -> None:
    nowhere = ("--smtp-host", "127.0.0.1", "--smtp-port", "1", "--authority", "https://127.0.0.1:1/contoso.com")
    ran = desk.diag("health", "run", desk.sheet("a@contoso.com"), *nowhere)
    assert ran.code == 1, ran.err
    assert "connection was refused" in ran.out
    assert json_of(desk.diag("health", "report", "--format", "json"))["counts"]["broken"] == 1
