"""Reports by e-mail through Microsoft Graph, sent once: a mail that may have left is never sent again."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diag.adapters import graph_words
from diag.adapters.answers import AskToken
from diag.adapters.delivery_sign_in import SignIn
from diag.adapters.graph_wire import GRAPH_URLS, GraphService, conversing
from diag.adapters.network import Route, straight
from diag.health.delivery import Attachment, ByGraph, Delivered, Message, NotDelivered
from diag.health.plain import one_line, plain
from diag.obstacle import NotAnswered, Obstacle
from diag.secret import Secret
from diag.sentence import Sentence, say, well_formed
from diag.subject import Cloud

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

# Graph takes requests of up to 4 MB, and a third is added by base64.
_MOST_ATTACHED = 2_900_000  # bytes
_MEDIA_TYPE = re.compile(r"([a-z]+)/([a-z0-9.+-]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphMail:
    """Sends mail as a mailbox; `translate` is the language of the few words that are added to a report."""

    sign_in: SignIn
    base: str = GRAPH_URLS[Cloud.GLOBAL]
    timeout_s: float = 60
    route: Route = straight
    translate: Callable[[str], str] = str

    async def send(self, recipient: ByGraph, secret: Secret, message: Message) -> Delivered | NotDelivered:
        """Send one mail, once."""
        token = await self.sign_in.token(
            tenant=recipient.tenant,
            client_id=recipient.client_id,
            secret=secret,
            by_itself=f"{self.base.rstrip('/')}/.default",
            for_person=f"{self.base.rstrip('/')}/Mail.Send",
        )
        if isinstance(token, NotDelivered):
            return token
        fits, note = fitting(message.attachments, _MOST_ATTACHED)
        body = mail(recipient, message, fits, note.in_language(self.translate) if note else "")
        service = GraphService(
            token=_having(token),
            trust=self.sign_in.trust,
            redactor=self.sign_in.redactor,
            base=self.base,
            timeout_s=self.timeout_s,
            route=self.route,
            at_once=1,
        )
        async with conversing(service) as conversation:
            if isinstance(conversation, NotAnswered):
                return NotDelivered(because=conversation.because, again=False)
            refused = await conversation.tell(graph_words.SEND_MAIL, lambda _: _request(recipient.sender, body))
        return Delivered(note=note) if refused is None else _not_sent(refused)


def _having(token: Secret) -> AskToken:
    async def asked() -> Secret:
        return token

    return asked


def _not_sent(refused: NotAnswered) -> NotDelivered:
    if refused.perhaps_done:
        because = say("{why} It is not known whether the mail was sent, so it is not sent again.", why=refused.because)
        return NotDelivered(because=because, again=False)
    again = refused.obstacle in {Obstacle.THROTTLED, Obstacle.UNAVAILABLE, Obstacle.UNREACHABLE}
    return NotDelivered(because=refused.because, again=again, after_s=refused.retry_after_s)


def fitting(attachments: tuple[Attachment, ...], most_bytes: int) -> tuple[tuple[Attachment, ...], Sentence | None]:
    """Return the attachments that fit, the smallest first to be let in, and what to say of the others."""
    room, fits = most_bytes, set[int]()
    for at in sorted(range(len(attachments)), key=lambda at: len(attachments[at].content)):
        if len(attachments[at].content) <= room:
            room -= len(attachments[at].content)
            fits.add(at)
    left_out = ", ".join(one_line(one.name) for at, one in enumerate(attachments) if at not in fits)
    note = say("Left out, since it is too large for a mail: {names}.", names=left_out) if left_out else None
    return tuple(one for at, one in enumerate(attachments) if at in fits), note


def kind_of(attachment: Attachment) -> tuple[str, str]:
    """Return the two parts of its media type."""
    known = _MEDIA_TYPE.fullmatch(attachment.media_type)
    return (known[1], known[2]) if known else ("application", "octet-stream")


def letter(message: Message, note: str) -> str:
    """Return the text of a mail."""
    return "\n".join([plain(message.text), *(["", note] if note else [])]) + "\n"


def mail(recipient: ByGraph, message: Message, attachments: tuple[Attachment, ...], note: str) -> bytes:
    """Return the body of a request that sends the mail."""
    written: dict[str, Any] = {
        "subject": one_line(message.subject),
        "body": {"contentType": "Text", "content": letter(message, note)},
        "toRecipients": [{"emailAddress": {"address": one}} for one in recipient.to],
        "attachments": [
            {
                "@odata.type": "#microsoft.graph.fileAttachment",
                "name": one_line(one.name),
                "contentType": "/".join(kind_of(one)),
                "contentBytes": base64.b64encode(one.content).decode(),
            }
            for one in attachments
        ],
    }
    # The report is kept already; nobody clears out the folder of sent mail of a mailbox that nobody opens.
    return well_formed(json.dumps({"message": written, "saveToSentItems": False}, ensure_ascii=False)).encode()


def _request(sender: str, body: bytes) -> "RequestInformation":
    from kiota_abstractions.method import Method
    from kiota_abstractions.request_information import RequestInformation

    info = RequestInformation(Method.POST, "{+baseurl}/users/{user}/sendMail", {"user": sender})
    info.set_stream_content(body, "application/json")
    return info
