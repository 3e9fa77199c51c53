"""A change is compared once more, sent once, read back and closed; whatever was left open is closed by what is read."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from diag.change.limits import SENT_WITHIN, UNDER_WAY
from diag.change.plan import Nothing
from diag.change.result import Changed, NotDone, Overtaken, Reconciled, Refused, Result, Unsettled
from diag.change.words import (
    an_undo,
    busy,
    changed_again,
    changed_since,
    in_words,
    meanwhile,
    nobody_knows,
    not_done,
    overtaken,
)
from diag.obstacle import NotAnswered
from diag.ports import Clock, Ledger, MailboxSetting
from diag.sentence import Sentence, say
from diag.setting import Accepted, Backend, Busy, Change, Intent, LedgerError, Progress, Setting, Step, Switch
from diag.subject import printable

_TOOK_HOLD = (Progress.WRITTEN, Progress.EFFECTIVE)
_LONGEST_NOTE = 500
# The steps of an open change tell how far its run came: it began; it compared, and sends; and it let go of the change.
_BEGUN, _SENDS = 1, 2


async def change(  # noqa: PLR0913 - what is changed, by whom, and the world it happens in
    mailbox: str,
    value: Switch,
    *,
    setting: MailboxSetting,
    ledger: Ledger,
    clock: Clock,
    tenant: str,
    operator: str,
    ticket: str | None = None,
    expected: Switch | None = None,
    undoes: int | None = None,
) -> Result:
    """Give the mailbox this value. `expected` is its own value as the person saw it; another one now is refused.

    Raises `LedgerError` only while nothing was sent. Afterwards the result tells what happened and says in `unrecorded`
    why the ledger does not: what came of a change must not be lost to a full disk.
    """
    found = await reconcile(mailbox, setting=setting, ledger=ledger, clock=clock, tenant=tenant)
    if isinstance(found, NotAnswered):
        return found
    live = found.setting
    if (needless := _needless(found, value, expected, setting.backend)) is not None:
        return needless
    intent = Intent(
        tenant=tenant,
        mailbox=live.identity,
        asked=None if mailbox.casefold() == live.identity.casefold() else mailbox,
        before=live.mailbox,
        after=value,
        organisation=live.organisation,
        backend=setting.backend.name,
        operator=operator,
        ticket=ticket,
        undoes=undoes,
    )
    begun = await ledger.begin(intent, clock.now())
    if isinstance(begun, Busy):
        return Refused(because=busy(begun.change), setting=live, other=begun.change)
    run = _Run(mailbox, begun, setting, ledger, clock)
    try:
        if (stopped := await run.compare()) is not None:
            return stopped
    except asyncio.CancelledError:
        await run.record(Progress.NOT_DONE, "interrupted before it was sent")
        raise
    try:
        return await run.send()
    except asyncio.CancelledError:
        # Ctrl-C: say that this run has let go, so that the next one need not wait for it.
        await run.record(Progress.INTENDED, "interrupted")
        raise


def _needless(found: Reconciled, value: Switch, expected: Switch | None, backend: Backend) -> Refused | Nothing | None:
    """Why nothing is to be sent, before the ledger is asked to hold the mailbox; None where nothing speaks against."""
    live = found.setting
    if found.under_way:
        return Refused(because=busy(found.under_way[0]), setting=live, other=found.under_way[0])
    if expected is not None and live.mailbox is not expected:
        return Refused(because=meanwhile(live, expected), setting=live)
    if live.mailbox is value:
        return Nothing(live)
    if not backend.writes:
        reads_only = say("The setting cannot be changed through {backend}, only read.", backend=backend.name)
        return Refused(because=reads_only, setting=live)
    return None


async def reconcile(
    mailbox: str, *, setting: MailboxSetting, ledger: Ledger, clock: Clock, tenant: str
) -> Reconciled | NotAnswered:
    """Read the setting, and close by it what earlier runs left open. The setting is never written.

    A change that was begun within `UNDER_WAY`, and that its run has not let go of, is left alone: closing it
    would let a second change in while the first is about to be sent.
    """
    live = await setting.read(mailbox)
    if isinstance(live, NotAnswered):
        return live
    now, identity = clock.now(), live.identity
    still_open = await _open(ledger, tenant, identity)
    under_way = tuple(entry for entry in still_open if _is_under_way(entry, now))
    broken_off = {entry.id for entry in still_open if entry not in under_way}
    closed = list[Change]()
    if broken_off:
        # Read between two looks into the ledger: then its run had sent it, and no other change has begun since.
        live = await setting.read(mailbox)
        if isinstance(live, NotAnswered):
            return live
        for entry in await _open(ledger, tenant, identity):
            if entry.id in broken_off:
                step = Step(progress=_found(entry, live), at=clock.now(), note="found by a later run")
                await ledger.add(entry.id, step)
                closed.append(replace(entry, steps=(*entry.steps, step)))
    return Reconciled(setting=live, closed=tuple(closed), under_way=under_way)


async def _open(ledger: Ledger, tenant: str, mailbox: str) -> list[Change]:
    found = await ledger.changes(tenant=tenant, mailbox=mailbox)
    return [entry for entry in found if entry.is_open and entry.intent.mailbox.casefold() == mailbox.casefold()]


def _is_under_way(entry: Change, now: datetime) -> bool:
    """Whether its run may still be at it: not let go of, and begun a short while ago (or ahead: clocks differ)."""
    return len(entry.steps) <= _SENDS and abs(now - entry.steps[0].at) < UNDER_WAY


def undoable(entries: Sequence[Change], live: Setting, *, anyway: bool) -> Change | Refused:
    """Return the mailbox's newest change that holds, if it can be undone; `entries` are the newest first."""
    own = (entry for entry in entries if entry.intent.mailbox.casefold() == live.identity.casefold())
    last = next((entry for entry in own if entry.progress in _TOOK_HOLD), None)
    if last is None:
        nothing = say("The ledger knows of no change of {mailbox} that could be undone.", mailbox=live.identity)
        return Refused(because=nothing, setting=live)
    if last.intent.undoes is not None:
        return Refused(because=an_undo(last), setting=live, other=last)
    if live.mailbox is not last.intent.after and not anyway:
        return Refused(because=changed_since(last, live), setting=live, other=last)
    return last


