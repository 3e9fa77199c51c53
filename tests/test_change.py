"""Changing the setting: whatever breaks and whoever else is at it, the ledger tells what was done, and no more is."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from diag.change import (
    UNDER_WAY,
    WINDOW,
    Changed,
    NotDone,
    Nothing,
    Overtaken,
    Plan,
    Reconciled,
    Refused,
    Result,
    Unsettled,
    change,
    effective,
    expectation,
    in_words,
    on_its_way,
    plan,
    recent,
    reconcile,
    refused,
)
from diag.obstacle import NotAnswered, Obstacle
from diag.sentence import say
from diag.setting import (
    Accepted,
    Backend,
    Busy,
    Change,
    Expectation,
    Intent,
    LedgerError,
    Progress,
    Setting,
    Step,
    Switch,
)
from tests.undoing import undo

T = TypeVar("T")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MAILBOX, TENANT, ALICE, BOB = "scanner@contoso.com", "contoso.com", "alice@contoso.com", "bob@contoso.com"
CALLS = 10  # turns from the beginning of a change to its end, where nothing stands in its way
BACKEND = Backend(name="exchange", writes=True, vendor_supported=False)
ON, OFF, UNSET = Switch.ON, Switch.OFF, Switch.UNSET
REFUSED = NotAnswered(obstacle=Obstacle.NO_ROLE, because=say("The role is missing."))
LOST = NotAnswered(obstacle=Obstacle.UNREACHABLE, because=say("No answer came."), perhaps_done=True)
SILENT = NotAnswered(obstacle=Obstacle.UNAVAILABLE, because=say("It is busy."), retry_after_s=30)
FULL = LedgerError(say("The disk is full."))


class Turn:
    """Whoever awaits this stands still until it is driven on, so that a test decides whose turn it is."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class CrashError(Exception):
    """The computer went off."""


def _names(intent: Intent) -> set[str]:
    return {intent.mailbox.casefold(), (intent.asked or intent.mailbox).casefold()}


