"""HTTPS for the sign-in: our roots, our time-out, no variable of the environment that overrides them.

`REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE`, common on company computers, replace whatever roots a program chose unless
`trust_env` is off; a proxy, which such computers need, is therefore read from the environment by hand.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ConnectTimeout, ContentDecodingError, ProxyError, ReadTimeout, SSLError
from requests.utils import get_environ_proxies

from diag.adapters.trust import Trust
from diag.evidence import ClockReading, Reason, Silence
from diag.secret import Redactor, Secret

_MOST_BYTES = 2**20
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})  # no proxy leads to this computer
_SECRETS = frozenset({"client_assertion", "client_secret", "code", "device_code", "refresh_token"})


class _TrustingAdapter(HTTPAdapter):
    """Uses the run's one SSLContext, and no other roots beside it."""

    def __init__(self, trust: Trust) -> None:
        self._context = trust.context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context)

    def cert_verify(self, conn: Any, url: str, verify: object, cert: object) -> None:
        """Leave the roots alone: the context already has them."""
        del url, verify, cert
        conn.cert_reqs, conn.ca_certs, conn.ca_cert_dir = "CERT_REQUIRED", None, None


class HttpsSession(requests.Session):
    """A session that remembers the last status, failure and date, for the record; HTTPS only.

    Answers are read up to one mebibyte, and what is posted as a secret is made known to `redactor`.
    """

    def __init__(self, trust: Trust, url: str, timeout_s: float, redactor: Redactor) -> None:
        super().__init__()
        self.trust_env = False
        if urlsplit(url).hostname not in _LOOPBACK:
            self.proxies.update(get_environ_proxies(url))
        self.headers["Accept-Encoding"] = "identity"
        self.adapters.clear()
        self.mount("https://", _TrustingAdapter(trust))
        self._timeout_s = timeout_s
        self._redactor = redactor
        self.last_status: int | None = None
        self.last_failure: requests.Response | None = None
        self.clock: ClockReading | None = None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send one request, with a time-out and without following redirects; raises `RequestException` and no other."""
        kwargs["timeout"], kwargs["allow_redirects"], kwargs["stream"] = self._timeout_s, False, True
        self._keep_secret(request.body)
        response = super().send(request, **kwargs)
        with response:
            _read(response)
        self.last_status = response.status_code
        if not response.ok:
            self.last_failure = response
        self.clock = _clock(response.headers, urlsplit(request.url or "").hostname or "") or self.clock
        return response

    def _keep_secret(self, body: object) -> None:
        posted = parse_qs(body.decode() if isinstance(body, bytes) else body) if isinstance(body, str | bytes) else {}
        for name in _SECRETS & posted.keys():
            for value in posted[name]:
                self._redactor.add(Secret(value))


def _read(response: requests.Response) -> None:
    """Read the body, one mebibyte at most after decompression, and give it back to `response`."""
    content = bytearray()
    for chunk in response.iter_content(64 * 1024):
        content += chunk
        if len(content) > _MOST_BYTES:
            message = "the answer is too long"
            raise ContentDecodingError(message)
    response._content = bytes(content)  # noqa: SLF001 - how requests itself keeps a body that was read


def _clock(headers: Mapping[str, str], source: str) -> ClockReading | None:
    try:
        stated = parsedate_to_datetime(headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    return ClockReading(source=source, server=stated, local=datetime.now(UTC))


def silence_of(problem: requests.RequestException, who: str) -> Silence:
    """Say in one word why a request had no answer; the detail never quotes a request body."""
    match problem:
        case ConnectTimeout() | ReadTimeout():
            return Silence(who=who, reason=Reason.TIMEOUT)
        case SSLError():
            return Silence(who=who, reason=Reason.TLS, detail=_innermost(problem))
        case ProxyError():
            return Silence(who=who, reason=Reason.UNREACHABLE, detail=f"proxy: {_innermost(problem)}")
        case RequestsConnectionError():
            detail = _innermost(problem)
            known = (("resolve", Reason.DNS), ("getaddrinfo", Reason.DNS), ("refused", Reason.REFUSED))
            for mark, reason in known:
                if mark in detail.lower():
                    return Silence(who=who, reason=reason)
            return Silence(who=who, reason=Reason.UNREACHABLE, detail=detail)
        case _:
            return Silence(who=who, reason=Reason.PROTOCOL, detail=type(problem).__name__)


def _innermost(problem: BaseException) -> str:
    """The words of the error at the bottom: those above it repeat it inside URLs and object names."""
    seen: BaseException = problem
    for _ in range(10):
        inner = getattr(seen, "reason", None) or (seen.args[0] if seen.args else None) or seen.__cause__
        if not isinstance(inner, BaseException):
            break
        seen = inner
    if isinstance(seen, OSError) and (seen.strerror or getattr(seen, "verify_message", "")):
        return str(getattr(seen, "verify_message", "") or seen.strerror)
    return str(seen)[:200]
