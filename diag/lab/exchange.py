"""Exchange Online's endpoint for settings, as its PowerShell module speaks to it: three cmdlets, and how it refuses.

The envelope and the bodies of refusals are those that were seen on the real endpoint; no body is known of a 401, which
is empty here, and no status of a mailbox that is not found, which is 404 here; of a role that is not supported the
sentence is known, not its form. What stands in a row is made up, and so are the links to further pages.
"""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from diag.lab import records
from diag.lab.interference import LOST, PORTAL, until_gone
from diag.lab.scenario import Mailbox, Switch
from diag.lab.tenant import Exchange
from diag.lab.ways import EXCHANGE_HOST

SETTING = "SmtpClientAuthenticationDisabled"
_DISABLED: Mapping[Switch, bool | None] = {"on": False, "off": True, "unset": None}
_SWITCH: Mapping[bool | None, Switch] = {False: "on", True: "off", None: "unset"}
_TAKES = {
    "Get-CASMailbox": frozenset({"Identity", "ResultSize"}),
    "Get-TransportConfig": frozenset[str](),
    "Set-CASMailbox": frozenset({"Identity", SETTING}),
}
_A_PAGE = 1000
_PAGE_SIZE = re.compile(r"odata\.maxpagesize=([1-9][0-9]{0,5})")
_WARNINGS = {"adminapi.warnings@odata.type": "#Collection(String)"}
_UNSUPPORTED_ROLE = (
    "The role assigned to application {app} isn't supported in this scenario. Please check online documentation for "
    "assigning correct Directory Roles to Azure AD Application for EXO App-Only Authentication."
)
_TOO_MANY = "You have reached the maximum number of concurrent requests per tenant. Please wait and try again"


@dataclass(frozen=True, slots=True)
class Call:
    """One cmdlet as it was asked for."""

    cmdlet: str
    parameters: Mapping[str, Any]


def _call(body: bytes) -> Call | None:
    """Read a request; None where it is none."""
    try:
        asked = json.loads(body)["CmdletInput"]
        cmdlet, parameters = asked["CmdletName"], asked["Parameters"]
    except (ValueError, KeyError, TypeError):
        return None
    return Call(cmdlet, parameters) if isinstance(cmdlet, str) and isinstance(parameters, dict) else None


