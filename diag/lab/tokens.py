"""Access tokens, refresh tokens and the keys they are signed with; claims as in Entra's claims reference."""

import base64
import functools
import hashlib
import hmac
import json
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from diag.lab.clock import LabClock
from diag.lab.scenario import USUAL_LIFE_S, Scenario

EXCHANGE = "https://outlook.office.com"
EXCHANGE_AUDIENCES = frozenset({EXCHANGE, "https://outlook.office365.com", "00000002-0000-0ff1-ce00-000000000000"})
ADMIN_AUDIENCES = EXCHANGE_AUDIENCES - {EXCHANGE}
ADMIN_RESOURCE = "https://outlook.office365.com"
ADMIN_LIFE_S = USUAL_LIFE_S
GRAPH = "https://graph.microsoft.com"
GRAPH_ID = "00000003-0000-0000-c000-000000000000"
GRAPH_AUDIENCES = frozenset({GRAPH, GRAPH_ID})
_EXCHANGE_ADMINISTRATOR = "29232cdf-9323-42fd-ade2-1d097af3e4de"  # the directory role's id, the same in every tenant
OIDC = frozenset({"openid", "profile", "email", "offline_access"})
_GROUP = 54  # characters of a JWT that one more group takes: 36 of the id, quotes and comma, a third more as base64
_OPAQUE_LENGTH = 1100
_REFRESH_LENGTH = 930
_KNOWN_AGAIN = 2000  # tokens whose signature need not be checked a second time; opaque ones are forgotten beyond


@functools.cache
def signing_key() -> rsa.RSAPrivateKey:
    """Return the key every lab of this process signs with; it is made once, because that takes the longest."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@functools.cache
def app_key() -> rsa.RSAPrivateKey:
    """Return the key of the application's certificate, made when a certificate is first needed."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def app_certificate(now: datetime) -> bytes:
    """Return a PEM with the application's key and its self-signed certificate, as MSAL reads it."""
    key = app_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "scan-to-e-mail")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def resource_of(scope: str) -> str:
    """Return the resource a scope list asks for: `https://outlook.office.com` of `https://outlook.office.com/SMTP.Send`."""
    named = next((one for one in scope.split() if one not in OIDC), f"{EXCHANGE}/SMTP.Send")
    return named.rpartition("/")[0] or GRAPH


