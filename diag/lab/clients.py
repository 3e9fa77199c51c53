"""The two applications that are registered in the tenant: the device's, and the administrator's."""

from dataclasses import dataclass, field
from typing import TypeAlias

from diag.lab import tokens
from diag.lab.scenario import DeviceCode, Fault, Scenario

_EXCHANGE_PERMISSIONS = ("Exchange.", "SMTP.")


@dataclass(frozen=True, slots=True)
class Issued:
    """An access token, the permissions it carries as an answer names them, and its life in seconds."""

    token: str = field(repr=False)
    scope: str
    life_s: int


@dataclass(frozen=True, slots=True)
class DeviceClient:
    """The application the device, or the command, signs in with; the scenario's faults are its own."""

    scenario: Scenario
    issuer: tokens.Issuer
    secret: str = field(repr=False)

    @property
    def id(self) -> str:
        """Its client id."""
        return self.scenario.app.client_id

    @property
    def name(self) -> str:
        """Its name."""
        return self.scenario.app.name

    @property
    def account(self) -> str:
        """Who signs in to it."""
        return self.scenario.account

    @property
    def tenant(self) -> str:
        """The tenant its tokens name."""
        return self.issuer.tenant

    @property
    def public(self) -> bool:
        """Whether it may use a device code without a secret."""
        return self.scenario.app.public_client

    @property
    def secret_expired(self) -> bool:
        """Whether its secret is over."""
        return self.scenario.app.secret == "expired"  # noqa: S105 - its state, not the secret

    @property
    def device_code(self) -> DeviceCode:
        """How its device codes fare."""
        return self.scenario.device_code

    @property
    def refresh_error(self) -> Fault | None:
        """What keeps a refresh token from being redeemed."""
        return self.scenario.refresh.error

    @property
    def token_error(self) -> Fault | None:
        """What keeps somebody who signs in from a token."""
        return self.scenario.token.error

    def refusal(self, scope: str, account: str) -> Fault | None:
        """Return what the scenario has against this person's token, and then the directory."""
        directory = self.scenario.directory
        mine = [box for box in self.scenario.called(account) if box.upn == account]
        if (fault := next((box.token for box in mine if box.token is not None), None)) is not None:
            return fault
        if "Exchange.Manage" in _names(scope) and "Exchange.Manage" not in self.scenario.sign_in.scopes:
            return Fault(aadsts=65001)
        if any(not box.may_sign_in for box in mine):
            return Fault(aadsts=50057)
        if directory.enterprise_app == "disabled":
            return Fault(aadsts=7000112)
        if directory.consent == "none" or directory.enterprise_app == "missing":
            return Fault(aadsts=65001)
        return None

    def app_refusal(self) -> Fault | None:
        """Return what the directory has against its own token."""
        state = self.scenario.directory.enterprise_app
        return {"missing": Fault(aadsts=7000229), "disabled": Fault(aadsts=7000112)}.get(state)

    def delegated(self, scope: str, account: str) -> Issued:
        """Give a token for a person."""
        wanted = self.scenario.sign_in
        resource = wanted.audience or tokens.resource_of(scope)
        granted = " ".join(f"{resource}/{one}" for one in wanted.scopes)
        return Issued(self.issuer.delegated(scope, account), granted, max(wanted.lifetime_s, 0))

    def app_only(self, scope: str) -> Issued:
        """Give a token for the application itself."""
        return Issued(self.issuer.app_only(scope), scope, max(self.scenario.sign_in.lifetime_s, 0))


@dataclass(frozen=True, slots=True)
class AdminClient:
    """The application an administrator signs in with; nothing that is wrong with the device's is wrong with it."""

    scenario: Scenario
    issuer: tokens.Issuer
    secret: str = field(repr=False)

    name = "diag"
    public = True
    device_code = DeviceCode()
    refresh_error = None
    token_error = None

    @property
    def id(self) -> str:
        """Its client id."""
        return self.scenario.admin.client_id

    @property
    def account(self) -> str:
        """Who signs in to it."""
        return self.scenario.admin_account

    @property
    def tenant(self) -> str:
        """The tenant its tokens name."""
        return self.scenario.tenant.id

    @property
    def secret_expired(self) -> bool:
        """Whether its secret is over."""
        return self.scenario.admin.secret == "expired"  # noqa: S105 - its state, not the secret

    def refusal(self, scope: str, account: str) -> Fault | None:
        """Refuse what was not consented; `.default` is whatever was, and every administrator is alike."""
        del account
        granted = {*permissions_on(_resource(scope), self.scenario.admin.scopes), ".default"}
        return Fault(aadsts=65001) if _names(scope) - granted else None

    def app_refusal(self) -> Fault | None:
        """Refuse nothing: a token without a role is given, and then opens no door."""
        return None

    def delegated(self, scope: str, account: str) -> Issued:
        """Give a token for the administrator, with all that was consented for the resource."""
        resource = _resource(scope)
        granted = permissions_on(resource, self.scenario.admin.scopes)
        asked = [".default"] if ".default" in _names(scope) else []
        shown = " ".join(f"{resource}/{one}" for one in (*granted, *asked))
        return Issued(self.issuer.administrator(resource, granted, account), shown, tokens.ADMIN_LIFE_S)

    def app_only(self, scope: str) -> Issued:
        """Give a token for the application itself."""
        resource = _resource(scope)
        token = self.issuer.administering(resource, permissions_on(resource, self.scenario.admin.roles))
        return Issued(token, scope, tokens.ADMIN_LIFE_S)


Client: TypeAlias = DeviceClient | AdminClient


def permissions_on(resource: str, permissions: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the permissions that are the resource's own: Exchange Online's, or Microsoft Graph's."""
    graph = resource in tokens.GRAPH_AUDIENCES
    return tuple(one for one in permissions if one.startswith(_EXCHANGE_PERMISSIONS) != graph)


def _asked(scope: str) -> list[str]:
    return [one for one in scope.split() if one not in tokens.OIDC]


def _names(scope: str) -> set[str]:
    """Return the permissions asked for, without their resource."""
    return {one.rpartition("/")[2] for one in _asked(scope)}


def _resource(scope: str) -> str:
    """Return the resource asked for; a permission that names none is Microsoft Graph's."""
    first = next(iter(_asked(scope)), "")
    return first.rpartition("/")[0] or tokens.GRAPH
