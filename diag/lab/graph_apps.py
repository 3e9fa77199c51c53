"""Applications, their service principals and what was consented to them, as Microsoft Graph tells and changes it.

Registrations that are created or changed outlive the lab where it has a memory, consents do not; the sign-in service
knows only the scenario's applications.
The ids of permissions are Microsoft's where they are known, else made up, and always the same.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from diag.lab.graph_call import Call, GraphError, bad_request, not_found, stamp
from diag.lab.graph_people import People
from diag.lab.tokens import GRAPH_ID, stable_id
from diag.subject import EXCHANGE_ONLINE_ID

TRACE_APP = "8bd644d1-64a1-4d4b-ae52-2e0cbf64e373"
_SNAPSHOT_APP = "03b07b79-c5bc-4b5e-9bfa-13acf4a99998"
MICROSOFT = {
    GRAPH_ID: "Microsoft Graph",
    EXCHANGE_ONLINE_ID: "Office 365 Exchange Online",
    TRACE_APP: "Message trace",
    _SNAPSHOT_APP: "Tenant configuration management",
}
_KNOWN_IDS = {
    ("exchange", "SMTP.Send"): "76faac2a-0f20-42f1-928a-50de5b9dbe52",
    ("exchange", "Exchange.Manage"): "ab4f2b77-0b06-4fc1-a9de-02113fc2ab7c",
    ("exchange role", "Exchange.ManageAsApp"): "dc50a0fb-09a3-484d-be87-e023b12c6440",
    ("graph", "SMTP.Send"): "258f6531-6087-4cc4-bb90-092c5fb3ed3f",
}
_WRITABLE = frozenset(
    {
        "displayName",
        "description",
        "signInAudience",
        "isFallbackPublicClient",
        "publicClient",
        "web",
        "requiredResourceAccess",
        "tags",
        "notes",
        "identifierUris",
    }
)
_READ_ONLY = frozenset({"id", "appId", "createdDateTime", "publisherDomain"})
_SAME_KEY = "Request_MultipleObjectsWithSameKeyValue"


def permission_id(of: str, value: str) -> str:
    """Return the id of something `of` has: of `exchange` or `graph` a scope, of `exchange role` a role, and so on."""
    return _KNOWN_IDS.get((of, value)) or stable_id("permission", of, value)


@dataclass(frozen=True, slots=True)
class Registry:
    """What is registered in the tenant; filled from the scenario when the lab starts, then changed by whoever may."""

    people: People
    applications: dict[str, dict[str, Any]] = field(default_factory=dict)
    principals: dict[str, dict[str, Any]] = field(default_factory=dict)
    grants: dict[str, dict[str, Any]] = field(default_factory=dict)
    assignments: list[dict[str, Any]] = field(default_factory=list)

    def principal_of(self, app_id: str) -> dict[str, Any] | None:
        """Return an application's service principal."""
        wanted = app_id.casefold()
        return next((one for one in self.principals.values() if one["appId"].casefold() == wanted), None)

    def application_of(self, app_id: str) -> dict[str, Any] | None:
        """Return an application's registration."""
        wanted = app_id.casefold()
        return next((one for one in self.applications.values() if one["appId"].casefold() == wanted), None)

    # --- what is asked

    def application(self, call: Call) -> Response:
        """Answer for one registration, by its own id or its application's."""
        return call.entity("applications", self._application(call))

    def find_applications(self, call: Call) -> Response:
        """Answer with the registrations a filter finds."""
        known = frozenset({"id", "appId", "displayName", "signInAudience", "createdDateTime", "tags"})
        rows = call.filtered(self.applications.values(), "microsoft.graph.application", known)
        return call.collection("applications", rows)

    def principal(self, call: Call) -> Response:
        """Answer for one service principal, by its own id or its application's."""
        return call.entity("servicePrincipals", self._principal(call))

    def find_principals(self, call: Call) -> Response:
        """Answer with the service principals a filter finds."""
        known = frozenset({"id", "appId", "displayName", "accountEnabled", "servicePrincipalType"})
        rows = call.filtered(self.principals.values(), "microsoft.graph.servicePrincipal", known)
        return call.collection("servicePrincipals", rows)

    def app_roles(self, call: Call) -> Response:
        """Answer with the application permissions that were granted."""
        mine = self._principal(call)["id"]
        kind = f"servicePrincipals('{mine}')/appRoleAssignments"
        return call.collection(kind, [one for one in self.assignments if one["principalId"] == mine])

    def consents(self, call: Call) -> Response:
        """Answer with the delegated permissions that were granted."""
        known = frozenset({"id", "clientId", "consentType", "principalId", "resourceId", "scope"})
        rows = call.filtered(self.grants.values(), "microsoft.graph.oAuth2PermissionGrant", known)
        return call.collection("oauth2PermissionGrants", rows)

    # --- what is changed

    def register(self, call: Call) -> Response:
        """Create a registration."""
        body = call.sent()
        if not isinstance(body.get("displayName"), str) or not body["displayName"]:
            message = "A value is required for property 'displayName' of resource 'Application'."
            bad_request(message)
        _check(body)
        row = self.add_application(str(uuid.uuid4()), body["displayName"])
        row.update(body)
        self._remember("applications", row)
        return call.entity("applications", row, status=HTTPStatus.CREATED)

    def change(self, call: Call) -> Response:
        """Change a registration."""
        row = self._application(call)
        _check(call.sent())
        row.update(call.sent())
        self._remember("applications", row)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def enrol(self, call: Call) -> Response:
        """Create the service principal of an application that is registered here, or in another tenant."""
        app_id = call.sent().get("appId")
        if not isinstance(app_id, str):
            bad_request("A value is required for property 'appId' of resource 'ServicePrincipal'.")
        if self.principal_of(app_id) is not None:
            message = (
                "The service principal cannot be created, updated, or restored because the service principal name "
                f"{app_id} is already in use."
            )
            details = [{"code": "ObjectConflict", "message": message, "target": "servicePrincipalNames"}]
            raise GraphError(HTTPStatus.CONFLICT, _SAME_KEY, message, details=details)
        registered = self.application_of(app_id)
        app = self.people.exchange.scenario.app
        elsewhere = {**MICROSOFT, app.client_id: app.name}
        if registered is None and app_id not in elsewhere:
            bad_request(f"The appId '{app_id}' of the service principal does not reference a valid application object.")
        name = registered["displayName"] if registered else elsewhere[app_id]
        row = self.add_principal(app_id, name)
        self._remember("servicePrincipals", row)
        return call.entity("servicePrincipals", row, status=HTTPStatus.CREATED)

    def consent(self, call: Call) -> Response:
        """Grant delegated permissions."""
        body = call.sent()
        wanted = {key: body.get(key) for key in ("clientId", "consentType", "principalId", "resourceId", "scope")}
        if wanted["consentType"] not in {"AllPrincipals", "Principal"} or not isinstance(wanted["scope"], str):
            bad_request("Invalid value specified for property 'consentType' or 'scope'.")
        if (wanted["consentType"] == "Principal") != isinstance(wanted["principalId"], str):
            bad_request("Invalid value specified for property 'principalId'.")
        for name in (wanted["clientId"], wanted["resourceId"]):
            if name not in self.principals:
                not_found(str(name))
        key = ("clientId", "principalId", "resourceId")
        if any(all(one[part] == wanted[part] for part in key) for one in self.grants.values()):
            raise GraphError(HTTPStatus.CONFLICT, _SAME_KEY, "Permission entry already exists.")
        return call.entity("oauth2PermissionGrants", self.add_grant(wanted), status=HTTPStatus.CREATED)

    def change_consent(self, call: Call) -> Response:
        """Change which delegated permissions a grant has."""
        row, body = self.grants.get(call.names["id"]), call.sent()
        if row is None:
            not_found(call.names["id"])
        if body.keys() != {"scope"} or not isinstance(body["scope"], str):
            bad_request("Only the property 'scope' can be changed.")
        row.update(body)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    # --- what is kept

    def recall(self) -> None:
        """Take up what earlier runs of the lab registered and changed."""
        if (memory := self.people.exchange.memory) is not None:
            kept = memory.registered()
            self.applications.update(kept["applications"])
            self.principals.update(kept["servicePrincipals"])

    def _remember(self, collection: str, row: dict[str, Any]) -> None:
        if (memory := self.people.exchange.memory) is not None:
            memory.register(collection, row)

    def _application(self, call: Call) -> dict[str, Any]:
        by_app = "app_id" in call.names
        name = call.names["app_id" if by_app else "id"]
        found = self.application_of(name) if by_app else self.applications.get(name)
        if found is None:
            not_found(name)
        return found

    def _principal(self, call: Call) -> dict[str, Any]:
        by_app = "app_id" in call.names
        name = call.names["app_id" if by_app else "id"]
        found = self.principal_of(name) if by_app else self.principals.get(name)
        if found is None:
            not_found(name)
        return found

    def add_application(self, app_id: str, name: str) -> dict[str, Any]:
        """Keep a registration, with what Graph gives every one."""
        row: dict[str, Any] = {
            "id": stable_id("application", app_id),
            "appId": app_id,
            "displayName": name,
            "createdDateTime": stamp(self.people.exchange.clock.now()),
            "signInAudience": "AzureADMyOrg",
            "isFallbackPublicClient": None,
            "publisherDomain": self.people.exchange.scenario.tenant.domain,
            "requiredResourceAccess": [],
            "passwordCredentials": [],
            "keyCredentials": [],
            "publicClient": {"redirectUris": []},
            "web": {"redirectUris": []},
            "identifierUris": [],
            "tags": [],
        }
        self.applications[row["id"]] = row
        return row

    def add_principal(self, app_id: str, name: str, **more: Any) -> dict[str, Any]:
        """Keep a service principal, with what Graph gives every one."""
        row: dict[str, Any] = {
            "id": stable_id("principal", app_id),
            "appId": app_id,
            "displayName": name,
            "appDisplayName": name,
            "accountEnabled": True,
            "appRoleAssignmentRequired": False,
            "disabledByMicrosoftStatus": None,
            "servicePrincipalType": "Application",
            "servicePrincipalNames": [app_id],
            "appRoles": [],
            "oauth2PermissionScopes": [],
            **more,
        }
        self.principals[row["id"]] = row
        return row

    def add_grant(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a delegated consent."""
        row = {"id": uuid.uuid4().hex, **wanted}
        self.grants[row["id"]] = row
        return row

    def add_assignment(self, principal: Mapping[str, Any], resource: Mapping[str, Any], role: str) -> None:
        """Keep an application permission that was granted."""
        self.assignments.append(
            {
                "id": uuid.uuid4().hex,
                "appRoleId": role,
                "principalId": principal["id"],
                "principalDisplayName": principal["displayName"],
                "principalType": "ServicePrincipal",
                "resourceId": resource["id"],
                "resourceDisplayName": resource["displayName"],
            }
        )


def _check(body: Mapping[str, Any]) -> None:
    """Refuse properties of a registration that there are not, or that only Entra sets."""
    for key in body:
        if key in _READ_ONLY:
            bad_request(f"Property '{key}' is read-only and cannot be set.")
        if key not in _WRITABLE:
            bad_request(f"Invalid property '{key}'.")
