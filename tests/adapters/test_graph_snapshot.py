"""The graph backend of the mailbox setting: a snapshot that is ordered once, waited for and read."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diag.adapters.answers import quoting
from diag.adapters.graph_snapshot import GraphSnapshot, settings_in
from diag.adapters.graph_wire import GraphService
from diag.adapters.network import Route
from diag.adapters.trust import Trust, trust
from diag.lab import Lab, load_scenario
from diag.obstacle import NotAnswered, Obstacle
from diag.overview import Settings
from diag.ports import MailboxSetting
from diag.secret import Redactor, Secret
from diag.setting import Accepted, Setting, Switch
from diag.subject import InvalidInputError, is_address
from tests.adapters.graph_server import CANARY, HOST, NOBODY, SCANNER, Met, Reply, error, http, meet

SETTING = "SmtpClientAuthenticationDisabled"
PERMISSION = "ConfigurationMonitoring.ReadWrite.All"
JOB = {"id": "c91a1470", "status": "notStarted", "resourceLocation": ""}
PLACE = f"https://{HOST}/v1.0/admin/configurationManagement/configurationSnapshots('5ab0')"
DONE = {"id": "c91a1470", "status": "succeeded", "resourceLocation": PLACE}


def mailbox(**properties: Any) -> dict[str, Any]:
    found = {"Identity": "scan", "PrimarySmtpAddress": "Scanner@Contoso.com", "Ensure": "Present", **properties}
    return {"resourceType": "microsoft.exchange.casMailboxSettings", "properties": found}


def organisation(**properties: Any) -> dict[str, Any]:
    return {
        "resourceType": "microsoft.exchange.transportconfig",
        "properties": {"IsSingleInstance": "Yes", **properties},
    }


OTHER = {
    "resourceType": "microsoft.exchange.casmailboxsettings",
    "properties": {"Identity": "x@contoso.com", SETTING: True},
}


def holding(*resources: Any) -> dict[str, Any]:
    return {"id": "5ab0", "resources": [OTHER, None, 7, {"resourceType": 7}, *resources]}


def backend(trusted: Trust, route: Route, *, token: str | None = CANARY, timeout_s: float = 20) -> GraphSnapshot:
    async def ask() -> Secret | NotAnswered:
        return NOBODY if token is None else Secret(token)

    service = GraphService(token=ask, trust=trusted, redactor=Redactor(), timeout_s=timeout_s, route=route)
    return GraphSnapshot(service, first_pause_s=0.01)


def read(folder: Path, replies: Mapping[str, Reply | tuple[Reply, ...]], **how: Any) -> Met[Setting | NotAnswered]:
    async def act(trusted: Trust, route: Route) -> Setting | NotAnswered:
        return await backend(trusted, route, **how).read(SCANNER)

    return meet(folder, act, {"snapshot": JOB, "snapshot_job": DONE, **replies})


def refused(found: object, obstacle: Obstacle, words: str, missing: str | None = None) -> None:
    assert isinstance(found, NotAnswered), found
    assert (found.obstacle, found.missing) == (obstacle, missing)
    assert words in str(found.because)


@pytest.mark.parametrize(("disabled", "switch"), [(True, Switch.OFF), (False, Switch.ON), (None, Switch.UNSET)])
@pytest.mark.parametrize(("everybody", "follows"), [(True, Switch.OFF), (False, Switch.ON), (None, None)])
def test_the_values_are_read_out_of_the_snapshot(
    disabled: bool | None, switch: Switch, everybody: bool | None, follows: Switch | None, tmp_path: Path
) -> None:
    whole = holding(organisation(**{SETTING: everybody}), mailbox(**{SETTING: disabled}))
    met = read(tmp_path, {"snapshot_job": (JOB, JOB | {"status": "running"}, DONE), "snapshot_result": whole})
    assert isinstance(met.result, Setting)
    assert (met.result.mailbox, met.result.organisation) == (switch, follows)
    assert met.result.identity == "Scanner@Contoso.com"
    assert (met.result.backend.name, met.result.backend.writes, met.result.backend.vendor_supported) == (
        "graph",
        False,
        True,
    )
    assert met.server.names() == ["snapshot", *["snapshot_job"] * 3, "snapshot_result"]
    assert json.loads(met.server.the("snapshot").body) == {
        "displayName": "diag SMTP AUTH",
        "description": "diag",
        "resources": ["microsoft.exchange.casmailboxsettings", "microsoft.exchange.transportconfig"],
    }
    job = next(one for one in met.server.asked if one.call == "snapshot_job")
    assert job.query == {"$select": "id,status,resourceLocation,errorDetails"}
    assert job.header("Prefer") == "include-unknown-enum-members"


def test_a_snapshot_in_part_is_read_and_the_identity_may_be_the_address(tmp_path: Path) -> None:
    row = mailbox(Identity=SCANNER.upper(), PrimarySmtpAddress=None, **{SETTING: True})
    partly = DONE | {"status": "partiallySuccessful", "resourceLocation": PLACE.replace("('5ab0')", "/5ab0")}
    met = read(tmp_path, {"snapshot_job": partly, "snapshot_result": holding(row)})
    assert isinstance(met.result, Setting)
    assert (met.result.identity, met.result.mailbox, met.result.organisation) == (SCANNER.upper(), Switch.OFF, None)


@pytest.mark.parametrize(
    ("row", "obstacle", "words"),
    [
        (mailbox(), Obstacle.NOT_SPOKEN, f"{SETTING} is missing"),
        (mailbox(**{SETTING: "true"}), Obstacle.NOT_SPOKEN, "a value that it never has"),
        (mailbox(PrimarySmtpAddress="y@contoso.com"), Obstacle.NOT_FOUND, f"does not have the mailbox {SCANNER}"),
    ],
)
def test_what_is_not_said_is_not_guessed_at(row: Any, obstacle: Obstacle, words: str, tmp_path: Path) -> None:
    refused(read(tmp_path, {"snapshot_result": holding(row)}).result, obstacle, words)


def test_it_cannot_be_written(tmp_path: Path) -> None:
    async def write(port: MailboxSetting) -> Accepted | NotAnswered:
        return await port.write(SCANNER, Switch.ON)

    async def act(trusted: Trust, route: Route) -> Accepted | NotAnswered:
        return await write(backend(trusted, route))

    met = meet(tmp_path, act)
    refused(met.result, Obstacle.NOT_WRITABLE, "can read the setting and cannot change it")
    assert not met.server.asked


def test_the_permission_that_is_missing_is_named(tmp_path: Path) -> None:
    met = read(tmp_path, {"snapshot": error(403, "Forbidden")})
    refused(met.result, Obstacle.NO_PERMISSION, "03b07b79-c5bc-4b5e-9bfa-13acf4a99998", PERMISSION)


@pytest.mark.parametrize("reply", [http(503, b"", "Retry-After: 0"), http(429, b"", "Retry-After: 0"), b""])
def test_a_snapshot_is_ordered_once(reply: bytes, tmp_path: Path) -> None:
    met = read(tmp_path, {"snapshot": reply})
    assert isinstance(met.result, NotAnswered)
    assert met.server.names() == ["snapshot"]


@pytest.mark.parametrize(
    ("job", "obstacle", "words"),
    [
        (DONE | {"status": "failed", "errorDetails": ["no role", 7]}, Obstacle.REFUSED, "The server says: no role"),
        (DONE | {"status": "failed"}, Obstacle.REFUSED, "could not take the snapshot"),
        (DONE | {"resourceLocation": None}, Obstacle.NOT_SPOKEN, "resourceLocation is missing"),
        (DONE | {"resourceLocation": f"{PLACE}/../x"}, Obstacle.NOT_SPOKEN, "resourceLocation is missing"),
        ({}, Obstacle.NOT_SPOKEN, "status is missing"),
        (error(404, "x"), Obstacle.NOT_FOUND, "(HTTP 404)"),
    ],
)
def test_a_job_that_comes_to_nothing_says_why(job: Reply, obstacle: Obstacle, words: str, tmp_path: Path) -> None:
    refused(read(tmp_path, {"snapshot_job": job}).result, obstacle, words)


def test_the_address_of_a_snapshot_on_another_host_is_not_followed(tmp_path: Path) -> None:
    elsewhere = DONE | {"resourceLocation": PLACE.replace(HOST, "evil.example")}
    met = read(tmp_path, {"snapshot_job": elsewhere, "snapshot_result": holding(mailbox(**{SETTING: True}))})
    assert isinstance(met.result, Setting)
    assert {one.header("host") for one in met.server.asked} == {HOST}


def test_a_job_without_end_is_left(tmp_path: Path) -> None:
    met = read(tmp_path, {"snapshot_job": JOB}, timeout_s=0.8)
    refused(met.result, Obstacle.UNAVAILABLE, "has not finished the snapshot")
    assert 2 < len(met.server.asked) < 15


def test_without_a_token_nothing_is_sent_and_what_is_no_address_raises(tmp_path: Path) -> None:
    met = read(tmp_path, {}, token=None)
    refused(met.result, Obstacle.NO_TOKEN, "No administrator")
    assert not met.server.asked

    async def act(trusted: Trust, route: Route) -> object:
        return await backend(trusted, route).read("scanner")

    with pytest.raises(InvalidInputError):
        meet(tmp_path, act)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["resourceType", "properties", "Identity", SETTING]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources=st.lists(JSON | st.builds(mailbox, Identity=JSON, PrimarySmtpAddress=JSON), max_size=4))
def test_anything_can_stand_in_a_snapshot(resources: list[Any]) -> None:
    found = settings_in(resources, quoting(Redactor()))
    assert all(isinstance(one, Setting | NotAnswered) for one in found.mailboxes.values())
    assert all(is_address(name) for name in found.mailboxes)


@pytest.mark.parametrize("reply", [error(400, "QuotaExceeded"), http(429, b"", "Retry-After: 60")])
def test_a_snapshot_that_is_refused_is_said_to_be_counted(reply: Reply, tmp_path: Path) -> None:
    found = read(tmp_path, {"snapshot": reply}).result
    assert isinstance(found, NotAnswered)
    assert "20000 settings of a tenant can be read into snapshots, and each mailbox counts" in str(found.because)


def everything(folder: Path, replies: Mapping[str, Reply | tuple[Reply, ...]]) -> Settings:
    async def act(trusted: Trust, route: Route) -> Settings | NotAnswered:
        return await backend(trusted, route).all()

    found = meet(folder, act, {"snapshot": JOB, "snapshot_job": DONE, **replies}).result
    assert isinstance(found, Settings)
    return found


def test_one_snapshot_has_the_settings_of_all(tmp_path: Path) -> None:
    nobody = mailbox(PrimarySmtpAddress="not an address", **{SETTING: True})
    whole = holding(organisation(**{SETTING: True}), mailbox(**{SETTING: False}), nobody)
    found = everything(tmp_path, {"snapshot_result": whole})
    assert (found.organisation, found.gap) == (Switch.OFF, None)
    assert {name: one.mailbox for name, one in found.mailboxes.items() if isinstance(one, Setting)} == {
        "x@contoso.com": Switch.OFF,
        SCANNER: Switch.ON,
    }
    assert len(found.mailboxes) == 2


def test_a_snapshot_in_part_says_so(tmp_path: Path) -> None:
    partly = {"snapshot_job": DONE | {"status": "partiallySuccessful"}, "snapshot_result": holding(mailbox())}
    found = everything(tmp_path, partly)
    assert "only a part" in str(found.gap)
    refused(found.mailboxes[SCANNER], Obstacle.NOT_SPOKEN, f"{SETTING} is missing")


def test_the_lab_takes_snapshots() -> None:
    with Lab(load_scenario("authenticated-smtp-off")) as lab:
        port = backend(trust(lab.ca_file), lab.route, token=lab.graph_token())
        found = asyncio.run(port.read(SCANNER))
    assert isinstance(found, Setting), found
    assert found.mailbox is Switch.OFF
    assert not lab.bugs
