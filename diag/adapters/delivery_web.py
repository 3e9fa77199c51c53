"""Reports posted to web addresses, and the dead man's switch: HTTPS, one attempt, one deadline, a bounded answer.

The address is a secret. It comes from a reference, goes to its own host and nowhere else, and is made known to the
redactor before anything is sent.
"""

import asyncio
import json
import re
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from diag.adapters.answers import Answer, causes, new_client, proxy_for, quoting, read_answer, silence
from diag.adapters.network import Route, straight
from diag.adapters.threads import abandonable
from diag.adapters.trust import Trust
from diag.health.delivery import Begun, ByUrl, Delivered, Message, NotDelivered, Ping
from diag.secret import Redactor, Secret
from diag.sentence import say, well_formed
from diag.subject import InvalidInputError, host_name

if TYPE_CHECKING:
    import httpx

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"https": 443, "http": 80}
_LONGEST_URL = 4096
_MOST_READ = 16384  # bytes of an answer; the rest is not read
_GOOD, _REDIRECTIONS, _BROKEN = range(200, 300), range(300, 400), range(500, 600)
_PASSING = frozenset({408, 425, 429})
_FAILED = frozenset({"critical", "unknown"})
# A part of an address that may be what makes it a secret: no word of a path ("services", "invoke") looks like it.
_TOKEN = re.compile(r"(?=.*\d).{6,}|(?=.*[a-z])(?=.*[A-Z]).{8,}|.{24,}")
_JSON = "application/json"
_SHORT_LOOK_S = 20.0

Body: TypeAlias = tuple[bytes, str]


