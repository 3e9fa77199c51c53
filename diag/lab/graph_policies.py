"""Security defaults and Conditional Access: the policies of the scenario, and which of them apply to a sign-in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from diag.lab.graph_call import Call, GraphError, bad_request
from diag.lab.graph_people import People
from diag.lab.scenario import Mailbox
from diag.lab.scenario_directory import Policy
from diag.lab.tokens import stable_id
from diag.subject import EXCHANGE_ONLINE_ID

_OFFICE = frozenset({EXCHANGE_ONLINE_ID})  # what "Office365" stands for, as far as the lab goes
_ALL = "All"


@dataclass(frozen=True, slots=True)
class Asked:
    """A sign-in that What-If is asked about; empty where it was not said."""

    who: Mailbox
    applications: frozenset[str]
    client: str
    flow: str


@dataclass(frozen=True, slots=True)
class Policies:
    """The tenant's policies."""

    people: People

    def security_defaults(self, call: Call) -> Response:
        """Answer whether security defaults are on."""
        row = {
            "id": "00000000-0000-0000-0000-000000000005",
            "displayName": "Security Defaults",
            "isEnabled": self.people.exchange.scenario.directory.security_defaults,
        }
        return call.entity("policies/identitySecurityDefaultsEnforcementPolicy", row)

    def read(self, call: Call) -> Response:
        """Answer with all policies."""
        rows = [self._row(policy) for policy in self.people.exchange.scenario.policies]
        return call.collection("identity/conditionalAccess/policies", rows)

    def evaluate(self, call: Call) -> Response:
        """Answer which policies apply to a sign-in, and what keeps the others from it."""
        asked, rows = self._asked(call), []
        for policy in self.people.exchange.scenario.policies:
            reason = self._reason(policy, asked)
            row = {"@odata.type": "#microsoft.graph.whatIfAnalysisResult", **self._row(policy)}
            rows.append({**row, "policyApplies": reason == "notSet", "analysisReasons": reason})
        if call.sent().get("appliedPoliciesOnly") is True:
            rows = [row for row in rows if row["policyApplies"]]
        return call.collection("Collection(microsoft.graph.whatIfAnalysisResult)", rows)

    def _asked(self, call: Call) -> Asked:
        body = call.sent()
        try:
            who = str(body["signInIdentity"]["userId"])
            applications = frozenset(body["signInContext"]["includeApplications"])
            conditions = body.get("signInConditions") or {}
            flow = (conditions.get("authenticationFlow") or {}).get("transferMethod", "")
            client = conditions.get("clientAppType", "")
        except (KeyError, TypeError, AttributeError):
            bad_request("The sign-in to evaluate is not described.", "BadRequest")
        try:
            return Asked(self.people.find(who), applications, client, flow)
        except GraphError:
            bad_request(f"The user '{who}' was not found.", "BadRequest")

    def _reason(self, policy: Policy, asked: Asked) -> str:
        """Return Graph's word for what keeps a policy from applying; `notSet` where nothing does."""
        if policy.state == "disabled":
            return "policyNotEnabled"
        if not self._covers(policy.users, asked.who) or self._covers(policy.excluded_users, asked.who):
            return "users"
        meant = asked.applications
        if not _names(policy.applications, meant) or _names(policy.excluded_applications, meant):
            return "application"
        if asked.client and "all" not in policy.clients and asked.client not in policy.clients:
            return "clientApps"
        if policy.flows and asked.flow not in policy.flows:
            return "authenticationFlow"
        return "notSet"

    def _covers(self, named: tuple[str, ...], who: Mailbox) -> bool:
        if _ALL in named or (who.guest and "GuestsOrExternalUsers" in named):
            return True
        return self.people.id(who) in named or any(who.is_called(one) for one in named)

    def _row(self, policy: Policy) -> Mapping[str, Any]:
        flows = {"transferMethods": ",".join(policy.flows)} if policy.flows else None
        users = {
            "includeUsers": [self.people.id_of(one) for one in policy.users],
            "excludeUsers": [self.people.id_of(one) for one in policy.excluded_users],
            "includeGroups": [],
            "excludeGroups": [],
            "includeRoles": [],
            "excludeRoles": [],
        }
        applications = {
            "includeApplications": list(policy.applications),
            "excludeApplications": list(policy.excluded_applications),
            "includeUserActions": [],
        }
        return {
            "id": policy_id(policy),
            "displayName": policy.name,
            "createdDateTime": "2026-01-12T08:01:02Z",
            "modifiedDateTime": None,
            "state": policy.state,
            "conditions": {
                "clientAppTypes": list(policy.clients),
                "users": users,
                "applications": applications,
                "locations": None,
                "platforms": None,
                "authenticationFlows": flows,
            },
            "grantControls": {"operator": policy.operator, "builtInControls": list(policy.controls)},
            "sessionControls": None,
        }


def policy_id(policy: Policy) -> str:
    """Return a policy's id: the scenario's, or one that is always the same for its name."""
    return policy.id or stable_id("policy", policy.name)


def _names(listed: tuple[str, ...], meant: frozenset[str]) -> bool:
    """Whether a list of applications has one of those that are meant."""
    return _ALL in listed or not meant.isdisjoint(listed) or ("Office365" in listed and not meant.isdisjoint(_OFFICE))
