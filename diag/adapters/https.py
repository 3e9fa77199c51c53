"""HTTPS for the sign-in: our roots, our time-out, no variable of the environment that overrides them.

`REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE`, common on company computers, replace whatever roots a program chose unless
`trust_env` is off; a proxy, which such computers need, is therefore read from the environment by hand.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ConnectTimeout, ProxyError, ReadTimeout, SSLError
from requests.utils import get_environ_proxies

from diag.adapters.trust import Trust
from diag.evidence import ClockReading, Reason, Silence


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
    """A session that remembers the last status, failure and date, for the record; HTTPS only."""

    def __init__(self, trust: Trust, url: str, timeout_s: float) -> None:
        super().__init__()
        self.trust_env = False
        self.proxies.update(get_environ_proxies(url))
        self.adapters.clear()
        self.mount("https://", _TrustingAdapter(trust))
        self._timeout_s = timeout_s
        self.last_status: int | None = None
        self.last_failure: requests.Response | None = None
        self.clock: ClockReading | None = None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send one request, with a time-out and without following redirects."""
        kwargs["timeout"], kwargs["allow_redirects"] = self._timeout_s, False
        response = super().send(request, **kwargs)
        self.last_status = response.status_code
        if not response.ok:
            self.last_failure = response
        self.clock = _clock(response.headers, urlsplit(request.url or "").hostname or "") or self.clock
        return response


def _clock(headers: Mapping[str, str], source: str) -> ClockReading | None:
    try:
        stated = parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError):
        return None
    return ClockReading(source=source, server=stated, local=datetime.now(UTC)) if stated.tzinfo else None


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
