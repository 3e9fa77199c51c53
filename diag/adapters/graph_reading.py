"""How the answers of Microsoft Graph are read: strictly, and none of them to the end of the computer's memory.

A reader returns None where the answer lacks what makes it one; of a list, what cannot be read is left out.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from diag.adapters.answers import Quoted
from diag.directory import (
    Account,
    AppCredential,
    AppliedPolicy,
    EnterpriseApp,
    Grant,
    Incident,
    LastSignIn,
    MailboxKind,
    Plan,
    Policy,
    Registration,
    Scope,
    SecurityDefaults,
    SignInRecord,
    Traced,
)

_MOST_ROWS, _MOST_TEXT, _MOST_SCOPES = 1000, 400, 20_000  # so many rows the longest page has, of sign-ins
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_BEFORE_ANY = 2018  # Microsoft keeps the dates of sign-ins since 2020 (learn.microsoft.com/graph, signInActivity)


@dataclass(frozen=True, slots=True)
class Record:
    """An object in an answer. What is missing, null or of another type reads as nothing; texts are fit to be shown."""

    fields: Mapping[str, Any] = field(repr=False)
    quoted: Quoted = field(repr=False)

    def text(self, name: str) -> str:
        """A text, in one line and short."""
        return self._shown(self.fields.get(name))

    def _shown(self, found: object) -> str:
        return self.quoted(found[:_MOST_TEXT]) if isinstance(found, str) else ""

    def id(self, name: str) -> str:
        """A text that may stand in the path of another question."""
        found = self.fields.get(name)
        return found if isinstance(found, str) and _ID.fullmatch(found) and self._shown(found) == found else ""

    def flag(self, name: str) -> bool | None:
        """True or false."""
        found = self.fields.get(name)
        return found if isinstance(found, bool) else None

    def number(self, name: str) -> int | None:
        """A whole number of a size that error codes have."""
        found = self.fields.get(name)
        return found if type(found) is int and abs(found) < 10**9 else None

    def time(self, name: str) -> datetime | None:
        """A time that says where it holds."""
        found = self.fields.get(name)
        try:
            stated = datetime.fromisoformat(found) if isinstance(found, str) else None
            return stated.astimezone(UTC) if stated and stated.tzinfo else None
        except (ValueError, OverflowError):
            return None

    def record(self, name: str) -> "Record":
        """An object in this one; an empty one where there is none."""
        found = self.fields.get(name)
        return Record(found if isinstance(found, dict) else {}, self.quoted)

    def has_rows(self, name: str) -> bool:
        """Whether there is a list."""
        return isinstance(self.fields.get(name), list)

    def _list(self, name: str) -> list[Any]:
        found = self.fields.get(name)
        return found[:_MOST_ROWS] if isinstance(found, list) else []

    def rows(self, name: str) -> tuple["Record", ...]:
        """The objects in a list."""
        return tuple(Record(row, self.quoted) for row in self._list(name) if isinstance(row, dict))

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts in a list."""
        return tuple(shown for one in self._list(name) if (shown := self._shown(one)))

    def words(self, name: str, separator: str | None = None) -> tuple[str, ...]:
        """The words of a text, or those in a list."""
        found = self.fields.get(name)
        if not isinstance(found, str):
            return self.texts(name)
        parts = [part.strip() for part in found[:_MOST_SCOPES].split(separator)]
        return tuple(shown for part in parts[:_MOST_ROWS] if (shown := self._shown(part)))


def account(found: Record, found_by: Literal["sign_in_name", "alias"]) -> Account | None:
    """Read an account."""
    name = found.text("userPrincipalName")
    if not found.id("id") or not name:
        return None
    proxies = (proxy.partition(":") for proxy in found.texts("proxyAddresses"))
    addresses = dict.fromkeys(address.lower() for kind, _, address in proxies if kind.lower() == "smtp" and address)
    plans = (
        Plan(id=plan.text("servicePlanId").lower(), service=plan.text("service"), status=plan.text("capabilityStatus"))
        for plan in found.rows("assignedPlans")
    )
    return Account(
        id=found.id("id"),
        sign_in_name=name,
        display_name=found.text("displayName"),
        mail=found.text("mail") or None,
        aliases=tuple(address for address in addresses if address != name.lower()),
        found_by=found_by,
        enabled=found.flag("accountEnabled"),
        member=found.text("userType").lower() != "guest",  # accounts older than the property have none
        synced=found.flag("onPremisesSyncEnabled") is True,
        plans=tuple(plans),
        password_changed_at=found.time("lastPasswordChangeDateTime"),
        sessions_valid_from=found.time("signInSessionsValidFromDateTime"),
    )


def last_sign_in(found: Record) -> LastSignIn | None:
    """Read when somebody last signed in.

    Microsoft's pages differ on whether the date of the last success covers those without a person present. The newest
    of all three says too little rather than too much. A date before there were any stands for none.
    """
    if not found.id("id"):
        return None
    activity = found.record("signInActivity")
    stated = (activity.time(f"last{kind}DateTime") for kind in ("SignIn", "NonInteractiveSignIn", "SuccessfulSignIn"))
    return LastSignIn(at=max((at for at in stated if at is not None and at.year > _BEFORE_ANY), default=None))


def mailbox(found: Record) -> MailboxKind | None:
    """Read what the mailbox is for; the documentation has two forms, a word and an object that holds the word."""
    for holder, name in ((found, "value"), (found.record("value"), "value"), (found, "userPurpose")):
        if purpose := holder.text(name):
            return MailboxKind(purpose=purpose)
    return None


