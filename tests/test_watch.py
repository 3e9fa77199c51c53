import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

from checks import CHECKS
from diag.catalogue import load
from diag.diagnosis import Diagnosis, Verdict
from diag.evidence import Auth, Dialogue, Evidence, NotAsked
from diag.pipeline import follow, replay
from diag.secret import Secret
from diag.sentence import say
from diag.setting import Backend, Change, Intent, LedgerError, Progress, Propagation, Setting, Step, Switch
from diag.stage import Stage
from diag.subject import Subject
from diag.watch import FIRST_PAUSE_S, LONGEST_PAUSE_S, watch
from tests.evidence_cases import BARE, MAILBOX, MAILBOX_OFF, NOW, TENANT, answered, healthy, talk_of
from tests.fakes import World


def refused_at_auth(reply: str) -> Evidence:
    return answered(healthy(), Stage.AUTH, 535, reply)


INTENT = Intent(
    tenant=TENANT,
    mailbox=MAILBOX,
    before=Switch.OFF,
    after=Switch.ON,
    organisation=Switch.OFF,
    backend="exchange",
    operator="alice",
)
WRITTEN = Change(
    id=7,
    intent=INTENT,
    steps=(
        Step(progress=Progress.INTENDED, at=NOW - timedelta(minutes=3)),
        Step(progress=Progress.WRITTEN, at=NOW - timedelta(minutes=3)),
    ),
)
LIVE = Setting(
    identity=MAILBOX,
    mailbox=Switch.ON,
    organisation=Switch.OFF,
    backend=Backend(name="exchange", writes=True, vendor_supported=False),
    observed_at=NOW,
)


@dataclass
class Book:
    """A ledger with one change; `problem` is raised instead of an answer."""

    changes_: list[Change] = field(default_factory=lambda: [WRITTEN])
    problem: LedgerError | None = None

    async def begin(self, intent: Intent, at: object) -> Change:
        raise AssertionError

    async def add(self, change: int, step: Step) -> None:
        self.changes_ = [replace(one, steps=(*one.steps, step)) if one.id == change else one for one in self.changes_]

    async def changes(self, *, tenant: str | None = None, mailbox: str | None = None) -> tuple[Change, ...]:
        if self.problem is not None:
            raise self.problem
        return tuple(self.changes_)


@dataclass
class Changing(World):
    """The server answers each sign-in as the next entry says: its reply, "yes", or None: nobody answers."""

    answers: list[str | None] = field(default_factory=list)

    async def dialogue(self, subject: Subject, address: str, token: Secret | None) -> Dialogue:
        said = self.answers.pop(0)
        assert said is not None
        talk = talk_of(healthy() if said == "yes" else refused_at_auth(said))
        return replace(talk, started_at=NOW + timedelta(milliseconds=self.elapsed))

    async def reach(self, addresses: tuple[str, ...], port: int) -> tuple[object, ...]:  # type: ignore[override]
        if self.answers[0] is None:
            self.answers.pop(0)
            return ()
        return await super().reach(addresses, port)


def waiting() -> tuple[Evidence, Diagnosis]:
    evidence = replace(refused_at_auth(MAILBOX_OFF), setting=LIVE)
    return evidence, replay(evidence, CHECKS, load())


def watched(
    answers: list[str | None], *, wait_s: float = 600, book: Book | None = None
) -> tuple[Changing, Evidence, Diagnosis]:
    world = Changing(auth=Auth.TOKEN, answers=answers)
    ports = replace(world.ports, ledger=book)
    evidence, diagnosis = asyncio.run(watch(*waiting(), ports, CHECKS, load(), wait_s=wait_s))
    return world, evidence, diagnosis


def test_a_setting_that_is_on_and_a_server_that_does_not_know_it_yet_is_waited_for() -> None:
    _, diagnosis = waiting()
    assert diagnosis.verdict is Verdict.WAITING


