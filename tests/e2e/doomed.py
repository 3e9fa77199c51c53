"""A run that makes a real change of the setting and is killed on its way; its orders are in a file, JSON, 0600.

The n-th question to a port is counted over the ledger and the setting together; the run ends right before it, or right
after it was answered. Without such a number it runs through, and prints how many questions there were.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from diag.adapters.exchange import BACKEND, ExchangeOnline
from diag.adapters.trust import trust
from diag.change import Changed, change
from diag.obstacle import NotAnswered
from diag.ports import Ledger, MailboxSetting
from diag.secret import Redactor, Secret
from diag.setting import Accepted, Backend, Busy, Change, Intent, Setting, Step, Switch
from diag.store import open_ledger
from diag.wiring import SystemClock

T = TypeVar("T")
HOST, PORT = "outlook.office365.com", 443


@dataclass
class Fate:
    """Counts the questions, and ends the process at one of them."""

    at: int | None
    after: bool
    count: int = 0

    async def meets(self, question: Awaitable[T]) -> T:
        self.count += 1
        if self.count == self.at and not self.after:
            self._strikes()
        answer = await question
        if self.count == self.at:
            self._strikes()
        return answer

    def _strikes(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[attr-defined,unused-ignore] # Windows has no such signal


@dataclass
class Doomed:
    """Both ports in one, each question met by fate."""

    fate: Fate
    ledger: Ledger
    setting: MailboxSetting

    @property
    def backend(self) -> Backend:
        return BACKEND

    async def begin(self, intent: Intent, at: datetime) -> Change | Busy:
        return await self.fate.meets(self.ledger.begin(intent, at))

    async def add(self, change: int, step: Step) -> None:
        await self.fate.meets(self.ledger.add(change, step))

    async def changes(self, *, tenant: str | None = None, mailbox: str | None = None) -> tuple[Change, ...]:
        return await self.fate.meets(self.ledger.changes(tenant=tenant, mailbox=mailbox))

    async def read(self, mailbox: str) -> Setting | NotAnswered:
        return await self.fate.meets(self.setting.read(mailbox))

    async def write(self, mailbox: str, value: Switch) -> Accepted | NotAnswered:
        return await self.fate.meets(self.setting.write(mailbox, value))


def exchange(ca_file: Path, token: str, door: tuple[str, int], timeout_s: float = 30) -> ExchangeOnline:
    """The real adapter, led to a lab's door and nowhere else."""

    async def given() -> Secret | NotAnswered:
        return Secret(token)

    def route(host: str, port: int) -> tuple[str, int]:
        assert (host, port) == (HOST, PORT)
        return door

    return ExchangeOnline(
        tenant="contoso.com",
        token=given,
        trust=trust(ca_file),
        redactor=Redactor(),
        timeout_s=timeout_s,
        route=route,
    )


async def run(order: dict[str, Any]) -> int:
    setting = exchange(Path(order["ca_file"]), order["token"], tuple(order["door"]))
    async with open_ledger(order["ledger"]) as ledger:
        doomed = Doomed(Fate(order["at"], after=order["after"]), ledger, setting)
        result = await change(
            order["mailbox"],
            Switch.ON,
            setting=doomed,
            ledger=doomed,
            clock=SystemClock(),
            tenant="contoso.com",
            operator="admin@contoso.com",
        )
    assert isinstance(result, Changed)
    return doomed.fate.count


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(run(json.loads(Path(sys.argv[1]).read_text('utf-8'))))}\n")