def stable_id(*parts: str) -> str:
    """Return an id that is always the same for the same thing."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(parts)))


@dataclass(slots=True)
class Issuer:
    """Mints tokens as the scenario says, and knows again those it minted."""

    scenario: Scenario
    clock: LabClock
    _opaque: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    _checked: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    _seal: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @property
    def tenant(self) -> str:
        """The tenant that tokens name."""
        return self.scenario.sign_in.tenant or self.scenario.tenant.id

    def delegated(self, scope: str, account: str, *, life_s: int = USUAL_LIFE_S) -> str:
        """Mint an access token for a person; `life_s` is its life where the scenario says nothing of it."""
        wanted = self.scenario.sign_in
        return self._sign(
            {
                **self._common(wanted.audience or resource_of(scope), account, life_s),
                "acr": "1",
                "amr": ["pwd"],
                "appidacr": "0",
                "family_name": account.partition("@")[0],
                "name": account.partition("@")[0].title(),
                "ipaddr": "198.51.100.23",
                "puid": stable_id("puid", account).replace("-", "")[:16].upper(),
                "scp": " ".join(wanted.scopes),
                "unique_name": account,
                "upn": account,
            }
        )

    def app_only(self, scope: str) -> str:
        """Mint an access token for the application itself."""
        app = self.scenario.app
        claims = self._common(self.scenario.sign_in.audience or resource_of(scope), app.client_id)
        return self._sign({**claims, "appidacr": "1", "idtyp": "app", "roles": list(app.roles)})

    def administrator(self, resource: str, scopes: tuple[str, ...], account: str, *, life_s: int = USUAL_LIFE_S) -> str:
        """Mint an access token for an administrator of the tenant; the faults of `[sign_in]` are not theirs."""
        claims = {"scp": " ".join(scopes), "unique_name": account, "upn": account, "wids": [_EXCHANGE_ADMINISTRATOR]}
        return self._administrative(resource, account, claims, life_s)

    def administering(self, resource: str, roles: tuple[str, ...], *, life_s: int = USUAL_LIFE_S) -> str:
        """Mint an access token for the administrator's application itself."""
        claims = {"appidacr": "1", "idtyp": "app", "roles": list(roles)}
        return self._administrative(resource, self.scenario.admin.client_id, claims, life_s)

    def _administrative(self, resource: str, who: str, claims: dict[str, Any], life_s: int) -> str:
        tenant, now = self.scenario.tenant.id, int(self.clock.now().timestamp())
        claims = {
            **self._common(resource, who),
            "iss": f"https://sts.windows.net/{tenant}/",
            "iat": now,
            "nbf": now,
            "exp": now + life_s,
            "tid": tenant,
            "appid": self.scenario.admin.client_id,
            "app_displayname": "diag",
            **claims,
        }
        return _encoded(claims)

    def _common(self, audience: str, who: str, life_s: int = USUAL_LIFE_S) -> dict[str, Any]:
        """Return the claims every v1 access token has."""
        app, said_s = self.scenario.app, self.scenario.sign_in.lifetime_s
        # A token that is over was once valid: its beginning moves back with its end.
        life = timedelta(seconds=life_s if said_s == USUAL_LIFE_S else said_s)
        begun = min(self.clock.now(), self.clock.now() + life - timedelta(seconds=USUAL_LIFE_S))
        return {
            "aud": audience,
            "iss": f"https://sts.windows.net/{self.tenant}/",
            "iat": int(begun.timestamp()),
            "nbf": int(begun.timestamp()),
            "exp": int((self.clock.now() + life).timestamp()),
            "aio": secrets.token_urlsafe(48),
            "app_displayname": app.name,
            "appid": app.client_id,
            "oid": stable_id("oid", who),
            "rh": f"1.{secrets.token_urlsafe(56)}.",
            "sid": str(uuid.uuid4()),
            "sub": stable_id("sub", who),
            "tid": self.tenant,
            "uti": secrets.token_urlsafe(16),
            "ver": "1.0",
        }

    def _sign(self, claims: dict[str, Any]) -> str:
        if self.scenario.sign_in.opaque:
            token = "EwB" + secrets.token_urlsafe(_OPAQUE_LENGTH)
            _keep(self._opaque, token, claims)
            return token
        length = _empty_length() + len(json.dumps(claims, separators=(",", ":"))) * 4 // 3
        missing = self.scenario.sign_in.length - length
        if missing >= _GROUP:  # real tokens grow with the account's group memberships
            claims = {**claims, "groups": [stable_id("group", str(number)) for number in range(missing // _GROUP)]}
        return _encoded(claims)

    def claims(self, token: str) -> dict[str, Any] | None:
        """Return what a token says if its signature is the lab's own; whether it fits is for the asker to decide."""
        known = self._opaque.get(token) or self._checked.get(token)
        if known is not None:
            return known
        try:
            found: dict[str, Any] = jwt.decode(
                token,
                signing_key().public_key(),
                algorithms=["RS256"],
                options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            return None
        _keep(self._checked, token, found)
        return found

    def refresh(self, account: str, client_id: str) -> str:
        """Mint a refresh token, good for every resource the application was granted.

        Whose it is stands in it, sealed: however many are given out, none has to be remembered.
        """
        said = base64.urlsafe_b64encode(json.dumps([account, client_id]).encode()).decode().rstrip("=")
        salt = secrets.token_urlsafe(max(_REFRESH_LENGTH - len(said), 64) * 3 // 4).replace(".", "-")
        return f"1.{said}.{salt}.{self._sealed(said, salt)}"

    def _sealed(self, said: str, salt: str) -> str:
        return hmac.new(self._seal, f"{said}.{salt}".encode(), hashlib.sha256).hexdigest()

    def holder(self, refresh_token: str, client_id: str) -> str | None:
        """Return the account a refresh token was given to, None for one that is not the lab's or not this client's."""
        said, salt, seal = [*refresh_token.removeprefix("1.").split("."), "", "", ""][:3]
        if not hmac.compare_digest(seal.encode(), self._sealed(said, salt).encode()):
            return None
        account, client = json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
        return str(account) if client == client_id else None

    def revoke(self) -> None:
        """Let no refresh token be good that was given out until now, as after a password was reset."""
        self._seal = secrets.token_bytes(32)

    def identity(self, account: str, client_id: str, tenant: str, base: str) -> dict[str, str]:
        """Return the `id_token` and `client_info` that go with a delegated token; `base` is the service's address."""
        now = int(self.clock.now().timestamp())
        claims = {
            "aud": client_id,
            "iss": f"{base}/{tenant}/v2.0",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "name": account.partition("@")[0].title(),
            "oid": stable_id("oid", account),
            "preferred_username": account,
            "sub": stable_id("sub", account),
            "tid": tenant,
            "ver": "2.0",
        }
        info = json.dumps({"uid": claims["oid"], "utid": tenant}).encode()
        return {
            "id_token": jwt.encode(claims, signing_key(), algorithm="RS256", headers={"kid": KEY_ID}),
            "client_info": base64.urlsafe_b64encode(info).decode().rstrip("="),
        }


KEY_ID = "ZGlhZy1sYWItc2lnbmluZy1rZXk"


def _encoded(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, signing_key(), algorithm="RS256", headers={"x5t": KEY_ID, "kid": KEY_ID})


@functools.cache
def _empty_length() -> int:
    return len(_encoded({}))


def _keep(known: dict[str, dict[str, Any]], token: str, claims: dict[str, Any]) -> None:
    """Remember a token, and forget the oldest where there are too many."""
    known[token] = claims
    if len(known) > _KNOWN_AGAIN:
        del known[next(iter(known))]


def public_keys() -> dict[str, Any]:
    """Return the JWK set under which the tokens can be checked."""
    key = jwt.algorithms.RSAAlgorithm.to_jwk(signing_key().public_key(), as_dict=True)
    return {"keys": [{**key, "use": "sig", "kid": KEY_ID, "x5t": KEY_ID}]}
