"""The configuration snapshot: the only way in which Microsoft Graph tells the Authenticated SMTP setting.

Nothing is known of what a snapshot has where a mailbox follows the organisation; here the property is left out.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from diag.lab.graph_call import ROOT, Call, bad_request, not_found, stamp
from diag.lab.tenant import Exchange

MAILBOXES = "microsoft.exchange.casmailboxsettings"
ORGANISATION = "microsoft.exchange.transportconfig"
_SETTING = "SmtpClientAuthenticationDisabled"
_KEPT = 12  # jobs that can be seen, as documented
_NEVER = "0001-01-01T00:00:00Z"
_USUAL = ("id", "displayName", "description", "status", "resources", "createdDateTime", "completedDateTime")


@dataclass(slots=True)
class Job:
    """One snapshot that was ordered; `polls` counts how often somebody looked whether it is done."""

    id: str
    name: str
    resources: tuple[str, ...]
    created: str
    snapshot: str = ""
    completed: str = _NEVER
    polls: int = 0
    values: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The snapshots of one tenant: each holds what was so when it was finished."""

    exchange: Exchange
    jobs: dict[str, Job] = field(default_factory=dict)

    def create(self, call: Call) -> Response:
        """Order a snapshot of kinds of resources."""
        body = call.sent()
        wanted = body.get("resources")
        if not isinstance(wanted, list) or not wanted or not isinstance(body.get("displayName"), str):
            bad_request("A snapshot needs a displayName and resources.", "BadRequest")
        resources = tuple(str(one).casefold() for one in wanted)
        if unknown := set(resources) - {MAILBOXES, ORGANISATION}:
            bad_request(f"The resource type '{min(unknown)}' is not supported.", "BadRequest")
        job = Job(str(uuid.uuid4()), body["displayName"], resources, stamp(self.exchange.clock.now()))
        self.jobs[job.id] = job
        if len(self.jobs) > _KEPT:
            del self.jobs[next(iter(self.jobs))]
        return call.entity(f"{_JOBS}s", _row(job))

    def job(self, call: Call) -> Response:
        """Answer how far a snapshot is; where it lies is told only if it is asked for with `$select`."""
        job = self.jobs.get(call.names["job"])
        if job is None:
            not_found(call.names["job"])
        job.polls += 1
        if not job.snapshot and job.polls > self.exchange.scenario.directory.snapshot_polls:
            job.snapshot, job.completed = str(uuid.uuid4()), stamp(self.exchange.clock.now())
            job.values = self._values(job)
        return call.entity(f"{_JOBS}s", _row(job), usual=_USUAL)

    def read(self, call: Call) -> Response:
        """Answer with a snapshot that is done."""
        wanted = call.names["snapshot"]
        job = next((one for one in self.jobs.values() if one.snapshot == wanted), None)
        if job is None:
            not_found(wanted)
        row = {"id": job.snapshot, "displayName": job.name, "description": None, "resources": job.values}
        return call.entity("admin/configurationManagement/configurationSnapshots", row)

    def _values(self, job: Job) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        scenario = self.exchange.scenario
        if MAILBOXES in job.resources:
            for box in (box for box in scenario.mailboxes if box.in_exchange):
                switch = self.exchange.switch(box)
                name = box.address.partition("@")[0]
                own = {} if switch == "unset" else {_SETTING: switch == "off"}
                properties = {"Identity": name, "PrimarySmtpAddress": box.address, **own, "Ensure": "Present"}
                rows.append(_resource(f"CASMailboxSettings-{name}", MAILBOXES, properties))
        if ORGANISATION in job.resources:
            off = scenario.tenant.authenticated_smtp == "off"
            properties = {"IsSingleInstance": "Yes", _SETTING: off}
            rows.append(_resource("TransportConfig", ORGANISATION, properties))
        return rows


_JOBS = "admin/configurationManagement/configurationSnapshotJob"


def _resource(name: str, kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"displayName": name, "resourceType": kind, "properties": properties}


def _status(job: Job) -> str:
    if job.snapshot:
        return "succeeded"
    return "running" if job.polls else "notStarted"


def _row(job: Job) -> dict[str, Any]:
    place = f"{ROOT}/v1.0/admin/configurationManagement/configurationSnapshots('{job.snapshot}')"
    return {
        "id": job.id,
        "displayName": job.name,
        "description": None,
        "status": _status(job),
        "resources": list(job.resources),
        "createdDateTime": job.created,
        "completedDateTime": job.completed,
        "resourceLocation": place if job.snapshot else "",
        "errorDetails": [],
    }