@dataclass
class World:
    """A mailbox, a ledger and a clock. `calls` is what was asked; at the call with a number in `faults` that is raised.

    A fault strikes before its call has done anything, or after it has where its number is in `late`. `reads` and
    `answers` are taken by the next readings and changes; where they are empty, what is asked for happens. An answer
    comes with whether the change took hold.
    """

    value: Switch = OFF
    organisation: Switch | None = OFF
    identity: str = MAILBOX
    backend: Backend = BACKEND
    time: datetime = NOON
    entries: list[Change] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    faults: dict[int, BaseException] = field(default_factory=dict)
    late: set[int] = field(default_factory=set)
    reads: list[NotAnswered | Switch | None] = field(default_factory=list)
    answers: list[tuple[Accepted | NotAnswered, bool]] = field(default_factory=list)
    sent: list[tuple[int, bool]] = field(default_factory=list)
    passes: dict[str, timedelta] = field(default_factory=dict)

    async def _do(self, name: str, what: Callable[[], T]) -> T:
        number = len(self.calls)
        self.calls.append(name)
        await Turn()
        fault = self.faults.get(number)
        if fault is not None and number not in self.late:
            raise fault
        done = what()
        self.time += self.passes.get(name, timedelta())
        if fault is not None:
            raise fault
        return done

    def now(self) -> datetime:
        return self.time

    def elapsed_ms(self) -> float:
        return 0

    async def sleep(self, seconds: float) -> None:
        pass

    async def read(self, mailbox: str) -> Setting | NotAnswered:
        def found() -> Setting | NotAnswered:
            # None in `reads` leaves one reading as it is.
            told = self.reads.pop(0) if self.reads else None
            if isinstance(told, NotAnswered):
                return told
            self.value = self.value if told is None else told
            return Setting(
                identity=self.identity,
                mailbox=self.value,
                organisation=self.organisation,
                backend=self.backend,
                observed_at=self.time,
            )

        return await self._do("read", found)

    async def write(self, mailbox: str, value: Switch) -> Accepted | NotAnswered:
        def sent() -> Accepted | NotAnswered:
            answer, took_hold = self.answers.pop(0) if self.answers else (Accepted(), True)
            entry = next((entry for entry in self.entries if entry.is_open), self.entries[-1])
            assert entry.intent.after is value, "what is sent is what was written down"
            self.sent.append((entry.id, took_hold))
            self.value = value if took_hold else self.value
            return answer

        return await self._do("write", sent)

    async def begin(self, intent: Intent, at: datetime) -> Change | Busy:
        def begun() -> Change | Busy:
            for entry in self._of(intent.tenant, intent.mailbox):
                if entry.is_open:
                    return Busy(entry)
            first = Step(progress=Progress.INTENDED, at=at)
            self.entries.append(Change(id=len(self.entries) + 1, intent=intent, steps=(first,)))
            return self.entries[-1]

        return await self._do("begin", begun)

    async def add(self, change: int, step: Step) -> None:
        def added() -> None:
            entry = self.entries[change - 1]
            assert entry.is_open or step.progress is not Progress.INTENDED, "what is known stays known"
            self.entries[change - 1] = replace(entry, steps=(*entry.steps, step))

        await self._do("add", added)

    async def changes(self, *, tenant: str | None = None, mailbox: str | None = None) -> tuple[Change, ...]:
        return await self._do("changes", lambda: tuple(self._of(tenant, mailbox)))

    def _of(self, tenant: str | None, mailbox: str | None) -> list[Change]:
        return [
            entry
            for entry in reversed(self.entries)
            if (tenant is None or entry.intent.tenant.casefold() == tenant.casefold())
            and (mailbox is None or mailbox.casefold() in _names(entry.intent))
        ]

    # --- what the tests do in it

    def begin_change(
        self, value: Switch, by: str = ALICE, *, expected: Switch | None = None
    ) -> Coroutine[Any, Any, Result]:
        return change(
            MAILBOX,
            value,
            setting=self,
            ledger=self,
            clock=self,
            tenant=TENANT,
            operator=by,
            ticket="INC-4711",
            expected=expected,
        )

    def begin_undo(self, by: str = ALICE, *, anyway: bool = False) -> Coroutine[Any, Any, Result]:
        return undo(MAILBOX, setting=self, ledger=self, clock=self, tenant=TENANT, operator=by, anyway=anyway)

    def change(self, value: Switch, by: str = ALICE, *, expected: Switch | None = None) -> Result:
        return drive(self.begin_change(value, by, expected=expected))

    def undo(self, *, anyway: bool = False) -> Result:
        return drive(self.begin_undo(anyway=anyway))

    def reconcile(self) -> Reconciled | NotAnswered:
        return drive(reconcile(MAILBOX, setting=self, ledger=self, clock=self, tenant=TENANT))

    def leave_open(self, value: Switch, *, sent: bool = True, took_hold: bool = False, let_go: bool = False) -> Change:
        """A change that was begun and broken off, a moment ago."""
        change = drive(self.begin(self.intent(value), self.time))
        assert isinstance(change, Change)
        if sent:
            drive(self.add(change.id, Step(progress=Progress.INTENDED, at=self.time, note="about to be sent")))
        if took_hold:
            drive(self.write(MAILBOX, value))
        if let_go:
            drive(self.add(change.id, Step(progress=Progress.INTENDED, at=self.time, note="interrupted")))
        self.calls.clear()
        return self.entries[-1]

    def intent(self, value: Switch, by: str = BOB) -> Intent:
        return Intent(
            tenant=TENANT,
            mailbox=self.identity,
            before=self.value,
            after=value,
            organisation=self.organisation,
            backend=BACKEND.name,
            operator=by,
        )

    @property
    def outcomes(self) -> list[Progress]:
        """How far each change is, the oldest change first."""
        return [entry.progress for entry in self.entries]

    def tells_the_truth(self) -> None:
        """Of every change that is closed, the ledger says whether it took hold, and nothing was sent twice."""
        numbers = [number for number, _ in self.sent]
        assert len(numbers) == len(set(numbers)), "sent twice"
        held = {number for number, took_hold in self.sent if took_hold}
        assert {entry.id for entry in self.entries if entry.progress is Progress.WRITTEN} <= held
        assert not held & {entry.id for entry in self.entries if entry.progress is Progress.NOT_DONE}
        assert self.organisation is OFF, "the organisation's value"

    def hangs_together(self, first: Switch) -> None:
        """Each change that holds begins where the one before it ended, so that undoing all leads back to the first."""
        held = [entry for entry in self.entries if entry.progress is Progress.WRITTEN]
        assert {entry.id for entry in held} == {number for number, took_hold in self.sent if took_hold}
        befores, afters = [entry.intent.before for entry in held], [entry.intent.after for entry in held]
        assert [first, *afters] == [*befores, self.value]


def drive(run: Awaitable[T]) -> T:
    """Let it run to its end, alone."""
    steps = run.__await__()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


# --- what would be changed


def setting(mailbox: Switch, organisation: Switch | None = OFF, identity: str = MAILBOX) -> Setting:
    return Setting(identity=identity, mailbox=mailbox, organisation=organisation, backend=BACKEND, observed_at=NOON)


def planned(mailbox: Switch, value: Switch, organisation: Switch | None = OFF, identity: str = MAILBOX) -> Plan:
    found = plan(setting(mailbox, organisation, identity), value)
    assert isinstance(found, Plan)
    return found


