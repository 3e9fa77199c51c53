"""The token's claims, or why there are none to read. Not a check: every token check begins here."""

import re
from datetime import datetime, timedelta

from checks.reading import server_now
from diag.evidence import Claims, Evidence, NotAsked, Opaque, SignInService, Unreadable
from diag.outcome import Skipped
from diag.sentence import say

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def claims(evidence: Evidence) -> Claims | Skipped:
    """The claims where they can be read."""
    match evidence.sign_in.token:
        case Claims() as found:
            return found
        case Opaque():
            return Skipped(because=say("the token is opaque; only its issuer can read it"))
        case Unreadable():
            return Skipped(because=say("the token is damaged"))
        case NotAsked(because=because):
            return Skipped(because=because)


def fits_audience(evidence: Evidence, found: Claims) -> bool:
    """Whether the token is meant for the server; true where it is not known what the server accepts."""
    accepted = {audience.rstrip("/").lower() for audience in evidence.sign_in.expected_audiences}
    named = {audience.rstrip("/").lower() for audience in found.audience.split()}  # RFC 7519 allows several
    return not accepted or bool(named & accepted)


def fits_permission(evidence: Evidence, found: Claims) -> bool:
    """Whether the token allows sending: SMTP.Send for a person, SMTP.SendAsApp for an application.

    An application that Exchange's own role assignment lets send has no such role in its token, and that is in order.
    """
    if not evidence.sign_in.expected_audiences:
        return True
    return found.app_only or "SMTP.Send" in found.scopes


def fits_dates(evidence: Evidence, found: Claims) -> bool:
    """Whether the token is valid now by the servers' clocks; true where it does not say."""
    now = server_now(evidence)
    expired = found.expires_at is not None and found.expires_at <= now
    return not expired and not begins_later(found, now)


def begins_later(found: Claims, now: datetime) -> bool:
    """Whether the token is valid only later; within a minute it is the two clocks that differ."""
    return found.not_before is not None and found.not_before - now > timedelta(minutes=1)


def expected_tenant(evidence: Evidence) -> str | None:
    """The id of the mailbox's tenant: as given, or as the sign-in service gave it for the domain."""
    given = evidence.subject.tenant
    if given and _GUID.fullmatch(given):
        return given
    service = evidence.sign_in.discovery
    return service.tenant if isinstance(service, SignInService) else None


def fits_tenant(evidence: Evidence, found: Claims) -> bool:
    """Whether the token comes from the mailbox's tenant; true where either is not known."""
    expected = expected_tenant(evidence)
    return expected is None or found.tenant is None or found.tenant.lower() == expected.lower()


def fits(evidence: Evidence, found: Claims) -> bool:
    """Whether nothing in the token speaks against it."""
    judges = (fits_audience, fits_permission, fits_dates, fits_tenant, fits_user)
    return all(judge(evidence, found) for judge in judges)


def fits_user(evidence: Evidence, found: Claims) -> bool:
    """Whether the token belongs to the mailbox; true where the token names nobody."""
    return found.app_only or not found.user or found.user.lower() == evidence.subject.mailbox.lower()
