"""How registrations, services and consents are read out of Microsoft Graph's answers; strictly, since they are changed.

A registration's list of permissions is sent back as a whole with what is added: one entry that cannot be read makes the
whole registration unreadable.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from diag.adapters.graph_reading import Record
from diag.applications import Application, Consented, Kind, Permission, Service

_MOST = 5000  # permissions of one service; Microsoft Graph has more than a thousand
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_VALUE = re.compile(r"[A-Za-z0-9._-]{1,128}")
_KINDS: Mapping[Any, Kind] = {"Scope": "delegated", "Role": "application"}


def service(found: Record, client_id: str) -> Service | None:
    """Read a service with its permissions; those that nobody can be given any more are left out."""
    lists: tuple[tuple[str, Kind], ...] = (("oauth2PermissionScopes", "delegated"), ("appRoles", "application"))
    permissions = tuple(
        Permission(service=client_id, id=row["id"].lower(), kind=kind, value=row["value"])
        for name, kind in lists
        for row in _rows(found.fields.get(name))
        if _fits(_GUID, row.get("id")) and _fits(_VALUE, row.get("value")) and row.get("isEnabled") is not False
    )
    return Service(client_id=client_id, object_id=found.id("id"), permissions=permissions) if found.id("id") else None


def application(found: Record, services: Iterable[Service]) -> Application | None:
    """Read a registration; its enterprise application is another answer's."""
    object_id, client_id, audience = found.id("id"), found.id("appId"), found.text("signInAudience")
    requires = _required(found.fields.get("requiredResourceAccess"), tuple(services))
    if not object_id or not _fits(_GUID, client_id) or requires is None:
        return None
    return Application(
        object_id=object_id,
        client_id=client_id.lower(),
        name=found.text("displayName"),
        audience=audience,
        public=found.flag("isFallbackPublicClient"),
        requires=requires,
        enterprise=None,
    )


def _required(found: object, services: tuple[Service, ...]) -> tuple[Permission, ...] | None:
    """Read what a registration asks for; None where any of it cannot be read."""
    known = {(one.service, one.id, one.kind): one for service in services for one in service.permissions}
    read: list[Permission] = []
    if not isinstance(found, list):
        return None
    for entry in found:
        resource = entry.get("resourceAppId") if isinstance(entry, dict) else None
        access = entry.get("resourceAccess") if isinstance(entry, dict) else None
        if not _fits(_GUID, resource) or not isinstance(access, list):
            return None
        for one in access:
            kind = _KINDS.get(str(one.get("type"))) if isinstance(one, dict) else None
            if kind is None or not _fits(_GUID, one.get("id")):
                return None
            key = (str(resource).lower(), one["id"].lower(), kind)
            read.append(known.get(key) or Permission(service=key[0], id=key[1], kind=kind))
    return tuple(read)


def granted(rows: Iterable[Record], services: Iterable[Service]) -> tuple[Consented, ...]:
    """Read delegated consents, one for each permission in them."""
    whose = {one.object_id: one.client_id for one in services}
    return tuple(
        Consented(
            service=whose.get(row.id("resourceId"), row.id("resourceId")),
            value=value,
            kind="delegated",
            everybody=row.fields.get("consentType") == "AllPrincipals",
        )
        for row in rows
        for value in row.words("scope")
    )


def assigned(rows: Iterable[Record], services: Iterable[Service]) -> tuple[Consented, ...]:
    """Read application permissions that were granted; of a service that is not known, the id stands for the name."""
    whose = {one.object_id: one for one in services}
    read = []
    for row in rows:
        service, role = whose.get(row.id("resourceId")), row.id("appRoleId").lower()
        names = {one.id: one.value for one in service.permissions} if service is not None else {}
        client_id = service.client_id if service is not None else row.id("resourceId")
        read.append(Consented(service=client_id, value=names.get(role, role), kind="application"))
    return tuple(read)


def _rows(found: object) -> list[dict[str, Any]]:
    return [row for row in found[:_MOST] if isinstance(row, dict)] if isinstance(found, list) else []


def _fits(pattern: re.Pattern[str], found: object) -> bool:
    return isinstance(found, str) and pattern.fullmatch(found) is not None