@pytest.mark.parametrize("value", list(Switch))
def test_the_value_that_it_has_already_is_nothing_to_change(value: Switch) -> None:
    found = plan(setting(value), value)
    assert isinstance(found, Nothing)
    assert str(in_words(value)) in str(found.because)


@pytest.mark.parametrize(
    ("before", "organisation", "after", "holds"),
    [
        (OFF, OFF, ON, "goes from off to on."),
        (UNSET, OFF, ON, "goes from off to on."),
        (UNSET, ON, ON, "stays on, whatever the organisation does later."),
        (ON, ON, UNSET, "stays on, and follows the organisation again."),
        (ON, OFF, UNSET, "goes from on to off."),
        (UNSET, None, OFF, "goes from not known to off."),
        (ON, None, UNSET, "goes from on to not known."),
    ],
)
def test_a_plan_says_what_changes_and_what_holds(
    before: Switch, organisation: Switch | None, after: Switch, holds: str
) -> None:
    found = planned(before, after, organisation)
    own, effect = map(str, found.shown)
    assert own == f"{MAILBOX}: Authenticated SMTP goes from {in_words(before)} to {in_words(after)}."
    assert effect == f"What holds for the mailbox {holds}"
    assert (found.before, found.effective_after) == (before, organisation if after is UNSET else after)


@pytest.mark.parametrize(("value", "word"), [(ON, "$false"), (OFF, "$true"), (UNSET, "$null")])
def test_a_plan_shows_the_line_for_powershell(value: Switch, word: str) -> None:
    before = ON if value is not ON else OFF
    assert (
        planned(before, value).cmdlet == f"Set-CASMailbox -Identity {MAILBOX} -SmtpClientAuthenticationDisabled {word}"
    )


@pytest.mark.parametrize(
    ("identity", "quoted"),
    [
        ("o'neill@contoso.com", "'o''neill@contoso.com'"),
        ("a$(x)@contoso.com", "'a$(x)@contoso.com'"),
        ("a\u2019;x@contoso.com", "'a\u2019\u2019;x@contoso.com'"),
        ("-a@contoso.com", "'-a@contoso.com'"),
        ("a\nb@contoso.com", "'a\\nb@contoso.com'"),
    ],
)
def test_an_address_cannot_break_out_of_the_line(identity: str, quoted: str) -> None:
    assert f"-Identity {quoted} -Smtp" in planned(OFF, ON, identity=identity).cmdlet


# --- one change


def test_a_change_is_written_down_compared_sent_once_read_back_and_closed() -> None:
    world = World()
    world.answers = [(Accepted(warnings=("It is late.",)), True)]
    found = world.change(ON, expected=OFF)
    assert isinstance(found, Changed)
    assert world.calls == ["read", "changes", "begin", "read", "add", "write", "read", "changes", "add"]
    assert found.change == world.entries[0]
    assert found.change.intent == replace(world.intent(ON, ALICE), before=OFF, ticket="INC-4711")
    assert (found.setting.mailbox, found.warnings, found.unrecorded) == (ON, ("It is late.",), None)
    assert str(found.shown) == f"{MAILBOX}: Authenticated SMTP was off and is on now, as read back."
    assert (world.outcomes, found.change.steps[-1].note) == ([Progress.WRITTEN], "It is late.")


def test_the_value_that_is_there_already_is_neither_sent_nor_written_down() -> None:
    world = World(value=ON)
    assert world.change(ON) == Nothing(setting(ON))
    assert world.calls == ["read", "changes"]


def test_an_unset_mailbox_that_follows_a_permissive_organisation_is_changed_to_on() -> None:
    world = World(value=UNSET, organisation=ON)
    assert isinstance(world.change(ON), Changed)
    assert world.value is ON


def test_a_mailbox_that_cannot_be_read_is_not_changed() -> None:
    world = World(reads=[SILENT])
    assert world.change(ON) == SILENT
    assert world.calls == ["read"]


def test_a_value_that_nobody_saw_is_not_changed() -> None:
    world = World(value=UNSET)
    found = world.change(ON, expected=OFF)
    assert isinstance(found, Refused)
    assert "is unset (follows the organisation) now and was off before" in str(found.because)
    assert (world.entries, world.sent) == ([], [])


def test_a_backend_that_only_reads_is_not_written_to() -> None:
    world = World(backend=replace(BACKEND, name="graph", writes=False))
    found = world.change(ON)
    assert isinstance(found, Refused)
    assert "graph" in str(found.because)
    assert (world.entries, world.sent) == ([], [])


@pytest.mark.parametrize("value", [UNSET, ON])
def test_a_change_from_elsewhere_after_the_first_reading_stops_it(value: Switch) -> None:
    world = World(reads=[None, value])
    found = world.change(ON)
    assert isinstance(found, Refused)
    assert "somebody changed it meanwhile" in str(found.because)
    assert (world.sent, world.outcomes) == ([], [Progress.NOT_DONE])


