"""Microsoft Graph in the lab: its addresses, who may ask what, and how it refuses.

The form of every refusal is Graph's. The codes and messages of 401, of 403 for the directory, Conditional Access,
sign-ins and mailboxes, of a missing licence and of 429 are those that were published; those of 403 for the other calls
and of 503 are made up.
"""

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any, NoReturn

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from diag.lab import records
from diag.lab.graph_call import NO_LICENCE, Call, GraphError, bad_request
from diag.lab.graph_doors import Door, doors
from diag.lab.graph_reports import PLACE, Reports
from diag.lab.interference import LOST, PORTAL, until_gone
from diag.lab.tenant import Exchange
from diag.lab.tokens import GRAPH_AUDIENCES, GRAPH_ID

_VERSIONS = frozenset({"v1.0", "beta"})
_GRACE_S = 300
_CHALLENGE = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
    f'client_id="{GRAPH_ID}"'
)
_NOT_WELL_FORMED = "IDX14100: JWT is not well formed, there are no dots (.)."


def _unauthorized(message: str) -> NoReturn:
    raise GraphError(HTTPStatus.UNAUTHORIZED, "InvalidAuthenticationToken", message)


@dataclass(frozen=True, slots=True)
class GraphService:
    """The service; every request is written down in `requests`, before it is answered."""

    exchange: Exchange
    requests: list[records.Request]
    _reports: Reports = field(init=False)
    _doors: tuple[Door, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Open the doors, behind which everything starts as the scenario has it."""
        object.__setattr__(self, "_reports", Reports(self.exchange))
        object.__setattr__(self, "_doors", doors(self.exchange, self._reports))

    def app(self) -> Starlette:
        """Return the ASGI application."""
        routes = [self._route("/{version}" + door.path, door, [door.method]) for door in self._doors]
        routes.append(Route(PLACE + "{ticket}", self._report, methods=["GET"]))
        return Starlette(routes=[*routes, self._route("/{path:path}", None, ["GET", "POST", "PATCH", "PUT", "DELETE"])])

    def _route(self, path: str, door: Door | None, methods: list[str]) -> Route:
        async def answer(request: Request) -> Response:
            return await self._serve(request, door)

        return Route(path, answer, methods=methods)

    async def _report(self, request: Request) -> Response:
        """Hand out a report, to whoever knows where it is."""
        response = self._reports.table(request)
        self.requests.append(records.Request(request.method, PLACE, (), response.status_code))
        return response

    async def _serve(self, request: Request, door: Door | None) -> Response:
        directory = self.exchange.scenario.directory
        call = await self._call(request)
        if directory.latency_ms:
            await asyncio.sleep(directory.latency_ms / 1000)
        silent = door is not None and directory.faults.get(door.question) == "silent"
        response = Response() if silent else self._answer(request, call, door)
        status = LOST if silent else int(response.status_code)
        self.requests.append(records.Request(request.method, request.url.path, call.fields, status))
        if silent:
            await until_gone(request.receive)
        return response

    async def _call(self, request: Request) -> Call:
        body = await request.body()
        try:
            sent = json.loads(body) if body else None
        except ValueError:
            sent = None
        names = {key: str(value) for key, value in request.path_params.items()}
        claims = self.exchange.issuer.claims(_bearer(request)) or {}
        return Call(names.get("version", ""), names, dict(request.query_params), sent, claims)

    def _answer(self, request: Request, call: Call, door: Door | None) -> Response:
        if door is not None and self.exchange.scenario.directory.faults.get(door.question) == "html":
            return HTMLResponse(PORTAL)
        try:
            self._admit(request, call, door)
            if door is None or call.version not in _VERSIONS:
                segment = request.url.path.strip("/").partition("/")[2].partition("/")[0]
                bad_request(f"Resource not found for the segment '{segment}'.", "BadRequest")
            response = door.handler(call)
        except GraphError as error:
            response = self._refuse(request, error)
        response.headers["date"] = format_datetime(self.exchange.clock.now(), usegmt=True)
        response.headers.setdefault("request-id", str(uuid.uuid4()))
        return response

    def _admit(self, request: Request, call: Call, door: Door | None) -> None:
        """Refuse whoever has no good token; then what the scenario has; then whoever lacks the permission."""
        self._check_token(request, call)
        if door is None:
            return
        match self.exchange.scenario.directory.faults.get(door.question):
            case "throttled":
                raise GraphError(429, "TooManyRequests", "Please retry again later.")
            case "unavailable":
                raise GraphError(503, "serviceNotAvailable", "The service is temporarily unavailable.")
            case "no_permission":
                raise door.denied
            case "no_licence":
                raise GraphError(HTTPStatus.FORBIDDEN, *NO_LICENCE)
            case _:
                if door.needs.isdisjoint(call.granted):
                    raise door.denied

    def _check_token(self, request: Request, call: Call) -> None:
        token, claims = _bearer(request), call.claims
        if not token:
            _unauthorized("Access token is empty.")
        if not claims:
            _unauthorized("Access token validation failure." if "." in token else _NOT_WELL_FORMED)
        if claims["aud"] not in GRAPH_AUDIENCES:
            _unauthorized("Access token validation failure. Invalid audience.")
        now = self.exchange.clock.now().timestamp()
        if not claims["nbf"] - _GRACE_S <= now < claims["exp"] + _GRACE_S:
            _unauthorized("Lifetime validation failed, the token is expired.")
        if claims["tid"] != self.exchange.scenario.tenant.id:
            _unauthorized("Access token validation failure. Invalid tenant.")

    def _refuse(self, request: Request, error: GraphError) -> Response:
        request_id = str(uuid.uuid4())
        inner: dict[str, Any] = {
            "date": f"{self.exchange.clock.now():%Y-%m-%dT%H:%M:%S}",
            "request-id": request_id,
            "client-request-id": request.headers.get("client-request-id", request_id),
        }
        body = {"code": error.code, "message": error.message, **error.more, "innerError": inner}
        headers = {"request-id": request_id}
        if error.status == HTTPStatus.UNAUTHORIZED:
            headers["www-authenticate"] = _CHALLENGE
        if error.status == HTTPStatus.TOO_MANY_REQUESTS:
            headers["retry-after"] = str(self.exchange.scenario.directory.retry_after_s)
        return JSONResponse({"error": body}, error.status, headers)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme == "Bearer" else ""
