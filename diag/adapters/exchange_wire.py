"""One conversation with Exchange Online's endpoint for settings: HTTPS, one attempt, one deadline, a bounded answer."""

import asyncio
import logging
import re
import socket
import ssl
import time
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from diag.adapters.exchange_refusals import refusal_of
from diag.adapters.exchange_words import Answer, Call, Rows, rows_of
from diag.adapters.network import Route
from diag.adapters.trust import Trust
from diag.files import why
from diag.obstacle import NotAnswered, Obstacle
from diag.secret import Redactor, Secret, scrub
from diag.sentence import Sentence, say
from diag.subject import printable

if TYPE_CHECKING:
    import httpx

_MOST_BYTES = 2**20
_MOST_READ, _MOST_QUOTED = 16384, 200  # characters
_LONGEST_WAIT_S = 10.0
_HTTPS = 443
_OK = 200
_REFUSALS = range(400, 500)
_BEARER = re.compile(r"[\x21-\x7e]{1,65536}")


def is_sendable(token: Secret) -> bool:
    """Whether the token can stand in a header; libraries would quote one that cannot."""
    return _BEARER.fullmatch(token.reveal()) is not None


def new_client(trust: Trust, timeout_s: float) -> "httpx.AsyncClient":
    """Make a client that follows nobody, and takes roots and proxies from no variable of the environment."""
    import httpx

    # At their most talkative these write down what a server says, and a server may repeat a token.
    for name in ("httpx", "httpcore.connection", "httpcore.http11"):
        logging.getLogger(name).disabled = True
    return httpx.AsyncClient(
        verify=trust.context,
        trust_env=False,
        proxy=None,
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

        self._sent = False
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.timeout_s):
                answer = await self._post(call)
        except (httpx.HTTPError, OSError) as problem:  # of which TLS is one, where it breaks in the middle
            return NotAnswered(
                obstacle=Obstacle.UNREACHABLE,
                because=self._silence(problem, time.monotonic() - began),
                perhaps_done=call.writes and self._sent,
            )
        if answer.status == _OK and (rows := rows_of(answer, self.quoted)) is not None:
            return rows
        refusal = refusal_of(answer, call, self.mailbox, self.quoted)
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
            body, flaw = await _body(answer)
            return Answer(
                status=answer.status_code,
                kind=answer.headers.get("content-type", ""),
                retry_after=answer.headers.get("retry-after", ""),
                location=answer.headers.get("location", ""),
                body=body,
                flaw=flaw,
            )

    async def _trace(self, event: str, _details: object) -> None:
        """Note the moment from which on the server may have the request."""
        if event == "http11.send_request_headers.started":
            self._sent = True

    def quoted(self, text: str) -> str:
        """Return a text of the server's in one line, short, and without secrets."""
        line = " ".join("".join(c if c.isprintable() else " " for c in text[:_MOST_READ]).split())
        return printable(scrub(self.redactor.clean(line)), _MOST_QUOTED)

    def _silence(self, problem: Exception, waited_s: float) -> Sentence:
        """Say why there was no answer."""
        import httpx

        host = urlsplit(self.base).hostname or ""
        if isinstance(problem, TimeoutError | httpx.TimeoutException):
            return say("{host} did not answer within {seconds} s.", host=host, seconds=max(1, round(waited_s)))
        if self._sent:
            return say("{host} was sent the request, and no whole answer came back.", host=host)
        causes = tuple(_causes(problem))
        for cause in causes:
            match cause:
                case ssl.SSLWantReadError():  # no failure: it stands in the way of everything that is read
                    pass
                case ssl.SSLError():
                    words = self.quoted(str(getattr(cause, "verify_message", "") or cause.reason or "TLS"))
                    return say(
                        "No trustworthy connection to {host} came about ({words}), so nothing was sent.",
                        host=host,
                        words=words,
                    )
                case socket.gaierror():
                    return say("The name {host} is not found: check the network and its DNS.", host=host)
                case _:
                    pass
        closed = say("it closes the connection")
        reason = next((why(cause) for cause in causes if isinstance(cause, OSError) and cause.errno), closed)
        return say("{host} cannot be reached: {reason}.", host=host, reason=reason)


def _causes(problem: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what it was raised from, the outermost first."""
    seen: BaseException | None = problem
    for _ in range(10):
        if seen is None:
            return
        yield seen
        seen = seen.exceptions[0] if isinstance(seen, BaseExceptionGroup) else seen.__cause__ or seen.__context__


async def _body(answer: "httpx.Response") -> tuple[bytes, Sentence | None]:
    """Read the body, one mebibyte at most after decompression, and say what is wrong with it."""
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "gzip", ""}:
        return b"", say("it is compressed in a way that nobody asked for")
    unpack = zlib.decompressobj(wbits=31) if coding == "gzip" else None
    body = bytearray()
    async for chunk in answer.aiter_raw():
        try:
            body += unpack.decompress(chunk, _MOST_BYTES + 1) if unpack else chunk
        except zlib.error:
            return b"", say("its compression is damaged")
        if len(body) > _MOST_BYTES:
            return bytes(body[:_MOST_BYTES]), say("it is longer than one mebibyte")
    if unpack and not unpack.eof:
        return b"", say("its compression is damaged")
    return bytes(body), None
