"""Tokens by msal: device code as a device asks for it, an application's own, or one that is given.

msal's traps: its constructor does network I/O without a time-out (so it is built in a thread, on our session), it keeps
an error answer for 60 seconds (so every run builds its own), it asks login.microsoftonline.com about hosts it does not
know (so instance discovery is off), and it raises on 5xx and on a body that is no JSON.
"""

import asyncio
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from diag.adapters.trust import Trust
from diag.evidence import (
    Auth,
    CodeExpired,
    Declined,
    Discovery,
    Granted,
    NotAsked,
    Reason,
    Refusal,
    SignInService,
    Silence,
)
from diag.ports import Acquired, Discovered, Person
from diag.secret import Redactor, Secret
from diag.sentence import say

if TYPE_CHECKING:
    from diag.adapters.https import HttpsSession

_PENDING = frozenset({"authorization_pending", "slow_down"})
_DECLINED = frozenset({"authorization_declined", "access_denied"})  # Entra's word, and RFC 8628's
_EXPIRED = frozenset({"expired_token", "code_expired"})
_EXPIRED_CODES = frozenset({70019, 70020})
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TRAILER = re.compile(r"\s*Trace ID:.*", re.DOTALL)
_LOST_POLLS = 3  # polls in a row without an answer after which the sign-in service counts as silent


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """A person signs in with a code, in a browser."""

    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSecret:
    """An application signs in by itself, with a secret."""

    client_id: str
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCertificate:
    """An application signs in by itself, with the key and certificate in one PEM text."""

    client_id: str
    pem: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An access token out of somebody's hands."""

    token: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """A refresh token, as a device stores it, to be redeemed once."""

    client_id: str
    token: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Nobody:
    """Nothing was given to sign in with."""


Credential: TypeAlias = DeviceCode | AppSecret | AppCertificate | Given | Refresh | Nobody


