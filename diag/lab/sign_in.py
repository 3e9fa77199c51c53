"""The sign-in service over HTTPS: OpenID Connect discovery, and the page where a person types a code."""

import html
from dataclasses import dataclass
from email.utils import format_datetime
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from diag.lab import records, tokens
from diag.lab.desk import MANY, Desk, Form, Handler
from diag.lab.grants import Grants
from diag.lab.scenario import Fault


@dataclass(frozen=True, slots=True)
class SignInService:
    """The addresses of the service; every request is written down in `requests`."""

    desk: Desk
    grants: Grants
    requests: list[records.Request]

    def app(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(
            routes=[
                self._route("/devicelogin", self.device_login),
                self._route("/common/discovery/instance", self.instance),
                self._route("/{tenant}/v2.0/.well-known/openid-configuration", self.discovery),
                self._route("/{tenant}/discovery/v2.0/keys", self.keys),
                self._route("/{tenant}/oauth2/v2.0/devicecode", self.grants.device_code),
                self._route("/{tenant}/oauth2/v2.0/token", self.grants.token),
            ]
        )

    def _route(self, path: str, handler: Handler) -> Route:
        async def answer(request: Request) -> Response:
            pairs = parse_qs((await request.body()).decode(errors="replace"), keep_blank_values=True)
            form = {key: values[0] for key, values in pairs.items()}
            response = handler(request, form)
            response.headers["date"] = format_datetime(self.desk.clock.now(), usegmt=True)
            self.requests.append(
                records.Request(request.method, request.url.path, tuple(sorted(form)), response.status_code)
            )
            return response

        return Route(path, answer, methods=["GET", "POST"])

    def discovery(self, request: Request, _form: Form) -> Response:
        """Describe the service; an unknown tenant is AADSTS90002."""
        tenant = request.path_params["tenant"]
        if not self.desk.knows(tenant):
            return self.desk.fault(request, Fault(aadsts=90002))
        many = tenant.casefold() in MANY
        name = tenant.casefold() if many else self.desk.scenario.tenant.id
        return JSONResponse(
            {
                "issuer": f"{self.desk.base}/{'{tenantid}' if many else name}/v2.0",
                "authorization_endpoint": f"{self.desk.base}/{name}/oauth2/v2.0/authorize",
                "token_endpoint": f"{self.desk.base}/{name}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{self.desk.base}/{name}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{self.desk.base}/{name}/discovery/v2.0/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "response_types_supported": ["code", "id_token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "tenant_region_scope": None,
                "cloud_instance_name": "microsoftonline.com",
            }
        )

    def keys(self, _request: Request, _form: Form) -> Response:
        """Publish the signing key."""
        return JSONResponse(tokens.public_keys())

    def instance(self, _request: Request, _form: Form) -> Response:
        """Answer instance discovery: the lab is the only host of its cloud."""
        host = self.desk.base.removeprefix("https://")
        tenant = self.desk.scenario.tenant.id
        return JSONResponse(
            {
                "tenant_discovery_endpoint": f"{self.desk.base}/{tenant}/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
            }
        )

    def device_login(self, request: Request, form: Form) -> Response:
        """Show the page where a person types the code, and take what was decided there."""
        account = html.escape(self.desk.scenario.account)
        if request.method == "GET":
            return HTMLResponse(_PAGE.format(account=account, text="Enter the code displayed on your device."))
        decision = "declined" if form.get("action") == "decline" else "approved"
        if not self.grants.decide(form.get("user_code", "").strip().upper(), decision):
            text = "That code didn't work. Check the code and try again."
            return HTMLResponse(_PAGE.format(account=account, text=text), 400)
        text = "You have declined." if decision == "declined" else "You have signed in on your device."
        return HTMLResponse(_PAGE.format(account=account, text=text))


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in to your account</title></head>
<body><h1>Simulated sign-in</h1><p>Signed in as <b>{account}</b></p><p>{text}</p>
<form method="post"><input name="user_code" autofocus autocomplete="off" aria-label="Code">
<button name="action" value="approve">Continue</button> <button name="action" value="decline">Cancel</button></form>
</body></html>
"""