def security_defaults(found: Record) -> SecurityDefaults | None:
    """Read whether they are on."""
    enabled = found.flag("isEnabled")
    return None if enabled is None else SecurityDefaults(enabled=enabled)


def _scope(holder: Record, what: str, *words: str) -> Scope:
    included = holder.texts(f"include{what}")
    return Scope(included=(*included, *words), excluded=holder.texts(f"exclude{what}"))


def policy(found: Record) -> Policy | None:
    """Read a Conditional Access policy, or what What-If says of one."""
    if not found.text("id"):
        return None
    conditions, grant = found.record("conditions"), found.record("grantControls")
    users, applications = conditions.record("users"), conditions.record("applications")
    guests = ("GuestsOrExternalUsers",) if users.fields.get("includeGuestsOrExternalUsers") else ()
    # Demands that stand beside the list of built-in ones, under Graph's names for them.
    beside = ("authenticationStrength", "termsOfUse", "customAuthenticationFactors")
    return Policy(
        id=found.text("id"),
        name=found.text("displayName"),
        state=found.text("state"),
        controls=(*grant.texts("builtInControls"), *(name for name in beside if grant.fields.get(name))),
        operator=grant.text("operator") or "OR",
        users=_scope(users, "Users", *guests),
        groups=_scope(users, "Groups"),
        roles=_scope(users, "Roles"),
        applications=_scope(applications, "Applications"),
        locations=_scope(conditions.record("locations"), "Locations"),
        platforms=_scope(conditions.record("platforms"), "Platforms"),
        clients=conditions.texts("clientAppTypes"),
        flows=conditions.record("authenticationFlows").words("transferMethods", ","),
        applies=found.flag("policyApplies"),
    )


def app(found: Record, client_id: str) -> EnterpriseApp | None:
    """Read an enterprise application."""
    if not found.id("id"):
        return None
    blocked = found.text("disabledByMicrosoftStatus")
    return EnterpriseApp(
        object_id=found.id("id"),
        client_id=found.text("appId") or client_id,
        name=found.text("displayName"),
        enabled=found.flag("accountEnabled"),
        assignment_required=found.flag("appRoleAssignmentRequired") is True,
        blocked_by_microsoft=None if blocked in {"", "NotDisabled"} else blocked,
    )


def grant(found: Record) -> Grant | None:
    """Read a delegated consent."""
    if not found.text("resourceId") or not found.text("consentType"):
        return None
    return Grant(
        everybody=found.text("consentType") == "AllPrincipals",
        account_id=found.text("principalId") or None,
        resource=found.text("resourceId"),
        scopes=found.words("scope"),
    )


def roles(assignments: Iterable[Record], exchange: Record) -> tuple[str, ...]:
    """Name the application permissions on Exchange Online; one without a name is shown by its id."""
    names = {role.text("id"): role.text("value") for role in exchange.rows("appRoles")}
    ids = (one.text("appRoleId") for one in assignments if one.text("resourceId") == exchange.id("id"))
    return tuple(names.get(role) or role for role in ids if role)


def registration(found: Record) -> Registration | None:
    """Read a registration, without any secret."""
    if not found.id("id"):
        return None
    forms: tuple[tuple[Literal["secret", "certificate"], str], ...] = (
        ("secret", "passwordCredentials"),
        ("certificate", "keyCredentials"),
    )
    credentials = (
        AppCredential(
            form=form,
            name=one.text("displayName"),
            begins_at=one.time("startDateTime"),
            ends_at=one.time("endDateTime"),
        )
        for form, name in forms
        for one in found.rows(name)
    )
    return Registration(
        object_id=found.id("id"),
        name=found.text("displayName"),
        public_client=found.flag("isFallbackPublicClient"),
        credentials=tuple(credentials),
    )


def sign_in(found: Record) -> SignInRecord | None:
    """Read a sign-in; without a time or a code it says nothing."""
    at, status = found.time("createdDateTime"), found.record("status")
    code = status.number("errorCode")
    if at is None or code is None:
        return None
    applied = (
        AppliedPolicy(id=one.text("id"), name=one.text("displayName"), result=one.text("result"))
        for one in found.rows("appliedConditionalAccessPolicies")
    )
    return SignInRecord(
        at=at,
        app=found.text("appDisplayName"),
        app_id=found.text("appId") or None,
        client=found.text("clientAppUsed"),
        resource=found.text("resourceDisplayName"),
        code=code,
        reason=status.text("failureReason"),
        ip=found.text("ipAddress") or None,
        policies=tuple(applied),
        correlation_id=found.text("correlationId") or None,
    )


def incident(found: Record) -> Incident | None:
    """Read an incident; the resolved ones are no matter."""
    if not found.text("id") or found.flag("isResolved"):
        return None
    return Incident(
        id=found.text("id"),
        title=found.text("title"),
        feature=found.text("feature"),
        status=found.text("status"),
        since=found.time("startDateTime"),
    )


def traced(found: Record) -> Traced | None:
    """Read what became of a message."""
    at = found.time("receivedDateTime")
    if at is None or not found.text("status"):
        return None
    return Traced(
        at=at,
        recipient=found.text("recipientAddress"),
        status=found.text("status"),
        message_id=found.text("messageId"),
    )
