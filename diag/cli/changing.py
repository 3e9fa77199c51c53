"""Change the setting of one mailbox, shown first and confirmed."""

from dataclasses import dataclass, replace

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
    undo,
    undoable,
)
from diag.cli.terminal import Terminal
from diag.evidence import Claims
from diag.obstacle import NotAnswered, Obstacle
from diag.ports import Ledger
from diag.sentence import Sentence, say
from diag.setting import Propagation, Setting, Switch
from diag.wiring import Administration, Resource, who_and_where
from reports.change import reminder
from reports.setting import Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants: a value, or (None) the one before the last change; and how sure they said they are."""

    value: Switch | None
    yes: bool = False
    anyway: bool = False
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a change is asked for: the administrator's side, the ledger, and the person."""

    side: Administration
    ledger: Ledger
    person: Terminal

    async def look(self, mailbox: str) -> Told:
        """Read the setting, close what earlier runs left open, and see what is on its way."""
        claims = await self.side.reads(Resource.EXCHANGE)
        if isinstance(claims, NotAnswered):
            return Told(mailbox=mailbox, setting=claims)
        found = await self._reconciled(mailbox, claims)
        if isinstance(found, NotAnswered):
            return Told(mailbox=mailbox, setting=found, hints=_instead(mailbox, found, None))
        return Told(
            mailbox=found.setting.identity,
            setting=found.setting,
            closed=found.closed,
            under_way=found.under_way,
            propagation=await self._on_its_way(found.setting),
        )

    async def make(self, mailbox: str, wish: Wish) -> Told:
        """Make a change as it was wished for, once it is confirmed; raises `LedgerError` where nothing was sent."""
        claims = await self.side.reads(Resource.EXCHANGE)
        if isinstance(claims, NotAnswered):
            return Told(mailbox=mailbox, setting=claims)
        found = await self._reconciled(mailbox, claims)
        if isinstance(found, NotAnswered):
            return Told(mailbox=mailbox, setting=found, hints=_instead(mailbox, found, wish.value))
        live, on_way = found.setting, await self._on_its_way(found.setting)
        told = Told(mailbox=live.identity, setting=live, closed=found.closed)
        planned = await self._planned(live, wish)
        if isinstance(planned, Nothing | Refused):
            return replace(told, result=planned, propagation=on_way if isinstance(planned, Nothing) else None)
        if on_way is not None and wish.yes and not wish.anyway:
            too_soon = Refused(because=_TOO_SOON, setting=live, other=on_way.change)
            return replace(told, plan=planned, result=too_soon, propagation=on_way)
        if (hint := self._unconfirmed(planned, on_way, wish)) is not None:
            return replace(told, plan=planned, propagation=on_way, hints=(hint,))
        result = await self._made(live, planned, wish, claims)
        now_on_way = await self._on_its_way(live) if isinstance(result, Changed) and not result.unrecorded else None
        hints = (_watch(live.identity),) if now_on_way is not None and switches_on(now_on_way.change) else ()
        return replace(told, plan=planned, result=result, propagation=now_on_way, hints=hints)

    async def _reconciled(self, mailbox: str, claims: Claims | None) -> Reconciled | NotAnswered:
        _, tenant = who_and_where(claims, self.side.realm)
        return await reconcile(
            mailbox, setting=self.side.setting, ledger=self.ledger, clock=self.side.clock, tenant=tenant
        )

    async def _on_its_way(self, live: Setting) -> Propagation | None:
        return await on_its_way(self.ledger, mailbox=live.identity, now=self.side.clock.now())

    async def _planned(self, live: Setting, wish: Wish) -> Plan | Nothing | Refused:
        """Return what would be changed."""
        if wish.value is not None:
            return plan(live, wish.value)
        last = undoable(await self.ledger.changes(mailbox=live.identity), live, anyway=wish.anyway)
        return last if isinstance(last, Refused) else plan(live, last.intent.before)

    def _unconfirmed(self, planned: Plan, on_way: Propagation | None, wish: Wish) -> Sentence | None:
        """Ask for whatever was not said yet; return why nothing is to be done, None where all is confirmed."""
        if not wish.yes and self.person.can_be_asked:
            for sentence in planned.shown:
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

    async def _made(self, live: Setting, planned: Plan, wish: Wish, claims: Claims | None) -> Result:
        operator, tenant = who_and_where(claims, self.side.realm)
        if wish.value is None:
            return await undo(
                live.identity,
                setting=self.side.setting,
                ledger=self.ledger,
                clock=self.side.clock,
                tenant=tenant,
                operator=operator,
                ticket=wish.ticket,
                anyway=wish.anyway,
                expected=planned.before,
            )
        return await change(
            live.identity,
            wish.value,
            setting=self.side.setting,
            ledger=self.ledger,
            clock=self.side.clock,
            tenant=tenant,
            operator=operator,
            ticket=wish.ticket,
            expected=planned.before,
        )


def _instead(mailbox: str, why: NotAnswered, value: Switch | None) -> tuple[Sentence, ...]:
    """Say how it is done by hand, where asking again would not help."""
    return by_hand(mailbox, value) if why.obstacle in {Obstacle.NOT_SPOKEN, Obstacle.NO_ROLE} else ()


def _watch(mailbox: str) -> Sentence:
    command = f"diag scan-to-email {mailbox} --wait 30m"
    return say("To watch until it is effective, run this with the options of the device: {command}", command=command)


_TOO_SOON = say(
    "Nothing was changed: the last change may not be effective yet, and changing it again only begins the wait anew. To"
    " change it nevertheless, run the same again with --anyway."
)
