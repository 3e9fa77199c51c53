"""What Microsoft's library for Graph is given to speak with: one token, one host, and a bounded answer.

Like graph_sdk.py it imports the library, and so is imported only where Graph is asked.
"""

from typing import Any
from urllib.parse import urlsplit

import httpx
from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator

from diag.adapters.answers import read_answer
from diag.adapters.network import Route
from diag.secret import Secret

_HTTPS = 443


class LostError(Exception):
    """The request came to nothing; `sent` is whether the server may have it, the cause says why."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__("no answer")
        self.sent = sent


class OneToken(AccessTokenProvider):
    """Gives the one token away, to the one host."""

    def __init__(self, token: Secret, host: str) -> None:
        self._token = token
        self._hosts = AllowedHostsValidator([host])

    async def get_authorization_token(
        self,
        uri: str,
        additional_authentication_context: dict[str, Any] = {},  # noqa: B006 - the library's signature
    ) -> str:
        """Return the token for the host it is for; to any other the library then sends none."""
        del additional_authentication_context
        return self._token.reveal() if self._hosts.is_url_host_valid(uri) else ""

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        """Return that host."""
        return self._hosts


class OneHost(httpx.AsyncBaseTransport):
    """Sends to `base` and nowhere else, over the route, and reads a bounded body.

    Of the headers of an answer three are handed on: neither cookies nor challenges reach the library, which would
    answer a challenge by sending the request again.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, base: str, route: Route, most_bytes: int) -> None:
        self._inner, self._route, self._most_bytes = inner, route, most_bytes
        parts = urlsplit(base)
        self._host, self._port = parts.hostname or "", parts.port or _HTTPS

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises `LostError` and no other."""
        target = (request.url.scheme, request.url.host, request.url.port or _HTTPS)
        if target != ("https", self._host, self._port):
            raise LostError(sent=False)
        sent = False

        async def trace(event: str, _details: object) -> None:
            nonlocal sent
            sent = sent or event == "http11.send_request_headers.started"

        address, port = self._route(self._host, self._port)
        request.url = request.url.copy_with(host=address, port=port)
        # Wherever the connection really goes, the certificate must be for the host that was named.
        request.extensions = {**request.extensions, "sni_hostname": self._host, "trace": trace}
        try:
            answer = await self._inner.handle_async_request(request)
            try:
                read = await read_answer(answer, self._most_bytes)
            finally:
                await answer.aclose()
        except (httpx.HTTPError, OSError) as problem:  # of which TLS is one, where it breaks in the middle
            raise LostError(sent=sent) from problem
        return httpx.Response(read.status, content=read.body, extensions={"answer": read}, request=request)
