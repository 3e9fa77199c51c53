"""Tokens by msal: device code as a device asks for it, an application's own, or one that is given.

msal's traps: its constructor does network I/O without a time-out (so it is built in a thread, on our session), it keeps
an error answer for 60 seconds (so every run builds its own), it asks login.microsoftonline.com about hosts it does not
know (so instance discovery is off), and it raises on 5xx and on a body that is no JSON.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from diag.adapters.credentials import AppCertificate, AppSecret, Credential, DeviceCode, Given, Nobody, Refresh
from diag.adapters.refusals import Step, codes_of, refusal_of
from diag.adapters.threads import abandonable
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
from diag.naming import reason
from diag.ports import Acquired, Discovered, Person
from diag.secret import Redactor, Secret
from diag.sentence import say

if TYPE_CHECKING:
    from msal import TokenCache

    from diag.adapters.https import HttpsSession

_Answer = TypeVar("_Answer")

_PENDING = frozenset({"authorization_pending", "slow_down"})
_DECLINED = frozenset({"authorization_declined", "access_denied"})  # Entra's word, and RFC 8628's
_EXPIRED = frozenset({"expired_token", "code_expired"})
_EXPIRED_CODES = frozenset({70019, 70020})
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LONGEST = 64 * 1024  # characters of a token or code; no real one comes near
_LONGEST_LIFE_S, _LONGEST_PAUSE_S = 1800, 60
# What msal raises where an answer is not what it takes for granted; our own code does not stand inside.
_GARBLED = (ValueError, RecursionError, OverflowError, TypeError, AttributeError, KeyError, RuntimeError)
_RENEWED_BEFORE_S = 60
_LOST_POLLS = 3  # polls in a row without an answer after which the sign-in service counts as silent


class _GarbledError(Exception):
    """The sign-in service answered something that is no answer."""


class _KeptError(Exception):
    """What is kept of a sign-in cannot be read or written."""


@dataclass(slots=True, kw_only=True)
class Entra:
    """The `Tokens` port. `authority` is a URL with the tenant as its path, or any OpenID Connect issuer if `oidc`.

    `scope` is asked for as it stands; `audiences` are those the SMTP server accepts. A token is held while it is valid,
    so that nobody is asked to sign in twice in one run. `cache`, msal's, keeps a person's sign-in for renewal and for
    tokens of other scopes. `discovery` is asked in place of the authority, where others have asked it already.
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
    cache: "TokenCache | None" = field(default=None, repr=False)
    discovery: "Callable[[], Awaitable[Discovered]] | None" = field(default=None, repr=False)
    _held: "Acquired | None" = field(default=None, repr=False)
    _held_until: float = field(default=0, repr=False)
    _session: "HttpsSession | None" = field(default=None, repr=False)
    _discovering: "asyncio.Task[Discovered] | None" = field(default=None, repr=False)

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
            case Given():
                return None
            case credential:
                return credential.client_id

    def close(self) -> None:
        """Hang up on the sign-in service."""
        if self._session is not None:
            self._session.close()

    # --- discovery

    async def discover(self) -> Discovered:
        """See the port; asked once a run, however many wait for it."""
        if self.discovery is not None:
            return await self.discovery()
        if self._discovering is None:
            self._discovering = asyncio.create_task(self._discovery())
        return await asyncio.shield(self._discovering)

    async def _discovery(self) -> Discovered:
        try:
            return await abandonable(self.timeout_s, self._discover)
        except TimeoutError:
            return Discovered(discovery=Silence(who=self._who(), reason=Reason.TIMEOUT))

    def _http(self) -> "HttpsSession":
        from diag.adapters.https import HttpsSession

        if self._session is None:
            self._session = HttpsSession(self.trust, self.authority, self.timeout_s, self.redactor)
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
        except _GARBLED:
            return Discovered(discovery=self._no_proper_answer(), clock=http.clock)
        if not isinstance(document, dict):
            document = {}
        return Discovered(discovery=self._described(document), clock=http.clock)

    def _described(self, document: Mapping[str, Any]) -> Discovery:
        if "token_endpoint" not in document or "issuer" not in document:
            return self._refused("discovery", document)
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
        """See the port; a token that was granted in this run is used again while it is valid."""
        if self._held is None or not self._is_valid:
            self._held = await self._acquire()
        return self._held

    @property
    def _is_valid(self) -> bool:
        return time.monotonic() < self._held_until

    async def renew(self) -> Acquired:
        """See the port."""
        if not isinstance(self.credential, DeviceCode):
            return await self.acquire()
        if self._held is not None and self._is_valid:
            return self._held
        found = await self.silently()
        if found is None or found.token is None:
            because = say("the sign-in ran out, and nobody is asked to sign in again while diag waits")
            return Acquired(acquisition=NotAsked(because=because))
        self._held = found
        return found

    async def silently(self) -> Acquired | None:
        """Obtain a token from the sign-in that is kept in `cache`, with nobody asked; None where none is kept.

        Where the service does not renew it, the refusal says why.
        """
        match self.credential:
            case DeviceCode() as credential if self.cache is not None:
                return await self._understood(lambda: self._from_cache(credential))
            case _:
                return None

    async def _from_cache(self, credential: DeviceCode) -> Acquired | None:
        answer = await self._in_thread(self._renew, credential)
        if answer is None:
            return None
        if not isinstance(answer, dict):
            raise _GarbledError
        return self._answered("refresh", answer)

    def _renew(self, credential: DeviceCode) -> Any:
        application = self._application(credential)
        accounts = application.get_accounts()
        return application.acquire_token_silent_with_error([self.scope], accounts[0]) if accounts else None

    async def _acquire(self) -> Acquired:
        match self.credential:
            case Nobody(client_id=client_id):
                because = say("neither a client id nor a token was given, so nobody could sign in")
                if client_id is not None:
                    because = say("no secret, certificate or token was given, so nobody could sign in")
                return Acquired(acquisition=NotAsked(because=because))
            case Given(token=token):
                self.redactor.add(token)
                return Acquired(acquisition=Granted(auth=Auth.TOKEN, given=True), token=token)
            case credential:
                service = (await self.discover()).discovery
                if not isinstance(service, SignInService):
                    because = say("the sign-in service {host} gave no proper answer", host=self._who())
                    if isinstance(service, Silence):
                        because = say(
                            "the sign-in service {host} did not answer ({reason})",
                            host=self._who(),
                            reason=reason(service.reason),
                        )
                    return Acquired(acquisition=NotAsked(because=because))
                self.person.progress(say("Asking {host} for a token", host=self._who()))
                return await self._ask(credential)

    async def _ask(self, credential: DeviceCode | AppSecret | AppCertificate | Refresh) -> Acquired:
        return await self._understood(lambda: self._obtain(credential))

    async def _understood(self, asking: "Callable[[], Awaitable[_Answer]]") -> "_Answer | Acquired":
        """Ask, and return as a value whatever keeps the service from answering."""
        import msal
        import requests

        from diag.adapters.https import silence_of

        try:
            return await asking()
        except requests.RequestException as problem:
            return Acquired(acquisition=silence_of(problem, self._who()))
        except TimeoutError:
            return Acquired(acquisition=Silence(who=self._who(), reason=Reason.TIMEOUT))
        except msal.exceptions.MsalServiceError:  # a 5xx; msal leaves its body unread
            return Acquired(acquisition=self._failed())
        except _GarbledError:
            return Acquired(acquisition=self._no_proper_answer())
        except _KeptError:
            because = say(
                "the sign-in that is kept cannot be read or renewed on this computer: sign in with diag login"
            )
            return Acquired(acquisition=NotAsked(because=because))

    async def _obtain(self, credential: DeviceCode | AppSecret | AppCertificate | Refresh) -> Acquired:
        match credential:
            case DeviceCode():
                return await self._by_device_code(credential)
            case Refresh():
                return self._answered("refresh", await self._call(self._redeem, credential))
            case AppSecret() | AppCertificate():
                return self._answered("token", await self._call(self._by_itself, credential))

    async def _call(self, function: Callable[..., Any], *arguments: object) -> Mapping[str, Any]:
        """Call msal in a thread; raises `_GarbledError` where it stumbles over the answer, or that is no object."""
        answer = await self._in_thread(function, *arguments)
        if not isinstance(answer, dict):
            raise _GarbledError
        return answer

    async def _in_thread(self, function: Callable[..., Any], *arguments: object) -> Any:
        import msal
        import requests

        try:
            return await abandonable(self.timeout_s, function, *arguments)
        except (requests.RequestException, msal.exceptions.MsalServiceError, TimeoutError):
            raise
        except OSError as problem:  # only a cache that is kept reads and writes files
            raise _KeptError from problem
        except _GARBLED as problem:
            raise _GarbledError from problem

    def _no_proper_answer(self) -> Silence:
        return Silence(who=self._who(), reason=Reason.PROTOCOL)

    def _application(self, credential: DeviceCode | AppSecret | AppCertificate | Refresh) -> Any:
        """Build msal's application object; does network I/O, so call it in a thread."""
        import msal

        where = {"oidc_authority": self.authority} if self.oidc else {"authority": self.authority}
        common: dict[str, Any] = {"http_client": self._http(), "instance_discovery": False, **where}
        if self.cache is None and isinstance(credential, DeviceCode):
            self.cache = msal.TokenCache()  # nobody is to sign in twice in one run
        if self.cache is not None:
            common["token_cache"] = self.cache
        match credential:
            case AppSecret(client_id=client_id, secret=secret):
                self.redactor.add(secret)
                # No region: msal would else take one, and so another host, from the environment.
                return msal.ConfidentialClientApplication(
                    client_id, client_credential=secret.reveal(), azure_region=False, **common
                )
            case AppCertificate(client_id=client_id, pem=pem):
                text = pem.reveal()
                key = {"private_key": text, "public_certificate": text}
                return msal.ConfidentialClientApplication(
                    client_id, client_credential=key, azure_region=False, **common
                )
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

        application = await self._in_thread(self._application, credential)
        flow = dict(await self._call(application.initiate_device_flow, [self.scope]))
        shown = self._code(flow)
        if shown is None:  # errors have come with status 200 too
            return Acquired(acquisition=self._refused("device_code", flow))
        # msal leaves its own loop only while it waits, so it must have a second to wait; slow_down adds to it.
        flow["interval"] = max(1, flow["interval"])
        code, page, lifetime = shown
        self.person.show_code(code, page, lifetime)
        began, polls, lost = time.monotonic(), 0, 0
        while (left := began + lifetime - time.monotonic()) > 0:
            await asyncio.sleep(min(flow["interval"], _LONGEST_PAUSE_S, left))
            try:
                result = await self._call(_poll, application, flow)
            except (requests.RequestException, TimeoutError):
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
                case error if error in _EXPIRED or _EXPIRED_CODES & set(codes_of(result)):
                    break
                case _:
                    waited = (time.monotonic() - began) * 1000
                    return self._answered("token", result, auth=Auth.DEVICE_CODE, polls=polls, waited_ms=waited)
        browser = await abandonable(None, self.person.browser_showed)
        return Acquired(acquisition=CodeExpired(polls=polls, lifetime_s=lifetime, browser=browser))

    def _code(self, flow: Mapping[str, Any]) -> tuple[Secret, str, int] | None:
        """The code to type, the page to type it into, and the seconds it lives; None where the answer holds none."""
        code, device = flow.get("user_code"), flow.get("device_code")
        if not isinstance(code, str) or not isinstance(device, str) or max(len(code), len(device)) > _LONGEST:
            return None
        self.redactor.add(Secret(device))
        page = str(flow.get("verification_uri") or flow.get("verification_url") or "")
        return Secret(code), page, max(0, min(int(flow["expires_in"]), _LONGEST_LIFE_S))

    # --- answers

    def _answered(
        self, step: Step, result: Mapping[str, Any], *, auth: Auth | None = None, polls: int = 0, waited_ms: float = 0
    ) -> Acquired:
        token = result.get("access_token")
        if not isinstance(token, str) or len(token) > _LONGEST:
            return Acquired(acquisition=self._refused(step, result))
        for name in ("refresh_token", "id_token"):
            if isinstance(other := result.get(name), str) and len(other) <= _LONGEST:
                self.redactor.add(Secret(other))
        secret = Secret(token)
        self.redactor.add(secret)
        life = result.get("expires_in")
        self._held_until = time.monotonic() + (life if isinstance(life, int | float) else 0) - _RENEWED_BEFORE_S
        granted = Granted(auth=auth or self.auth or Auth.TOKEN, polls=polls, waited_ms=waited_ms)
        return Acquired(acquisition=granted, token=secret)

    def _failed(self) -> Refusal:
        """A 5xx: the body may still say why."""
        failure = self._http().last_failure
        try:
            body = failure.json() if failure is not None else {}
        except (ValueError, RecursionError):
            body = {}
        return self._refused("token", body if isinstance(body, dict) else {})

    def _refused(self, step: Step, body: Mapping[str, Any]) -> Refusal:
        return refusal_of(step, body, self._http().last_status, self.redactor)


def _poll(application: Any, flow: dict[str, Any]) -> Any:
    """Ask once."""
    return application.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