def test_nothing_is_sent_where_it_cannot_be_compared_once_more() -> None:
    world = World(reads=[None, SILENT])
    assert world.change(ON) == SILENT
    assert (world.sent, world.outcomes) == ([], [Progress.NOT_DONE])
    assert world.entries[0].steps[-1].note == "not sent: It is busy."


def test_a_run_that_took_too_long_to_get_ready_sends_nothing() -> None:
    world = World(passes={"begin": 3 * MINUTE})
    assert isinstance(world.change(ON), Refused)
    assert (world.sent, world.outcomes) == ([], [Progress.NOT_DONE])


def test_the_ledger_knows_the_mailbox_by_its_own_address() -> None:
    world = World(identity="primary@contoso.com")
    assert isinstance(world.change(ON), Changed)
    assert world.entries[0].intent.mailbox == "primary@contoso.com"


# --- what the server answers


@pytest.mark.parametrize("seen", [OFF, ON, UNSET])
def test_a_refused_change_is_not_done_whatever_is_read(seen: Switch) -> None:
    world = World(answers=[(REFUSED, False)], reads=[None, None, seen])
    found = world.change(ON)
    assert isinstance(found, NotDone)
    assert not found.perhaps_later
    assert found.setting is not None
    assert str(found.because).endswith("The role is missing.")
    assert ("somebody else changed it" in str(found.because)) is (seen is not OFF)
    assert (world.calls.count("read"), found.change.progress) == (3, Progress.NOT_DONE)
    world.tells_the_truth()


def test_a_refused_change_that_cannot_be_read_back_is_still_known_not_to_be_done() -> None:
    world = World(answers=[(replace(REFUSED, retry_after_s=7), False)], reads=[None, None, SILENT])
    found = world.change(ON)
    assert isinstance(found, NotDone)
    assert (found.setting, found.retry_after_s, found.change.progress) == (None, 7, Progress.NOT_DONE)


@pytest.mark.parametrize("answer", [LOST, Accepted()])
def test_what_was_not_refused_and_reads_as_before_may_come_later(answer: Accepted | NotAnswered) -> None:
    world = World(answers=[(answer, False)])
    found = world.change(ON)
    assert isinstance(found, NotDone)
    assert found.perhaps_later
    assert "look again" in str(found.because)
    assert found.change.progress is Progress.NOT_DONE


def test_a_change_without_an_answer_that_reads_as_asked_for_is_done() -> None:
    world = World(answers=[(LOST, True)])
    found = world.change(ON)
    assert isinstance(found, Changed)
    assert (world.calls.count("write"), found.warnings) == (1, ())
    world.tells_the_truth()


@pytest.mark.parametrize("answer", [LOST, Accepted()])
def test_a_third_value_is_somebody_elses(answer: Accepted | NotAnswered) -> None:
    world = World(answers=[(answer, True)], reads=[None, None, UNSET])
    found = world.change(ON)
    assert isinstance(found, Overtaken)
    assert "neither off as it was nor on as was asked for" in str(found.because)
    assert found.change.progress is Progress.OVERTAKEN


@pytest.mark.parametrize("answer", [LOST, Accepted()])
@pytest.mark.parametrize("took_hold", [True, False])
def test_what_cannot_be_read_back_is_found_out_by_the_next_run(
    answer: Accepted | NotAnswered, *, took_hold: bool
) -> None:
    world = World(answers=[(answer, took_hold)], reads=[None, None, SILENT])
    found = world.change(ON)
    assert isinstance(found, Unsettled)
    assert (found.retry_after_s, found.change.is_open) == (30, True)
    assert "nobody knows yet" in str(found.because)
    assert isinstance(world.reconcile(), Reconciled)
    assert world.entries[0].progress is (Progress.WRITTEN if took_hold else Progress.NOT_DONE)
    assert len(world.sent) == 1


# --- what others left open


def test_a_change_that_may_be_under_way_is_left_to_its_run() -> None:
    world = World()
    other = world.leave_open(ON)
    found = world.change(UNSET)
    assert isinstance(found, Refused)
    assert found.other == other
    assert f"{BOB} began to change {MAILBOX} at 2026-11-23 12:00 UTC" in str(found.because)
    assert "after 2026-11-23 12:05 UTC" in str(found.because)
    assert isinstance(world.undo(), Refused)
    assert (world.sent, world.entries) == ([], [other])


@pytest.mark.parametrize("ahead", [UNDER_WAY, -UNDER_WAY])
def test_an_open_change_is_given_up_after_a_while_even_where_clocks_differ(ahead: timedelta) -> None:
    world = World()
    world.leave_open(ON)
    world.time += ahead
    assert isinstance(world.change(UNSET), Changed)
    assert world.outcomes == [Progress.NOT_DONE, Progress.WRITTEN]


