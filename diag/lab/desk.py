"""What all endpoints of the sign-in service share: whom it serves, and how it refuses."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from diag.lab import faults, tokens
from diag.lab.clock import LabClock
from diag.lab.scenario import Fault, Scenario

MANY = ("common", "organizations")
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Form: TypeAlias = dict[str, str]
Handler: TypeAlias = Callable[[Request, Form], Response]


@dataclass(frozen=True, slots=True)
class Desk:
    """One tenant's sign-in service, as far as it is the same for every endpoint; `base` is its https address."""

    scenario: Scenario
    clock: LabClock
    issuer: tokens.Issuer
    client_secret: str = field(repr=False)
    base: str

    def knows(self, tenant: str) -> bool:
        """Whether the tenant in an address is this one, or the name that stands for all."""
        ours = self.scenario.tenant
        return tenant.casefold() in {ours.id.casefold(), ours.domain.casefold(), *MANY}

    def fault(self, request: Request, fault: Fault, **values: str) -> Response:
        """Answer with an AADSTS number."""
        app = self.scenario.app
        values = {
            "app": app.client_id,
            "app_name": app.name,
            "tenant": request.path_params.get("tenant", ""),
            "resource": tokens.EXCHANGE,
            **values,
        }
        answer, status = faults.body(fault, self.clock.now(), request.headers.get("client-request-id"), **values)
        return JSONResponse(answer, status)

    def refuse(self, request: Request, error: str, sentence: str) -> Response:
        """Answer with an error that has no known number."""
        answer = faults.plain(error, sentence, self.clock.now(), request.headers.get("client-request-id"))
        return JSONResponse(answer, 400)

    def wrong_app(self, request: Request, form: Form) -> Response | None:
        """Refuse an application, or a tenant, that is not this one's."""
        if not self.knows(request.path_params["tenant"]):
            return self.fault(request, Fault(aadsts=90002))
        if "client_id" not in form:
            return self.fault(request, Fault(aadsts=900144), parameter="client_id")
        if form["client_id"].casefold() != self.scenario.app.client_id.casefold():
            return self.fault(request, Fault(aadsts=700016), app=form["client_id"])
        return None

    def wrong_credential(self, request: Request, form: Form) -> Response | None:
        """Refuse an application that cannot show who it is, by a secret or by a signed assertion."""
        if form.get("client_assertion_type") == _ASSERTION:
            signed = self._signed_by_app(form.get("client_assertion", ""))
            return None if signed else self.fault(request, Fault(aadsts=700027))
        if "client_secret" not in form:
            return self.fault(request, Fault(aadsts=7000218))
        if not secrets.compare_digest(form["client_secret"].encode(), self.client_secret.encode()):
            return self.fault(request, Fault(aadsts=7000215))
        if self.scenario.app.secret == "expired":  # noqa: S105 - its state, not the secret
            return self.fault(request, Fault(aadsts=7000222))
        return None

    def _signed_by_app(self, assertion: str) -> bool:
        """Whether the assertion is signed with the registered certificate's key, for this endpoint, now."""
        client = self.scenario.app.client_id
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion,
                tokens.app_key().public_key(),
                algorithms=["PS256", "RS256"],
                issuer=client,
                options={"require": ["exp", "aud", "iss", "sub"], "verify_aud": False, "verify_exp": False},
            )
        except jwt.InvalidTokenError:
            return False
        now = self.clock.now().timestamp()
        return claims["sub"] == client and str(claims["aud"]).startswith(f"{self.base}/") and now < claims["exp"] + 300