def _strings(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _blocking_policies(claims: object) -> tuple[str, ...]:
    """The ids of the Conditional Access policies that blocked, out of the JSON text in `claims`."""
    if not isinstance(claims, str):
        return ()
    try:
        return _strings(json.loads(claims)["access_token"]["capolids"]["values"])
    except (ValueError, KeyError, TypeError):
        return ()


_Where: TypeAlias = Literal["discovery", "device_code", "token", "refresh"]


@dataclass(slots=True, kw_only=True)
class Entra:
    """The `Tokens` port. `authority` is a URL with the tenant as its path, or any OpenID Connect issuer if `oidc`.

    `scope` is asked for as it stands; `audiences` are those the SMTP server accepts.
    """

    authority: str
    oidc: bool
    credential: Credential
    scope: str
    audiences: tuple[str, ...]
    trust: Trust
    redactor: Redactor
    person: Person
    timeout_s: float = 20
    _session: "HttpsSession | None" = field(default=None, repr=False)
    _discovered: Discovered | None = None

    @property
    def auth(self) -> Auth | None:
        """See the port."""
        match self.credential:
            case DeviceCode():
                return Auth.DEVICE_CODE
            case AppSecret() | AppCertificate():
                return Auth.APP
            case Given() | Refresh():
                return Auth.TOKEN
            case Nobody():
                return None

    @property
    def client_id(self) -> str | None:
        """See the port."""
        match self.credential:
            case Given() | Nobody():
                return None
            case credential:
                return credential.client_id

    def close(self) -> None:
        """Hang up on the sign-in service."""
        if self._session is not None:
            self._session.close()

    # --- discovery

    async def discover(self) -> Discovered:
        """See the port; asked once a run."""
        if self._discovered is None:
            self._discovered = await asyncio.to_thread(self._discover)
        return self._discovered

    def _http(self) -> "HttpsSession":
        from diag.adapters.https import HttpsSession

        if self._session is None:
            self._session = HttpsSession(self.trust, self.authority, self.timeout_s)
        return self._session

    def _who(self) -> str:
        from urllib.parse import urlsplit

        return urlsplit(self.authority).netloc

    def _discover(self) -> Discovered:
        import requests

        from diag.adapters.https import silence_of

        base = self.authority.rstrip("/")
        url = (
            f"{base}/.well-known/openid-configuration" if self.oidc else f"{base}/v2.0/.well-known/openid-configuration"
        )
        http = self._http()
        try:
            response = http.get(url)
            document = response.json()
        except requests.RequestException as problem:  # a body that is no JSON among them
            return Discovered(discovery=silence_of(problem, self._who()), clock=http.clock)
        if not isinstance(document, dict):
            document = {}
        return Discovered(discovery=self._described(document), clock=http.clock)

    def _described(self, document: Mapping[str, Any]) -> Discovery:
        if "token_endpoint" not in document or "issuer" not in document:
            return self._refusal("discovery", document)
        issuer = str(document["issuer"])
        tenant = None if self.oidc else _GUID.search(issuer)
        return SignInService(
            authority=self.authority,
            issuer=issuer,
            tenant=tenant[0] if tenant else None,
            device_code="device_authorization_endpoint" in document,
        )

    # --- acquisition

    async def acquire(self) -> Acquired:
        """See the port."""
        match self.credential:
            case Nobody():
                because = say("neither a client id nor a token was given, so nobody could sign in")
                return Acquired(acquisition=NotAsked(because=because))
            case Given(token=token):
                self.redactor.add(token)
                return Acquired(acquisition=Granted(auth=Auth.TOKEN, given=True), token=token)
            case credential:
                service = (await self.discover()).discovery
                if not isinstance(service, SignInService):
                    because = say("the sign-in service {host} did not describe itself", host=self._who())
                    return Acquired(acquisition=NotAsked(because=because))
                self.person.progress(say("Asking {host} for a token", host=self._who()))
                return await self._ask(credential)

    async def _ask(self, credential: DeviceCode | AppSecret | AppCertificate | Refresh) -> Acquired:
        import msal
        import requests

        from diag.adapters.https import silence_of

        try:
            match credential:
                case DeviceCode():
                    return await self._by_device_code(credential)
                case Refresh():
                    return self._answered("refresh", await asyncio.to_thread(self._redeem, credential))
                case AppSecret() | AppCertificate():
                    return self._answered("token", await asyncio.to_thread(self._by_itself, credential))
        except requests.RequestException as problem:
            return Acquired(acquisition=silence_of(problem, self._who()))
        except msal.exceptions.MsalServiceError:  # a 5xx; msal leaves its body unread
            return Acquired(acquisition=self._failed())
        except ValueError:  # a body that is no JSON
            return Acquired(acquisition=Silence(who=self._who(), reason=Reason.PROTOCOL))

    def _application(self, credential: DeviceCode | AppSecret | AppCertificate | Refresh) -> Any:
        """Build msal's application object; does network I/O, so call it in a thread."""
        import msal

        where = {"oidc_authority": self.authority} if self.oidc else {"authority": self.authority}
        common: dict[str, Any] = {"http_client": self._http(), "instance_discovery": False, **where}
        match credential:
            case AppSecret(client_id=client_id, secret=secret):
                self.redactor.add(secret)
                return msal.ConfidentialClientApplication(client_id, client_credential=secret.reveal(), **common)
            case AppCertificate(client_id=client_id, pem=pem):
                text = pem.reveal()
                key = {"private_key": text, "public_certificate": text}
                return msal.ConfidentialClientApplication(client_id, client_credential=key, **common)
            case DeviceCode(client_id=client_id) | Refresh(client_id=client_id):
                return msal.PublicClientApplication(client_id, **common)

    def _by_itself(self, credential: AppSecret | AppCertificate) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self._application(credential).acquire_token_for_client([self.scope])
        return answer

    def _redeem(self, credential: Refresh) -> Mapping[str, Any]:
        self.redactor.add(credential.token)
        application = self._application(credential)
        answer: Mapping[str, Any] = application.acquire_token_by_refresh_token(credential.token.reveal(), [self.scope])
        return answer

    async def _by_device_code(self, credential: DeviceCode) -> Acquired:
        """Poll as RFC 8628 says: the server's interval, five seconds more at each slow_down, until it ends."""
        import requests

        application = await asyncio.to_thread(self._application, credential)
        flow = await asyncio.to_thread(application.initiate_device_flow, [self.scope])
        if "user_code" not in flow or "device_code" not in flow:  # errors have come with status 200 too
            return Acquired(acquisition=self._refusal("device_code", flow))
        code, lifetime = Secret(str(flow["user_code"])), int(flow["expires_in"])
        self.redactor.add(Secret(str(flow["device_code"])))
        self.person.show_code(code, str(flow.get("verification_uri") or flow.get("verification_url") or ""), lifetime)
        began, polls, lost = time.monotonic(), 0, 0
        while time.monotonic() - began < lifetime:
            await asyncio.sleep(min(flow["interval"], max(0.0, lifetime - (time.monotonic() - began))))
            try:
                result = await asyncio.to_thread(
                    application.acquire_token_by_device_flow, flow, exit_condition=lambda _: True
                )
            except requests.RequestException:
                lost += 1
                if lost == _LOST_POLLS:
                    raise
                continue
            lost, polls = 0, polls + 1
            match str(result.get("error")):
                case error if error in _PENDING:
                    continue
                case error if error in _DECLINED:
                    return Acquired(acquisition=Declined(polls=polls))
                case error if error in _EXPIRED or _EXPIRED_CODES & set(_codes(result)):
                    break
                case _:
                    waited = (time.monotonic() - began) * 1000
                    return self._answered("token", result, auth=Auth.DEVICE_CODE, polls=polls, waited_ms=waited)
        browser = await asyncio.to_thread(self.person.browser_showed)
        return Acquired(acquisition=CodeExpired(polls=polls, lifetime_s=lifetime, browser=browser))

    # --- answers

    def _answered(
        self, step: _Where, result: Mapping[str, Any], *, auth: Auth | None = None, polls: int = 0, waited_ms: float = 0
    ) -> Acquired:
        token = result.get("access_token")
        if not isinstance(token, str):
            return Acquired(acquisition=self._refusal(step, result))
        for name in ("refresh_token", "id_token"):
            if isinstance(other := result.get(name), str):
                self.redactor.add(Secret(other))
        secret = Secret(token)
        self.redactor.add(secret)
        granted = Granted(auth=auth or self.auth or Auth.TOKEN, polls=polls, waited_ms=waited_ms)
        return Acquired(acquisition=granted, token=secret)

    def _failed(self) -> Refusal:
        """A 5xx: the body may still say why."""
        failure = self._http().last_failure
        try:
            body = failure.json() if failure is not None else {}
        except ValueError:
            body = {}
        return self._refusal("token", body if isinstance(body, dict) else {})

    def _refusal(self, step: _Where, body: Mapping[str, Any]) -> Refusal:
        def text(name: str) -> str | None:
            value = body.get(name)
            return self.redactor.clean(value) if isinstance(value, str) and value else None

        description = _TRAILER.sub("", text("error_description") or "")
        return Refusal(
            step=step,
            http_status=self._http().last_status,
            error=text("error") or "",
            codes=_codes(body),
            suberror=text("suberror"),
            description=description,
            policies=_blocking_policies(body.get("claims")),
            trace_id=text("trace_id"),
            correlation_id=text("correlation_id"),
            timestamp=text("timestamp"),
        )


def _codes(body: Mapping[str, Any]) -> tuple[int, ...]:
    """The AADSTS numbers: the field, else the one in the description."""
    codes = body.get("error_codes")
    if isinstance(codes, list):
        return tuple(code for code in codes if isinstance(code, int))
    found = re.match(r"AADSTS(\d+)", str(body.get("error_description", "")))
    return (int(found[1]),) if found else ()


def credential_in(text: Secret, client_id: str | None) -> Credential | None:
    """Read what a token file holds: a bare access token, or a JSON token response (RFC 6749, 5.1).

    A response with a refresh token and no access token gives `Refresh`. None where it is neither, or where a refresh
    token has no client id to go with it.
    """
    from diag.token import is_token_shaped

    content = text.reveal().strip()
    if is_token_shaped(content):
        return Given(token=Secret(content))
    try:
        response = json.loads(content)
    except ValueError:
        return None
    if not isinstance(response, dict):
        return None
    access, refresh = response.get("access_token"), response.get("refresh_token")
    if isinstance(access, str) and is_token_shaped(access):
        return Given(token=Secret(access))
    client = response.get("client_id")
    client = client_id or (client if isinstance(client, str) else None)
    if isinstance(refresh, str) and refresh and client:
        return Refresh(client_id=client, token=Secret(refresh))
    return None


def pem_with_key(path: Path) -> Secret | None:
    """Return the PEM text of `path` if it holds a private key without passphrase and a certificate; None otherwise.

    Raises `OSError` where it cannot be read.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    raw = path.read_bytes()
    try:
        load_pem_private_key(raw, None)
        x509.load_pem_x509_certificate(raw)
        return Secret(raw.decode("ascii"))
    except (ValueError, TypeError):
        return None
