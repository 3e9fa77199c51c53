"""A Microsoft Graph that answers each call as a test tells it to, over real sockets and real TLS."""

import asyncio
import contextlib
import json
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import trustme

from diag.adapters.graph_words import CALLS, IDLE_ACCOUNTS, LAST_SIGN_IN
from diag.adapters.network import Route
from diag.adapters.trust import Trust, trust
from diag.obstacle import NotAnswered, Obstacle
from diag.sentence import say

HOST = "graph.microsoft.com"
SCANNER = "scanner@contoso.com"
USER, APP, EXO, CLIENT = ("87d349ed-user", "sp-object-id", "exo-object-id", "11111111-1111-1111-1111-111111111111")
CANARY = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9." + "CaNaRy4GrApH" * 40
NOBODY = NotAnswered(obstacle=Obstacle.NO_TOKEN, because=say("No administrator is signed in."))
Made = TypeVar("Made")
Reply: TypeAlias = bytes | dict[str, Any] | list[Any] | Callable[[str], bytes] | None
"""Bytes as they stand, JSON with status 200, bytes made from the token that came, or (None) silence."""


def http(status: int, body: object = b"", *headers: str, kind: str = "application/json") -> bytes:
    """Write an HTTP answer."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {kind}", f"Content-Length: {len(text)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + text


def error(status: int, code: str, message: str = "no", *headers: str) -> bytes:
    """Write an error in Graph's form."""
    return http(status, {"error": {"code": code, "message": message, "innerError": {"request-id": "x"}}}, *headers)


def rows(*values: object) -> dict[str, Any]:
    return {"value": list(values)}


BLOCK = {"operator": "OR", "builtInControls": ["block"]}
SIGN_IN = {
    "id": "66ea54eb",
    "createdDateTime": "2026-11-22T10:15:41Z",
    "userPrincipalName": SCANNER,
    "appId": CLIENT,
    "appDisplayName": "Scan relay",
    "clientAppUsed": "Mobile Apps and Desktop clients",
    "ipAddress": "203.0.113.10",
    "resourceDisplayName": "Office 365 Exchange Online",
    "correlationId": "c0ffee",
    "status": {"errorCode": 53003, "failureReason": "Access has been blocked by Conditional Access policies."},
    "appliedConditionalAccessPolicies": [{"id": "p1", "displayName": "Block device code flow", "result": "failure"}],
}
ACCOUNT = {
    "id": USER,
    "displayName": "Scanner 3rd floor",
    "userPrincipalName": SCANNER,
    "mail": SCANNER,
    "proxyAddresses": [f"SMTP:{SCANNER}", "smtp:Copier@contoso.com", "X500:/o=x"],
    "accountEnabled": True,
    "userType": "Member",
    "onPremisesSyncEnabled": None,
    "assignedPlans": [
        {
            "capabilityStatus": "Enabled",
            "service": "exchange",
            "servicePlanId": "9AAF7827-d63c-4b61-89c3-182f06f82e5c",
        }
    ],
    "lastPasswordChangeDateTime": "2026-01-02T03:04:05.1234567Z",
    "signInSessionsValidFromDateTime": None,
}
TENANT: Mapping[str, Reply] = {
    "account": ACCOUNT,
    "alias": rows(),
    "mailbox": {"value": "shared"},
    "security_defaults": {"id": "0", "isEnabled": True},
    "what_if": rows(
        {"id": "p1", "displayName": "Block device code flow", "state": "enabled", "policyApplies": True}
        | {"grantControls": BLOCK}
    ),
    "policies": rows({"id": "p1", "displayName": "Block device code flow", "state": "enabled", "grantControls": BLOCK}),
    "app": {"id": APP, "appId": CLIENT, "displayName": "Scan relay", "accountEnabled": True},
    "exchange": {"id": EXO, "appRoles": [{"id": "r1", "value": "SMTP.SendAsApp"}]},
    "grants": rows(
        {"consentType": "AllPrincipals", "principalId": None, "resourceId": EXO, "scope": "SMTP.Send offline_access"}
    ),
    "roles": rows(
        {"appRoleId": "r1", "resourceId": EXO},
        {"appRoleId": "r9", "resourceId": EXO},
        {"appRoleId": "r2", "resourceId": "another"},
    ),
    "registration": {
        "id": "reg",
        "displayName": "Scan relay",
        "isFallbackPublicClient": True,
        "passwordCredentials": [
            {"displayName": "2026", "hint": "abc", "secretText": None, "endDateTime": "2026-12-31T00:00:00Z"}
        ],
        "keyCredentials": [],
    },
    "sign_ins": rows(SIGN_IN),
    "background_sign_ins": rows(SIGN_IN | {"createdDateTime": "2026-11-22T11:00:00Z", "status": {"errorCode": 700082}}),
    "last_sign_in": {"id": USER, "signInActivity": {"lastNonInteractiveSignInDateTime": "2026-11-22T11:00:00Z"}},
    "idle_accounts": rows(),
    "health": {"service": "Exchange Online", "status": "serviceDegradation"},
    "incidents": rows({"id": "EX1", "title": "SMTP AUTH", "feature": "E-Mail", "status": "x", "isResolved": False}),
    "trace": rows(
        {
            "messageId": "<1@contoso.com>",
            "recipientAddress": "anna@contoso.com",
            "status": "delivered",
            "receivedDateTime": "2026-11-22T10:15:44Z",
        }
    ),
}
_ABOUT_ACTIVITY = (IDLE_ACCOUNTS, LAST_SIGN_IN)  # which have the paths of others, and ask for something else
_PATTERNS = [
    (call, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(f"/{call.version}{call.path}"))))
    for call in sorted(CALLS, key=lambda call: (call.path.count("{"), call.name))
]