@dataclass(frozen=True, slots=True)
class SettingsService:
    """The endpoint; every request is written down in `requests`, before it is answered."""

    exchange: Exchange
    requests: list[records.Request]

    def app(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(routes=[Route("/adminapi/{version}/{tenant}/InvokeCommand", self.invoke, methods=["POST"])])

    async def invoke(self, request: Request) -> Response:
        """Run one cmdlet."""
        call = _call(await request.body())
        response = self._answer(request, call)
        applied = response.status_code == HTTPStatus.OK and call is not None and call.cmdlet == "Set-CASMailbox"
        lost = applied and self.exchange.scenario.setting.fault == "times_out"
        self.requests.append(
            records.Request(
                request.method,
                request.url.path,
                tuple(sorted(call.parameters)) if call else (),
                LOST if lost else response.status_code,
                call.cmdlet if call else "",
            )
        )
        if lost:
            await until_gone(request.receive)
        response.headers["date"] = format_datetime(self.exchange.clock.now(), usegmt=True)
        response.headers["request-id"] = str(uuid.uuid4())
        return response

    def _answer(self, request: Request, call: Call | None) -> Response:  # noqa: PLR0911 - one for each answer
        setting = self.exchange.scenario.setting
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if setting.fault == "html":
            return HTMLResponse(PORTAL)
        if setting.fault == "gone":
            return PlainTextResponse("", 404)
        if scheme != "Bearer" or not self.exchange.administers(token, request.path_params["tenant"]):
            return Response(status_code=401, headers={"www-authenticate": "Bearer"})
        if (hindered := self._hindered()) is not None:
            return hindered
        if call is None:
            return _refused("ODataException", "Microsoft.OData.ODataException", "The request body is not valid.")
        if call.cmdlet not in _TAKES or setting.fault == "no_role":
            return _no_role()
        if call.cmdlet == "Get-TransportConfig" and setting.fault == "no_configuration_role":
            return _no_role()
        if unknown := call.parameters.keys() - _TAKES[call.cmdlet]:
            return _ambiguous(" ".join(sorted(unknown)))
        if "ResultSize" in call.parameters:
            return self._list(request, call)
        return self._run(call)

    def _list(self, request: Request, call: Call) -> Response:
        """Answer with a page of all mailboxes; the next one is had by sending the same to the link in the answer."""
        if call.cmdlet != "Get-CASMailbox" or dict(call.parameters) != {"ResultSize": "Unlimited"}:
            return _ambiguous(" ".join(sorted(call.parameters)))
        wanted = _PAGE_SIZE.search(request.headers.get("prefer", ""))
        begin, size = request.query_params.get("$skiptoken", "0"), min(int(wanted[1]) if wanted else _A_PAGE, _A_PAGE)
        if not begin.isdecimal():
            return _refused("Invalid Operation", "System.ArgumentException", "Expired or Invalid pagination request")
        there = [box for box in self.exchange.scenario.mailboxes if box.in_exchange]
        first, last = int(begin), int(begin) + size
        link = f"https://{EXCHANGE_HOST}{request.url.path}?%24skiptoken={last}" if last < len(there) else ""
        return _rows(*(self._row(box) for box in there[first:last]), link=link)

    def _hindered(self) -> Response | None:
        """Return what the scenario answers to everything."""
        setting = self.exchange.scenario.setting
        match setting.fault:
            case "unsupported_role":
                return PlainTextResponse(_UNSUPPORTED_ROLE.format(app=self.exchange.scenario.admin.client_id), 403)
            case "throttled":
                return PlainTextResponse(_TOO_MANY, 429, {"retry-after": str(setting.retry_after_s)})
            case "unavailable":
                return PlainTextResponse("Service Unavailable", 503)
            case _:
                return None

    def _run(self, call: Call) -> Response:
        if call.cmdlet == "Get-TransportConfig":
            off = self.exchange.scenario.tenant.authenticated_smtp == "off"
            return _rows({"Name": "Transport Settings", SETTING: off, "AllowLegacyTLSClients": False})
        identity = call.parameters.get("Identity")
        if not isinstance(identity, str):
            return _ambiguous("")
        mailbox = self.exchange.mailbox(identity)
        if mailbox is None or self.exchange.scenario.setting.fault == "not_found":
            return _not_found(identity)
        if call.cmdlet == "Get-CASMailbox":
            return _rows(self._row(mailbox))
        return self._change(mailbox, call)

    def _row(self, mailbox: Mailbox) -> dict[str, Any]:
        name = mailbox.address.partition("@")[0]
        return {
            "Identity": name,
            "PrimarySmtpAddress": mailbox.address,
            "Guid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"mailbox/{mailbox.address}")),
            SETTING: _DISABLED[self.exchange.switch(mailbox)],
            "PopEnabled": True,
            "ImapEnabled": True,
            "OWAEnabled": True,
            "MAPIEnabled": True,
            "ActiveSyncEnabled": True,
            "EwsEnabled": None,
        }

    def _change(self, mailbox: Mailbox, call: Call) -> Response:
        wanted = call.parameters.get(SETTING, ...)
        if wanted is ...:
            return _rows(warnings=(_unchanged(mailbox),))
        if wanted is not None and not isinstance(wanted, bool):
            kind = "Microsoft.Exchange.AdminApi.CommandInvocation.ParameterTransformationException"
            message = f"Cannot process argument transformation on parameter '{SETTING}'."
            return _refused("Invalid Operation", kind, message)
        if self.exchange.switch(mailbox) == _SWITCH[wanted]:
            return _rows(warnings=(_unchanged(mailbox),))
        self.exchange.change(mailbox, _SWITCH[wanted])
        return _rows()


def _unchanged(mailbox: Mailbox) -> str:
    return f"The command completed successfully but no settings of '{mailbox.address}' have been modified."


def _rows(*rows: Mapping[str, Any], warnings: tuple[str, ...] = (), link: str = "") -> Response:
    context = f"https://{EXCHANGE_HOST}/adminapi/beta/$metadata#Collection(Exchange.GenericHashTable)"
    more = {"@odata.nextLink": link} if link else {}
    answer = {"@odata.context": context, **_WARNINGS, "@adminapi.warnings": list(warnings), **more, "value": list(rows)}
    return JSONResponse(answer)


def _no_role() -> Response:
    """Refuse as the real one does where the token is good and the role is missing: nothing but zeros."""
    return Response(b"\0" * 4096, 403)


def _refused(what: str, kind: str, message: str, detail: str = "") -> Response:
    inner = {
        "message": what,
        "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
        "stacktrace": "",
        "internalexception": {"message": message, "type": kind, "stacktrace": ""},
    }
    error: dict[str, Any] = {"code": "BadRequest", "message": what, "innererror": inner}
    if detail:
        error["details"] = [{"code": "Client", "target": "", "message": detail}]
    return JSONResponse({"error": {**error, **_WARNINGS, "@adminapi.warnings": []}}, 400)


def _ambiguous(parameter: str) -> Response:
    kind = "Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException"
    message = (
        "Parameter set cannot be resolved using the specified named parameters. "
        f"Invalid cmdlet parameters specified. {parameter}"
    ).rstrip()
    return _refused("Invalid Operation", kind, message, f"|{kind}|{message}")


def _not_found(identity: str) -> Response:
    kind = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
    message = (
        f"The operation couldn't be performed because object '{identity}' couldn't be found on "
        "'AM0PR02A04DC001.EURPR02A004.PROD.OUTLOOK.COM'."
    )
    details = [{"code": "Client", "target": "", "message": f"Ex6F9304|{kind}|{message}"}]
    error = {"code": "NotFound", "message": "Error executing cmdlet", "details": details}
    return JSONResponse({"error": error}, 404)
