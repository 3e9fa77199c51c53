"""The e-mail app usage report: Microsoft Graph says where it is, and there anybody may fetch it for a while.

The real one lies on a host of its own; here that is Graph's, and every ticket is good once. Who sent by SMTP is who
signed in over SMTP within the period, by the scenario's log, and whose messages the mail server took; of the real
report it is not known what stands in that column.
"""

import csv
import hashlib
import io
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from diag.directory import SMTP_CLIENTS
from diag.lab.graph_call import ROOT, Call, bad_request
from diag.lab.tenant import Exchange

PLACE = "/data/download/"
_DAYS = {"D7": 7, "D30": 30, "D90": 90, "D180": 180}
_HEAD = (
    *("Report Refresh Date", "User Principal Name", "Display Name", "Is Deleted", "Deleted Date"),
    *("Last Activity Date", "Mail For Mac", "Outlook For Mac", "Outlook For Windows", "Outlook For Mobile"),
    *("Other For Mobile", "Outlook For Web", "POP3 App", "IMAP4 App", "SMTP App", "Report Period"),
)


@dataclass(frozen=True, slots=True)
class Reports:
    """The reports of one tenant, and the tickets that were handed out for them, with the days each is about."""

    exchange: Exchange
    tickets: dict[str, int] = field(default_factory=dict, repr=False)

    def usage(self, call: Call) -> Response:
        """Answer where the report is."""
        days = _DAYS.get(call.names["period"])
        if days is None:
            bad_request("Invalid period value specified.", "InvalidArgument")
        ticket = secrets.token_urlsafe(24)
        self.tickets[ticket] = days
        return RedirectResponse(f"{ROOT}{PLACE}{ticket}", HTTPStatus.FOUND, {"content-type": "text/plain"})

    def table(self, request: Request) -> Response:
        """Answer with the report itself; who brings a token that is not asked for here has told it to a stranger."""
        days = self.tickets.pop(request.path_params["ticket"], None)
        if days is None or "authorization" in request.headers:
            return PlainTextResponse("", HTTPStatus.FORBIDDEN)
        written = io.StringIO(newline="")
        lines = csv.writer(written)
        lines.writerow(_HEAD)
        lines.writerows(self._lines(days))
        return Response(written.getvalue().encode("utf-8-sig"), media_type="application/octet-stream")

    def _lines(self, days: int) -> Iterator[tuple[str, ...]]:
        scenario, today = self.exchange.scenario, self.exchange.clock.now()
        sent = self._sent(days)
        for box in scenario.mailboxes:
            if not box.in_exchange:
                continue
            name, shown = box.upn, box.address.partition("@")[0].replace(".", " ").title()
            if scenario.directory.concealed_names:
                name, shown = (
                    hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper() for text in (name, shown)
                )
            smtp = "Yes" if box.upn.casefold() in sent or box.address.casefold() in sent else ""
            last = f"{today - timedelta(days=2):%Y-%m-%d}" if smtp else ""
            yield (
                *(f"{today - timedelta(days=1):%Y-%m-%d}", name, shown, "False", "", last),
                *("", "", "", "", "", "", "", "", smtp, str(days)),
            )

    def _sent(self, days: int) -> frozenset[str]:
        """The names of the accounts, and of the mailboxes, that sent by SMTP."""
        scenario = self.exchange.scenario
        logged = (
            one.account or scenario.account
            for one in scenario.sign_ins
            if one.client.lower() in SMTP_CLIENTS and one.code == 0 and one.minutes_ago <= days * 24 * 60
        )
        return frozenset(name.casefold() for name in (*logged, *(one.sender for one in self.exchange.accepted)))
