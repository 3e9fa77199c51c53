"""Undo as the command does: read, choose the change that is taken back, and send exactly what it was before."""

from diag.change import Reconciled, Refused, Result, change, reconcile, undoable
from diag.ports import Clock, Ledger, MailboxSetting


async def undo(
    mailbox: str,
    *,
    setting: MailboxSetting,
    ledger: Ledger,
    clock: Clock,
    tenant: str,
    operator: str,
    anyway: bool = False,
) -> Result:
    found = await reconcile(mailbox, setting=setting, ledger=ledger, clock=clock, tenant=tenant)
    if not isinstance(found, Reconciled):
        return found
    entries = await ledger.changes(tenant=tenant, mailbox=found.setting.identity)
    last = undoable(entries, found.setting, anyway=anyway)
    if isinstance(last, Refused):
        return last
    return await change(
        mailbox,
        last.intent.before,
        setting=setting,
        ledger=ledger,
        clock=clock,
        tenant=tenant,
        operator=operator,
        expected=found.setting.mailbox,
        undoes=last.id,
    )
