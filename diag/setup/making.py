"""Taking the steps of a plan: each is sent once, and afterwards everything is read back and compared anew.

What came of a step is said by what is read, not by the answer to it. A run that breaks off leaves a state from which
the next one plans what is left.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from diag.applications import Enrol, Step
from diag.obstacle import NotAnswered
from diag.ports import Applications
from diag.sentence import Sentence, say
from diag.setup.plan import Plan, Refused, plan
from diag.setup.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Made:
    """All that was planned is there, as read back; the plan has no steps left, and perhaps an alert still."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class NotMade:
    """Read back, something lacks still; the plan has the steps that are left."""

    plan: Plan
    because: Sentence


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Something was sent, and what came of it could not be read."""

    because: Sentence


Result: TypeAlias = Made | NotMade | Unsettled


async def look(
    applications: Applications,
    both: Iterable[Wanted],
    *,
    signed_in_with: str | None = None,
) -> Plan | Refused | NotAnswered:
    """Read what there is, and plan what lacks."""
    wanted = tuple(both)
    tenant = await applications.look({one.name: None for one in wanted})
    if isinstance(tenant, NotAnswered):
        return tenant
    return plan(tenant, wanted, signed_in_with=signed_in_with)


async def overtaken(applications: Applications, planned: Plan, *, signed_in_with: str | None = None) -> NotMade | None:
    """Look once more, since whoever was asked may have taken their time; None where all is as it was."""
    now = await look(applications, (app.wanted for app in planned.apps), signed_in_with=signed_in_with)
    if now == planned:
        return None
    return NotMade(planned, now.because if isinstance(now, NotAnswered) else _MEANWHILE)


async def make(applications: Applications, planned: Plan) -> Result:
    """Take the steps of a plan, one after the other, up to the first that is refused; then read everything back."""
    known = {app.wanted.name: app.existing.client_id if app.existing else None for app in planned.apps}
    fresh: set[str] = set()
    trouble = None
    for step in planned.steps:
        sent = await applications.take(_complete(step, known))
        if isinstance(sent, NotAnswered):
            trouble = sent.because
            break
        if sent.client_id is not None:
            known[step.name] = sent.client_id
            fresh.add(step.name)
    tenant = await applications.look(known)
    if isinstance(tenant, NotAnswered):
        return Unsettled(_unread(trouble, tenant.because))
    if hidden := sorted(name for name in fresh if not tenant.registered.get(name)):
        return Unsettled(_not_shown(", ".join(hidden)))
    after = plan(tenant, (app.wanted for app in planned.apps))
    if isinstance(after, Refused):
        return Unsettled(after.because)
    if not after.steps:
        return Made(after)
    return NotMade(after, trouble or _NOT_SHOWN_YET)


def _complete(step: Step, known: dict[str, str | None]) -> Step:
    """Return a step with the client id that an earlier one brought."""
    return replace(step, client_id=known[step.name]) if isinstance(step, Enrol) else step


_MEANWHILE = say("Nothing was made: while you were asked, somebody changed the applications. Run this again.")
_NOT_SHOWN_YET = say("Everything was accepted, but not all of it is read back yet. Wait a minute, then run this again.")


def _not_shown(names: str) -> Sentence:
    return say(
        "{names}: it was registered, and Microsoft Graph does not show it yet. Wait some minutes, then run this again: "
        "at once it might be registered a second time.",
        names=names,
    )


def _unread(trouble: Sentence | None, unread: Sentence) -> Sentence:
    if trouble is None:
        return say("All was sent, but it could not be read back. Run this again to see. {why}", why=unread)
    return say(
        "It was broken off: {trouble} What was sent before could not be read back: {why} Run this again to see.",
        trouble=trouble,
        why=unread,
    )
