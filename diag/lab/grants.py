"""Device codes, and the tokens they and other grants are exchanged for."""

import secrets
import string
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from diag.lab.clients import Client, Issued
from diag.lab.desk import Desk, Form
from diag.lab.scenario import Fault

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_LETTERS = "".join(sorted(set(string.ascii_uppercase + string.digits) - set("AEIOU01")))
_CODE_LENGTH = 9
_REMEMBERED_S = 3600  # for so long an expired code is called expired, and not unknown
_UNKNOWN = Fault(aadsts=700016)


@dataclass(slots=True)
class Pending:
    """One device code that was handed out; `decision` is what was done in the browser."""

    user_code: str = field(repr=False)
    client: Client = field(repr=False)
    scope: str
    expires_s: float
    polls: int = 0
    decision: str = ""


@dataclass(slots=True)
class Grants:
    """The two endpoints a device talks to, and the codes they handed out."""

    desk: Desk
    _pending: dict[str, Pending] = field(default_factory=dict, repr=False)

    def device_code(self, request: Request, form: Form) -> Response:
        """Hand out a device code."""
        client = self._client(request, form)
        if isinstance(client, Response):
            return client
        wanted = client.device_code
        if wanted.error is not None:
            return self.desk.fault(request, wanted.error, client)
        if not form.get("scope"):
            return self.desk.fault(request, Fault(aadsts=900144), parameter="scope")
        user_code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
        code = secrets.token_urlsafe(96)
        self._forget()
        self._pending[code] = Pending(user_code, client, form["scope"], self.desk.clock.running_s() + wanted.lifetime_s)
        page = f"{self.desk.base}/devicelogin"
        return JSONResponse(
            {
                "user_code": user_code,
                "device_code": code,
                "verification_uri": page,
                "expires_in": wanted.lifetime_s,
                "interval": wanted.interval,
                "message": (
                    f"To sign in, use a web browser to open the page {page} and enter the code {user_code} "
                    "to authenticate."
                ),
            }
        )

    def _forget(self) -> None:
        """Drop the codes that were over long ago."""
        long_ago = self.desk.clock.running_s() - _REMEMBERED_S
        for code in [code for code, pending in self._pending.items() if pending.expires_s < long_ago]:
            del self._pending[code]

    def decide(self, typed: str, decision: str) -> bool:
        """Settle the device code that was typed in a browser; False where there is none, or it is over."""
        found = next((one for one in self._pending.values() if secrets.compare_digest(one.user_code, typed)), None)
        if found is None or self.desk.clock.running_s() >= found.expires_s:
            return False
        found.decision = decision
        return True

    def token(self, request: Request, form: Form) -> Response:
        """Answer the token endpoint for the three grants a device, or the command, uses."""
        client = self._client(request, form)
        if isinstance(client, Response):
            return client
        match form.get("grant_type"):
            case None:
                return self.desk.fault(request, Fault(aadsts=900144), parameter="grant_type")
            case "refresh_token":
                return self._redeem_refresh(request, form, client)
            case "client_credentials":
                return self._client_credentials(request, form, client)
            case _ if form["grant_type"] == _DEVICE_GRANT:
                return self._redeem_code(request, form, client)
            case _:
                return self.desk.refuse(request, "unsupported_grant_type", "The grant type is not supported here.")

    def _client(self, request: Request, form: Form) -> Client | Response:
        """Return the application that asks, or the refusal of one that may not."""
        return self.desk.wrong_app(request, form) or self.desk.client(form) or self.desk.fault(request, _UNKNOWN)

    def _redeem_code(  # noqa: PLR0911 - one for each answer
        self, request: Request, form: Form, client: Client
    ) -> Response:
        pending = self._pending.get(form.get("device_code") or form.get("code", ""))
        if pending is None or pending.client is not client:
            return self.desk.refuse(request, "bad_verification_code", "The device code is not known.")
        if self.desk.clock.running_s() >= pending.expires_s:
            return self.desk.fault(request, Fault(aadsts=70020))
        pending.polls += 1
        if pending.polls <= client.device_code.slow_down:
            return self.desk.refuse(request, "slow_down", "The device polls too often.")
        match pending.decision or self._decision(pending):
            case "":
                return self.desk.fault(request, Fault(aadsts=70016))
            case "declined":
                return self.desk.refuse(request, "authorization_declined", "The person declined to sign in.")
            case _ if not client.public and "client_secret" not in form:
                return self.desk.fault(request, Fault(aadsts=7000218), client)
            case _:
                return self._grant(request, client, pending.scope, client.account)

    def _decision(self, pending: Pending) -> str:
        """Return what the scenario has the person do by now; empty while they take their time."""
        wanted = pending.client.device_code
        if wanted.outcome == "never" or pending.polls < wanted.slow_down + wanted.approve_after_polls:
            return ""
        return wanted.outcome

    def _redeem_refresh(self, request: Request, form: Form, client: Client) -> Response:
        if client.refresh_error is not None:
            return self.desk.fault(request, client.refresh_error, client)
        account = self.desk.issuer.holder(form.get("refresh_token", ""), client.id)
        if account is None:
            return self.desk.refuse(request, "invalid_grant", "The refresh token is not known.")
        scope = form.get("scope", "")
        if (fault := client.refusal(scope, account)) is not None:
            return self.desk.fault(request, fault, client)
        return self._answer(client, scope, account)

    def _client_credentials(self, request: Request, form: Form, client: Client) -> Response:
        if (refused := self.desk.wrong_credential(request, form, client)) is not None:
            return refused
        if (fault := client.token_error or client.app_refusal()) is not None:
            return self.desk.fault(request, fault, client)
        scope = form.get("scope", "")
        if not scope.endswith("/.default"):
            return self.desk.fault(request, Fault(aadsts=1002012), client, scope=scope)
        return JSONResponse(_granted(client.app_only(scope)))

    def _grant(self, request: Request, client: Client, scope: str, account: str) -> Response:
        if (fault := client.token_error or client.refusal(scope, account)) is not None:
            return self.desk.fault(request, fault, client)
        return self._answer(client, scope, account)

    def _answer(self, client: Client, scope: str, account: str) -> Response:
        """Answer with tokens for a person; a refresh token and an id token only where they were asked for."""
        issued, asked = client.delegated(scope, account), scope.split()
        answer: dict[str, Any] = {**_granted(issued), "scope": issued.scope}
        if "offline_access" in asked or not asked:
            answer["refresh_token"] = self.desk.issuer.refresh(account, client.id)
        if "openid" in asked:
            answer |= self.desk.issuer.identity(account, client.id, client.tenant, self.desk.base)
        return JSONResponse(answer)


def _granted(issued: Issued) -> dict[str, Any]:
    """Return what an answer for a person and one for an application have in common."""
    life = issued.life_s
    return {"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": issued.token}
