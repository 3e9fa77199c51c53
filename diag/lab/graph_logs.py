"""What the tenant's logs say: sign-ins, how Exchange Online is, and what became of messages."""

import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from diag.directory import SMTP_CLIENTS
from diag.lab import faults
from diag.lab.graph_apps import TRACE_APP, Registry
from diag.lab.graph_call import NO_LICENCE, Call, GraphError, not_found, stamp
from diag.lab.graph_people import People
from diag.lab.graph_policies import policy_id
from diag.lab.scenario import Scenario
from diag.lab.scenario_directory import SignInRecord
from diag.lab.tokens import stable_id
from diag.subject import EXCHANGE_ONLINE_ID

_EVENTS = "signInEventTypes"
_SEES_POLICIES = frozenset({"Policy.Read.All", "Policy.Read.ConditionalAccess"})
_EXCHANGE, _SERVICE = "Exchange Online", "Office 365 Exchange Online"
_A_PAGE = 1000
_WINDOW_S = 10


@dataclass(frozen=True, slots=True)
class Logs:
    """The logs of one tenant; `_asked` holds when the sign-in log was asked last, in seconds since the lab began."""

    people: People
    registry: Registry
    _asked: deque[float] = field(default_factory=deque)

    def sign_ins(self, call: Call) -> Response:
        """Answer with sign-ins, the newest first; v1.0 has the interactive ones alone, and beta unless asked."""
        scenario = self.people.exchange.scenario
        if not scenario.directory.premium:
            raise GraphError(403, *NO_LICENCE)
        self._count()
        rows = [self._sign_in(one, call) for one in sorted(scenario.sign_ins, key=lambda one: one.minutes_ago)]
        known = frozenset(self._sign_in(SignInRecord(minutes_ago=0), call))
        kind = "microsoft.graph.signIn"
        if call.version == "v1.0":
            rows = [_without_events(row) for row in rows if row["isInteractive"]]
            known -= {_EVENTS}
        elif _EVENTS not in call.query.get("$filter", ""):
            rows = [row for row in rows if row["isInteractive"]]
        return call.page("auditLogs/signIns", call.filtered(rows, kind, known), _A_PAGE)

    def _count(self) -> None:
        """Refuse what is more, in ten seconds, than the scenario lets an application ask of the log."""
        limit, now = self.people.exchange.scenario.directory.log_limit, self.people.exchange.clock.running_s()
        while self._asked and now - self._asked[0] >= _WINDOW_S:
            self._asked.popleft()
        if limit and len(self._asked) >= limit:
            raise GraphError(429, "TooManyRequests", "Too many requests. Please retry again later.")
        self._asked.append(now)

    def _sign_in(self, one: SignInRecord, call: Call) -> dict[str, Any]:
        scenario = self.people.exchange.scenario
        account = one.account or scenario.account
        app_id, app = _app(one, scenario)
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
            "createdDateTime": stamp(self.people.exchange.clock.ago(timedelta(minutes=one.minutes_ago))),
            "userPrincipalName": account if person else None,
            "userDisplayName": account.partition("@")[0].title() if person else None,
            "userId": self.people.id_of(account) if person else None,
            "appId": app_id,
            "appDisplayName": app,
            "clientAppUsed": one.client,
            "ipAddress": one.ip,
            "correlationId": stable_id("correlation", account, str(one.minutes_ago)),
            "conditionalAccessStatus": _policy_status(one),
            "isInteractive": one.event == "interactiveUser",
            _EVENTS: [one.event],
            "resourceDisplayName": _SERVICE,
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
            "startDateTime": stamp(self.people.exchange.clock.ago(timedelta(hours=incident.hours_ago))),
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


def _app(one: SignInRecord, scenario: Scenario) -> tuple[str, str]:
    """Return the id and the name of the application: over SMTP itself it is Exchange Online, that took the password."""
    if one.app:
        return stable_id("app", one.app), one.app
    if one.client.lower() in SMTP_CLIENTS:
        return EXCHANGE_ONLINE_ID, _SERVICE
    return scenario.app.client_id, scenario.app.name


def _policy_status(one: SignInRecord) -> str:
    if not one.policy:
        return "notApplied"
    return "failure" if one.code else "success"


def _reason(one: SignInRecord) -> str:
    """Return the scenario's words; else the first sentence known for the number, and `Other.` for a success."""
    if one.reason or one.code not in faults.KNOWN:
        return one.reason or "Other."
    return faults.KNOWN[one.code].sentence.partition(". ")[0].rstrip(".") + "."