@pytest.mark.parametrize(
    ("live", "progress"), [(ON, Progress.WRITTEN), (OFF, Progress.NOT_DONE), (UNSET, Progress.OVERTAKEN)]
)
def test_reconciling_closes_by_what_is_read_and_never_writes(live: Switch, progress: Progress) -> None:
    world = World()
    world.leave_open(ON, let_go=True)
    world.value = live
    found = world.reconcile()
    assert isinstance(found, Reconciled)
    assert (found.closed, found.under_way) == (tuple(world.entries), ())
    assert (world.entries[0].progress, found.setting.mailbox, "write" in world.calls) == (progress, live, False)


@pytest.mark.parametrize("live", list(Switch))
def test_a_change_that_broke_off_before_it_was_sent_is_not_done_whatever_is_read(live: Switch) -> None:
    world = World()
    world.leave_open(ON, sent=False)
    world.value = live
    world.time += UNDER_WAY
    world.reconcile()
    assert world.outcomes == [Progress.NOT_DONE]


def test_reconciling_leaves_what_is_closed_and_what_cannot_be_read() -> None:
    world = World()
    world.change(ON)
    world.leave_open(OFF, let_go=True)
    before = list(world.entries)
    world.reads = [None, SILENT]
    assert world.reconcile() == SILENT
    world.reads = [SILENT]
    assert world.reconcile() == SILENT
    assert world.entries == before


def test_a_value_read_before_the_change_was_sent_does_not_close_it() -> None:
    world = World()
    early = reconcile(MAILBOX, setting=world, ledger=world, clock=world, tenant=TENANT)
    early.send(None)  # about to read: off
    early.send(None)  # has read, and is about to look into the ledger
    world.reads = [None, None, SILENT]
    assert isinstance(world.change(ON), Unsettled)
    drive(early)
    assert world.entries[0].progress is Progress.WRITTEN


def test_reconciling_does_not_close_a_change_that_was_begun_while_it_looked() -> None:
    world = World()
    world.leave_open(ON, let_go=True)
    look, other = reconcile(MAILBOX, setting=world, ledger=world, clock=world, tenant=TENANT), world.begin_change(UNSET)
    for _ in range(3):
        look.send(None)  # has found the first change open, and is about to read
    for _ in range(7):
        other.send(None)  # has closed it, begun the second, and is about to compare
    drive(look)
    assert world.outcomes == [Progress.NOT_DONE, Progress.INTENDED]
    assert isinstance(drive(other), Changed)


def test_whoever_loses_the_race_to_the_ledger_is_told_who_won() -> None:
    world = World()
    slow = world.begin_change(UNSET)
    for _ in range(3):
        slow.send(None)  # has read and looked, and is about to begin
    other = world.leave_open(ON)
    found = drive(slow)
    assert isinstance(found, Refused)
    assert found.other == other
    assert world.sent == []


def test_a_run_that_slept_after_sending_does_not_contradict_the_one_that_looked() -> None:
    world = World()
    slow = world.begin_change(ON)
    for _ in range(7):
        slow.send(None)  # has sent, and is about to read back
    world.time += UNDER_WAY
    assert isinstance(world.change(UNSET, BOB), Changed)
    found = drive(slow)
    assert isinstance(found, Overtaken)
    assert "was changed to on, and is unset (follows the organisation) by now" in str(found.because)
    assert world.outcomes == [Progress.WRITTEN] * 2


def test_a_run_that_slept_while_sending_corrects_what_was_found_too_early() -> None:
    world = World()
    slow = world.begin_change(ON)
    for _ in range(6):
        slow.send(None)  # about to send
    world.time += UNDER_WAY
    world.reconcile()
    assert isinstance(drive(slow), Changed)
    assert [step.progress for step in world.entries[0].steps[2:]] == [Progress.NOT_DONE, Progress.WRITTEN]


# --- what breaks


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("number", range(9))
def test_after_a_crash_at_any_step_the_next_run_makes_the_ledger_true(number: int, *, late: bool) -> None:
    world = World(faults={number: CrashError()}, late={number} if late else set())
    with pytest.raises(CrashError):
        world.change(ON)
    world.faults.clear()
    world.time += UNDER_WAY
    assert isinstance(world.reconcile(), Reconciled)
    assert not any(entry.is_open for entry in world.entries)
    assert world.value is (ON if world.sent else OFF)
    assert [entry.progress for entry in world.entries if world.sent] == [Progress.WRITTEN] * len(world.sent)
    world.tells_the_truth()


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_ledger_that_fails_before_anything_is_sent_stops_the_change(number: int) -> None:
    world = World(faults={number: FULL})
    with pytest.raises(LedgerError) as raised:
        world.change(ON)
    assert raised.value is FULL
    assert (world.sent, world.value) == ([], OFF)


