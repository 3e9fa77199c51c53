"""The `Post` port: each recipient by its own way, with the secret that its reference leads to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from diag.adapters.delivery_graph import GraphMail
from diag.adapters.delivery_smtp import SmtpMail
from diag.adapters.delivery_web import Web
from diag.health.delivery import Begun, ByGraph, BySmtp, ByUrl, Delivered, Message, NotDelivered, Ping, Recipient
from diag.secret import Secret
from diag.sentence import Sentence, say

Fetch: TypeAlias = Callable[[str], Awaitable[Secret | Sentence]]
"""Returns the secret that a reference leads to, or says why it cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """The `Post` port."""

    fetch: Fetch
    web: Web
    graph: GraphMail
    smtp: SmtpMail

    async def deliver(self, recipient: Recipient, message: Message | Begun) -> Delivered | NotDelivered:
        """See the port."""
        reference = recipient.credential if isinstance(recipient, ByGraph | BySmtp) else recipient.url
        secret = await self.fetch(reference)
        if not isinstance(secret, Secret):
            return NotDelivered(because=say("The secret cannot be had: {why}", why=secret), again=False)
        if isinstance(recipient, Ping):
            return await self.web.ping(recipient, secret, message)
        if isinstance(message, Begun):
            return NotDelivered(because=say("Only a dead man's switch is told that a run begins."), again=False)
        match recipient:
            case ByUrl():
                return await self.web.post(recipient, secret, message)
            case ByGraph():
                return await self.graph.send(recipient, secret, message)
            case BySmtp():
                return await self.smtp.send(recipient, secret, message)
