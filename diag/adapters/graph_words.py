"""What is asked of Microsoft Graph: every call there is, and the least permission Microsoft documents for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from diag.sentence import Sentence, say

LICENCE = "Microsoft Entra ID P1"
NO_LICENCE_CODE = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: its path under the version, as documented, and the least permission it needs.

    `absent` is what 404 means, `hint` what else may be missing where the call is refused.
    """

    name: str
    path: str
    permission: str
    method: Literal["GET", "POST", "PATCH"] = "GET"
    version: Literal["v1.0", "beta"] = "v1.0"
    absent: Sentence | None = None
    hint: Sentence | None = None


ACCOUNT = Call(name="account", path="/users/{user}", permission="User.Read.All")
ALIAS = Call(name="alias", path="/users", permission="User.Read.All")
MAILBOX = Call(
    name="mailbox",
    path="/users/{user}/mailboxSettings/userPurpose",
    permission="MailboxSettings.Read",
    absent=say(
        "The account has no mailbox in Exchange Online: it has no licence for one, or it is on your own server."
    ),
    hint=say("A person who signs in may read this of the own mailbox only; of others, only an application may."),
)
SECURITY_DEFAULTS = Call(
    name="security_defaults",
    path="/policies/identitySecurityDefaultsEnforcementPolicy",
    permission="Policy.Read.All",
)
WHAT_IF = Call(
    name="what_if",
    path="/identity/conditionalAccess/evaluate",
    permission="Policy.Read.ConditionalAccess",
    method="POST",
)
POLICIES = Call(name="policies", path="/identity/conditionalAccess/policies", permission="Policy.Read.All")
APP = Call(
    name="app",
    path="/servicePrincipals(appId='{client_id}')",
    permission="Application.Read.All",
    absent=say("The application is no enterprise application in this tenant: nobody has consented to it here."),
)
EXCHANGE = Call(
    name="exchange",
    path="/servicePrincipals(appId='00000002-0000-0ff1-ce00-000000000000')",
    permission="Application.Read.All",
    absent=say("Exchange Online is no enterprise application in this tenant."),
)
GRANTS = Call(name="grants", path="/oauth2PermissionGrants", permission="Directory.Read.All")
ROLES = Call(name="roles", path="/servicePrincipals/{id}/appRoleAssignments", permission="Application.Read.All")
REGISTRATION = Call(
    name="registration",
    path="/applications(appId='{client_id}')",
    permission="Application.Read.All",
    absent=say(
        "The application is not registered in this tenant. It may belong to another one, as the applications of device"
        " makers do: only that one can show its registration."
    ),
)
SIGN_INS = Call(
    name="sign_ins",
    path="/auditLogs/signIns",
    permission="AuditLog.Read.All",
    hint=say("A person who signs in also needs a role that reads reports, such as Reports Reader or Security Reader."),
)
BACKGROUND_SIGN_INS = Call(
    name="background_sign_ins",
    path="/auditLogs/signIns",
    permission="AuditLog.Read.All",
    version="beta",  # v1.0 answers 400 to the filter: it does not know signInEventTypes
)
SIGN_IN_LOG = Call(
    name="sign_in_log",
    path="/auditLogs/signIns",
    permission="AuditLog.Read.All",
    version="beta",  # as above
    hint=SIGN_INS.hint,
)
LAST_SIGN_IN = Call(name="last_sign_in", path="/users/{user}", permission="AuditLog.Read.All", hint=SIGN_INS.hint)
IDLE_ACCOUNTS = Call(name="idle_accounts", path="/users", permission="AuditLog.Read.All", hint=SIGN_INS.hint)
EMAIL_APP_USAGE = Call(
    name="email_app_usage",
    path="/reports/getEmailAppUsageUserDetail(period='D7')",
    permission="Reports.Read.All",
    hint=say("A person who signs in also needs a role that reads reports, such as Reports Reader."),
)
HEALTH = Call(
    name="health",
    path="/admin/serviceAnnouncement/healthOverviews/Exchange%20Online",
    permission="ServiceHealth.Read.All",
)
INCIDENTS = Call(name="incidents", path="/admin/serviceAnnouncement/issues", permission="ServiceHealth.Read.All")
TRACE = Call(
    name="trace",
    path="/admin/exchange/tracing/messageTraces",
    permission="ExchangeMessageTrace.Read.All",
    hint=say(
        "The message trace also needs Microsoft's own enterprise application {client_id} in the tenant.",
        client_id="8bd644d1-64a1-4d4b-ae52-2e0cbf64e373",
    ),
)
_MONITORING = say(
    "A snapshot also needs Microsoft's own enterprise application {client_id} in the tenant, with the permission"
    " Exchange.ManageAsApp and a role that reads, such as Global Reader.",
    client_id="03b07b79-c5bc-4b5e-9bfa-13acf4a99998",
)
SNAPSHOT = Call(
    name="snapshot",
    path="/admin/configurationManagement/configurationSnapshots/createSnapshot",
    permission="ConfigurationMonitoring.ReadWrite.All",
    method="POST",
    hint=_MONITORING,
)
SNAPSHOT_JOB = Call(
    name="snapshot_job",
    path="/admin/configurationManagement/configurationSnapshotJobs/{id}",
    permission="ConfigurationMonitoring.Read.All",
)
SNAPSHOT_RESULT = Call(
    name="snapshot_result",
    path="/admin/configurationManagement/configurationSnapshots/{id}",
    permission="ConfigurationMonitoring.Read.All",
)

MICROSOFT_GRAPH = Call(
    name="microsoft_graph",
    path="/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')",
    permission="Application.Read.All",
    absent=say("Microsoft Graph is no enterprise application in this tenant."),
)
APPLICATIONS = Call(name="applications", path="/applications", permission="Application.Read.All")
_WHO_REGISTERS = say(
    "The person who signs in also needs a role that registers applications, such as Application Administrator."
)
REGISTER = Call(
    name="register",
    path="/applications",
    permission="Application.ReadWrite.All",
    method="POST",
    hint=_WHO_REGISTERS,
)
AMEND = Call(
    name="amend",
    path="/applications/{id}",
    permission="Application.ReadWrite.All",
    method="PATCH",
    hint=_WHO_REGISTERS,
)
ENROL = Call(
    name="enrol",
    path="/servicePrincipals",
    permission="Application.ReadWrite.All",
    method="POST",
    hint=_WHO_REGISTERS,
)
SEND_MAIL = Call(
    name="send_mail",
    path="/users/{user}/sendMail",
    permission="Mail.Send",
    method="POST",
    absent=say("Microsoft Graph knows no mailbox by the address of the sender (HTTP 404)."),
    hint=say("An administrator may also have limited the mailboxes that the application sends as."),
)

CALLS: tuple[Call, ...] = (
    *(ACCOUNT, ALIAS, MAILBOX, SECURITY_DEFAULTS, WHAT_IF, POLICIES, APP, EXCHANGE, GRANTS, ROLES, REGISTRATION),
    *(SIGN_INS, BACKGROUND_SIGN_INS, SIGN_IN_LOG, LAST_SIGN_IN, IDLE_ACCOUNTS, EMAIL_APP_USAGE),
    *(HEALTH, INCIDENTS, TRACE),
    *(SNAPSHOT, SNAPSHOT_JOB, SNAPSHOT_RESULT),
    *(MICROSOFT_GRAPH, APPLICATIONS, REGISTER, AMEND, ENROL, SEND_MAIL),
)
PERMISSIONS: Mapping[str, str] = {call.name: call.permission for call in CALLS}