@pytest.mark.parametrize("number", [7, 8])
@pytest.mark.parametrize(
    ("answer", "took_hold", "reads", "kind"),
    [
        (Accepted(), True, [], Changed),
        (REFUSED, False, [], NotDone),
        (Accepted(), True, [None, None, UNSET], Overtaken),
        (LOST, True, [None, None, SILENT], Unsettled),
    ],
)
def test_a_ledger_that_fails_after_sending_does_not_hide_what_happened(
    number: int,
    answer: Accepted | NotAnswered,
    *,
    took_hold: bool,
    reads: list[NotAnswered | Switch | None],
    kind: type,
) -> None:
    world = World(faults={number: FULL}, answers=[(answer, took_hold)], reads=list(reads))
    found = world.change(ON)
    assert isinstance(found, Changed | NotDone | Overtaken | Unsettled)
    assert (type(found), found.unrecorded, found.change.is_open) == (kind, FULL.sentence, True)
    world.faults.clear()
    world.time += UNDER_WAY
    assert isinstance(world.reconcile(), Reconciled)
    assert not world.entries[0].is_open


@pytest.mark.parametrize("number", range(3, 8))
def test_a_run_that_is_interrupted_lets_go_so_that_the_next_need_not_wait(number: int) -> None:
    world = World(faults={number: asyncio.CancelledError()})
    with pytest.raises(asyncio.CancelledError):
        world.change(ON)
    assert world.entries[0].steps[-1].note.startswith("interrupted")
    assert world.entries[0].is_open is (number > 4), "perhaps sent"
    found = world.reconcile()
    assert isinstance(found, Reconciled)
    assert (found.under_way, world.entries[0].is_open) == ((), False)
    world.tells_the_truth()


def test_an_interruption_stays_one_where_the_ledger_fails_too_or_was_closed_already() -> None:
    broken = World(faults={3: asyncio.CancelledError(), 4: FULL})
    with pytest.raises(asyncio.CancelledError):
        broken.change(ON)
    closed = World(faults={8: asyncio.CancelledError()}, late={8})
    with pytest.raises(asyncio.CancelledError):
        closed.change(ON)
    assert closed.outcomes == [Progress.WRITTEN]


# --- undo


@pytest.mark.parametrize("before", list(Switch))
@pytest.mark.parametrize("after", list(Switch))
def test_undo_restores_exactly_what_was_there_unset_included(before: Switch, after: Switch) -> None:
    if before is after:
        return
    world = World(value=before)
    world.change(after)
    found = world.undo()
    assert isinstance(found, Changed)
    assert (world.value, found.change.intent.undoes, found.change.intent.after) == (before, 1, before)


def test_undo_takes_back_what_is_effective_too_and_passes_by_what_was_not_done() -> None:
    world = World(value=UNSET)
    world.change(ON)
    drive(effective(world.entries[0], NOON + MINUTE, ledger=world))
    world.answers = [(REFUSED, False)]
    world.change(OFF)
    assert isinstance(world.undo(), Changed)
    assert (world.value, world.entries[-1].intent.undoes) == (UNSET, 1)


def test_an_undo_that_was_not_done_can_be_tried_again() -> None:
    world = World()
    world.change(ON)
    world.answers = [(REFUSED, False)]
    assert isinstance(world.undo(), NotDone)
    assert isinstance(world.undo(), Changed)
    assert [entry.intent.undoes for entry in world.entries] == [None, 1, 1]


def test_an_undo_is_not_undone_and_it_says_what_to_do_instead() -> None:
    world = World()
    world.change(ON)
    world.undo()
    found = world.undo()
    assert isinstance(found, Refused)
    assert found.other == world.entries[1]
    assert str(found.because).endswith(f"To go back to on, run: diag smtp-auth enable {MAILBOX}")
    assert len(world.entries) == 2


def test_without_a_change_there_is_nothing_to_undo() -> None:
    world = World()
    found = world.undo()
    assert isinstance(found, Refused)
    assert found.other is None
    world.reads = [SILENT]
    assert world.undo() == SILENT


def test_what_somebody_changed_since_is_only_undone_when_told_to() -> None:
    world = World(value=UNSET)
    world.change(ON)
    world.value = OFF
    found = world.undo()
    assert isinstance(found, Refused)
    assert f"Change 1 by {ALICE} made it on, but Authenticated SMTP of {MAILBOX} is off now" in str(found.because)
    assert len(world.sent) == 1
    again = world.undo(anyway=True)
    assert isinstance(again, Changed)
    assert (world.value, again.change.intent.before, again.change.intent.undoes) == (UNSET, OFF, 1)


