"""The forms in which programs get a setting, a change of it, and what is expected of one."""

from dataclasses import dataclass
from datetime import datetime

from diag.setting import Change, Expectation, Progress, Propagation, Setting, Switch


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRead:
    """Authenticated SMTP as it was read, or as the sign-in showed it (`backend` is then probe); null: not known."""

    mailbox: Switch | None
    organisation: Switch | None
    effective: Switch | None
    backend: str
    vendor_supported: bool
    observed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStep:
    """How far a change was at a time."""

    progress: Progress
    at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeKept:
    """A change as the ledger has it; `took_s` is null where nobody saw it become effective."""

    id: int
    mailbox: str
    tenant: str
    before: Switch
    after: Switch
    operator: str
    ticket: str | None
    undoes: int | None
    backend: str
    progress: Progress
    took_s: float | None
    steps: tuple[ChangeStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationKept:
    """How long the measured changes of the tenant took, in seconds."""

    count: int
    shortest_s: float
    longest_s: float
    median_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PropagationKept:
    """A change that may not be effective yet, what to expect of it, and for how long it is taken to be on its way."""

    change: ChangeKept
    expectation: ExpectationKept | None
    window_s: float


def setting_read(setting: Setting) -> SettingRead:
    """Return a setting in its form for programs."""
    return SettingRead(
        mailbox=setting.mailbox,
        organisation=setting.organisation,
        effective=setting.effective,
        backend=setting.backend.name,
        vendor_supported=setting.backend.vendor_supported,
        observed_at=setting.observed_at,
    )


def change_kept(change: Change) -> ChangeKept:
    """Return a change in its form for programs."""
    intent = change.intent
    return ChangeKept(
        id=change.id,
        mailbox=intent.mailbox,
        tenant=intent.tenant,
        before=intent.before,
        after=intent.after,
        operator=intent.operator,
        ticket=intent.ticket,
        undoes=intent.undoes,
        backend=intent.backend,
        progress=change.progress,
        took_s=change.took_s,
        steps=tuple(ChangeStep(progress=step.progress, at=step.at, note=step.note) for step in change.steps),
    )


def expectation_kept(found: Expectation | None) -> ExpectationKept | None:
    """Return an expectation in its form for programs."""
    if found is None:
        return None
    return ExpectationKept(
        count=found.count, shortest_s=found.shortest_s, longest_s=found.longest_s, median_s=found.median_s
    )


def propagation_kept(found: Propagation | None) -> PropagationKept | None:
    """Return a change that may be on its way in its form for programs."""
    if found is None:
        return None
    return PropagationKept(
        change=change_kept(found.change), expectation=expectation_kept(found.expectation), window_s=found.window_s
    )
