"""Accounts and mailboxes as Microsoft Graph tells of them, and the organisation with what it has bought."""

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from starlette.responses import Response

from diag.directory import EXCHANGE_PLANS
from diag.lab.graph_call import Call, GraphError, bad_request, not_found, stamp
from diag.lab.scenario import Mailbox
from diag.lab.tenant import Exchange
from diag.lab.tokens import stable_id

_FOUNDATION = {"113feb6c-3fe4-4440-bddc-54d774bf0318": "EXCHANGE_S_FOUNDATION"}
_PLAN_IDS = {name: plan for plan, name in {**EXCHANGE_PLANS, **_FOUNDATION}.items()}
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

    # --- what is asked

    def user(self, call: Call) -> Response:
        """Answer for one account."""
        return call.entity("users", self._user(self.find(call.names["user"])), usual=_USUAL)

    def users(self, call: Call) -> Response:
        """Answer for the accounts a filter finds."""
        rows = [self._user(one) for one in self._everybody]
        return call.collection("users", call.filtered(rows, "microsoft.graph.user", frozenset(rows[0])), _USUAL)

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
            "lastPasswordChangeDateTime": before,
            "signInSessionsValidFromDateTime": before,
        }


def _domain(name: str, *, initial: bool) -> dict[str, Any]:
    capabilities = "Email, OfficeCommunicationsOnline"
    return {
        "name": name,
        "isInitial": initial,
        "isDefault": not initial,
        "capabilities": capabilities,
        "type": "Managed",
    }
