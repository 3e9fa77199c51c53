import asyncio
from dataclasses import dataclass, field

import pytest

from diag.evidence import ContactStatus, LookupStatus, Refusal
from diag.fleet.shared import SharedNetwork, SharedTokens
from diag.ports import Acquired
from tests.evidence_cases import HOST, IPV4, contact, healthy, lookup, refusal, with_network
from tests.fakes import World
from tests.fleet_fakes import in_loop


@dataclass
class Time(World):
    """A world whose clock stands still unless it is moved."""

    at_ms: float = 0
    asking: asyncio.Event = field(default_factory=asyncio.Event)

    def elapsed_ms(self) -> float:
        return self.at_ms

    async def acquire(self) -> Acquired:
        await asyncio.sleep(0)
        return await super().acquire()


@in_loop
async def test_a_host_is_looked_up_once_for_everybody_who_waits() -> None:
    world = Time()
    shared = SharedNetwork(world, world)
    found = await asyncio.gather(*(shared.look_up(HOST) for _ in range(50)))
    assert world.asked == ["look_up"]
    assert set(found) == {healthy().network.lookups}


@in_loop
async def test_an_address_is_reached_for_again_after_a_minute() -> None:
    world = Time()
    shared = SharedNetwork(world, world)
    await shared.reach((IPV4,), 587)
    world.at_ms = 59_000
    await shared.reach((IPV4,), 587)
    assert world.asked == ["reach"]
    world.at_ms = 61_000
    await shared.reach((IPV4,), 587)
    assert world.asked == ["reach", "reach"]


@in_loop
async def test_other_addresses_and_ports_are_other_questions() -> None:
    world = Time()
    shared = SharedNetwork(world, world)
    await shared.reach((IPV4,), 587)
    await shared.reach((IPV4,), 25)
    await shared.reach((), 587)
    assert world.asked == ["reach"] * 3


@pytest.mark.parametrize("status", [LookupStatus.TIMEOUT, LookupStatus.FAILED, LookupStatus.NO_SUCH_NAME])
@in_loop
async def test_a_look_up_that_failed_is_tried_again_sooner(status: LookupStatus) -> None:
    world = Time(evidence=with_network(healthy(), lookups=(lookup(status),)))
    shared = SharedNetwork(world, world)
    await shared.look_up(HOST)
    world.at_ms = 16_000
    await shared.look_up(HOST)
    assert world.asked == ["look_up", "look_up"]


@in_loop
async def test_a_connection_that_failed_is_tried_again_sooner() -> None:
    world = Time(evidence=with_network(healthy(), contacts=(contact(status=ContactStatus.TIMEOUT),)))
    shared = SharedNetwork(world, world)
    await shared.reach((IPV4,), 587)
    world.at_ms = 16_000
    await shared.reach((IPV4,), 587)
    assert world.asked == ["reach", "reach"]


@in_loop
async def test_one_token_serves_all_mailboxes_of_an_application() -> None:
    world = Time()
    shared = SharedTokens(world, world)
    found = await asyncio.gather(*(shared.acquire() for _ in range(50)))
    assert world.asked == ["acquire"]
    assert len({one.token.reveal() for one in found if one.token}) == 1


@in_loop
async def test_a_refused_sign_in_is_not_asked_for_again_by_every_mailbox() -> None:
    world = Time(acquisition=refusal(7000215), token=None)
    shared = SharedTokens(world, world)
    for _ in range(50):
        acquired = await shared.acquire()
        assert isinstance(acquired.acquisition, Refusal)
    assert world.asked == ["acquire"]


@in_loop
async def test_whoever_stops_waiting_does_not_take_the_answer_from_the_others() -> None:
    world = Time()
    shared = SharedTokens(world, world)
    first, second = asyncio.create_task(shared.acquire()), asyncio.create_task(shared.acquire())
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).token is not None
    assert world.asked == ["acquire"]


@in_loop
async def test_a_bug_is_not_kept_for_the_next_one_who_asks() -> None:
    class Broken(Time):
        async def acquire(self) -> Acquired:
            if not self.asked:
                self.asked.append("acquire")
                raise RuntimeError
            return await super().acquire()

    world = Broken()
    shared = SharedTokens(world, world)
    with pytest.raises(RuntimeError):
        await shared.acquire()
    assert (await shared.acquire()).token is not None
