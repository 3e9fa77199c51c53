"""The calls to Microsoft Graph that the lab answers: address, question, and the permissions of which one is needed.

The permissions are the least that the documentation names for a call, and the wider ones that include them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from diag.lab.graph_call import LOG_DENIED, Call, GraphError
from diag.lab.graph_logs import Logs
from diag.lab.graph_mail import Mail
from diag.lab.graph_people import People
from diag.lab.graph_policies import Policies
from diag.lab.graph_reports import Reports
from diag.lab.graph_snapshot import Snapshots
from diag.lab.graph_stock import stocked
from diag.lab.scenario_directory import Question
from diag.lab.tenant import Exchange


def _any_of(*names: str) -> frozenset[str]:
    return frozenset(names)


_DIRECTORY = ("Directory.Read.All", "Directory.ReadWrite.All")
_USERS = _any_of("User.Read.All", "User.ReadWrite.All", *_DIRECTORY)
_MAILBOXES = _any_of("MailboxSettings.Read", "MailboxSettings.ReadWrite")
_DEFAULTS = _any_of("Policy.Read.All")
_CONDITIONAL = _any_of("Policy.Read.All", "Policy.Read.ConditionalAccess")
_WHAT_IF = _any_of("Policy.Read.ConditionalAccess")
_APPS = _any_of("Application.Read.All", "Application.ReadWrite.All", *_DIRECTORY)
_GRANTS = _any_of("DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All", *_DIRECTORY)
_LOG = _any_of("AuditLog.Read.All")
_REPORTS = _any_of("Reports.Read.All")
_HEALTH = _any_of("ServiceHealth.Read.All")
_TRACE = _any_of("ExchangeMessageTrace.Read.All")
_TENANT = _any_of("User.Read", "Organization.Read.All", *_DIRECTORY)
_BOUGHT = _any_of("Organization.Read.All", "LicenseAssignment.Read.All", *_DIRECTORY)
_ORDER = _any_of("ConfigurationMonitoring.ReadWrite.All")
_COLLECT = _any_of("ConfigurationMonitoring.Read.All", "ConfigurationMonitoring.ReadWrite.All")
_REGISTER = _any_of("Application.ReadWrite.All", "Directory.ReadWrite.All")
_SEND = _any_of("Mail.Send")
_GRANT = _any_of("DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All")

_DENIED = ("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
_SCOPES_MISSING = (
    "AccessDenied",
    "You cannot perform the requested operation, required scopes are missing in the token.",
)
_DENIED_BY: dict[Question, tuple[str, str]] = {
    "security_defaults": _SCOPES_MISSING,
    "policies": _SCOPES_MISSING,
    "what_if": _SCOPES_MISSING,
    "mailbox": ("ErrorAccessDenied", "Access is denied. Check credentials and try again."),
    "send_mail": ("ErrorAccessDenied", "Access is denied. Check credentials and try again."),
    "sign_ins": LOG_DENIED,
}


@dataclass(frozen=True, slots=True)
class Door:
    """One call: how it is made, the question it answers, the permissions of which one is needed, who answers."""

    method: str
    path: str
    question: Question
    needs: frozenset[str]
    handler: Callable[[Call], Response]

    @property
    def denied(self) -> GraphError:
        """The refusal for whoever has none of the permissions."""
        return GraphError(HTTPStatus.FORBIDDEN, *_DENIED_BY.get(self.question, _DENIED))


def doors(exchange: Exchange, reports: Reports) -> tuple[Door, ...]:
    """Return the calls that are answered for one tenant; what is created lives as long as what is returned."""
    people = People(exchange)
    policies, registry, snapshots = Policies(people), stocked(people), Snapshots(exchange)
    logs, mail = Logs(people, registry), Mail(exchange)
    app, principal = "/applications(appId='{app_id}')", "/servicePrincipals(appId='{app_id}')"
    configuration = "/admin/configurationManagement"
    made, jobs = f"{configuration}/configurationSnapshots", f"{configuration}/configurationSnapshotJobs"
    return (
        Door("GET", "/me", "organization", _any_of("User.Read") | _USERS, people.me),
        Door("GET", "/organization", "organization", _TENANT, people.organization),
        Door("GET", "/subscribedSkus", "organization", _BOUGHT, people.skus),
        Door("GET", "/users", "account", _USERS, people.users),
        Door("GET", "/users/{user}", "account", _USERS, people.user),
        Door("GET", "/users/{user}/mailboxSettings", "mailbox", _MAILBOXES, people.settings),
        Door("GET", "/users/{user}/mailboxSettings/userPurpose", "mailbox", _MAILBOXES, people.purpose),
        Door(
            "GET",
            "/policies/identitySecurityDefaultsEnforcementPolicy",
            "security_defaults",
            _DEFAULTS,
            policies.security_defaults,
        ),
        Door("GET", "/identity/conditionalAccess/policies", "policies", _CONDITIONAL, policies.read),
        Door("POST", "/identity/conditionalAccess/evaluate", "what_if", _WHAT_IF, policies.evaluate),
        Door("GET", principal, "app", _APPS, registry.principal),
        Door("GET", "/servicePrincipals", "app", _APPS, registry.find_principals),
        Door("GET", "/servicePrincipals/{id}", "app", _APPS, registry.principal),
        Door("GET", f"{principal}/appRoleAssignments", "consent", _APPS, registry.app_roles),
        Door("GET", "/servicePrincipals/{id}/appRoleAssignments", "consent", _APPS, registry.app_roles),
        Door("GET", "/oauth2PermissionGrants", "consent", _GRANTS, registry.consents),
        Door("GET", app, "registration", _APPS, registry.application),
        Door("GET", "/applications", "registration", _APPS, registry.find_applications),
        Door("GET", "/applications/{id}", "registration", _APPS, registry.application),
        Door("POST", "/applications", "setup", _REGISTER, registry.register),
        Door("PATCH", app, "setup", _REGISTER, registry.change),
        Door("PATCH", "/applications/{id}", "setup", _REGISTER, registry.change),
        Door("POST", "/servicePrincipals", "setup", _REGISTER, registry.enrol),
        Door("POST", "/users/{user}/sendMail", "send_mail", _SEND, mail.send),
        Door("POST", "/oauth2PermissionGrants", "setup", _GRANT, registry.consent),
        Door("PATCH", "/oauth2PermissionGrants/{id}", "setup", _GRANT, registry.change_consent),
        Door("GET", "/auditLogs/signIns", "sign_ins", _LOG, logs.sign_ins),
        Door("GET", "/reports/getEmailAppUsageUserDetail(period='{period}')", "reports", _REPORTS, reports.usage),
        Door("GET", "/admin/serviceAnnouncement/healthOverviews/{service}", "health", _HEALTH, logs.health),
        Door("GET", "/admin/serviceAnnouncement/issues", "health", _HEALTH, logs.issues),
        Door("GET", "/admin/exchange/tracing/messageTraces", "trace", _TRACE, logs.trace),
        Door("POST", f"{made}/createSnapshot", "snapshot", _ORDER, snapshots.create),
        Door("GET", f"{jobs}/{{job}}", "snapshot", _COLLECT, snapshots.job),
        Door("GET", f"{jobs}('{{job}}')", "snapshot", _COLLECT, snapshots.job),
        Door("GET", f"{made}/{{snapshot}}", "snapshot", _COLLECT, snapshots.read),
        Door("GET", f"{made}('{{snapshot}}')", "snapshot", _COLLECT, snapshots.read),
    )
