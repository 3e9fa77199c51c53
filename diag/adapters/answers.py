"""HTTP answers to an administrator's questions: bounded bodies, when to ask again, and why there is none at all."""

import json
import logging
import re
import socket
import ssl
import zlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from diag.adapters.network import Route, straight
from diag.adapters.trust import Trust
from diag.files import why
from diag.obstacle import NotAnswered, Obstacle
from diag.secret import Redactor, Secret, scrub
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError, host_name, printable

if TYPE_CHECKING:
    import httpx

ONE_MEBIBYTE = 2**20
_PROXIES = frozenset({"http", "https"})
_MOST_READ, _MOST_QUOTED = 16384, 200  # characters
_BEARER = re.compile(r"[\x21-\x7e]{1,65536}")

AskToken: TypeAlias = Callable[[], Awaitable[Secret | NotAnswered]]
"""Returns an administrator's token, never the one for the mail server, or why there is none."""

Quoted: TypeAlias = Callable[[str], str]
"""Makes a text of the server's fit to be shown: one line, short, without secrets."""


def is_sendable(token: Secret) -> bool:
    """Whether the token can stand in a header; libraries would quote one that cannot."""
    return _BEARER.fullmatch(token.reveal()) is not None


async def obtained(token: AskToken, redactor: Redactor) -> Secret | NotAnswered:
    """Ask for a token that can be sent, and have it kept out of every text."""
    found = await token()
    if isinstance(found, NotAnswered):
        return found
    if not is_sendable(found):
        unfit = say("The administrator's token is empty, or has characters that no token has.")
        return NotAnswered(obstacle=Obstacle.NO_TOKEN, because=unfit)
    redactor.add(found)
    return found


def service_url(url: str, example: str) -> str:
    """Return `url` unchanged if a token may be sent there: https and a host, perhaps a port, and nothing else.

    Raises `InvalidInputError` otherwise; `example` is an address as it should be.
    """
    if not _is_bare_https(url):
        shown = without_password(url)
        raise InvalidInputError(say("'{url}' is not an address like {example}.", url=shown, example=example))
    return url


def _is_bare_https(url: str) -> bool:
    """Whether `url` is https and a host, perhaps a port, and nothing else; raises `InvalidInputError` for the host."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = f"https://{host}" if port is None else f"https://{host}:{port}"
    if not host or url.removesuffix("/").lower() != plain:
        return False
    host_name(host)
    return True


def proxy_for(url: str, route: Route) -> str | None:
    """Return the proxy that this computer is told to use for an address, by its environment or by Windows' settings.

    TLS goes through it to the host that was named. None where there is none, where it is of a kind that diag cannot
    speak to (SOCKS), and where the route leads elsewhere, as in a lab.
    """
    host = urlsplit(url).hostname or ""
    if route is not straight or proxy_bypass(host):
        return None
    found = getproxies()
    proxy = found.get("https") or found.get("all") or ""
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    try:
        return proxy if urlsplit(proxy).scheme.lower() in _PROXIES and urlsplit(proxy).hostname else None
    except ValueError:
        return None


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


def without_password(url: str) -> str:
    """Return an address that was typed, fit to be shown."""
    return printable(re.sub(r"//[^/]*@", "//***@", url))


def quoting(redactor: Redactor) -> Quoted:
    """Return what makes a text of the server's fit to be shown; for one answer, in which many texts come again."""

    @lru_cache(maxsize=1024)
    def quoted(text: str) -> str:
        line = " ".join("".join(c if c.isprintable() else " " for c in text[:_MOST_READ]).split())
        return printable(scrub(redactor.clean(line)), _MOST_QUOTED)

    return quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer. `flaw` says why its body could not be read whole, where it could not."""

    status: int
    kind: str = ""
    retry_after: str = ""
    location: str = ""
    body: bytes = field(default=b"", repr=False)
    flaw: Sentence | None = None

    @property
    def json(self) -> object:
        """What the body holds as JSON; None where it is none."""
        try:
            return json.loads(self.body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return None

    @property
    def is_page(self) -> bool:
        """Whether it is a web page, as proxies and guest networks send them."""
        return "html" in self.kind.lower() or self.body.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")

    @property
    def wait_s(self) -> float | None:
        """What its Retry-After says: seconds, or a date (RFC 9110, 10.2.3)."""
        if re.fullmatch(r"[0-9]{1,6}", self.retry_after):
            return float(self.retry_after)
        try:
            later = parsedate_to_datetime(self.retry_after).astimezone(UTC)
            return max(0.0, (later - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError, OverflowError):
            return None

    @property
    def place(self) -> str:
        """The host it sends the request to."""
        try:
            return urlsplit(self.location).netloc.rpartition("@")[2]  # `hostname` has other letters than a secret
        except ValueError:
            return ""


async def read_answer(answer: "httpx.Response", most_bytes: int = ONE_MEBIBYTE) -> Answer:
    """Read an answer whose body still waits, `most_bytes` at most after decompression."""
    body, flaw = await _body(answer, most_bytes)
    return Answer(
        status=answer.status_code,
        kind=answer.headers.get("content-type", ""),
        retry_after=answer.headers.get("retry-after", ""),
        location=answer.headers.get("location", ""),
        body=body,
        flaw=flaw,
    )


async def _body(answer: "httpx.Response", most_bytes: int) -> tuple[bytes, Sentence | None]:
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "gzip", ""}:
        return b"", say("it is compressed in a way that nobody asked for")
    unpack = zlib.decompressobj(wbits=31) if coding == "gzip" else None
    body = bytearray()
    async for chunk in answer.aiter_raw():
        try:
            body += unpack.decompress(chunk, most_bytes + 1) if unpack else chunk
        except zlib.error:
            return b"", say("its compression is damaged")
        if len(body) > most_bytes:
            return bytes(body[:most_bytes]), _too_long(most_bytes)
    if unpack and not unpack.eof:
        return b"", say("its compression is damaged")
    return bytes(body), None


def _too_long(most_bytes: int) -> Sentence:
    if most_bytes == ONE_MEBIBYTE:
        return say("it is longer than one mebibyte")
    return say("it is longer than {count} mebibytes", count=most_bytes // ONE_MEBIBYTE)


def silence(problem: BaseException, host: str, *, waited_s: float, sent: bool, quoted: Quoted) -> Sentence:
    """Say why there was no answer from `host`; `sent` is whether it may have the request."""
    import httpx

    if isinstance(problem, TimeoutError | httpx.TimeoutException):
        return say("{host} did not answer within {seconds} s.", host=host, seconds=max(1, round(waited_s)))
    if sent:
        return say("{host} was sent the request, and no whole answer came back.", host=host)
    behind = tuple(causes(problem))
    for cause in behind:
        match cause:
            case ssl.SSLWantReadError():  # no failure: it stands in the way of everything that is read
                pass
            case ssl.SSLError():
                words = quoted(str(getattr(cause, "verify_message", "") or cause.reason or "TLS"))
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
    reason = next((why(cause) for cause in behind if isinstance(cause, OSError) and cause.errno), closed)
    return say("{host} cannot be reached: {reason}.", host=host, reason=reason)


def causes(problem: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what it was raised from, the outermost first."""
    seen: BaseException | None = problem
    for _ in range(10):
        if seen is None:
            return
        yield seen
        seen = seen.exceptions[0] if isinstance(seen, BaseExceptionGroup) else seen.__cause__ or seen.__context__
