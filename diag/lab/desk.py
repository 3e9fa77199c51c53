"""What all endpoints of the sign-in service share: whom it serves, and how it refuses."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from diag.lab import faults, tokens
from diag.lab.clients import Client
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
    clients: tuple[Client, ...] = field(repr=False)
    base: str

    def knows(self, tenant: str) -> bool:
        """Whether the tenant in an address is this one, or the name that stands for all."""
        ours = self.scenario.tenant
        return tenant.casefold() in {ours.id.casefold(), ours.domain.casefold(), *MANY}

    def client(self, form: Form) -> Client | None:
        """Return the application that asks; None for one that is not registered here."""
        wanted = form.get("client_id", "").casefold()
        return next((one for one in self.clients if one.id.casefold() == wanted), None)

    def fault(self, request: Request, fault: Fault, client: Client | None = None, **values: str) -> Response:
        """Answer with an AADSTS number; where no application is named, its sentence names the device's."""
        app = client or self.clients[0]
        values = {
            "app": app.id,
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
        if self.client(form) is None:
            return self.fault(request, Fault(aadsts=700016), app=form["client_id"])
        return None

    def wrong_credential(self, request: Request, form: Form, client: Client) -> Response | None:
        """Refuse an application that cannot show who it is, by a secret or by a signed assertion."""
        if form.get("client_assertion_type") == _ASSERTION:
            signed = self._signed_by(client, form.get("client_assertion", ""))
            return None if signed else self.fault(request, Fault(aadsts=700027), client)
        if "client_secret" not in form:
            return self.fault(request, Fault(aadsts=7000218), client)
        if not secrets.compare_digest(form["client_secret"].encode(), client.secret.encode()):
            return self.fault(request, Fault(aadsts=7000215), client)
        if client.secret_expired:
            return self.fault(request, Fault(aadsts=7000222), client)
        return None

    def _signed_by(self, client: Client, assertion: str) -> bool:
        """Whether the assertion is signed with the registered certificate's key, for this endpoint, now."""
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion,
                tokens.app_key().public_key(),
                algorithms=["PS256", "RS256"],
                issuer=client.id,
                options={"require": ["exp", "aud", "iss", "sub"], "verify_aud": False, "verify_exp": False},
            )
        except jwt.InvalidTokenError:
            return False
        now = self.clock.now().timestamp()
        return (
            claims["sub"] == client.id and str(claims["aud"]).startswith(f"{self.base}/") and now < claims["exp"] + 300
        )