@dataclass(slots=True)
class _Run:
    """A change that was begun, in the hands of the run that began it."""

    mailbox: str
    change: Change
    setting: MailboxSetting
    ledger: Ledger
    clock: Clock

    async def _note(self, progress: Progress, note: str) -> None:
        """Add a step to the ledger and to the change."""
        step = Step(progress=progress, at=self.clock.now(), note=printable(note, _LONGEST_NOTE))
        await self.ledger.add(self.change.id, step)
        self.change = replace(self.change, steps=(*self.change.steps, step))

    async def compare(self) -> Refused | NotAnswered | None:
        """Read once more, now that nobody else may change it through this ledger; None where it may be sent."""
        intent = self.change.intent
        live = await self.setting.read(self.mailbox)
        if isinstance(live, NotAnswered):
            await self._note(Progress.NOT_DONE, f"not sent: {live.because}")
            return live
        if live.mailbox is intent.before:
            # Whatever a later run reads, a change without this step was not sent.
            await self._note(Progress.INTENDED, "about to be sent")
            if self.clock.now() - self.change.steps[0].at < SENT_WITHIN:
                return None
            because = say("It took too long to get ready, so nothing was sent. Try again.")
        else:
            because = meanwhile(live, intent.before)
        await self._note(Progress.NOT_DONE, f"not sent: {because}")
        return Refused(because=because, setting=live)

    async def send(self) -> Result:
        """Send the change once, read back whatever the server answered, and close it by what was read."""
        answer = await self.setting.write(self.mailbox, self.change.intent.after)
        live = await self.setting.read(self.mailbox)
        is_refused = isinstance(answer, NotAnswered) and not answer.perhaps_done
        if isinstance(live, NotAnswered) and not is_refused:
            entry, unrecorded = await self.record(Progress.INTENDED, f"not read back: {live.because}")
            return Unsettled(
                change=entry,
                because=nobody_knows(self.change.intent, live),
                retry_after_s=live.retry_after_s,
                unrecorded=unrecorded,
            )
        seen = None if isinstance(live, NotAnswered) else live
        progress = Progress.NOT_DONE if is_refused or seen is None else _outcome(self.change.intent, seen)
        entry, unrecorded = await self.record(progress, _words_of(answer))
        return _result(entry, answer, seen, progress, unrecorded)

    async def record(self, progress: Progress, note: str) -> tuple[Change, Sentence | None]:
        """Add a step where no error may hide what happened, or say why the ledger could not take it.

        A computer that slept may find that another run has closed the change, and begun one of its own since. Then what
        was read says nothing about this change any more, and the step of the other run stands.
        """
        intent = self.change.intent
        try:
            entries = await self.ledger.changes(tenant=intent.tenant, mailbox=intent.mailbox)
            entry = next(entry for entry in entries if entry.id == self.change.id)
            if not entry.is_open and (progress is not Progress.WRITTEN or entry.progress in _TOOK_HOLD):
                return entry, None
            await self._note(progress, note)
        except LedgerError as error:
            return self.change, error.sentence
        return self.change, None


def _found(entry: Change, live: Setting) -> Progress:
    """What came of a change that was broken off."""
    return Progress.NOT_DONE if len(entry.steps) == _BEGUN else _outcome(entry.intent, live)


def _outcome(intent: Intent, live: Setting) -> Progress:
    if live.mailbox is intent.after:
        return Progress.WRITTEN
    return Progress.NOT_DONE if live.mailbox is intent.before else Progress.OVERTAKEN


def _words_of(answer: Accepted | NotAnswered) -> str:
    return str(answer.because) if isinstance(answer, NotAnswered) else " ".join(answer.warnings)


def _result(
    entry: Change, answer: Accepted | NotAnswered, live: Setting | None, progress: Progress, unrecorded: Sentence | None
) -> Result:
    if live is not None and progress is not Progress.WRITTEN and entry.progress in _TOOK_HOLD:
        return Overtaken(change=entry, setting=live, because=changed_again(entry.intent, live))
    if live is None or progress is Progress.NOT_DONE:
        return NotDone(
            change=entry,
            setting=live,
            because=not_done(entry.intent, answer, live),
            perhaps_later=isinstance(answer, Accepted) or answer.perhaps_done,
            retry_after_s=None if isinstance(answer, Accepted) else answer.retry_after_s,
            unrecorded=unrecorded,
        )
    if progress is Progress.OVERTAKEN:
        return Overtaken(change=entry, setting=live, because=overtaken(entry.intent, live), unrecorded=unrecorded)
    shown = say(
        "{mailbox}: Authenticated SMTP was {before} and is {after} now, as read back.",
        mailbox=live.identity,
        before=in_words(entry.intent.before),
        after=in_words(live.mailbox),
    )
    warnings = answer.warnings if isinstance(answer, Accepted) else ()
    return Changed(change=entry, setting=live, shown=shown, warnings=warnings, unrecorded=unrecorded)
