"""Which ledger a command writes to, and opening it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from diag.ports import Ledger
from diag.setting import Change, LedgerError
from diag.store import is_there, open_ledger
from diag.wiring.options import Options
from diag.wiring.world import lab_folder


class _Unusable:
    """The `Ledger` port of a ledger that cannot be opened: it says so whenever it is asked."""

    def __init__(self, error: LedgerError) -> None:
        self._error = error

    async def begin(self, *_: object, **__: object) -> Change:
        """See the port."""
        raise LedgerError(self._error.sentence)

    async def add(self, *_: object, **__: object) -> None:
        """See the port."""
        raise LedgerError(self._error.sentence)

    async def changes(self, *_: object, **__: object) -> tuple[Change, ...]:
        """See the port."""
        raise LedgerError(self._error.sentence)


def ledger_of(options: Options) -> str | None:
    """Return where the ledger is: as given, else (None) the user's own; a lab has one of its own."""
    if options.ledger is not None or options.lab is None:
        return options.ledger
    return str(lab_folder(options.lab) / "diag.db")


@asynccontextmanager
async def ledger_or_why_not(named: str | None) -> AsyncIterator[Ledger]:
    """Open the ledger, and make it where there is none; one that cannot be opened says so when it is asked."""
    async with AsyncExitStack() as stack:
        opened: Ledger
        try:
            opened = await stack.enter_async_context(open_ledger(named))
        except LedgerError as error:
            opened = _Unusable(error)
        yield opened


@asynccontextmanager
async def ledger_if_there(named: str | None) -> AsyncIterator[Ledger | None]:
    """Open the ledger as `ledger_or_why_not` does, where there is one (None: there is none)."""
    if not is_there(named):
        yield None
        return
    async with ledger_or_why_not(named) as opened:
        yield opened
