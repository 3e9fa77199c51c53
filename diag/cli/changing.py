"""Change the setting of one mailbox, shown first and confirmed."""

import asyncio
from dataclasses import dataclass, replace

from diag.adapters.threads import abandonable
from diag.change import (
    Changed,
    Nothing,
    Plan,
    Reconciled,
    Refused,
    Result,
    by_hand,
    change,
    on_its_way,
    plan,
    reconcile,
    switches_on,
    undoable,
)
from diag.cli.terminal import Terminal
from diag.evidence import Claims
from diag.obstacle import NotAnswered, Obstacle
from diag.ports import Ledger
from diag.powershell import quoted
from diag.sentence import Sentence, say
from diag.setting import LedgerError, Propagation, Setting, Switch
from diag.wiring import Administration, who_and_where
from reports.change import reminder
from reports.setting import Told, sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants: a value, or (None) the one before the last change; and how sure they said they are."""

    value: Switch | None
    yes: bool = False
    anyway: bool = False
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class _Begun:
    """Who signed in, and what was read."""

    claims: Claims | None
    found: Reconciled


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a change is asked for: the administrator's side, the ledger, and the person."""

    side: Administration
    ledger: Ledger
    person: Terminal

    async def look(self, mailbox: str) -> Told:
        """Read the setting, close what earlier runs left open, and see what is on its way."""
        begun = await self._begun(mailbox, None)
        if isinstance(begun, Told):
            return begun
        found = begun.found
        return Told(
            mailbox=found.setting.identity,
            asked=mailbox,
            setting=found.setting,
            closed=found.closed,
            under_way=found.under_way,
            propagation=await self._on_its_way(found.setting),
        )

    async def make(self, mailbox: str, wish: Wish) -> Told:
        """Make a change as it was wished for, once it is confirmed; raises `LedgerError` where nothing was sent."""
        begun = await self._begun(mailbox, wish.value)
        if isinstance(begun, Told):
            return begun
        live, on_way = begun.found.setting, await self._on_its_way(begun.found.setting)
        told = Told(mailbox=live.identity, asked=mailbox, setting=live, closed=begun.found.closed)
        planned, undoes = await self._planned(live, wish)
        if isinstance(planned, Nothing | Refused):
            return replace(told, result=planned, propagation=on_way if isinstance(planned, Nothing) else None)
        told = replace(told, plan=planned)
        if on_way is not None and wish.yes and not wish.anyway:
            too_soon = Refused(because=_TOO_SOON, setting=live, other=on_way.change)
            return replace(told, result=too_soon, propagation=on_way)
        # In a thread that nobody waits for: else Ctrl-C would have to wait for the answer.
        hint = await abandonable(None, self._unconfirmed, told, on_way, wish)
        if hint is not None:
            return replace(told, propagation=on_way, hints=(hint,))
        return await self._told(told, await self._made(mailbox, planned, wish, begun.claims, undoes))

    async def _told(self, told: Told, result: Result) -> Told:
        """Add what came of a change, and what is on its way now."""
        if not isinstance(result, Changed) or result.unrecorded:
            return replace(told, result=result)
        try:
            on_way = await self._on_its_way(result.setting)
        except LedgerError:  # what came of the change is known, and told
            on_way = None
        hints = (_watch(told.asked),) if on_way is not None and switches_on(on_way.change) else ()
        return replace(told, result=result, propagation=on_way, hints=hints)

    async def _begun(self, mailbox: str, value: Switch | None) -> "_Begun | Told":
        """Sign in, read the setting, and close what was left open."""
        claims = await self.side.reads(self.side.asks_for_setting)
        if isinstance(claims, NotAnswered):
            return Told(mailbox=mailbox, setting=claims)
        found = await self._reconciled(mailbox, claims)
        if isinstance(found, NotAnswered):
            return Told(mailbox=mailbox, setting=found, hints=_instead(mailbox, found, value))
        return _Begun(claims, found)

    async def _reconciled(self, mailbox: str, claims: Claims | None) -> Reconciled | NotAnswered:
        _, tenant = who_and_where(claims, self.side.realm)
        return await reconcile(
            mailbox, setting=self.side.setting, ledger=self.ledger, clock=self.side.clock, tenant=tenant
        )

    async def _on_its_way(self, live: Setting) -> Propagation | None:
        return await on_its_way(self.ledger, mailbox=live.identity, now=self.side.clock.now(), live=live)

    async def _planned(self, live: Setting, wish: Wish) -> tuple[Plan | Nothing | Refused, int | None]:
        """Return what would be changed, and the number of the change that it takes back."""
        if wish.value is not None:
            return plan(live, wish.value), None
        last = undoable(await self.ledger.changes(mailbox=live.identity), live, anyway=wish.anyway)
        return (last, None) if isinstance(last, Refused) else (plan(live, last.intent.before), last.id)

    def _unconfirmed(self, told: Told, on_way: Propagation | None, wish: Wish) -> Sentence | None:
        """Ask for whatever was not said yet; return why nothing is to be done, None where all is confirmed."""
        if not wish.yes and self.person.can_be_asked:
            for sentence in sentences(replace(told, result=None)):
                self.person.say(sentence)
        if on_way is not None and not wish.anyway:
            if not self.person.can_be_asked:
                return _TOO_SOON
            for sentence in reminder(on_way):
                self.person.say(sentence)
            if not self.person.confirms(say("The last change may not be effective yet. Change it again?")):
                return _TOO_SOON
        if wish.yes:
            return None
        answer = self.person.confirms(say("Make this change?"))
        if answer is None:
            return say("Nothing was changed. To make this change, run the same again with --yes.")
        return None if answer else say("Nothing was changed.")

    async def _made(self, mailbox: str, planned: Plan, wish: Wish, claims: Claims | None, undoes: int | None) -> Result:
        """Send exactly what was shown."""
        operator, tenant = who_and_where(claims, self.side.realm)
        try:
            return await change(
                mailbox,
                planned.value,
                setting=self.side.setting,
                ledger=self.ledger,
                clock=self.side.clock,
                tenant=tenant,
                operator=operator,
                ticket=wish.ticket,
                expected=planned.before,
                undoes=undoes,
            )
        except asyncio.CancelledError:
            self.person.say(
                say(
                    "Interrupted. The change may have been made all the same; this shows whether it was: {command}",
                    command=f"diag smtp-auth get {quoted(mailbox)}",
                )
            )
            raise


def _instead(mailbox: str, why: NotAnswered, value: Switch | None) -> tuple[Sentence, ...]:
    """Say how it is done by hand, where asking again would not help."""
    return by_hand(mailbox, value) if why.obstacle in {Obstacle.NOT_SPOKEN, Obstacle.NO_ROLE} else ()


def _watch(mailbox: str) -> Sentence:
    command = f"diag scan-to-email {quoted(mailbox)} --wait 30m"
    return say("To watch until it is effective, run this with the options of the device: {command}", command=command)


_TOO_SOON = say(
    "Nothing was changed: the last change may not be effective yet, and changing it again only begins the wait anew. To"
    " change it nevertheless, run the same again with --anyway."
)
