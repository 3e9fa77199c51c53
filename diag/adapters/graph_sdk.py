"""Microsoft's library for Graph, made to speak over our TLS, to one host, once, and to hand over what came unread.

Importing this module takes a third of a second, so it is imported in a thread, and only where Graph is asked. The
library's own classes for answers cost seconds more at the first answer and raise at shapes they do not expect; the
requests are built by it, the answers are read by graph_reading.py.
"""

import json
import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from kiota_abstractions.authentication import BaseBearerTokenAuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_http.middleware import ParametersNameDecodingHandler
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory

from diag.adapters.answers import Answer, proxy_for
from diag.adapters.graph_transport import OneHost, OneToken
from diag.adapters.graph_words import Call
from diag.secret import Secret
from diag.subject import EXCHANGE_ONLINE_ID

if TYPE_CHECKING:
    from diag.adapters.graph_wire import GraphService

_SLOWEST_HANDSHAKE_S = 20.0
_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11")
_ACCOUNT = (
    *("id", "displayName", "userPrincipalName", "mail", "proxyAddresses", "accountEnabled", "userType"),
    *("onPremisesSyncEnabled", "assignedPlans", "lastPasswordChangeDateTime", "signInSessionsValidFromDateTime"),
)
_ACTIVITY = "signInActivity"
_APP = ("id", "appId", "displayName", "accountEnabled", "appRoleAssignmentRequired", "disabledByMicrosoftStatus")
_REGISTRATION = ("id", "displayName", "isFallbackPublicClient", "passwordCredentials", "keyCredentials")


