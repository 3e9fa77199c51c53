"""One call to Microsoft Graph as the lab sees it, and the forms in which it is answered."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

from starlette.responses import JSONResponse, Response

from diag.lab import odata

ROOT = "https://graph.microsoft.com"
# Codes and messages of refusals that more than one answers with.
NO_LICENCE = (
    "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
    "Neither tenant is B2C or tenant doesn't have premium license",
)
LOG_DENIED = (
    "Authentication_MSGraphPermissionMissing",
    (
        "The principal does not have required Microsoft Graph permission(s): AuditLog.Read.All to call this API. For"
        " more information about Microsoft Graph permissions, please visit"
        " https://learn.microsoft.com/graph/permissions-overview"
    ),
)


class GraphError(Exception):
    """A refusal: HTTP status, Graph's code and message."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.more = more  # further members of the error object


def not_found(name: str) -> NoReturn:
    """Refuse to tell of an object the directory does not have."""
    message = f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
    raise GraphError(HTTPStatus.NOT_FOUND, "Request_ResourceNotFound", message)


def bad_request(message: str, code: str = "Request_BadRequest", **more: Any) -> NoReturn:
    """Refuse a request that makes no sense."""
    raise GraphError(HTTPStatus.BAD_REQUEST, code, message, **more)


def stamp(when: datetime) -> str:
    """Return a time as Graph writes it."""
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def _mark(begin: int) -> str:
    """Return what stands in a link for the place at which a page begins."""
    return f"{begin}_{uuid.uuid5(uuid.NAMESPACE_URL, str(begin)).hex}"


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked: the version, the names in the path, the query, the body, and who asked."""

    version: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    claims: Mapping[str, Any]

    @property
    def granted(self) -> frozenset[str]:
        """The permissions the caller has."""
        return frozenset({*self.claims.get("scp", "").split(), *self.claims.get("roles", ())})

    @property
    def person(self) -> str | None:
        """The sign-in name of the person who asks; None for an application by itself."""
        return self.claims.get("upn")

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of what was sent with it, never the values."""
        sent = self.body if isinstance(self.body, dict) else {}
        return tuple(sorted({*self.query, *sent}))

    def sent(self) -> dict[str, Any]:
        """Return the body; raises for one that is no JSON object."""
        if not isinstance(self.body, dict):
            bad_request("Unable to read JSON request payload.", "BadRequest")
        return self.body

    def entity(
        self, kind: str, row: Mapping[str, Any], *, usual: tuple[str, ...] = (), status: int = HTTPStatus.OK
    ) -> Response:
        """Answer with one object: what `$select` names, else what is `usual`, else all of it."""
        return JSONResponse({"@odata.context": self._context(f"{kind}/$entity"), **self._chosen(row, usual)}, status)

    def part(self, kind: str, row: Mapping[str, Any]) -> Response:
        """Answer with what is not an object of its own."""
        return JSONResponse({"@odata.context": self._context(kind), **self._chosen(row, ())})

    def collection(self, kind: str, rows: Iterable[Mapping[str, Any]], usual: tuple[str, ...] = ()) -> Response:
        """Answer with a list: what `$filter` is for was done before; no more than `$top` says."""
        top = self.query.get("$top", "")
        chosen = [self._chosen(row, usual) for row in rows]
        counted = {"@odata.count": len(chosen)} if self.query.get("$count") == "true" else {}
        shown = chosen[: int(top)] if top.isdecimal() else chosen
        return JSONResponse({"@odata.context": self._context(kind), **counted, "value": shown})

    def page(self, kind: str, rows: Sequence[Mapping[str, Any]], most: int, usual: tuple[str, ...] = ()) -> Response:
        """Answer with a part of a list: so many rows as `$top` says, at most `most`, and the link to the next ones.

        The link carries what was asked for, and a mark that means nothing to anybody else.
        """
        top, mark = self.query.get("$top", str(most)), self.query.get("$skiptoken", _mark(0))
        if not top.isdecimal() or not 1 <= int(top) <= most:
            bad_request(f"The limit of '{most}' for Top query has been exceeded.", "BadRequest")
        number = mark.partition("_")[0]
        if not number.isdecimal() or mark != _mark(int(number)):
            bad_request("Invalid skip token.", "BadRequest")
        begin, end = int(number), int(number) + int(top)
        counted = {"@odata.count": len(rows)} if self.query.get("$count") == "true" else {}
        answer: dict[str, Any] = {"@odata.context": self._context(kind), **counted}
        if end < len(rows):
            query = urlencode({**self.query, "$skiptoken": _mark(end)}, quote_via=quote, safe="$")
            answer["@odata.nextLink"] = f"{ROOT}/{self.version}/{kind}?{query}"
        return JSONResponse({**answer, "value": [self._chosen(row, usual) for row in rows[begin:end]]})

    def filtered(self, rows: Iterable[Mapping[str, Any]], kind: str, properties: frozenset[str]) -> list[odata.Row]:
        """Return the rows that `$filter` lets through."""
        text = self.query.get("$filter", "")
        if not text:
            return list(rows)
        try:
            return odata.matching(rows, text, properties)
        except odata.FilterError as error:
            unknown = str(error).startswith("Could not find")
            bad_request(f"{error} on type '{kind}'." if unknown else f"{error}.", "BadRequest")

    def _context(self, kind: str) -> str:
        return f"{ROOT}/{self.version}/$metadata#{kind}"

    def _chosen(self, row: Mapping[str, Any], usual: tuple[str, ...]) -> dict[str, Any]:
        names = self.query["$select"].replace(" ", "").split(",") if "$select" in self.query else usual
        return {key: value for key, value in row.items() if not names or key in names or key.startswith("@")}
