"""One conversation with Exchange Online's endpoint for settings: HTTPS, one attempt, one deadline, a bounded answer."""

import asyncio
import logging
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from diag.adapters.answers import Answer, quoting, read_answer, silence
from diag.adapters.exchange_refusals import refusal_of
from diag.adapters.exchange_words import Call, Rows, rows_of
from diag.adapters.network import Route
from diag.adapters.trust import Trust
from diag.obstacle import NotAnswered, Obstacle
from diag.secret import Redactor, Secret

if TYPE_CHECKING:
    import httpx

_LONGEST_WAIT_S = 10.0
_HTTPS = 443
_OK = 200
_REFUSALS = range(400, 500)


def new_client(trust: Trust, timeout_s: float, proxy: str | None) -> "httpx.AsyncClient":
    """Make a client that follows nobody, takes roots from no variable of the environment, and goes by this proxy."""
    import httpx

    # At their most talkative these write down what a server says, and a server may repeat a token.
    for name in ("httpx", "httpcore.connection", "httpcore.http11"):
        logging.getLogger(name).disabled = True
    return httpx.AsyncClient(
        verify=trust.context,
        trust_env=False,
        proxy=proxy,
        http1=True,
        http2=False,
        follow_redirects=False,
        # Connecting and TLS must be over before the whole request is: httpcore leaves a socket open whose handshake is
        # cancelled from outside, and closes one whose handshake takes too long.
        timeout=httpx.Timeout(timeout_s, connect=0.45 * timeout_s),
    )


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One reading or one change about one mailbox, with one token; `base` is the endpoint's https address."""

    client: "httpx.AsyncClient"
    base: str
    tenant: str
    mailbox: str
    token: Secret
    redactor: Redactor
    route: Route
    timeout_s: float
    _sent: bool = field(default=False, init=False)

    async def ask(self, call: Call) -> Rows | NotAnswered:
        """Send one cmdlet; a reading is repeated, once, where the server is busy and says that it soon will not be."""
        answer = await self._once(call)
        if call.writes or not isinstance(answer, NotAnswered) or answer.obstacle is not Obstacle.THROTTLED:
            return answer
        if answer.retry_after_s is None or answer.retry_after_s > _LONGEST_WAIT_S:
            return answer
        await asyncio.sleep(answer.retry_after_s)
        return await self._once(call)

    async def _once(self, call: Call) -> Rows | NotAnswered:
        import httpx

        self._sent, quoted = False, quoting(self.redactor)
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.timeout_s):
                answer = await self._post(call)
        except (httpx.HTTPError, OSError) as problem:  # of which TLS is one, where it breaks in the middle
            return NotAnswered(
                obstacle=Obstacle.UNREACHABLE,
                because=silence(
                    problem,
                    urlsplit(self.base).hostname or "",
                    waited_s=time.monotonic() - began,
                    sent=self._sent,
                    quoted=quoted,
                ),
                perhaps_done=call.writes and self._sent,
            )
        if answer.status == _OK and (rows := rows_of(answer, quoted)) is not None:
            return rows
        refusal = refusal_of(answer, call, self.mailbox, quoted)
        # Only a plain no is certain: behind a 5xx, a 408 or a body that cannot be read the change may have been made.
        refused = answer.status in _REFUSALS and refusal.obstacle is not Obstacle.UNAVAILABLE
        return replace(refusal, perhaps_done=call.writes and not refused)

    async def _post(self, call: Call) -> Answer:
        parts = urlsplit(self.base)
        host, port = parts.hostname or "", parts.port or _HTTPS
        address, way = self.route(host, port)
        headers = {
            "Host": parts.netloc,
            "Authorization": f"Bearer {self.token.reveal()}",
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "diag",
            "X-AnchorMailbox": f"UPN:{self.mailbox}",
            "X-CmdletName": call.cmdlet,
            "X-ResponseFormat": "json",
            "X-ClientApplication": "diag",
            "client-request-id": str(uuid.uuid4()),
            "connection-id": str(uuid.uuid4()),
        }
        # Wherever the connection really goes, the certificate must be for the host that was named.
        extensions: dict[str, Any] = {"sni_hostname": host, "trace": self._trace}
        url = f"https://{address}:{way}/adminapi/beta/{self.tenant}/InvokeCommand"
        async with self.client.stream("POST", url, headers=headers, content=call.body, extensions=extensions) as answer:
            return await read_answer(answer)

    async def _trace(self, event: str, _details: object) -> None:
        """Note the moment from which on the server may have the request."""
        if event == "http11.send_request_headers.started":
            self._sent = True
