"""What the tenant's logs say: sign-ins, how Exchange Online is, and what became of messages."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from diag.lab import faults
from diag.lab.graph_apps import TRACE_APP, Registry
from diag.lab.graph_call import Call, GraphError, not_found, stamp
from diag.lab.graph_people import People
from diag.lab.graph_policies import policy_id
from diag.lab.scenario_directory import SignInRecord
from diag.lab.tokens import stable_id
from diag.subject import EXCHANGE_ONLINE_ID

_EVENTS = "signInEventTypes"
_SEES_POLICIES = frozenset({"Policy.Read.All", "Policy.Read.ConditionalAccess"})
_EXCHANGE = "Exchange Online"
_LICENCE = "Neither tenant is B2C or tenant doesn't have premium license"


@dataclass(frozen=True, slots=True)
class Logs:
    """The logs of one tenant."""

    people: People
    registry: Registry

    def sign_ins(self, call: Call) -> Response:
        """Answer with sign-ins, the newest first; v1.0 has the interactive ones alone, and beta unless asked."""
        scenario = self.people.exchange.scenario
        if not scenario.directory.premium:
            raise GraphError(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", _LICENCE)
        rows = [self._sign_in(one, call) for one in sorted(scenario.sign_ins, key=lambda one: one.minutes_ago)]
        known = frozenset(self._sign_in(SignInRecord(minutes_ago=0), call))
        kind = "microsoft.graph.signIn"
        if call.version == "v1.0":
            rows = [_without_events(row) for row in rows if row["isInteractive"]]
            known -= {_EVENTS}
        elif _EVENTS not in call.query.get("$filter", ""):
            rows = [row for row in rows if row["isInteractive"]]
        return call.collection("auditLogs/signIns", call.filtered(rows, kind, known))

    def _sign_in(self, one: SignInRecord, call: Call) -> dict[str, Any]:
        scenario = self.people.exchange.scenario
        account = one.account or scenario.account
        app_id = "" if one.app else scenario.app.client_id
        policy = next((policy for policy in scenario.policies if policy.name == one.policy), None)
        applied: list[dict[str, Any]] = []
        if one.policy and not _SEES_POLICIES.isdisjoint(call.granted):
            controls = [word.capitalize() for word in policy.controls] if policy else []
            applied = [
                {
                    "id": policy_id(policy) if policy else stable_id("policy", one.policy),
                    "displayName": one.policy,
                    "result": "failure" if one.code else "success",
                    "enforcedGrantControls": controls,
                    "enforcedSessionControls": [],
                }
            ]
        person = one.event != "servicePrincipal"
        return {
            "id": stable_id("sign-in", account, one.event, str(one.minutes_ago)),
            "createdDateTime": stamp(self.people.exchange.clock.now() - timedelta(minutes=one.minutes_ago)),
            "userPrincipalName": account if person else None,
            "userDisplayName": account.partition("@")[0].title() if person else None,
            "userId": self.people.id_of(account) if person else None,
            "appId": app_id or stable_id("app", one.app),
            "appDisplayName": one.app or scenario.app.name,
            "clientAppUsed": one.client,
            "ipAddress": "198.51.100.23",
            "correlationId": stable_id("correlation", account, str(one.minutes_ago)),
            "conditionalAccessStatus": _policy_status(one),
            "isInteractive": one.event == "interactiveUser",
            _EVENTS: [one.event],
            "resourceDisplayName": "Office 365 Exchange Online",
            "resourceId": EXCHANGE_ONLINE_ID,
            "status": {"errorCode": one.code, "failureReason": _reason(one), "additionalDetails": None},
            "appliedConditionalAccessPolicies": applied,
        }

    def health(self, call: Call) -> Response:
        """Answer how Exchange Online is, with its incidents where they are asked for too."""
        if call.names["service"] not in {_EXCHANGE, "Exchange"}:
            not_found(call.names["service"])
        row = {"service": _EXCHANGE, "status": self.people.exchange.scenario.directory.health, "id": "Exchange"}
        issues = {"issues": self._incidents()} if "issues" in call.query.get("$expand", "") else {}
        return call.entity("admin/serviceAnnouncement/healthOverviews", {**row, **issues})

    def issues(self, call: Call) -> Response:
        """Answer with incidents."""
        known = frozenset({"service", "isResolved", "status", "startDateTime", "id"})
        rows = call.filtered(self._incidents(), "microsoft.graph.serviceHealthIssue", known)
        return call.collection("admin/serviceAnnouncement/issues", rows)

    def _incidents(self) -> list[dict[str, Any]]:
        incident = self.people.exchange.scenario.directory.incident
        if incident is None:
            return []
        status = self.people.exchange.scenario.directory.health
        row = {
            "id": incident.id,
            "title": incident.title,
            "service": _EXCHANGE,
            "feature": incident.feature,
            "classification": "incident",
            "status": "serviceDegradation" if status == "serviceOperational" else status,
            "isResolved": False,
            "startDateTime": stamp(self.people.exchange.clock.now() - timedelta(hours=incident.hours_ago)),
            "endDateTime": None,
            "impactDescription": incident.title,
        }
        return [row]

    def trace(self, call: Call) -> Response:
        """Answer with the messages the mail server took while the lab ran, the newest first."""
        if self.registry.principal_of(TRACE_APP) is None:
            message = "The service principal of the message trace service is not in the tenant."
            raise GraphError(401, "UnknownError", message)
        status = self.people.exchange.scenario.directory.trace
        rows = self._traced(status) if status else []
        known = {"senderAddress", "recipientAddress", "status", "receivedDateTime", "messageId", "subject", "fromIP"}
        found = call.filtered(rows, "microsoft.graph.exchangeMessageTrace", frozenset(known))
        return call.collection("admin/exchange/tracing/messageTraces", found)

    def _traced(self, status: str) -> list[Mapping[str, Any]]:
        return [
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{one.message_id}/{recipient}")),
                "messageId": one.message_id,
                "senderAddress": one.sender,
                "recipientAddress": recipient,
                "subject": one.subject,
                "status": status,
                "receivedDateTime": stamp(one.at),
                "fromIP": one.peer,
                "toIP": "",
                "size": one.size,
            }
            for one in reversed(self.people.exchange.accepted)
            for recipient in one.recipients
        ]


def _without_events(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != _EVENTS}


def _policy_status(one: SignInRecord) -> str:
    if not one.policy:
        return "notApplied"
    return "failure" if one.code else "success"


def _reason(one: SignInRecord) -> str:
    """Return the scenario's words; else the first sentence known for the number, and `Other.` for a success."""
    if one.reason or one.code not in faults.KNOWN:
        return one.reason or "Other."
    return faults.KNOWN[one.code].sentence.partition(". ")[0].rstrip(".") + "."