def test_undo_looks_first_at_what_was_left_open() -> None:
    world = World()
    world.leave_open(ON, took_hold=True, let_go=True)
    assert isinstance(world.undo(), Changed)
    assert (world.value, world.entries[1].intent.undoes) == (OFF, 1)


# --- how long it takes


def taken(
    seconds: float | None = None,
    *,
    before: Switch = OFF,
    after: Switch = ON,
    found_after: float = 2,
    unseen_s: float | None = 60,
) -> Change:
    """A change that was begun at noon, and was effective so many seconds after it was written.

    A sign-in was refused `unseen_s` before it was effective; None: nobody tried.
    """
    written = NOON + timedelta(seconds=found_after)
    steps = [Step(progress=Progress.INTENDED, at=NOON), Step(progress=Progress.WRITTEN, at=written)]
    if seconds is not None:
        if unseen_s is not None:
            steps.append(Step(progress=Progress.WRITTEN, at=written + timedelta(seconds=seconds - unseen_s)))
        steps.append(Step(progress=Progress.EFFECTIVE, at=written + timedelta(seconds=seconds)))
    intent = replace(World(value=before).intent(after))
    return Change(id=1, intent=intent, steps=tuple(steps))


def test_the_first_accepted_sign_in_makes_a_change_effective_once() -> None:
    world = World()
    world.change(ON)
    first = drive(effective(world.entries[0], NOON + 14 * MINUTE, ledger=world))
    assert first == world.entries[0]
    assert (first.progress, first.took_s) == (Progress.EFFECTIVE, 14 * 60)
    assert drive(effective(first, NOON + 20 * MINUTE, ledger=world)) == first
    assert world.entries[0] == first


@pytest.mark.parametrize("value", [OFF, UNSET])
def test_a_sign_in_does_not_confirm_a_change_that_switches_off(value: Switch) -> None:
    world = World(value=ON)
    world.change(value)
    assert drive(effective(world.entries[0], NOON + MINUTE, ledger=world)).progress is Progress.WRITTEN


def test_a_sign_in_before_the_change_or_without_one_says_nothing() -> None:
    world = World()
    world.change(ON)
    world.leave_open(UNSET)
    for entry in list(world.entries):
        assert drive(effective(entry, NOON - MINUTE, ledger=world)) == entry
    assert drive(effective(world.entries[1], NOON + MINUTE, ledger=world)).is_open


def test_expectation_is_what_the_measured_changes_took() -> None:
    told = expectation([taken(360), taken(2460), taken(), taken(840), taken(600)])
    assert told == Expectation(count=4, shortest_s=360, longest_s=2460, median_s=720)


@pytest.mark.parametrize(
    "change",
    [
        taken(),
        taken(-5),
        taken(9, before=ON, after=UNSET),
        taken(9, found_after=UNDER_WAY.total_seconds()),
        taken(1200, unseen_s=None),
        taken(1200, unseen_s=301),
    ],
)
def test_what_was_not_seen_from_off_to_on_is_not_counted(change: Change) -> None:
    assert expectation([change]) is None


@pytest.mark.parametrize("change", [taken(120, unseen_s=None), taken(1200, unseen_s=300)])
def test_what_was_watched_closely_enough_is_counted(change: Change) -> None:
    assert expectation([change]) is not None


def test_a_refusal_is_recorded_once_for_each_time_and_only_while_a_change_is_on_its_way() -> None:
    world = World()
    world.change(ON)
    first = drive(refused(world.entries[0], NOON + MINUTE, ledger=world))
    assert [step.note for step in first.steps[-1:]] == ["a sign-in was refused still"]
    assert drive(refused(first, NOON + MINUTE, ledger=world)) == first
    done = drive(effective(first, NOON + 2 * MINUTE, ledger=world))
    assert (done.took_s, drive(refused(done, NOON + 3 * MINUTE, ledger=world))) == (120, done)
    world.change(OFF)
    switched_off = world.entries[-1]
    assert drive(refused(switched_off, NOON + 9 * MINUTE, ledger=world)) == switched_off


def test_a_change_on_its_way_is_found_by_its_mailbox_with_what_its_tenant_saw() -> None:
    world = World()
    world.change(ON)
    found = drive(on_its_way(world, mailbox=MAILBOX.upper(), now=NOON + MINUTE))
    assert found is not None
    assert (found.change, found.expectation, found.window_s) == (world.entries[0], None, WINDOW.total_seconds())
    assert drive(on_its_way(world, mailbox="other@contoso.com", now=NOON)) is None
    assert drive(on_its_way(world, mailbox=MAILBOX, now=NOON + WINDOW + MINUTE)) is None
    world.entries[0] = taken(5 * 3600)
    world.change(OFF)
    later = drive(on_its_way(world, mailbox=MAILBOX, now=NOON + 9 * 60 * MINUTE))
    assert later is not None
    assert (later.window_s, later.expectation) == (10 * 3600, expectation([world.entries[0]]))