@dataclass
class Asked:
    """One request as it reached the server; `call` is the documented call it is, "?" where it is none."""

    head: str = field(repr=False)
    body: bytes
    call: str

    @property
    def target(self) -> str:
        return self.head.split(" ")[1]

    @property
    def query(self) -> dict[str, str]:
        return {name: found for name, [found] in parse_qs(urlsplit(self.target).query).items()}

    def header(self, name: str) -> str:
        lines = [line.partition(": ") for line in self.head.split("\r\n")[1:]]
        return next((value for key, _, value in lines if key.lower() == name.lower()), "")


def call_of(head: str) -> str:
    method, target, _ = head.split(" ", 2)
    path, about_activity = urlsplit(target).path, "signInActivity" in target
    shown = unquote(path).replace("Exchange Online", "Exchange%20Online")
    for call, pattern in _PATTERNS:
        if call.method == method and pattern.fullmatch(shown) and about_activity == (call in _ABOUT_ACTIVITY):
            return call.name
    return "?"


@dataclass
class Server:
    """What it was asked, how much of it at the same time, and what it says."""

    replies: dict[str, Reply | tuple[Reply, ...]]
    delay_s: Callable[[str], float] = lambda _call: 0.0
    asked: list[Asked] = field(default_factory=list)
    now: int = 0
    most: int = 0

    def names(self) -> list[str]:
        return [one.call for one in self.asked]

    def the(self, call: str) -> Asked:
        (found,) = [one for one in self.asked if one.call == call]
        return found

    def _reply(self, call: str) -> Reply:
        reply = self.replies.get(call, error(404, "ResourceNotFound"))
        if not isinstance(reply, tuple):
            return reply
        self.replies[call] = reply[1:]
        return reply[0]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection, request after request."""
        while head := (await reader.readuntil(b"\r\n\r\n")).decode().rstrip():
            one = Asked(head, b"", call_of(head))
            one.body = await reader.readexactly(int(one.header("content-length") or 0))
            self.asked.append(one)
            self.now += 1
            self.most = max(self.most, self.now)
            try:
                reply = self._reply(one.call)
                await asyncio.sleep(self.delay_s(one.call))
                if reply is None:
                    await reader.read()
                    return
            finally:
                self.now -= 1
            token = one.header("authorization").removeprefix("Bearer ")
            sent = reply(token) if callable(reply) else reply if isinstance(reply, bytes) else http(200, reply)
            writer.write(sent)
            await writer.drain()
            if b"\r\nContent-Length:" not in sent or b"\r\nConnection: close" in sent:
                return


@dataclass
class Met(Generic[Made]):
    """What came of it, and what the server saw."""

    result: Made
    server: Server


Act = Callable[[Trust, Route], Awaitable[Made]]


def meet(
    folder: Path,
    act: "Act[Made]",
    replies: Mapping[str, Reply | tuple[Reply, ...]] | None = None,
    *,
    delay_s: Callable[[str], float] = lambda _call: 0.0,
    named: str = HOST,
    also: str = "localhost",
    trusted: bool = True,
) -> "Met[Made]":
    """Serve the tenant, with other replies where given, and do one thing."""
    authority = trustme.CA()
    roots = folder / "roots.pem"
    (authority if trusted else trustme.CA()).cert_pem.write_to_path(roots)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(named, also).configure_cert(context)
    server = Server({**TENANT, **(replies or {})}, delay_s)
    serving: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving[asyncio.current_task()] = writer
        with contextlib.suppress(OSError, EOFError):
            await writer.start_tls(context)
            await server.answer(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def run() -> Made:
        listening = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20)
        port = listening.sockets[0].getsockname()[1]
        async with listening:
            try:
                return await act(trust(roots), lambda _host, _port: ("127.0.0.1", port))
            finally:
                for writer in serving.values():
                    writer.transport.abort()
                await asyncio.gather(*(task for task in serving if task is not None))

    return Met(asyncio.run(run()), server)
