"""One conversation with Exchange Online's endpoint for settings: HTTPS, one attempt, one deadline, a bounded answer."""

import asyncio
import re
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from diag.adapters.answers import ONE_MEBIBYTE, Answer, quoting, read_answer, silence
from diag.adapters.exchange_refusals import refusal_of
from diag.adapters.exchange_words import Call, Rows, rows_of, unreadable
from diag.adapters.network import Route
from diag.obstacle import NotAnswered, Obstacle
from diag.secret import Redactor, Secret
from diag.sentence import say

if TYPE_CHECKING:
    import httpx

_LONGEST_WAIT_S = 10.0
_A_PAGE = 1000  # mailboxes, as many as public programs ask for
_MOST_PAGES = 500
_MOST_BYTES = 32 * ONE_MEBIBYTE  # of a page
_HTTPS = 443
_OK = 200
_REFUSALS = range(400, 500)


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One reading or one change, with one token; `base` is the endpoint's https address.

    `mailbox` is the one that it is about, empty for all of them, `anchor` the one by which the endpoint finds the
    servers of the tenant.
    """

    client: "httpx.AsyncClient"
    base: str
    tenant: str
    mailbox: str
    anchor: str
    token: Secret
    redactor: Redactor
    route: Route
    timeout_s: float
    _sent: bool = field(default=False, init=False)

    async def ask(self, call: Call, link: str = "") -> Rows | NotAnswered:
        """Send one cmdlet; a reading is repeated, once, where the server is busy and says that it soon will not be.

        `link` leads to a further page of what it returns.
        """
        answer = await self._once(call, link)
        if call.writes or not isinstance(answer, NotAnswered) or answer.obstacle is not Obstacle.THROTTLED:
            return answer
        if answer.retry_after_s is None or answer.retry_after_s > _LONGEST_WAIT_S:
            return answer
        await asyncio.sleep(answer.retry_after_s)
        return await self._once(call, link)

    async def pages(self, call: Call) -> AsyncIterator[Rows | NotAnswered]:
        """Yield page after page; the last is `NotAnswered` where the next one cannot be had.

        Microsoft says nothing of pages here. The same is sent again to where the answer says that there is more, as
        public programs do, and nowhere but to the endpoint itself.
        """
        link = ""
        for _ in range(_MOST_PAGES):
            page = await self.ask(call, link)
            yield page
            if isinstance(page, NotAnswered) or not page.further:
                return
            link = page.further
            if not self._leads_here(link):
                yield unreadable(call, say("its next page stands elsewhere"))
                return
        yield unreadable(call, say("it has more than {count} pages", count=_MOST_PAGES))

    def _leads_here(self, link: str) -> bool:
        here = f"{self.base.removesuffix('/')}{self._path}?"
        return re.fullmatch(r"[\x21-\x7e]{1,8192}", link) is not None and link.casefold().startswith(here.casefold())

    @property
    def _path(self) -> str:
        return f"/adminapi/beta/{self.tenant}/InvokeCommand"

    async def _once(self, call: Call, link: str) -> Rows | NotAnswered:
        import httpx

        self._sent, quoted = False, quoting(self.redactor)
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.timeout_s):
                answer = await self._post(call, link)
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

    async def _post(self, call: Call, link: str) -> Answer:
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
            "X-AnchorMailbox": self.anchor,
            "X-CmdletName": call.cmdlet,
            "X-ResponseFormat": "json",
            "X-ClientApplication": "diag",
            "client-request-id": str(uuid.uuid4()),
            "connection-id": str(uuid.uuid4()),
        }
        if call.lists:
            headers["Prefer"] = f"odata.maxpagesize={_A_PAGE}"
        # Wherever the connection really goes, the certificate must be for the host that was named.
        extensions: dict[str, Any] = {"sni_hostname": host, "trace": self._trace}
        _, has_query, query = link.partition("?")
        url = f"https://{address}:{way}{self._path}{has_query}{query}"
        most = _MOST_BYTES if call.lists else ONE_MEBIBYTE
        async with self.client.stream("POST", url, headers=headers, content=call.body, extensions=extensions) as answer:
            return await read_answer(answer, most)

    async def _trace(self, event: str, _details: object) -> None:
        """Note the moment from which on the server may have the request."""
        if event == "http11.send_request_headers.started":
            self._sent = True
