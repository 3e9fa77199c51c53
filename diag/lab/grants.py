"""Device codes, and the tokens they and other grants are exchanged for."""

import secrets
import string
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from diag.lab import tokens
from diag.lab.desk import Desk, Form
from diag.lab.scenario import Fault

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_LETTERS = "".join(sorted(set(string.ascii_uppercase + string.digits) - set("AEIOU01")))
_CODE_LENGTH = 9


@dataclass(slots=True)
class Pending:
    """One device code that was handed out; `decision` is what was done in the browser."""

    user_code: str = field(repr=False)
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
        if (refused := self.desk.wrong_app(request, form)) is not None:
            return refused
        wanted = self.desk.scenario.device_code
        if wanted.error is not None:
            return self.desk.fault(request, wanted.error)
        if not form.get("scope"):
            return self.desk.fault(request, Fault(aadsts=900144), parameter="scope")
        user_code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
        code = secrets.token_urlsafe(96)
        self._pending[code] = Pending(user_code, form["scope"], self.desk.clock.running_s() + wanted.lifetime_s)
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

    def decide(self, typed: str, decision: str) -> bool:
        """Settle the device code that was typed in a browser; False where there is none, or it is over."""
        found = next((one for one in self._pending.values() if secrets.compare_digest(one.user_code, typed)), None)
        if found is None or self.desk.clock.running_s() >= found.expires_s:
            return False
        found.decision = decision
        return True

    def token(self, request: Request, form: Form) -> Response:
        """Answer the token endpoint for the three grants a device, or the command, uses."""
        if (refused := self.desk.wrong_app(request, form)) is not None:
            return refused
        match form.get("grant_type"):
            case None:
                return self.desk.fault(request, Fault(aadsts=900144), parameter="grant_type")
            case "refresh_token":
                return self._redeem_refresh(request, form)
            case "client_credentials":
                return self._client_credentials(request, form)
            case _ if form["grant_type"] == _DEVICE_GRANT:
                return self._redeem_code(request, form)
            case _:
                return self.desk.refuse(request, "unsupported_grant_type", "The grant type is not supported here.")

    def _redeem_code(self, request: Request, form: Form) -> Response:  # noqa: PLR0911 - one for each answer
        pending = self._pending.get(form.get("device_code") or form.get("code", ""))
        if pending is None:
            return self.desk.refuse(request, "bad_verification_code", "The device code is not known.")
        if self.desk.clock.running_s() >= pending.expires_s:
            return self.desk.fault(request, Fault(aadsts=70020))
        pending.polls += 1
        if pending.polls <= self.desk.scenario.device_code.slow_down:
            return self.desk.refuse(request, "slow_down", "The device polls too often.")
        match pending.decision or self._decision(pending):
            case "":
                return self.desk.fault(request, Fault(aadsts=70016))
            case "declined":
                return self.desk.refuse(request, "authorization_declined", "The person declined to sign in.")
            case _ if not self.desk.scenario.app.public_client and "client_secret" not in form:
                return self.desk.fault(request, Fault(aadsts=7000218))
            case _:
                return self._grant(request, pending.scope, self.desk.scenario.account)

    def _decision(self, pending: Pending) -> str:
        """Return what the scenario has the person do by now; empty while they take their time."""
        wanted = self.desk.scenario.device_code
        if wanted.outcome == "never" or pending.polls < wanted.slow_down + wanted.approve_after_polls:
            return ""
        return wanted.outcome

    def _redeem_refresh(self, request: Request, form: Form) -> Response:
        if self.desk.scenario.refresh.error is not None:
            return self.desk.fault(request, self.desk.scenario.refresh.error)
        account = self.desk.issuer.holder(form.get("refresh_token", ""))
        if account is None:
            return self.desk.refuse(request, "invalid_grant", "The refresh token is not known.")
        return self._answer(form.get("scope", ""), account)

    def _client_credentials(self, request: Request, form: Form) -> Response:
        if (refused := self.desk.wrong_credential(request, form)) is not None:
            return refused
        if self.desk.scenario.token.error is not None:
            return self.desk.fault(request, self.desk.scenario.token.error)
        scope = form.get("scope", "")
        if not scope.endswith("/.default"):
            return self.desk.fault(request, Fault(aadsts=1002012), scope=scope)
        life = max(self.desk.scenario.sign_in.lifetime_s, 0)
        token = self.desk.issuer.app_only(scope)
        return JSONResponse({"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token})

    def _grant(self, request: Request, scope: str, account: str) -> Response:
        if self.desk.scenario.token.error is not None:
            return self.desk.fault(request, self.desk.scenario.token.error)
        return self._answer(scope, account)

    def _answer(self, scope: str, account: str) -> Response:
        """Answer with tokens for a person; a refresh token and an id token only where they were asked for."""
        sign_in = self.desk.scenario.sign_in
        resource = sign_in.audience or tokens.resource_of(scope)
        life = max(sign_in.lifetime_s, 0)
        asked = scope.split()
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "scope": " ".join(f"{resource}/{one}" for one in sign_in.scopes),
            "expires_in": life,
            "ext_expires_in": life,
            "access_token": self.desk.issuer.delegated(scope, account),
        }
        if "offline_access" in asked or not asked:
            answer["refresh_token"] = self.desk.issuer.refresh(account)
        if "openid" in asked:
            answer |= self.desk.issuer.identity(account, f"{self.desk.base}/{self.desk.issuer.tenant}/v2.0")
        return JSONResponse(answer)
