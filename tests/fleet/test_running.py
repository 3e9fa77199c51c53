import asyncio
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from checks import CHECKS
from diag import archive
from diag.catalogue import load
from diag.evidence import Evidence, Reason
from diag.fleet.bounds import Bounds
from diag.fleet.ground import NotExaminable
from diag.fleet.inventory import Duplicate
from diag.fleet.running import Means, examine_all
from diag.health.past import Change
from diag.health.result import Status
from diag.health.run import BEAT, BadRow, Notes, Run, Stopped
from diag.health.scanner import Scanner
from diag.sentence import say
from diag.setting import LedgerError
from diag.stage import Stage
from diag.subject import InvalidInputError
from tests.evidence_cases import NOW, answered, healthy, silent
from tests.fleet_fakes import Fleet, Memory, Onlooker, in_loop

OFF = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."
OFF_TENANT = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
BUSY = "432 4.3.2 Concurrent connections limit exceeded."


class Now:
    """A clock that stands still but for its sleepers; each sleep lets everybody else go first."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return NOW + timedelta(seconds=sum(self.slept))

    def elapsed_ms(self) -> float:
        return 1000 * sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        if seconds == BEAT.total_seconds():
            await asyncio.Event().wait()
        self.slept.append(seconds)
        await asyncio.sleep(0)


def at_auth(reply: str) -> Evidence:
    code, _, rest = reply.partition(" ")
    return answered(healthy(), Stage.AUTH, int(code), rest)


def scanners(count: int, *, tenant: str = "contoso.com", site: str = "", host: str = "") -> list[Scanner]:
    return [
        Scanner(mailbox=f"scan{number}@{tenant}", tenant=tenant, site=site, smtp_host=host, line=number)
        for number in range(count)
    ]


def means(fleet: Fleet, memory: Memory, clock: Now | None = None, **bounds: float) -> Means:
    return Means(
        ground=fleet,
        history=memory,
        clock=clock or Now(),
        checks=CHECKS,
        catalogue=load(),
        bounds=Bounds(**bounds),  # type: ignore[arg-type] # numbers
    )


async def begun(memory: Memory) -> Run:
    return await memory.begin(series="nightly", inventory="scanners.csv", diag_version="1", at=NOW)


async def went(
    rows: Iterable[Scanner | BadRow | Duplicate],
    fleet: Fleet,
    memory: Memory,
    clock: Now | None = None,
    **bounds: float,
) -> tuple[Run, Onlooker]:
    onlooker = Onlooker()
    run = await examine_all(rows, await begun(memory), means(fleet, memory, clock, **bounds), onlooker)
    return run, onlooker


@in_loop
async def test_every_mailbox_is_examined_once_and_kept_with_its_evidence() -> None:
    fleet, memory = Fleet(), Memory()
    run, onlooker = await went(scanners(450), fleet, memory)
    assert sorted(fleet.examined) == sorted(scanner.mailbox for scanner in scanners(450))
    assert len(memory.kept[run.id]) == len(onlooker.results) == 450
    assert memory.statuses(run.id) == {Status.HEALTHY: 450}
    assert run.finished_at is not None
    kept = memory.kept[run.id]["scan7@contoso.com"]
    assert kept.evidence is not None
    assert archive.unpack(kept.evidence).subject.mailbox == "scan7@contoso.com"


@in_loop
async def test_without_evidence_only_the_results_are_kept() -> None:
    fleet, memory = Fleet(), Memory()
    wanted = means(fleet, memory)
    wanted = Means(**{name: getattr(wanted, name) for name in Means.__slots__} | {"keeps_evidence": False})
    run = await examine_all(scanners(3), await begun(memory), wanted, Onlooker())
    assert [kept.evidence for kept in memory.kept[run.id].values()] == [None] * 3


@in_loop
async def test_results_that_wait_are_written_together() -> None:
    memory = Memory()
    await went(scanners(300), Fleet(), memory)
    assert sum(memory.batches) == 300
    assert len(memory.batches) < 300
    assert max(memory.batches) <= 200


@pytest.mark.parametrize(("bound", "name"), [("tenant", "tenant contoso.com"), ("site", "site Lyon"), ("total", "all")])
@in_loop
async def test_no_more_than_so_many_are_under_way_at_once(bound: str, name: str) -> None:
    fleet = Fleet()
    await went(scanners(60, site="Lyon"), fleet, Memory(), None, **{bound: 4})
    assert fleet.most[name] == 4


@in_loop
async def test_a_slow_tenant_does_not_hold_up_the_others() -> None:
    rows = [*scanners(300, tenant="slow.example"), *scanners(5, tenant="quick.example")]
    fleet = Fleet()
    await went(rows, fleet, Memory(), tenant=1)
    ends = [fleet.examined.index(f"scan{number}@quick.example") for number in range(5)]
    assert max(ends) < 50


@in_loop
async def test_bad_rows_and_duplicates_are_counted_and_the_rest_is_run() -> None:
    bad = [BadRow(line=line, because=say("no address")) for line in range(150)]
    rows: list[Scanner | BadRow | Duplicate] = [
        *bad,
        *scanners(3),
        Duplicate(line=9, mailbox="scan1@contoso.com", first_line=2),
    ]
    run, _ = await went(rows, Fleet(), Memory())
    assert (run.notes.bad_rows_total, len(run.notes.bad_rows), run.notes.duplicates) == (150, 100, 1)


@in_loop
async def test_a_mailbox_that_cannot_be_examined_says_why() -> None:
    why = NotExaminable(say("its credential is not there"))
    memory = Memory()
    run, _ = await went(scanners(1), Fleet(lambda *_: why), memory)
    entry = memory.kept[run.id]["scan0@contoso.com"].entry
    assert (entry.result.status, entry.result.because) == (Status.INCONCLUSIVE, why.because)


@in_loop
async def test_a_bug_in_one_mailbox_does_not_take_the_others_with_it_and_tells_nothing_secret() -> None:
    memory = Memory()
    fleet = Fleet(lambda scanner, _: RuntimeError("eyJ-a-token") if scanner.line == 3 else healthy())
    run, _ = await went(scanners(10), fleet, memory)
    assert memory.statuses(run.id) == {Status.HEALTHY: 9, Status.INCONCLUSIVE: 1}
    assert run.notes.broke == 1
    because = memory.kept[run.id]["scan3@contoso.com"].entry.result.because
    assert "RuntimeError" in str(because)
    assert "eyJ" not in str(because)


@in_loop
async def test_only_where_something_is_found_the_directory_is_asked_more() -> None:
    fleet = Fleet(lambda scanner, _: at_auth(OFF) if scanner.line == 2 else healthy())
    await went(scanners(5), fleet, Memory())
    assert fleet.looked_closer == ["scan2@contoso.com"]


# --- compared with the run before


@in_loop
async def test_the_second_run_says_exactly_what_changed() -> None:
    memory = Memory()
    first = {1: OFF, 2: OFF}
    second = {2: OFF, 3: OFF}
    await went(scanners(5), Fleet(lambda s, _: at_auth(first[s.line]) if s.line in first else healthy()), memory)
    again = Fleet(lambda s, _: at_auth(second[s.line]) if s.line in second else healthy())
    run, _ = await went(scanners(6), again, memory)
    changes = {kept.entry.result.scanner.line: kept.entry.change for kept in memory.kept[run.id].values()}
    assert changes == {
        0: Change.SAME,
        1: Change.FIXED,
        2: Change.STILL,
        3: Change.NEW,
        4: Change.SAME,
        5: Change.FIRST,
    }


@in_loop
async def test_an_inventory_that_breaks_off_is_told_as_it_is_and_the_run_can_be_taken_up() -> None:
    def breaking_off() -> Iterator[Scanner]:
        yield from scanners(250)
        raise InvalidInputError(say("{path} cannot be read: {reason}.", path="x.csv", reason="the disk broke"))

    memory = Memory()
    run = await begun(memory)
    with pytest.raises(InvalidInputError, match="the disk broke"):
        await examine_all(breaking_off(), run, means(Fleet(), memory), Onlooker())
    assert memory.all_runs[0].finished_at is None


# --- taken up again


@in_loop
async def test_a_run_that_is_taken_up_again_repeats_nothing_that_is_kept() -> None:
    memory = Memory(error=LedgerError(say("the disk is full")), full_after=250)
    run = await begun(memory)
    with pytest.raises(LedgerError):
        await examine_all(scanners(400), run, means(Fleet(), memory), Onlooker())
    kept = set(memory.kept[run.id])
    assert kept
    assert memory.all_runs[0].finished_at is None
    memory.full_after = None
    fleet, onlooker = Fleet(), Onlooker()
    taken_up = await memory.resume(series="nightly", at=NOW + timedelta(minutes=5))
    assert taken_up is not None
    await examine_all(scanners(400), taken_up, means(fleet, memory), onlooker)
    assert not kept & set(fleet.examined)
    assert (onlooker.skipped, len(memory.kept[run.id])) == (len(kept), 400)


@in_loop
async def test_ctrl_c_leaves_a_run_that_can_be_taken_up_again() -> None:
    memory, fleet = Memory(), Fleet()
    run = await begun(memory)
    task = asyncio.create_task(examine_all(scanners(2000), run, means(fleet, memory), Onlooker()))
    await memory.written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 0 < len(memory.kept[run.id]) < 2000
    assert memory.all_runs[0].finished_at is None


# --- patience


@in_loop
async def test_a_server_that_asks_for_patience_is_tried_again_later_and_visibly() -> None:
    clock, memory = Now(), Memory()
    fleet = Fleet(lambda _, time: at_auth(BUSY) if time < 2 else healthy())
    run, onlooker = await went(scanners(1), fleet, memory, clock)
    assert fleet.examined == ["scan0@contoso.com"] * 3
    assert onlooker.pauses == [("scan0@contoso.com", 5.0), ("scan0@contoso.com", 10.0)]
    assert memory.statuses(run.id) == {Status.HEALTHY: 1}
    assert run.notes.retried == 2


@in_loop
async def test_patience_has_an_end() -> None:
    fleet, memory = Fleet(lambda *_: at_auth(BUSY)), Memory()
    run, _ = await went(scanners(1), fleet, memory, tries=3)
    assert len(fleet.examined) == 3
    entry = memory.kept[run.id]["scan0@contoso.com"].entry
    assert entry.result.cause == "concurrent_connections_exceeded"


@in_loop
async def test_a_refusal_is_never_tried_again() -> None:
    fleet = Fleet(lambda *_: at_auth(OFF))
    await went(scanners(4), fleet, Memory())
    assert len(fleet.examined) == 4


@in_loop
async def test_a_tenant_that_is_throttled_is_asked_less_at_once() -> None:
    seen: list[int] = []
    fleet = Fleet()

    def answer(scanner: Scanner, time: int) -> Evidence:
        if scanner.line == 0 and time == 0:
            return at_auth(BUSY)
        seen.append(fleet.inside["all"])
        return healthy()

    fleet.answers = answer
    await went(scanners(60), fleet, Memory(), tenant=8)
    assert max(seen[20:40]) < 8


# --- a tenant that fails alike


@in_loop
async def test_a_tenant_that_fails_alike_is_left_early_and_says_so() -> None:
    fleet, memory = Fleet(lambda *_: at_auth(OFF_TENANT)), Memory()
    run, _ = await went(scanners(100), fleet, memory, alike=20, tenant=5)
    assert 20 <= len(fleet.examined) < 25
    left = 100 - len(fleet.examined)
    assert run.notes.stopped == (
        Stopped(tenant="contoso.com", cause="smtp_auth_disabled_tenant", alike=run.notes.stopped[0].alike, left=left),
    )
    assert memory.statuses(run.id) == {Status.BROKEN: 100 - left, Status.INCONCLUSIVE: left}


@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param(at_auth(OFF), id="a switch of each mailbox"),
        pytest.param(at_auth("535 5.7.3 Authentication unsuccessful"), id="a reply that says too little"),
    ],
)
@in_loop
async def test_what_may_be_each_mailbox_s_own_never_stops_a_tenant(evidence: Evidence) -> None:
    fleet = Fleet(lambda *_: evidence)
    run, _ = await went(scanners(60), fleet, Memory(), alike=20)
    assert len(fleet.examined) == 60
    assert run.notes.stopped == ()


@in_loop
async def test_one_that_works_in_between_keeps_a_tenant_going() -> None:
    turn = itertools.count()
    fleet = Fleet(lambda *_: healthy() if next(turn) % 10 == 0 else silent(healthy(), Stage.BANNER, Reason.TIMEOUT))
    await went(scanners(60), fleet, Memory(), alike=20, tenant=1)
    assert len(fleet.examined) == 60


@in_loop
async def test_a_site_with_a_server_of_its_own_does_not_stop_the_rest_of_the_tenant() -> None:
    blocked = scanners(30, host="relay.contoso.com")
    rows = [*blocked, *[Scanner(mailbox=f"other{n}@contoso.com", tenant="contoso.com") for n in range(30)]]
    fleet = Fleet(lambda s, _: silent(healthy(), Stage.BANNER, Reason.TIMEOUT) if s.smtp_host else healthy())
    run, _ = await went(rows, fleet, Memory(), alike=20, tenant=1)
    assert len(fleet.examined) == 50
    assert [stopped.left for stopped in run.notes.stopped] == [10]


@in_loop
async def test_nothing_is_left_early_where_that_is_switched_off() -> None:
    fleet = Fleet(lambda *_: at_auth(OFF_TENANT))
    await went(scanners(60), fleet, Memory(), alike=0)
    assert len(fleet.examined) == 60


@in_loop
async def test_a_run_that_is_taken_up_again_keeps_what_its_first_part_had_to_say() -> None:
    memory, stopped = Memory(), Stopped(tenant="contoso.com", cause="smtp_auth_disabled_tenant", alike=20, left=30)
    run = replace(await begun(memory), notes=Notes(stopped=(stopped,), retried=4, broke=1))
    fleet = Fleet(lambda *_: at_auth(OFF_TENANT))
    ended = await examine_all(scanners(100), run, means(fleet, memory, tenant=5), Onlooker())
    assert [(one.tenant, one.left) for one in ended.notes.stopped] == [("contoso.com", 30 + 100 - len(fleet.examined))]
    assert (ended.notes.retried, ended.notes.broke) == (4, 1)


@in_loop
async def test_a_store_that_is_locked_for_a_while_does_not_cost_the_night() -> None:
    clock, memory = Now(), Memory()
    locked = [LedgerError(say("locked")), LedgerError(say("locked"))]
    memory.errors = locked
    run, _ = await went(scanners(5), Fleet(), memory, clock)
    assert memory.statuses(run.id) == {Status.HEALTHY: 5}
    assert (locked, clock.slept) == ([], [5.0, 10.0])


@in_loop
async def test_while_one_mailbox_waits_for_a_busy_server_others_have_its_place() -> None:
    order: list[str] = []
    fleet = Fleet()

    def answer(scanner: Scanner, time: int) -> Evidence:
        order.append(scanner.mailbox)
        return at_auth(BUSY) if scanner.line == 0 and time == 0 else healthy()

    fleet.answers = answer
    await went(scanners(3), fleet, Memory(), tenant=1)
    assert order.index("scan1@contoso.com") < len(order) - 1 - order[::-1].index("scan0@contoso.com")