class Sdk:
    """The requests of `graph_words.CALLS`, built by the library where it has a builder, and the way to send them.

    The library's builders by alternate key (`service_principals_with_app_id`) write into a dictionary that all others
    share, and so ask for the wrong object when two are used at once: those paths are written out here.
    """

    def __init__(self, service: "GraphService", token: Secret) -> None:
        base = service.base
        for name in _LOGGERS:  # at their most talkative these write down what a server says
            logging.getLogger(name).disabled = True
        self._root = base.removesuffix("/")
        limits = httpx.Limits(max_connections=service.at_once, max_keepalive_connections=service.at_once)
        self._inner = httpx.AsyncHTTPTransport(
            verify=service.trust.context,
            trust_env=False,
            http2=False,
            limits=limits,
            proxy=proxy_for(base, service.route),
        )
        self._http = httpx.AsyncClient(
            base_url=f"{self._root}/v1.0",
            transport=OneHost(self._inner, base, service.route, service.most_bytes),
            trust_env=False,
            follow_redirects=False,
            # Connecting and TLS must be over before the whole request is: httpcore leaves a socket open whose handshake
            # is cancelled from outside, and closes one whose handshake takes too long.
            timeout=httpx.Timeout(service.timeout_s, connect=min(0.45 * service.timeout_s, _SLOWEST_HANDSHAKE_S)),
        )
        provider = OneToken(token, urlsplit(base).hostname or "")
        # None of the usual handlers: no retries, no redirects, no telemetry.
        client = GraphClientFactory.create_with_custom_middleware([ParametersNameDecodingHandler()], client=self._http)
        self._adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(provider), client=client)
        self._adapter.base_url = f"{self._root}/v1.0"
        self._graph = GraphServiceClient(request_adapter=self._adapter)

    def rehearse(self) -> None:
        """Build what is asked of the directory, and send none of it: the library imports a module per path."""
        for one in (
            self.account,
            self.last_sign_in,
            self.mailbox,
            self.grants,
            self.roles,
            self.app,
            self.registration,
        ):
            one("x")
        for other in (self.security_defaults, self.policies, self.exchange, self.health, self.incidents):
            other()
        self.what_if("x", None)
        self.sign_ins("x", "x", 1)
        self.background_sign_ins("x", "x", 1)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
        await self._inner.aclose()  # the library's own transport does not hand the call on

    async def send(self, info: RequestInformation) -> Answer:
        """Send one request, once; raises `graph_transport.LostError` where no answer comes."""
        info.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        accept = next(iter(info.headers.get("Accept")), "application/json")
        for name, value in (("User-Agent", "diag"), ("Accept", accept), ("Accept-Encoding", "identity")):
            info.headers.remove(name)
            info.headers.add(name, value)
        answer: Any = await self._adapter.send_primitive_async(info, "bytes", None)
        read: Answer = answer.extensions["answer"]
        return read

    def further(self, link: str, call: Call) -> RequestInformation | None:
        """The next page of `call`, where the link to it leads there and nowhere else."""
        if not re.fullmatch(r"[\x21-\x7e]{1,8192}", link):
            return None
        if not link.startswith(f"{self._root}/{call.version}{call.path}?"):
            return None
        info = RequestInformation(Method.GET)
        info.url = link
        return info

    def account(self, name: str) -> RequestInformation:
        """The account with this sign-in name or id."""
        return _get(self._graph.users.by_user_id(name), "UserItem", select=list(_ACCOUNT))

    def alias(self, proxy: str) -> RequestInformation:
        """The accounts with this proxy address ("smtp:..." or "SMTP:...")."""
        condition = f"proxyAddresses/any(p:p eq {_quoted(proxy)})"
        # A condition on a list is an advanced query: Graph wants it counted, and to be told that it may be a bit old.
        info = _get(self._graph.users, "Users", select=list(_ACCOUNT), filter=condition, count=True)
        info.headers.add("ConsistencyLevel", "eventual")
        return info

    def last_sign_in(self, account_id: str) -> RequestInformation:
        """When somebody last signed in to the account; Graph takes no name for this, but the id."""
        return _get(self._graph.users.by_user_id(account_id), "UserItem", select=["id", _ACTIVITY])

    def idle_accounts(self, since: str, most: int) -> RequestInformation:
        """Accounts to which nobody has signed in since; with their names, and when somebody last did."""
        wanted = ["id", "userPrincipalName", _ACTIVITY]
        condition = f"{_ACTIVITY}/lastSuccessfulSignInDateTime le {since}"
        return _get(self._graph.users, "Users", select=wanted, filter=condition, top=most)

    def mailbox(self, account_id: str) -> RequestInformation:
        """What the mailbox of the account is for."""
        return _plain("{+baseurl}/users/{user}/mailboxSettings/userPurpose", user=account_id)

    def security_defaults(self) -> RequestInformation:
        """Whether security defaults are on."""
        return _get(self._graph.policies.identity_security_defaults_enforcement_policy)

    def what_if(self, account_id: str, flow: str | None) -> RequestInformation:
        """Which policies would apply to the account at Exchange Online, with a transfer method or without one."""
        conditions: dict[str, Any] = {"clientAppType": "mobileAppsAndDesktopClients"}
        if flow is not None:
            conditions["authenticationFlow"] = {"transferMethod": flow}
        applications = {
            "@odata.type": "#microsoft.graph.applicationContext",
            "includeApplications": [EXCHANGE_ONLINE_ID],
        }
        body = {
            "signInIdentity": {"@odata.type": "#microsoft.graph.userSignIn", "userId": account_id},
            "signInContext": applications,
            "signInConditions": conditions,
            "appliedPoliciesOnly": True,
        }
        return _post(self._graph.identity.conditional_access.evaluate.url_template, body)

    def policies(self) -> RequestInformation:
        """All Conditional Access policies."""
        return _get(self._graph.identity.conditional_access.policies)

    def app(self, client_id: str) -> RequestInformation:
        """The enterprise application of this client id."""
        return _by_app_id("servicePrincipals", client_id, _APP)

    def exchange(self) -> RequestInformation:
        """Exchange Online as enterprise application, with its roles."""
        return _by_app_id("servicePrincipals", EXCHANGE_ONLINE_ID, ("id", "appRoles"))

    def grants(self, object_id: str) -> RequestInformation:
        """The delegated consents of an enterprise application."""
        condition = f"clientId eq {_quoted(object_id)}"
        return _get(self._graph.oauth2_permission_grants, "Oauth2PermissionGrants", filter=condition)

    def roles(self, object_id: str) -> RequestInformation:
        """The application permissions of an enterprise application."""
        return _get(self._graph.service_principals.by_service_principal_id(object_id).app_role_assignments)

    def registration(self, client_id: str) -> RequestInformation:
        """The registration of this client id."""
        return _by_app_id("applications", client_id, _REGISTRATION)

    def sign_ins(self, sign_in_name: str, since: str, most: int) -> RequestInformation:
        """Interactive sign-ins of an account."""
        condition = f"userPrincipalName eq {_quoted(sign_in_name)} and createdDateTime ge {since}"
        return _get(self._graph.audit_logs.sign_ins, "SignIns", filter=condition, top=most)

    def background_sign_ins(self, account_id: str, since: str, most: int) -> RequestInformation:
        """Sign-ins of an account with a refresh token, nobody present; beta."""
        condition = (
            f"signInEventTypes/any(t: t eq 'nonInteractiveUser') and userId eq {_quoted(account_id)}"
            f" and createdDateTime ge {since}"
        )
        return self.sign_in_log(condition, most)

    def sign_in_log(self, condition: str, most: int) -> RequestInformation:
        """The newest sign-ins of all accounts that meet a condition; beta."""
        info = _plain("{+root}/beta/auditLogs/signIns{?%24filter,%24top}", root=self._root)
        info.query_parameters = {"%24filter": condition, "%24top": most}
        return info

    def email_app_usage(self) -> RequestInformation:
        """Who used which kind of e-mail app within a week: the answer says where the table is."""
        info = _plain("{+baseurl}/reports/getEmailAppUsageUserDetail(period='D7')")
        info.headers.add("Accept", "application/octet-stream, application/json")  # the table, or why there is none
        return info

    def health(self) -> RequestInformation:
        """How Exchange Online is."""
        overviews = self._graph.admin.service_announcement.health_overviews
        return _get(overviews.by_service_health_id("Exchange Online"))

    def incidents(self) -> RequestInformation:
        """The open incidents of Exchange Online."""
        condition = "service eq 'Exchange Online' and isResolved eq false"
        return _get(self._graph.admin.service_announcement.issues, "Issues", filter=condition)

    def trace(self, sender: str, recipient: str, since: str, until: str) -> RequestInformation:
        """The messages between two addresses in a time."""
        condition = (
            f"senderAddress eq {_quoted(sender)} and recipientAddress eq {_quoted(recipient)}"
            f" and receivedDateTime ge {since} and receivedDateTime le {until}"
        )
        return _get(self._graph.admin.exchange.tracing.message_traces, "MessageTraces", filter=condition)

    def snapshot(self, body: Mapping[str, Any]) -> RequestInformation:
        """Take a snapshot of the tenant's configuration; the library does not have this call yet."""
        path = "/admin/configurationManagement/configurationSnapshots/createSnapshot"
        return _post("{+baseurl}" + path, body)

    def snapshot_job(self, job_id: str) -> RequestInformation:
        """How far the snapshot is; where it is, and what went wrong, Graph says only when asked."""
        job = self._graph.admin.configuration_management.configuration_snapshot_jobs.by_configuration_snapshot_job_id(
            job_id
        )
        info = _get(job, "ConfigurationSnapshotJobItem", select=["id", "status", "resourceLocation", "errorDetails"])
        info.headers.add("Prefer", "include-unknown-enum-members")  # else "partiallySuccessful" is not said
        return info

    def snapshot_result(self, snapshot_id: str) -> RequestInformation:
        """The values."""
        manager = self._graph.admin.configuration_management
        return _get(manager.configuration_snapshots.by_configuration_baseline_id(snapshot_id))


def _get(builder: Any, kind: str = "", **query: Any) -> RequestInformation:
    """Let one of the library's builders write a GET; `kind` names its class of query parameters."""
    parameters = getattr(builder, f"{kind}RequestBuilderGetQueryParameters")(**query) if query else None
    configuration = RequestConfiguration(headers=HeadersCollection(), query_parameters=parameters)
    info: RequestInformation = builder.to_get_request_information(configuration)
    return info


def _plain(template: str, **path: str) -> RequestInformation:
    return RequestInformation(Method.GET, template, dict(path))


def _by_app_id(collection: str, client_id: str, wanted: tuple[str, ...]) -> RequestInformation:
    info = _plain("{+baseurl}/" + collection + "(appId='{client_id}'){?%24select}", client_id=client_id)
    info.query_parameters = {"%24select": list(wanted)}
    return info


def _post(template: str, body: Mapping[str, Any]) -> RequestInformation:
    info = RequestInformation(Method.POST, template, {})
    info.set_stream_content(json.dumps(body).encode(), "application/json")
    return info


def _quoted(text: str) -> str:
    """A text in an OData filter."""
    return "'" + text.replace("'", "''") + "'"
