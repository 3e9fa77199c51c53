"""Mail that is sent through Microsoft Graph: who may send as whom, and what then stands among the lab's messages.

The codes and messages of the refusals are Graph's own.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from http import HTTPStatus
from typing import Any, NoReturn

from starlette.responses import Response

from diag.lab.graph_call import Call, GraphError, bad_request
from diag.lab.tenant import Exchange

_DENIED = GraphError(
    HTTPStatus.FORBIDDEN,
    "ErrorSendAsDenied",
    "The user account which was used to submit this request does not have the right to send mail on behalf of the "
    "specified sending account., Cannot submit message.",
)
_KIND = re.compile(r"([\w.+-]+)/([\w.+-]+)")


@dataclass(frozen=True, slots=True)
class Mail:
    """Takes mail for delivery."""

    exchange: Exchange

    def send(self, call: Call) -> Response:
        """Send a message as the mailbox in the path; a person may do so for the own mailbox alone."""
        box = self.exchange.mailbox(call.names["user"])
        if box is None:
            raise GraphError(HTTPStatus.NOT_FOUND, "ErrorInvalidUser", "The requested user is invalid.")
        if call.person is not None and not box.is_called(call.person):
            raise _DENIED
        written = call.sent().get("message")
        if not isinstance(written, dict):
            bad_request("The required parameter Message is missing.", "ErrorInvalidParameter")
        sender = _address(written["from"]) if "from" in written else box.address
        if not self.exchange.may_send_as(box.address, sender):
            raise _DENIED
        recipients = [_address(one) for one in _rows(written, "toRecipients")]
        if not recipients:
            raise GraphError(
                HTTPStatus.BAD_REQUEST,
                "ErrorInvalidRecipients",
                "At least one recipient isn't valid., A message can't be sent because it contains no recipients.",
            )
        content = _letter(written, sender, recipients)
        self.exchange.messages.append(content)
        self.exchange.took(content, sender, tuple(recipients), "graph")
        return Response(status_code=HTTPStatus.ACCEPTED)


def _rows(written: Mapping[str, Any], name: str) -> list[Any]:
    rows = written.get(name, [])
    return rows if isinstance(rows, list) else _unread()


def _address(found: Any) -> str:
    try:
        return str(found["emailAddress"]["address"])
    except (TypeError, KeyError):
        _unread()


def _unread() -> NoReturn:
    bad_request("Unable to read JSON request payload.", "BadRequest")


def _letter(written: Mapping[str, Any], sender: str, recipients: list[str]) -> bytes:
    letter = EmailMessage(policy=SMTP_POLICY)
    letter["From"] = sender
    letter["To"] = ", ".join(recipients)
    letter["Subject"] = str(written.get("subject", ""))
    body = written.get("body")
    content = body if isinstance(body, dict) else {}
    kind = "html" if str(content.get("contentType", "")).casefold() == "html" else "plain"
    letter.set_content(str(content.get("content", "")), subtype=kind)
    for one in _rows(written, "attachments"):
        if not isinstance(one, dict) or one.get("@odata.type") != "#microsoft.graph.fileAttachment":
            _unread()
        try:
            raw = base64.b64decode(str(one.get("contentBytes", "")), validate=True)
        except binascii.Error:
            _unread()
        sort = _KIND.fullmatch(str(one.get("contentType", "application/octet-stream")))
        if sort is None:
            _unread()
        letter.add_attachment(raw, maintype=sort[1], subtype=sort[2], filename=str(one.get("name", "")))
    return letter.as_bytes()
