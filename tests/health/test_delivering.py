"""The loop that delivers: a few attempts, all of them written down, and nothing that fails stops anything else."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from diag.health.delivering import LONGEST_S, MOST_ATTEMPTS, PAUSES_S, Ended, NotTaken, NotWanted, Round, Taken
from diag.health.delivery import Begun, ByGraph, BySmtp, ByUrl, Delivered, Message, NotDelivered, Ping, Recipient, Wish
from diag.health.result import Status
from diag.health.run import Delivery
from diag.sentence import say
from diag.setting import LedgerError
from tests.health.reports_to_deliver import NEVER, NO, NOW, REPORT, SLACK, TEAMS, WEBHOOK, Carrier, Listener, Time

PING = Ping(url="env:PING")


@dataclass
class Book:
    """What a history is asked here; `full` is whether nothing can be written any more."""

    full: bool = False
    kept: list[tuple[int, Delivery]] = field(default_factory=list)

    async def delivered(self, run: int, delivery: Delivery) -> None:
        if self.full:
            raise LedgerError(say("The disk is full."))
        self.kept.append((run, delivery))


@dataclass
class Night:
    """Everything that one delivery was."""

    carrier: Carrier
    book: Book
    time: Time
    listener: Listener
    ended: tuple[Ended, ...] = ()


def deliver(carrier: Carrier, *recipients: Recipient, message: Message = REPORT, full: bool = False) -> Night:
    night = Night(carrier, Book(full=full), Time(), Listener())
    rounds = Round(post=carrier, clock=night.time, person=night.listener, history=night.book)
    night.ended = asyncio.run(rounds.deliver(message, recipients))
    return night


def test_a_report_reaches_every_recipient_once_and_each_delivery_is_written_down() -> None:
    night = deliver(Carrier({}), TEAMS, SLACK, PING)
    assert night.ended == tuple(Taken(to=one.shown, attempts=1) for one in (TEAMS, SLACK, PING))
    assert [run for run, _ in night.book.kept] == [7, 7, 7]
    assert {one for _, one in night.book.kept} == {Delivery(to=one.shown, at=NOW) for one in (TEAMS, SLACK, PING)}
    assert night.time.slept == []


def test_a_recipient_that_is_busy_is_tried_again_after_growing_pauses_and_that_is_said() -> None:
    night = deliver(Carrier({TEAMS.shown: [NO, NO, Delivered()]}), TEAMS)
    assert night.ended == (Taken(to=TEAMS.shown, attempts=3),)
    assert night.time.slept == list(PAUSES_S)
    assert [one.because for _, one in night.book.kept] == [NO.because, NO.because, None]
    waits = [line for line in night.listener.said if "Trying again" in line]
    assert waits == [
        f"Trying again in {n:.0f} s, since {TEAMS.shown} did not take the report: It is busy." for n in PAUSES_S
    ]


def test_after_three_attempts_it_is_given_up_and_the_others_have_theirs() -> None:
    night = deliver(Carrier({TEAMS.shown: [NO]}), TEAMS, SLACK)
    assert night.ended == (
        NotTaken(to=TEAMS.shown, because=NO.because, attempts=MOST_ATTEMPTS),
        Taken(to=SLACK.shown, attempts=1),
    )
    assert len(night.book.kept) == MOST_ATTEMPTS + 1


def test_what_must_not_be_repeated_is_not() -> None:
    night = deliver(Carrier({TEAMS.shown: [NEVER, Delivered()]}), TEAMS)
    assert night.ended == (NotTaken(to=TEAMS.shown, because=NEVER.because, attempts=1),)
    assert night.time.slept == []


@pytest.mark.parametrize(("asked_s", "slept"), [(60.0, [60.0, 60.0]), (3.0, list(PAUSES_S)), (3600.0, [])])
def test_a_server_that_names_a_time_is_waited_for_if_that_is_soon(asked_s: float, slept: list[float]) -> None:
    night = deliver(Carrier({TEAMS.shown: [replace(NO, after_s=asked_s)]}), TEAMS)
    assert night.time.slept == slept


def test_a_recipient_that_takes_its_time_to_refuse_is_not_tried_for_ever() -> None:
    time = Time()
    carrier = Carrier({TEAMS.shown: [NO]})

    def passes() -> None:
        time.passed_s += LONGEST_S

    carrier.before = passes
    rounds = Round(post=carrier, clock=time, person=Listener())
    assert asyncio.run(rounds.deliver(REPORT, [TEAMS])) == (NotTaken(to=TEAMS.shown, because=NO.because, attempts=1),)


def test_a_bug_with_one_recipient_keeps_no_other_from_its_report_and_its_words_are_not_shown() -> None:
    night = deliver(Carrier({TEAMS.shown: [RuntimeError("https://hooks/secret")]}), TEAMS, SLACK)
    assert night.ended[0] == NotTaken(
        to=TEAMS.shown, because=say("diag itself failed ({name}).", name="RuntimeError"), attempts=1
    )
    assert night.ended[1] == Taken(to=SLACK.shown, attempts=1)
    assert "secret" not in str(night.ended) + str(night.book.kept) + str(night.listener.said)


def test_a_history_that_cannot_be_written_keeps_nothing_from_being_delivered() -> None:
    night = deliver(Carrier({}), TEAMS, full=True)
    assert night.ended == (Taken(to=TEAMS.shown, attempts=1),)
    assert f"The delivery to {TEAMS.shown} was not written down: The disk is full." in night.listener.said


def test_what_was_left_out_of_a_report_is_told() -> None:
    note = say("Left out.")
    assert deliver(Carrier({TEAMS.shown: [Delivered(note=note)]}), TEAMS).ended == (
        Taken(to=TEAMS.shown, attempts=1, note=note),
    )


QUIET = replace(REPORT, changed=False)


@pytest.mark.parametrize(
    ("wish", "message", "is_wanted"),
    [
        (Wish(), QUIET, True),
        (Wish(only_on_change=True), REPORT, True),
        (Wish(only_on_change=True), QUIET, False),
        (Wish(only=(Status.BROKEN,)), REPORT, True),
        (Wish(only=(Status.WILL_BREAK, Status.HEALTHY)), REPORT, True),
        (Wish(only=(Status.WILL_BREAK, Status.DEGRADED)), REPORT, False),
        (Wish(only_on_change=True, only=(Status.BROKEN,)), QUIET, False),
    ],
)
def test_who_wants_some_runs_alone_is_told_of_those_and_the_rest_is_said(
    wish: Wish, message: Message, is_wanted: bool
) -> None:
    choosy = replace(TEAMS, wish=wish)
    night = deliver(Carrier({}), choosy, message=message)
    assert isinstance(night.ended[0], Taken if is_wanted else NotWanted)
    assert bool(night.carrier.carried) is is_wanted
    assert bool(night.book.kept) is is_wanted
    assert any("gets no report" in line for line in night.listener.said) is not is_wanted


def test_a_dead_mans_switch_hears_of_every_run() -> None:
    assert deliver(Carrier({}), PING, message=replace(QUIET, statuses=frozenset())).ended == (
        Taken(to=PING.shown, attempts=1),
    )


def test_who_wants_to_know_is_told_that_a_run_begins_and_nobody_else_is() -> None:
    started = Ping(url="env:STARTED", start=True)
    carrier = Carrier({started.shown: [NEVER]})
    listener, time = Listener(), Time()
    asyncio.run(Round(post=carrier, clock=time, person=listener).begin(8, [TEAMS, PING, started]))
    assert carrier.carried == [(started.shown, Begun(run=8))]
    assert listener.said == [f"{started.shown} was not told that the run begins: It refuses."]


MAIL: dict[str, Any] = {"sender": "diag@contoso.com", "tenant": "contoso.com", "client_id": "x", "credential": "env:S"}


@pytest.mark.parametrize(
    ("recipient", "shown"),
    [
        (ByGraph(to=("a@contoso.com", "b@contoso.com"), **MAIL), "a@contoso.com, b@contoso.com (graph)"),
        (BySmtp(to="a@contoso.com", host="smtp.office365.com", port=587, **MAIL), "a@contoso.com (smtp)"),
        (ByUrl(kind="webhook", url="keyring:diag/hook"), "webhook (keyring:diag/hook)"),
        (Ping(url="file:/etc/diag/ping"), "ping (file:/etc/diag/ping)"),
    ],
)
def test_a_recipient_is_shown_without_its_secret(recipient: Recipient, shown: str) -> None:
    assert recipient.shown == shown


def test_a_cancelled_delivery_ends_at_once() -> None:
    class Stuck(Carrier):
        async def deliver(self, recipient: Recipient, message: Message | Begun) -> Delivered | NotDelivered:
            entered.set()
            await asyncio.Event().wait()
            raise AssertionError

    async def run() -> None:
        task = asyncio.create_task(Round(post=Stuck({}), clock=Time(), person=Listener()).deliver(REPORT, [WEBHOOK]))
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    entered = asyncio.Event()
    asyncio.run(run())