def test_without_a_history_nothing_is_expected() -> None:
    assert expectation([]) is None


def test_a_change_is_recent_while_it_is_written_and_not_effective_within_the_window() -> None:
    window, change = 60 * MINUTE, taken()
    assert recent([change], NOON + 59 * MINUTE, window) == change
    assert recent([change], NOON + 61 * MINUTE, window) is None
    assert recent([taken(60), change], NOON + MINUTE, window) is None
    refused = replace(change, steps=(change.steps[0], Step(progress=Progress.NOT_DONE, at=NOON)))
    assert recent([refused, change], NOON + MINUTE, window) == change
    assert recent([], NOON, window) is None


# --- two operators


def finished(run: Coroutine[Any, Any, Result]) -> bool:
    """Let it do one thing; whether that was its last."""
    try:
        run.send(None)
    except StopIteration:
        return True
    return False


@pytest.mark.parametrize("second", [ON, UNSET])
def test_two_operators_in_every_order_leave_a_true_ledger(second: Switch) -> None:
    pending: list[tuple[int, ...]] = [()]
    orders = 0
    while pending:
        order = pending.pop()
        world = World()
        runs = {0: world.begin_change(ON, ALICE), 1: world.begin_change(second, BOB)}
        turns: list[int] = []
        while runs:
            if len(turns) < len(order):
                who = order[len(turns)]
            else:
                who = min(runs)
                pending.extend((*turns, other) for other in runs if other != who)
            turns.append(who)
            if finished(runs[who]):
                del runs[who]
        orders += 1
        world.tells_the_truth()
        assert not any(entry.is_open for entry in world.entries)
        world.hangs_together(OFF)
    assert orders > 100


class Operators(RuleBasedStateMachine):
    """Any number of runs, each at its own pace; some crash, servers answer what they like, and time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.runs: list[Coroutine[Any, Any, Result]] = []

    @initialize(value=st.sampled_from(Switch))
    def a_mailbox(self, value: Switch) -> None:
        self.world.value = self.first = value

    @rule(value=st.sampled_from(Switch), turns=st.integers(0, CALLS))
    def alice_changes(self, value: Switch, turns: int) -> None:
        self.goes_on(self.world.begin_change(value, ALICE), turns)

    @rule(value=st.sampled_from(Switch), turns=st.integers(0, CALLS))
    def bob_changes(self, value: Switch, turns: int) -> None:
        self.goes_on(self.world.begin_change(value, BOB), turns)

    @rule(turns=st.integers(0, 2 * CALLS), anyway=st.booleans())
    def bob_undoes(self, turns: int, anyway: bool) -> None:
        self.goes_on(self.world.begin_undo(BOB, anyway=anyway), turns)

    @precondition(lambda self: self.runs)
    @rule(last=st.booleans(), turns=st.integers(1, 2 * CALLS))
    def a_run_goes_on(self, last: bool, turns: int) -> None:
        self.goes_on(self.runs.pop(-1 if last else 0), turns)

    @precondition(lambda self: self.runs)
    @rule(last=st.booleans())
    def a_run_crashes(self, last: bool) -> None:
        self.runs.pop(-1 if last else 0).close()

    def goes_on(self, run: Coroutine[Any, Any, Result], turns: int) -> None:
        if not any(finished(run) for _ in range(turns)):
            self.runs.append(run)

    @precondition(lambda self: self.runs)
    @rule(answer=st.sampled_from([(REFUSED, False), (LOST, True), (LOST, False), (Accepted(), False)]))
    def the_next_change_is_answered_otherwise(self, answer: tuple[Accepted | NotAnswered, bool]) -> None:
        self.world.answers = [answer]

    @precondition(lambda self: self.runs)
    @rule()
    def the_next_reading_is_not_answered(self) -> None:
        self.world.reads = [SILENT]

    @precondition(lambda self: not self.runs)
    @rule()
    def time_passes(self) -> None:
        self.world.time += UNDER_WAY

    @invariant()
    def the_ledger_is_true(self) -> None:
        self.world.tells_the_truth()
        assert sum(entry.is_open for entry in self.world.entries) <= 1

    def teardown(self) -> None:
        """Whatever was going on breaks off; after a while somebody looks, and then the ledger tells everything."""
        world = self.world
        for run in self.runs:
            run.close()
        world.time += UNDER_WAY
        world.reads.clear()
        if not hasattr(self, "first"):
            return
        assert isinstance(world.reconcile(), Reconciled)
        world.tells_the_truth()
        world.hangs_together(self.first)


TestOperators = Operators.TestCase
TestOperators.settings = settings(max_examples=300, stateful_step_count=20, deadline=None)
