"""What lacks of the two applications, and the steps that would add it: compared, never sent.

A step only ever adds: what somebody else put on a registration stays there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from diag.applications import (
    SINGLE_TENANT,
    Amend,
    Application,
    Enrol,
    Permission,
    Purpose,
    Register,
    Step,
    Tenant,
)
from diag.obstacle import NotAnswered
from diag.sentence import Sentence
from diag.setup import words
from diag.setup.wanted import Asked, Wanted, is_an_administrators

Consent: TypeAlias = Literal["given", "missing", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One application: as it should be, as it is (None: not registered), and the steps from here to there.

    `permissions` are those it should ask for, as the tenant's services have them. An `alert` says what must be taken
    away by hand before diag touches it.
    """

    wanted: Wanted
    existing: Application | None
    permissions: tuple[Permission, ...]
    steps: tuple[Step, ...]
    alert: Sentence | None = None

    @property
    def consent(self) -> Consent:
        """Whether an administrator has consented, for everybody, to all that it should ask for."""
        if self.existing is None:
            return "missing"
        given = self.existing.consented
        if isinstance(given, NotAnswered):
            return "unknown"
        there = {(one.service, one.value, one.kind) for one in given if one.everybody}
        return "given" if all((p.service, p.value, p.kind) in there for p in self.permissions) else "missing"


@dataclass(frozen=True, slots=True)
class Plan:
    """Both applications, and what this tenant's services do not have."""

    apps: tuple[Planned, ...]
    remarks: tuple[Sentence, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All that would be sent, in order."""
        return tuple(step for app in self.apps for step in app.steps)

    @property
    def alerts(self) -> tuple[Sentence, ...]:
        """What is wrong and diag does not touch."""
        return tuple(app.alert for app in self.apps if app.alert is not None)

    def app(self, purpose: Purpose) -> Planned:
        """Return one of the two."""
        return next(app for app in self.apps if app.wanted.purpose is purpose)


@dataclass(frozen=True, slots=True)
class Refused:
    """diag does not plan anything, and why."""

    because: Sentence


def plan(tenant: Tenant, both: Iterable[Wanted], *, signed_in_with: str | None = None) -> Plan | Refused:
    """Say what lacks; `signed_in_with` is the application with which whoever asks has signed in."""
    apps, remarks = [], []
    for one in both:
        found = tenant.registered.get(one.name, ())
        if len(found) > 1:
            return Refused(words.several(one.name, found))
        existing = found[0] if found else None
        if one.purpose is Purpose.SMTP and existing is not None and _same(existing.client_id, signed_in_with):
            return Refused(words.signed_in_with_the_devices(one.name))
        if existing is not None and isinstance(existing.consented, NotAnswered):
            remarks.append(words.consent_unread(one.name, existing.consented.because))
        permissions = []
        for asked in one.asks:
            known = _permission(tenant, asked)
            if known is not None:
                permissions.append(known)
            elif asked.needed:
                return Refused(words.not_a_permission(asked))
            else:
                remarks.append(words.left_out(one.name, asked))
        apps.append(_planned(one, existing, tuple(permissions)))
    return Plan(tuple(apps), tuple(remarks))


def _same(client_id: str, other: str | None) -> bool:
    return other is not None and client_id.casefold() == other.casefold()


def _permission(tenant: Tenant, asked: Asked) -> Permission | None:
    service = tenant.service(asked.service)
    return service.permission(asked.value, asked.kind) if service is not None else None


def _planned(one: Wanted, existing: Application | None, permissions: tuple[Permission, ...]) -> Planned:
    alert = None
    if one.purpose is Purpose.SMTP and existing is not None and (too_much := _too_much(existing)):
        alert = words.too_much(one.name, too_much)
    # Changing a registration sends all that it asks for once more: never an administrator's on the device's.
    steps = () if alert is not None else tuple(_steps(one.name, existing, permissions))
    return Planned(wanted=one, existing=existing, permissions=permissions, steps=steps, alert=alert)


def _too_much(app: Application) -> tuple[str, ...]:
    """Return what an administrator may and the application asks for, or was granted without asking."""
    held = [permission.value or permission.id for permission in app.requires if is_an_administrators(permission.value)]
    if not isinstance(app.consented, NotAnswered):
        held += [one.value or "?" for one in app.consented if is_an_administrators(one.value)]
    return tuple(dict.fromkeys(held))


def _steps(name: str, existing: Application | None, permissions: tuple[Permission, ...]) -> Iterator[Step]:
    if existing is None:
        yield Register(name=name, requires=permissions)
        yield Enrol(name=name, client_id=None)
        return
    lacks = tuple(permission for permission in permissions if permission not in existing.requires)
    amend = Amend(
        name=name,
        object_id=existing.object_id,
        single_tenant=existing.audience != SINGLE_TENANT,
        public=existing.public is not True,
        requires=existing.requires,
        adds=lacks,
    )
    if amend.single_tenant or amend.public or amend.adds:
        yield amend
    if existing.enterprise is None:
        yield Enrol(name=name, client_id=existing.client_id)
