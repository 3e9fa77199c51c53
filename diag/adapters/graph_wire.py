"""One conversation with Microsoft Graph: a few questions at a time, one deadline for all, each question asked once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from diag.adapters.answers import ONE_MEBIBYTE, Answer, AskToken, obtained, quoting, service_url, silence
from diag.adapters.graph_reading import Record
from diag.adapters.graph_refusals import refusal_of, unreadable, without_form
from diag.adapters.graph_words import Call
from diag.adapters.network import Route, straight
from diag.adapters.threads import abandonable
from diag.adapters.trust import Trust
from diag.obstacle import NotAnswered, Obstacle
from diag.secret import Redactor, Secret
from diag.sentence import say
from diag.subject import Cloud

if TYPE_CHECKING:
    from diag.adapters.graph_sdk import Sdk

GRAPH_URLS = {
    Cloud.GLOBAL: "https://graph.microsoft.com",
    Cloud.GCC_HIGH: "https://graph.microsoft.us",
    Cloud.DOD: "https://dod-graph.microsoft.us",
    Cloud.CHINA: "https://microsoftgraph.chinacloudapi.cn",
}
_LONGEST_WAIT_S = 10.0
_MOST_PAGES = 5
_THROTTLED, _FOUND = 429, 302
_GOOD = frozenset({200, 201, 202})
_DONE = frozenset({202, 204})
_REFUSALS = range(300, 500)
Found = TypeVar("Found")
Build: TypeAlias = "Callable[[Sdk], Any]"
"""Lets the library write the request for a call; None where it must not be sent."""


def graph_url(url: str) -> str:
    """Return `url` unchanged if a token may be sent there; raises `InvalidInputError` otherwise."""
    return service_url(url, GRAPH_URLS[Cloud.GLOBAL])


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphService:
    """Where Graph is, who asks it, and how it is reached.

    `timeout_s` holds for a whole conversation, from the first request on, and `request_s` for one request (None: as
    long as the conversation lasts); `at_once` questions are under way at most, and no answer is read beyond
    `most_bytes`.
    """

    token: AskToken
    trust: Trust
    redactor: Redactor
    base: str = GRAPH_URLS[Cloud.GLOBAL]
    timeout_s: float = 60
    request_s: float | None = None
    route: Route = straight
    at_once: int = 4
    most_bytes: int = ONE_MEBIBYTE

    def __post_init__(self) -> None:
        """Refuse, with `InvalidInputError`, an address that no token may be sent to."""
        graph_url(self.base)


@dataclass(slots=True, kw_only=True)
class Conversation:
    """The questions of one run, with one token. Leave it with `close`, as `conversing` does."""

    sdk: "Sdk"
    host: str
    redactor: Redactor
    timeout_s: float
    request_s: float
    deadline: float  # on the clock of the event loop
    slots: asyncio.Semaphore

    async def ask(
        self, call: Call, build: Build, read: Callable[[Record], Found | None], *, is_patient: bool = True
    ) -> Found | NotAnswered:
        """Ask, once more where the server is busy and soon will not be, and read; only a GET is ever sent twice.

        Whoever waits in a way of their own is not patient.
        """
        answer = await self._once(build)
        if is_patient and isinstance(answer, Answer) and answer.status == _THROTTLED and call.method == "GET":
            wait_s = answer.wait_s
            if wait_s is not None and wait_s <= _LONGEST_WAIT_S and wait_s < self.deadline - _now():
                await asyncio.sleep(wait_s)
                answer = await self._once(build)
        if isinstance(answer, NotAnswered):
            return answer
        quoted = quoting(self.redactor)
        if answer.status not in _GOOD:
            return refusal_of(answer, call, quoted)
        if answer.flaw is not None:
            return unreadable(answer.flaw)
        found = answer.json
        if not isinstance(found, dict):
            return refusal_of(answer, call, quoted)
        result = read(Record(found, quoted))
        return without_form() if result is None else result

    async def tell(self, call: Call, build: Build) -> NotAnswered | None:
        """Send a change, once, to which no more than a yes is said; None where it is."""
        answer = await self._once(build, writes=True)
        if isinstance(answer, NotAnswered):
            return answer
        if answer.status in _DONE:
            return None
        refusal = refusal_of(answer, call, quoting(self.redactor))
        # Only a plain no is certain; but who says when to come again has not let anything in.
        refused = answer.status in _REFUSALS and refusal.obstacle is not Obstacle.UNAVAILABLE
        return replace(refusal, perhaps_done=not refused and refusal.retry_after_s is None)

    async def ask_rows(self, call: Call, build: Build) -> tuple[Record, ...] | NotAnswered:
        """Ask for a list, five pages of it at most; a page that cannot be had makes the whole list unknown."""
        rows: list[Record] = []
        link = ""
        for _ in range(_MOST_PAGES):
            page = await self.ask(call, page_at(link, call) if link else build, page_of)
            if isinstance(page, NotAnswered):
                return page
            more, link = page
            rows += more
            if not link:
                return tuple(rows)
        return unreadable(say("it has more than {count} pages", count=_MOST_PAGES))

    async def ask_where(self, call: Call, build: Build) -> str | NotAnswered:
        """Ask for what the server keeps elsewhere: return the address that it redirects to, which is not followed."""
        answer = await self._once(build)
        if isinstance(answer, NotAnswered):
            return answer
        return answer.location if answer.status == _FOUND else refusal_of(answer, call, quoting(self.redactor))

    async def _once(self, build: Build, *, writes: bool = False) -> Answer | NotAnswered:
        from diag.adapters.graph_transport import LostError

        began = _now()
        try:
            async with asyncio.timeout_at(self.deadline), self.slots, asyncio.timeout(self.request_s):
                info = build(self.sdk)
                return await self.sdk.send(info) if info is not None else _astray()
        except LostError as lost:
            return self._silence(lost.__cause__ or lost, _now() - began, sent=lost.sent, writes=writes)
        except TimeoutError as late:
            waited_s = self.timeout_s if _now() >= self.deadline else self.request_s
            return self._silence(late, waited_s, sent=True, writes=writes)

    def _silence(self, problem: BaseException, waited_s: float, *, sent: bool, writes: bool) -> NotAnswered:
        said = silence(problem, self.host, waited_s=waited_s, sent=sent, quoted=quoting(self.redactor))
        return NotAnswered(obstacle=Obstacle.UNREACHABLE, because=said, perhaps_done=writes and sent)

    async def close(self) -> None:
        """Close the connections."""
        await self.sdk.close()


def page_of(found: Record) -> tuple[tuple[Record, ...], str] | None:
    """Read the rows of a page, and the link to the next one."""
    link = found.fields.get("@odata.nextLink")
    return (found.rows("value"), link if isinstance(link, str) else "") if found.has_rows("value") else None


def page_at(link: str, call: Call) -> Build:
    """The page that a link leads to, where that is one of the same call."""
    return lambda sdk: sdk.further(link, call)


def _astray() -> NotAnswered:
    return unreadable(say("its next page stands elsewhere"))


def _now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def conversing(service: GraphService) -> AsyncIterator[Conversation | NotAnswered]:
    """Hold a conversation; the library is imported in a thread, beside whatever else is going on."""
    begun = await _begun(service)
    try:
        yield begun
    finally:
        if isinstance(begun, Conversation):
            await begun.close()


async def _begun(service: GraphService) -> Conversation | NotAnswered:
    token = await obtained(service.token, service.redactor)
    if isinstance(token, NotAnswered):
        return token
    try:
        sdk = await abandonable(None, _open, service, token)
    except ImportError:
        missing = say(
            "the library for Microsoft Graph is not installed: {command}", command='pip install "diag[graph]"'
        )
        return NotAnswered(obstacle=Obstacle.NOT_ASKED, because=missing)
    return Conversation(
        sdk=sdk,
        host=urlsplit(service.base).hostname or "",
        redactor=service.redactor,
        timeout_s=service.timeout_s,
        request_s=service.request_s or service.timeout_s,
        deadline=_now() + service.timeout_s,
        slots=asyncio.Semaphore(service.at_once),
    )


def _open(service: GraphService, token: Secret) -> "Sdk":
    from diag.adapters.graph_sdk import Sdk

    sdk = Sdk(service, token)
    sdk.rehearse()
    return sdk
