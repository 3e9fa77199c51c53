"""The requests that setting up makes of Microsoft Graph, written out: what they change is read off them.

Like graph_sdk.py it imports the library, and so is imported only where Graph is asked.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation

from diag.applications import MICROSOFT_GRAPH_ID, SINGLE_TENANT, Amend, Permission, Register
from diag.subject import EXCHANGE_ONLINE_ID

_APPLICATION = ("id", "appId", "displayName", "signInAudience", "isFallbackPublicClient", "requiredResourceAccess")
_SERVICE = ("id", "appId", "appRoles", "oauth2PermissionScopes")
_TYPES = {"delegated": "Scope", "application": "Role"}


def applications(name: str) -> RequestInformation:
    """The registrations with this name."""
    quoted = "'" + name.replace("'", "''") + "'"
    return _get("/applications", select=_APPLICATION, condition=f"displayName eq {quoted}")


def registration(client_id: str) -> RequestInformation:
    """The registration of this client id."""
    return _get("/applications(appId='{client_id}')", select=_APPLICATION, client_id=client_id)


def exchange() -> RequestInformation:
    """Exchange Online, with all that can be asked of it."""
    return _get("/servicePrincipals(appId='{client_id}')", select=_SERVICE, client_id=EXCHANGE_ONLINE_ID)


def microsoft_graph() -> RequestInformation:
    """Microsoft Graph itself, with all that can be asked of it."""
    return _get("/servicePrincipals(appId='{client_id}')", select=_SERVICE, client_id=MICROSOFT_GRAPH_ID)


def register(step: Register) -> RequestInformation:
    """Register an application."""
    body = {
        "displayName": step.name,
        "signInAudience": SINGLE_TENANT,
        "isFallbackPublicClient": True,
        "requiredResourceAccess": _required(step.requires),
    }
    return _send(Method.POST, "/applications", body)


def amend(step: Amend) -> RequestInformation:
    """Change a registration; the list of what it asks for is replaced as a whole, so all of it is sent."""
    body: dict[str, Any] = {}
    if step.single_tenant:
        body["signInAudience"] = SINGLE_TENANT
    if step.public:
        body["isFallbackPublicClient"] = True
    if step.adds:
        body["requiredResourceAccess"] = _required((*step.requires, *step.adds))
    return _send(Method.PATCH, "/applications/{id}", body, id=step.object_id)


def enrol(client_id: str) -> RequestInformation:
    """Make the enterprise application of a registration."""
    return _send(Method.POST, "/servicePrincipals", {"appId": client_id})


def _required(permissions: Iterable[Permission]) -> list[dict[str, Any]]:
    by_service: dict[str, list[dict[str, str]]] = {}
    for one in permissions:
        by_service.setdefault(one.service, []).append({"id": one.id, "type": _TYPES[one.kind]})
    return [{"resourceAppId": service, "resourceAccess": access} for service, access in by_service.items()]


def _get(path: str, *, select: tuple[str, ...], condition: str | None = None, **places: str) -> RequestInformation:
    template = "{+baseurl}" + path + "{?%24select,%24filter}"
    info = RequestInformation(Method.GET, template, dict(places))
    info.query_parameters = {"%24select": list(select)} | ({"%24filter": condition} if condition else {})
    return info


def _send(method: Method, path: str, body: Mapping[str, Any], **places: str) -> RequestInformation:
    info = RequestInformation(method, "{+baseurl}" + path, dict(places))
    info.set_stream_content(json.dumps(body).encode(), "application/json")
    return info
