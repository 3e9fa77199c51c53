"""Accounts and mailboxes as Microsoft Graph tells of them, and the organisation with what it has bought."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from starlette.responses import Response

from diag.directory import EXCHANGE_PLANS
from diag.lab.graph_call import LOG_DENIED, NO_LICENCE, Call, GraphError, bad_request, not_found, stamp
from diag.lab.scenario import Mailbox
from diag.lab.scenario_directory import SignInRecord
from diag.lab.tenant import Exchange
from diag.lab.tokens import stable_id

_FOUNDATION = {"113feb6c-3fe4-4440-bddc-54d774bf0318": "EXCHANGE_S_FOUNDATION"}
_PLAN_IDS = {name: plan for plan, name in {**EXCHANGE_PLANS, **_FOUNDATION}.items()}
_ACTIVITY = "signInActivity"
_PAGE_OF_USERS, _PAGE_WITH_ACTIVITY = 999, 500
_NO_ID = "Get By Key only supports UserId and the key has to be a valid Guid"
_LOG_PERMISSION = "AuditLog.Read.All"
# What Graph gives of a user where nothing is selected.
_USUAL = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)


@dataclass(frozen=True)
class People:
    """The accounts of the tenant: those of the scenario's mailboxes, and the administrator's."""

    exchange: Exchange

    def everybody(self) -> tuple[Mailbox, ...]:
        """Return the accounts; the administrator's comes without a mailbox unless the scenario has one for it."""
        return self._everybody

    @cached_property
    def _everybody(self) -> tuple[Mailbox, ...]:
        scenario = self.exchange.scenario
        if scenario.called(scenario.admin_account):
            return scenario.mailboxes
        return (*scenario.mailboxes, Mailbox(address=scenario.admin_account, plan="", cloud_mailbox=False))

    @cached_property
    def _known(self) -> Mapping[str, Mailbox]:
        """The accounts by id and by sign-in name; where two share one, the first."""
        found: dict[str, Mailbox] = {}
        for one in self._everybody:
            found.setdefault(self.id(one), one)
            found.setdefault(one.upn.casefold(), one)
        return found

    @cached_property
    def _named(self) -> Mapping[str, Mailbox]:
        """The accounts by all their names."""
        found: dict[str, Mailbox] = {}
        for one in self._everybody:
            for name in one.names:
                found.setdefault(name, one)
        return found

    @cached_property
    def _synced(self) -> bool | None:
        return any(one.synced for one in self._everybody) or None

    @cached_property
    def _licences(self) -> Counter[str]:
        return Counter(one.licence for one in self._everybody)

    def find(self, name: str) -> Mailbox:
        """Return the account with this id or sign-in name; raises where there is none. An alias finds nobody."""
        found = self._known.get(name.casefold())
        if found is None:
            not_found(name)
        return found

    def id(self, one: Mailbox) -> str:
        """Return an account's object id, which is also the `oid` of its tokens."""
        return stable_id("oid", one.upn)

    def id_of(self, name: str) -> str:
        """Return the id of the account a scenario names by any address; what names nobody is given back."""
        found = self._named.get(name.casefold())
        return name if found is None else self.id(found)

    @cached_property
    def _signed_in(self) -> Mapping[str, tuple[SignInRecord, ...]]:
        """What the log has of people, by account."""
        found: defaultdict[str, list[SignInRecord]] = defaultdict(list)
        for one in self.exchange.scenario.sign_ins:
            if one.event != "servicePrincipal":
                found[self.id_of(one.account or self.exchange.scenario.account)].append(one)
        return {account: tuple(records) for account, records in found.items()}

    # --- what is asked

    def user(self, call: Call) -> Response:
        """Answer for one account; when somebody last signed in is told to whoever asks with its id."""
        box = self.find(call.names["user"])
        if self._is_about_activity(call) and call.names["user"] != self.id(box):
            bad_request(_NO_ID)
        return call.entity("users", self._user(box), usual=_USUAL)

    def users(self, call: Call) -> Response:
        """Answer for the accounts a filter finds."""
        about_activity = self._is_about_activity(call)
        rows = [self._user(one) for one in self._everybody]
        found = call.filtered(rows, "microsoft.graph.user", frozenset(rows[0]))
        return call.page("users", found, _PAGE_WITH_ACTIVITY if about_activity else _PAGE_OF_USERS, _USUAL)

    def _is_about_activity(self, call: Call) -> bool:
        """Whether the last sign-ins are asked for; raises where the licence or the permission for that is missing."""
        condition = call.query.get("$filter", "")
        if _ACTIVITY not in condition and _ACTIVITY not in call.query.get("$select", ""):
            return False
        if not self.exchange.scenario.directory.premium:
            raise GraphError(403, *NO_LICENCE)
        if _LOG_PERMISSION not in call.granted:
            raise GraphError(403, *LOG_DENIED)
        if _ACTIVITY in condition and " and " in condition:
            bad_request("Filter not supported.")
        return True

    def me(self, call: Call) -> Response:
        """Answer for the person who asks."""
        if call.person is None:
            bad_request("/me request is only valid with delegated authentication flow.", "BadRequest")
        return call.entity("users", self._user(self.find(call.person)), usual=_USUAL)

    def settings(self, call: Call) -> Response:
        """Answer with the part of the mailbox settings that says what the mailbox is for."""
        box = self._mailbox(call)
        return call.part(f"users('{self.id(box)}')/mailboxSettings", {"userPurpose": box.kind})

    def purpose(self, call: Call) -> Response:
        """Answer with what the mailbox is for, and nothing else."""
        box = self._mailbox(call)
        kind = f"users('{self.id(box)}')/mailboxSettings/userPurpose"
        return call.part(kind, {"value": box.kind})

    def organization(self, call: Call) -> Response:
        """Answer with the tenant's names."""
        tenant = self.exchange.scenario.tenant
        name = tenant.domain.partition(".")[0]
        domains = [_domain(tenant.domain, initial=False), _domain(f"{name}.onmicrosoft.com", initial=True)]
        row = {
            "id": tenant.id,
            "displayName": name.title(),
            "verifiedDomains": domains,
            "onPremisesSyncEnabled": self._synced,
            "tenantType": "AAD",
            "countryLetterCode": "FR",
        }
        return call.collection("organization", [row])

    def skus(self, call: Call) -> Response:
        """Answer with what the tenant has bought."""
        plans: list[str] = sorted(self._licences.keys() - {""})
        if self.exchange.scenario.directory.premium:
            plans.append("AAD_PREMIUM")
        consumed = sum(number for plan, number in self._licences.items() if plan)
        row = {
            "skuPartNumber": "SPB",
            "capabilityStatus": "Enabled",
            "consumedUnits": consumed,
            "prepaidUnits": {"enabled": max(25, consumed), "suspended": 0, "warning": 0},
            "servicePlans": [
                {"servicePlanName": plan, "provisioningStatus": "Success", "appliesTo": "User"} for plan in plans
            ],
        }
        return call.collection("subscribedSkus", [row])

    def _mailbox(self, call: Call) -> Mailbox:
        """Return the mailbox; a person may ask for their own alone, as it is documented."""
        box = self.find(call.names["user"])
        if call.person is not None and not box.is_called(call.person):
            raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        if not box.in_exchange:
            message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
            raise GraphError(404, "MailboxNotEnabledForRESTAPI", message)
        return box

    def _user(self, one: Mailbox) -> Mapping[str, Any]:
        before = stamp(self.exchange.clock.now() - timedelta(days=90))
        name = one.address.partition("@")[0]
        plans = []
        if one.licence:
            plan = {"capabilityStatus": "Enabled", "service": "exchange"}
            plans = [{"assignedDateTime": before, **plan, "servicePlanId": _PLAN_IDS[one.licence]}]
        return {
            "id": self.id(one),
            "businessPhones": [],
            "displayName": name.replace(".", " ").title(),
            "givenName": None,
            "jobTitle": None,
            "mail": one.address if one.in_exchange or not one.cloud_mailbox else None,
            "mobilePhone": None,
            "officeLocation": None,
            "preferredLanguage": None,
            "surname": name.title(),
            "userPrincipalName": one.upn,
            "proxyAddresses": [f"SMTP:{one.address}", *(f"smtp:{alias}" for alias in one.aliases)],
            "accountEnabled": one.may_sign_in,
            "userType": "Guest" if one.guest else "Member",
            "onPremisesSyncEnabled": True if one.synced else None,
            "assignedLicenses": [{"disabledPlans": [], "skuId": str(uuid.UUID(int=4))}] if plans else [],
            "assignedPlans": plans,
            "provisionedPlans": [
                {"capabilityStatus": "Enabled", "provisioningStatus": "Success", "service": "exchange"} for _ in plans
            ],
            "usageLocation": "FR",
            _ACTIVITY: self._activity(one),
            "lastPasswordChangeDateTime": before,
            "signInSessionsValidFromDateTime": before,
        }

    def _activity(self, one: Mailbox) -> Mapping[str, Any] | None:
        """Return when somebody last signed in to an account; None for nobody ever."""
        records = self._signed_in.get(self.id(one), ())
        kinds = {
            "lastSignIn": [record for record in records if record.event == "interactiveUser"],
            "lastNonInteractiveSignIn": [record for record in records if record.event == "nonInteractiveUser"],
            "lastSuccessfulSignIn": [record for record in records if record.code == 0],
        }
        told: dict[str, Any] = {}
        for kind, found in kinds.items():
            minutes = min((record.minutes_ago for record in found), default=None)
            at = None if minutes is None else stamp(self.exchange.clock.ago(timedelta(minutes=minutes)))
            told |= {f"{kind}DateTime": at, f"{kind}RequestId": at and stable_id(kind, one.upn, at)}
        return told if records else None


def _domain(name: str, *, initial: bool) -> dict[str, Any]:
    capabilities = "Email, OfficeCommunicationsOnline"
    return {
        "name": name,
        "isInitial": initial,
        "isDefault": not initial,
        "capabilities": capabilities,
        "type": "Managed",
    }