def test_a_setting_that_is_off_is_not_waited_for() -> None:
    evidence = replace(waiting()[0], setting=replace(LIVE, mailbox=Switch.OFF))
    assert replay(evidence, CHECKS, load()).verdict is Verdict.BROKEN
    unread = replace(evidence, setting=replace(LIVE, mailbox=Switch.UNSET, organisation=None))
    assert replay(unread, CHECKS, load()).verdict is Verdict.BROKEN


def test_where_nobody_could_read_the_setting_the_ledger_says_that_it_was_switched_on() -> None:
    unread = replace(waiting()[0], setting=NotAsked(because=say("nobody")))
    on_way = Propagation(change=WRITTEN, expectation=None, window_s=7200)
    assert replay(replace(unread, propagation=on_way), CHECKS, load()).verdict is Verdict.WAITING
    off = replace(on_way, change=replace(WRITTEN, intent=replace(INTENT, after=Switch.OFF)))
    assert replay(replace(unread, propagation=off), CHECKS, load()).verdict is Verdict.BROKEN


def test_it_tries_again_until_the_sign_in_is_accepted_and_writes_down_how_long_it_took() -> None:
    book = Book()
    world, evidence, diagnosis = watched([MAILBOX_OFF, MAILBOX_OFF, "yes"], book=book)
    assert diagnosis.verdict is Verdict.HEALTHY
    assert world.answers == []
    change = book.changes_[0]
    notes = [(step.progress, step.note) for step in change.steps[2:]]
    assert notes == [
        (Progress.WRITTEN, "a sign-in was refused still"),
        (Progress.WRITTEN, "a sign-in was refused still"),
        (Progress.EFFECTIVE, "a sign-in was accepted"),
    ]
    assert evidence.propagation == Propagation(change=change, expectation=None, window_s=7200)


def test_the_pauses_grow_up_to_a_minute_and_are_counted_down() -> None:
    world, _, _ = watched([*[MAILBOX_OFF] * 12, "yes"])
    told = [sentence for sentence in world.said if sentence.text.startswith("Not effective yet")]
    seconds = [int(str(dict(sentence.values)["seconds"])) for sentence in told]
    pauses = [s for s, before in zip(seconds, [0, *seconds], strict=False) if s > before]
    assert (pauses[0], pauses[-1]) == (FIRST_PAUSE_S, LONGEST_PAUSE_S)
    assert pauses == sorted(pauses)
    assert seconds[: int(FIRST_PAUSE_S)] == [5, 4, 3, 2, 1]


def test_when_the_time_is_over_it_is_still_waiting() -> None:
    world, _, diagnosis = watched([MAILBOX_OFF] * 100, wait_s=60)
    assert diagnosis.verdict is Verdict.WAITING
    assert 60_000 <= world.elapsed < 90_000


def test_a_refusal_for_another_reason_ends_it() -> None:
    world, _, diagnosis = watched([MAILBOX_OFF, BARE, "yes"])
    assert diagnosis.verdict is not Verdict.WAITING
    assert world.answers == ["yes"]


def test_a_try_that_does_not_reach_the_sign_in_does_not_end_it() -> None:
    _, _, diagnosis = watched([None, "yes"])
    assert diagnosis.verdict is Verdict.HEALTHY


def test_what_is_not_on_its_way_is_not_waited_for() -> None:
    world = Changing(auth=Auth.TOKEN)
    found = healthy()
    diagnosis = replay(found, CHECKS, load())
    assert asyncio.run(watch(found, diagnosis, world.ports, CHECKS, load(), wait_s=600)) == (found, diagnosis)
    assert world.asked == []


def test_a_ledger_that_cannot_be_used_costs_only_what_it_would_have_said() -> None:
    book = Book(problem=LedgerError(say("The ledger is locked.")))
    found = asyncio.run(follow(healthy(), book, NOW))
    assert str(found.propagation.because) == "The ledger is locked."  # type: ignore[union-attr]
    assert replay(found, CHECKS, load()).verdict is Verdict.HEALTHY
