"""What is registered in the tenant when the lab starts: Microsoft's services, the device's application, the other."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from diag.lab.clients import permissions_on
from diag.lab.graph_apps import MICROSOFT, TRACE_APP, Registry, permission_id
from diag.lab.graph_call import stamp
from diag.lab.graph_people import People
from diag.lab.scenario_directory import READING, SETTING_UP
from diag.lab.tokens import ADMIN_RESOURCE, GRAPH, GRAPH_ID
from diag.subject import EXCHANGE_ONLINE_ID

_SCOPES = {
    "exchange": ("SMTP.Send", "Exchange.Manage", "IMAP.AccessAsUser.All", "POP.AccessAsUser.All"),
    "graph": ("SMTP.Send", "User.Read", "offline_access", "openid", "profile", "Mail.Send", *READING, *SETTING_UP),
}
_ROLES = {
    "exchange": ("SMTP.SendAsApp", "Exchange.ManageAsApp", "IMAP.AccessAsApp", "POP.AccessAsApp"),
    "graph": ("Mail.Send", *READING, *SETTING_UP),
}
_SECRET_DAYS = 180


def stocked(people: People) -> Registry:
    """Return the registrations the scenario begins with."""
    registry = Registry(people)
    exchange = _service(registry, EXCHANGE_ONLINE_ID, "exchange")
    graph = _service(registry, GRAPH_ID, "graph")
    if people.exchange.scenario.directory.trace_set_up:
        registry.add_principal(TRACE_APP, MICROSOFT[TRACE_APP])
    _device(registry, exchange)
    _administrators(registry, exchange, graph)
    registry.recall()
    return registry


def _service(registry: Registry, app_id: str, of: str) -> dict[str, Any]:
    roles = [
        {"id": permission_id(f"{of} role", one), "value": one, "allowedMemberTypes": ["Application"], "isEnabled": True}
        for one in _ROLES[of]
    ]
    scopes = [{"id": permission_id(of, one), "value": one, "type": "Admin", "isEnabled": True} for one in _SCOPES[of]]
    return registry.add_principal(app_id, MICROSOFT[app_id], appRoles=roles, oauth2PermissionScopes=scopes)


def _device(registry: Registry, exchange: Mapping[str, Any]) -> None:
    """Register the device's application, as far as the scenario has it here."""
    scenario = registry.people.exchange.scenario
    app, directory = scenario.app, scenario.directory
    if directory.registration == "here":
        row = registry.add_application(app.client_id, app.name)
        row["isFallbackPublicClient"] = app.public_client
        row["passwordCredentials"] = [_secret(registry)]
        row["keyCredentials"] = _certificates(registry)
        row["requiredResourceAccess"] = [
            {
                "resourceAppId": EXCHANGE_ONLINE_ID,
                "resourceAccess": [{"id": permission_id("exchange", "SMTP.Send"), "type": "Scope"}],
            }
        ]
    if directory.enterprise_app == "missing":
        return
    principal = registry.add_principal(
        app.client_id,
        app.name,
        accountEnabled=directory.enterprise_app == "enabled",
        appRoleAssignmentRequired=directory.assignment_required,
    )
    _assign(registry, principal, exchange, "exchange", app.roles)
    if directory.consent != "none":
        everybody = directory.consent == "everybody"
        person = None if everybody else registry.people.id_of(scenario.account)
        _grant(registry, principal, exchange, "SMTP.Send offline_access", person)


def _administrators(registry: Registry, exchange: Mapping[str, Any], graph: Mapping[str, Any]) -> None:
    """Register the administrator's application, with all that was consented to it."""
    admin = registry.people.exchange.scenario.admin
    registry.add_application(admin.client_id, "diag")["isFallbackPublicClient"] = True
    principal = registry.add_principal(admin.client_id, "diag")
    for resource, of, row in ((ADMIN_RESOURCE, "exchange", exchange), (GRAPH, "graph", graph)):
        if scopes := permissions_on(resource, admin.scopes):
            _grant(registry, principal, row, " ".join(scopes), None)
        _assign(registry, principal, row, of, permissions_on(resource, admin.roles))


def _grant(
    registry: Registry, client: Mapping[str, Any], resource: Mapping[str, Any], scope: str, person: str | None
) -> None:
    registry.add_grant(
        {
            "clientId": client["id"],
            "consentType": "Principal" if person else "AllPrincipals",
            "principalId": person,
            "resourceId": resource["id"],
            "scope": scope,
        }
    )


def _assign(
    registry: Registry, client: Mapping[str, Any], resource: Mapping[str, Any], of: str, roles: Iterable[str]
) -> None:
    for role in roles:
        if role in _ROLES[of]:
            registry.add_assignment(client, resource, permission_id(f"{of} role", role))


def _secret(registry: Registry) -> dict[str, Any]:
    scenario = registry.people.exchange.scenario
    usual = -1 if scenario.app.secret == "expired" else _SECRET_DAYS  # noqa: S105 - its state, not the secret
    ends = scenario.directory.secret_ends_days
    life = _life(registry, usual if ends is None else ends)
    key = permission_id("secret", scenario.app.client_id)
    return {"keyId": key, "displayName": "Scanners", "hint": "abc", "secretText": None, **life}


def _certificates(registry: Registry) -> list[dict[str, Any]]:
    scenario = registry.people.exchange.scenario
    if (ends := scenario.directory.certificate_ends_days) is None:
        return []
    key = permission_id("certificate", scenario.app.client_id)
    kind = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": None}
    return [{"keyId": key, "displayName": "CN=scan-to-e-mail", **kind, **_life(registry, ends)}]


def _life(registry: Registry, ends_days: int) -> dict[str, str]:
    """Return the dates of a credential that ends so many days from now and was made to last a year."""
    ends = registry.people.exchange.clock.now() + timedelta(days=ends_days)
    return {"startDateTime": stamp(ends - timedelta(days=365)), "endDateTime": stamp(ends)}
