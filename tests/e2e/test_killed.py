"""A run that is killed on its way, by a signal that nobody can catch: the ledger tells the truth afterwards."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from diag.change import UNDER_WAY, Changed, Reconciled, Refused, Result, change, reconcile
from diag.lab import Lab, load_scenario
from diag.lab.scenario import Scenario
from diag.lab.scenario import Setting as Endpoint
from diag.setting import Change, Progress, Setting, Switch
from diag.store import open_ledger
from diag.wiring import SystemClock
from tests.e2e.command import ROOT
from tests.e2e.doomed import HOST, PORT, exchange
from tests.undoing import undo

MAILBOX = "scanner@contoso.com"
OFF = load_scenario("authenticated-smtp-off")
QUESTIONS = 9  # to the ledger and to Exchange Online, in one change
needs_the_signal = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


class Later(SystemClock):
    """The clock when nobody can be at the change any more."""

    def now(self) -> datetime:
        return datetime.now(UTC) + UNDER_WAY + timedelta(minutes=1)


@dataclass
class Tenant:
    """A lab, a ledger beside it, and runs that work with both."""

    lab: Lab
    folder: Path

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def sent(self) -> int:
        """How often the setting was set, whatever became of the answer."""
        return sum(request.cmdlet == "Set-CASMailbox" for request in self.lab.requests)

    def orders(self, at: int | None, *, after: bool) -> Path:
        file = self.folder / "orders.json"
        order: dict[str, Any] = {"ca_file": str(self.lab.ca_file), "token": self.lab.admin_token(), "mailbox": MAILBOX}
        order |= {"door": self.lab.route(HOST, PORT), "ledger": str(self.ledger), "at": at, "after": after}
        file.touch(mode=0o600)
        file.write_text(json.dumps(order), encoding="utf-8")
        return file

    def begins(self, at: int | None = None, *, after: bool = False) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.e2e.doomed", str(self.orders(at, after=after))]
        return subprocess.Popen(  # noqa: S603 - ours
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def _does(self, what: Any, clock: SystemClock, *wanted: Any, **who: Any) -> Any:
        setting = exchange(self.lab.ca_file, self.lab.admin_token(), self.lab.route(HOST, PORT))

        async def done() -> Any:
            async with open_ledger(self.ledger) as ledger:
                said = {"setting": setting, "ledger": ledger, "clock": clock, "tenant": "contoso.com"}
                return await what(MAILBOX, *wanted, **said, **who)

        return asyncio.run(done())

    def switches_on(self, clock: SystemClock) -> Result:
        result: Result = self._does(change, clock, Switch.ON, operator="somebody@contoso.com")
        return result

    def undoes(self) -> Result:
        result: Result = self._does(undo, Later(), operator="somebody@contoso.com")
        return result

    def reconciles(self) -> Setting:
        found = self._does(reconcile, Later())
        assert isinstance(found, Reconciled)
        assert found.under_way == ()
        return found.setting

    def changes(self) -> tuple[Change, ...]:
        async def all_of_them() -> tuple[Change, ...]:
            async with open_ledger(self.ledger) as ledger:
                return await ledger.changes()

        return asyncio.run(all_of_them())


@pytest.fixture
def tenant(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tenant]:
    scenario: Scenario = getattr(request, "param", OFF)
    with Lab(scenario) as lab:
        yield Tenant(lab, tmp_path)
    assert not lab.bugs


def _nobody_interferes(tenant: Tenant) -> None:
    """While the killed run may still be at its change, a second one is refused, and nothing is sent."""
    (entry,) = tenant.changes()
    if not entry.is_open:
        return
    sent, second = tenant.sent, tenant.switches_on(SystemClock())
    assert isinstance(second, Refused)
    assert second.other is not None
    assert second.other.id == entry.id
    assert (tenant.sent, tenant.changes()) == (sent, (entry,))


def _the_ledger_is_true(tenant: Tenant) -> None:
    """A later run closes what was left open, by what the tenant really has; and it can be undone, or made again."""
    live = tenant.reconciles()
    entries = tenant.changes()
    took_hold = live.mailbox is Switch.ON
    assert [entry.progress for entry in entries] in (
        [[Progress.WRITTEN]] if took_hold else [[Progress.NOT_DONE], []]
    ), entries
    assert tenant.sent <= 1
    assert not took_hold or tenant.sent == 1
    assert all(entry.at(Progress.EFFECTIVE) is None for entry in entries)
    assert all(entry.intent.before is Switch.OFF and entry.intent.after is Switch.ON for entry in entries)
    if took_hold:
        assert isinstance(tenant.undoes(), Changed)
        assert tenant.reconciles().mailbox is Switch.OFF
        assert [entry.intent.undoes for entry in tenant.changes()] == [entries[0].id, None]
    else:
        assert isinstance(tenant.undoes(), Refused)
        assert tenant.sent == 0
        assert isinstance(tenant.switches_on(Later()), Changed)


def test_a_run_that_nobody_kills_asks_so_many_questions(tenant: Tenant) -> None:
    with tenant.begins() as run:
        said, complaint = run.communicate(timeout=60)
    assert (run.returncode, said.strip()) == (0, str(QUESTIONS)), complaint
    assert [entry.progress for entry in tenant.changes()] == [Progress.WRITTEN]
    _the_ledger_is_true(tenant)


@needs_the_signal
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("question", range(1, QUESTIONS + 1))
def test_a_run_may_be_killed_at_any_question(tenant: Tenant, question: int, *, after: bool) -> None:
    with tenant.begins(question, after=after) as run:
        _, complaint = run.communicate(timeout=60)
    assert run.returncode == -signal.SIGKILL, complaint
    assert tenant.sent <= 1
    if tenant.changes():
        _nobody_interferes(tenant)
    else:
        assert tenant.sent == 0
    _the_ledger_is_true(tenant)


@pytest.mark.parametrize("tenant", [replace(OFF, setting=Endpoint(fault="times_out"))], indirect=True)
def test_a_run_may_be_killed_while_the_answer_to_its_change_is_on_its_way(tenant: Tenant) -> None:
    until = time.monotonic() + 60
    with tenant.begins() as run:
        while not tenant.sent and run.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        run.kill()
    assert tenant.sent == 1
    _nobody_interferes(tenant)
    assert tenant.reconciles().mailbox is Switch.ON
    assert [entry.progress for entry in tenant.changes()] == [Progress.WRITTEN]
    assert tenant.sent == 1
