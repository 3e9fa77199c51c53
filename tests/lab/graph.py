"""Somebody who asks Microsoft Graph in the lab, with a plain HTTPS connection."""

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from diag.lab import Lab, Scenario, load_scenario
from diag.lab.scenario import Mailbox
from diag.lab.scenario_directory import Directory, Policy
from tests.lab.device import SCANNER

HOST = "graph.microsoft.com"
HEALTHY = load_scenario("healthy")
NOBODY = "00000000-0000-4000-8000-000000000000"
EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
BLOCK = Policy(name="Block device code flow", flows=("deviceCodeFlow", "authenticationTransfer"))
SIGN_INS = "/auditLogs/signIns"
TRACES = "/admin/exchange/tracing/messageTraces"
DEFAULTS = "/policies/identitySecurityDefaultsEnforcementPolicy"
POLICIES = "/identity/conditionalAccess/policies"
WHAT_IF = "/identity/conditionalAccess/evaluate"
_ACCOUNT = "id,userPrincipalName,mail,proxyAddresses,accountEnabled,userType,onPremisesSyncEnabled,assignedPlans"


@dataclass
class Answered:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def rows(self) -> Any:
        assert self.status == 200, self.body
        return self.json["value"]

    @property
    def code(self) -> str:
        error = self.json["error"]
        assert error["message"]
        assert error["innerError"].keys() == {"date", "request-id", "client-request-id"}
        return str(error["code"])


def connected(lab: Lab) -> http.client.HTTPConnection:
    """Connect over TLS, trusting the lab's root alone, and holding the certificate against Graph's name."""
    context = ssl.create_default_context(cafile=str(lab.ca_file))
    connection = http.client.HTTPConnection(HOST)
    plain = socket.create_connection(lab.route(HOST, 443), timeout=10)
    connection.sock = context.wrap_socket(plain, server_hostname=HOST)
    return connection


def ask(
    lab: Lab,
    path: str,
    *,
    body: Any = None,
    method: str = "",
    token: str | None = None,
    version: str = "v1.0",
) -> Answered:
    """Make one call; the method is POST where there is a body, unless another is named."""
    connection = connected(lab)
    bearer = lab.graph_token() if token is None else token
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    sent = None if body is None else body if isinstance(body, str) else json.dumps(body)
    address = quote(f"/{version}{path}", safe="/?$=&(),:'")
    connection.request(method or ("GET" if sent is None else "POST"), address, sent, headers)
    answer = connection.getresponse()
    answered = Answered(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    connection.close()
    return answered


def user(lab: Lab, name: str = SCANNER) -> Answered:
    return ask(lab, f"/users/{name}?$select={_ACCOUNT}")


def with_box(**keys: Any) -> Scenario:
    return replace(HEALTHY, mailboxes=(Mailbox(address=SCANNER, **keys),))


def with_directory(**keys: Any) -> Scenario:
    return replace(HEALTHY, directory=Directory(**keys))
