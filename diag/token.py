"""Read what an access token says of itself, without trusting it: for a diagnosis, never for a decision of access."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from diag.evidence import Claims, Opaque, Token, Unreadable
from diag.secret import Secret
from diag.sentence import say, well_formed

# In the order in which they name the account that signed in; v1.0 tokens carry the first two, v2.0 the third.
_USER_CLAIMS = ("upn", "unique_name", "preferred_username", "email")
_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, 2.1


def is_token_shaped(text: str) -> bool:
    """Whether `text` can stand behind "Bearer " at all (RFC 6750's b64token)."""
    return bool(_B64TOKEN.fullmatch(text))


def _part(part: str) -> object:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _date(value: object) -> datetime | None:
    """A NumericDate of RFC 7519, None where it is missing or no date."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _text(claims: Mapping[str, object], *names: str) -> str | None:
    found = next((value for name in names if isinstance(value := claims.get(name), str) and value), None)
    return None if found is None else well_formed(found)


def _words(value: object) -> tuple[str, ...]:
    """A claim that is a list of words, or one string of words."""
    match value:
        case str():
            return tuple(well_formed(value).split())
        case list():
            return tuple(well_formed(word) for word in value if isinstance(word, str))
        case _:
            return ()


def _claims(token: str, claims: Mapping[str, object]) -> Claims:
    scopes, roles = _words(claims.get("scp") or claims.get("scope")), _words(claims.get("roles"))
    audience = claims.get("aud")
    users = tuple((name, value) for name in _USER_CLAIMS if (value := _text(claims, name)))
    return Claims(
        length=len(token),
        fingerprint=hashlib.sha256(token.encode()).hexdigest()[:16],
        audience=" ".join(_words(audience)),
        issuer=_text(claims, "iss") or "",
        scopes=scopes,
        roles=roles,
        users=users,
        tenant=_text(claims, "tid"),
        app_id=_text(claims, "appid", "azp", "client_id"),
        # `idtyp` is optional, so its absence proves nothing; an app-only token has neither scopes nor an account.
        app_only=claims.get("idtyp") == "app" or (not scopes and not users),
        issued_at=_date(claims.get("iat")),
        not_before=_date(claims.get("nbf")),
        expires_at=_date(claims.get("exp")),
    )


def read_token(secret: Secret) -> Token:
    """Return the claims of a JWT; `Opaque` for another form; `Unreadable` for a JWT that is damaged."""
    token = secret.reveal()
    if not token.startswith("eyJ"):  # every JWT starts with {" in base64url
        return Opaque(length=len(token))
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return Unreadable(length=len(token), problem=say("{count} parts in place of 3", count=len(parts)))
    if not parts[2]:
        return Unreadable(length=len(token), problem=say("the signature is missing"))
    try:
        _part(parts[0])
        claims = _part(parts[1])
    except (binascii.Error, ValueError, RecursionError):
        return Unreadable(length=len(token), problem=say("it is not JSON in base64url"))
    if not isinstance(claims, dict):
        return Unreadable(length=len(token), problem=say("it holds no claims"))
    return _claims(token, claims)