@dataclass(frozen=True, slots=True)
class Address:
    """Where to post: the parts of a URL that was checked. It shows its host alone."""

    parts: SplitResult

    def __repr__(self) -> str:
        return f"Address({self.host})"

    @property
    def host(self) -> str:
        """Its host, which is no secret."""
        return self.parts.hostname or ""

    @property
    def port(self) -> int:
        """Its port."""
        return self.parts.port or _PORTS[self.parts.scheme]

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What of it must be shown nowhere: the whole path and query, and every part that is long enough to be one."""
        parts = self.parts
        rest = parts.path + (f"?{parts.query}" if parts.query else "")
        pieces = [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query)), parts.password or ""]
        found = [rest, *(one for one in (*pieces, *map(unquote, pieces)) if _TOKEN.fullmatch(one))]
        return tuple(Secret(one) for one in dict.fromkeys(found) if one.strip("/"))

    def url(self, route: Route, behind: str = "") -> str:
        """Where the request really goes, `behind` put at the end of its path."""
        address, way = route(self.host, self.port)
        literal = f"[{address}]" if ":" in address else address
        path = self.parts.path.rstrip("/") + behind if behind else self.parts.path
        query = f"?{self.parts.query}" if self.parts.query else ""
        return f"{self.parts.scheme}://{literal}:{way}{path}{query}"


def address_in(text: Secret) -> Address | None:
    """Read an address that may be posted to; None where it is none.

    https, or http to this computer itself, where nobody can listen on the way.
    """
    url = text.reveal().strip()
    if len(url) > _LONGEST_URL or not re.fullmatch(r"[\x21-\x7e]+", url):
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        if ":" not in host:
            host_name(host)
    except (ValueError, InvalidInputError):
        return None
    near = parts.scheme == "http" and host in _LOOPBACK
    return Address(parts) if host and (parts.scheme == "https" or near) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Posts to web addresses; `timeout_s` holds for a whole attempt."""

    trust: Trust
    redactor: Redactor
    route: Route = straight
    timeout_s: float = 30

    async def post(self, recipient: ByUrl, url: Secret, message: Message) -> Delivered | NotDelivered:
        """Post a report, once."""
        address = self._known(url)
        if address is None:
            return _no_address(recipient.url)
        body = await self._written(recipient, message)
        if isinstance(body, NotDelivered):
            return body
        answer = await self._send("POST", address, address.url(self.route), body)
        if isinstance(answer, NotDelivered):
            return answer
        return self._meaning(answer, address, is_slack=recipient.kind == "slack")

    async def ping(self, ping: Ping, url: Secret, news: Message | Begun) -> Delivered | NotDelivered:
        """Tell a dead man's switch, once, that a run begins or has finished."""
        address = self._known(url)
        if address is None:
            return _no_address(ping.url)
        match news:
            case Begun():
                behind = "/start"
            case Message(status=status):
                behind = "/fail" if ping.fail and status in _FAILED else ""
        answer = await self._send("GET", address, address.url(self.route, behind))
        return answer if isinstance(answer, NotDelivered) else self._meaning(answer, address)

    def _known(self, url: Secret) -> Address | None:
        address = address_in(url)
        for secret in address.secrets if address else (url,):
            self.redactor.add(secret)
        return address

    async def _written(self, recipient: ByUrl, message: Message) -> Body | NotDelivered:
        from diag.adapters import delivery_apprise

        try:
            match recipient.kind:
                case "teams":
                    return await abandonable(_SHORT_LOOK_S, delivery_apprise.teams_card, message), _JSON
                case "slack":
                    return await abandonable(_SHORT_LOOK_S, delivery_apprise.slack_text, message), _JSON
                case "webhook":
                    return _report(message)
                case _ as never:
                    assert_never(never)
        except ImportError:
            missing = say(
                "The library for Teams and Slack is not installed: {command}", command='pip install "diag[deliver]"'
            )
            return NotDelivered(because=missing, again=False)
        except TimeoutError:
            return NotDelivered(because=say("Writing the report for it took too long."), again=True)

    async def _send(self, method: str, address: Address, url: str, body: Body | None = None) -> Answer | NotDelivered:
        import httpx

        sent = False

        async def trace(event: str, _details: object) -> None:
            nonlocal sent
            sent = sent or event == "http11.send_request_headers.started"

        began = time.monotonic()
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._exchange(method, address, url, body, trace)
        except (httpx.HTTPError, OSError) as problem:  # of which TLS is one, where it breaks in the middle
            because = silence(
                problem,
                address.host,
                waited_s=time.monotonic() - began,
                sent=sent,
                quoted=quoting(self.redactor),
            )
            # A report that comes twice does less harm than one that does not come.
            return NotDelivered(because=because, again=not _is_untrusted(problem))
        except httpx.InvalidURL:
            return NotDelivered(because=say("The address cannot be used."), again=False)

    async def _exchange(self, method: str, address: Address, url: str, body: Body | None, trace: Any) -> Answer:
        parts = address.parts
        headers = {
            "Host": parts.netloc.rpartition("@")[2],
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "User-Agent": "diag",
        }
        if body is not None:
            headers["Content-Type"] = body[1]
        proxy = (
            None if address.host in _LOOPBACK else proxy_for(f"https://{parts.netloc.rpartition('@')[2]}", self.route)
        )
        async with new_client(self.trust, self.timeout_s, proxy) as client:
            request = client.build_request(
                method,
                url,
                headers=headers,
                content=body[0] if body else None,
                # Wherever the connection really goes, the certificate must be for the host that was named.
                extensions={"sni_hostname": address.host, "trace": trace},
            )
            answer = await client.send(request, stream=True, auth=_login(parts))
            try:
                return await read_answer(answer, _MOST_READ)
            finally:
                await answer.aclose()

    def _meaning(self, answer: Answer, address: Address, *, is_slack: bool = False) -> Delivered | NotDelivered:
        """Say what an answer means. Of a good one only Slack's is read: it says no with status 200 too."""
        quoted, host, status = quoting(self.redactor), address.host, answer.status
        words = "" if answer.is_page else quoted(answer.body.decode("utf-8", "replace"))
        if status in _GOOD and (not is_slack or _is_ok(answer)):
            return Delivered()
        if status in _REDIRECTIONS:
            because = say(
                "{host} sends the report elsewhere (HTTP {status}, to {place}), and diag does not follow.",
                host=host,
                status=status,
                place=quoted(answer.place) or "?",
            )
            return NotDelivered(because=because, again=False)
        again = status in _PASSING or status in _BROKEN
        because = say("{host} does not take the report (HTTP {status}).", host=host, status=status)
        if words:
            because = say("{sentence} The server says: {quote}", sentence=because, quote=words)
        return NotDelivered(because=because, again=again, after_s=answer.wait_s if again else None)


def _login(parts: SplitResult) -> "httpx.Auth | None":
    import httpx

    if parts.username is None:
        return None
    return httpx.BasicAuth(unquote(parts.username), unquote(parts.password or ""))


def _is_ok(answer: Answer) -> bool:
    found = answer.json
    return answer.body.strip() == b"ok" or (isinstance(found, dict) and found.get("ok") is True)


def _report(message: Message) -> Body:
    """Return the whole report as JSON, or what there is of it."""
    for one in message.attachments:
        if one.media_type == _JSON:
            return one.content, _JSON
    short = {"run": message.run, "status": message.status, "subject": message.subject, "text": message.text}
    return well_formed(json.dumps(short, ensure_ascii=False)).encode(), _JSON


def _no_address(reference: str) -> NotDelivered:
    # What stands there instead is not shown: it may be the secret, cut in two.
    because = say("{reference} holds no https address (or http, to this computer itself).", reference=reference)
    return NotDelivered(because=because, again=False)


def _is_untrusted(problem: BaseException) -> bool:
    """Whether the certificate, or TLS itself, was the trouble: that does not pass by itself."""
    return any(isinstance(one, ssl.SSLError) and not isinstance(one, ssl.SSLWantReadError) for one in causes(problem))
