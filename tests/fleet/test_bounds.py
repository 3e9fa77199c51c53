import asyncio

import pytest

from diag.fleet.bounds import Gate
from tests.fleet_fakes import in_loop


async def _held(gate: Gate, until: asyncio.Event, seen: list[int]) -> None:
    async with gate.passing():
        seen.append(gate.inside)
        await until.wait()


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@in_loop
async def test_a_gate_lets_so_many_through_and_the_others_in_turn() -> None:
    gate, end, seen = Gate(3), asyncio.Event(), list[int]()
    tasks = [asyncio.create_task(_held(gate, end, seen)) for _ in range(7)]
    await _settled()
    assert gate.inside == 3
    end.set()
    await asyncio.gather(*tasks)
    assert (len(seen), max(seen), gate.inside) == (7, 3, 0)


@in_loop
async def test_who_stops_waiting_takes_no_place() -> None:
    gate, end, seen = Gate(1), asyncio.Event(), list[int]()
    first, second, third = (asyncio.create_task(_held(gate, end, seen)) for _ in range(3))
    await _settled()
    second.cancel()
    end.set()
    await asyncio.gather(first, third)
    with pytest.raises(asyncio.CancelledError):
        await second
    assert (len(seen), gate.inside) == (2, 0)


@in_loop
async def test_a_place_that_is_given_to_somebody_who_leaves_goes_to_the_next() -> None:
    gate, end, seen = Gate(1), asyncio.Event(), list[int]()
    first, second, third = (asyncio.create_task(_held(gate, end, seen)) for _ in range(3))
    await _settled()
    first.cancel()
    await asyncio.sleep(0)  # the place is given to the second, which has not run yet
    second.cancel()
    end.set()
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert (third.exception(), gate.inside) == (None, 0)


@in_loop
async def test_a_gate_halves_down_to_one_and_grows_back_one_by_one() -> None:
    gate = Gate(8)
    widths = []
    for _ in range(5):
        gate.slow_down(gate.width)
        widths.append(gate.width)
    assert widths == [4, 2, 1, 1, 1]
    for _ in range(19):
        gate.went_well()
    assert gate.width == 1
    gate.went_well()
    assert gate.width == 2
    for _ in range(1000):
        gate.went_well()
    assert gate.width == 8


@in_loop
async def test_a_narrower_gate_lets_nobody_in_until_enough_have_left() -> None:
    gate, end, seen = Gate(4), asyncio.Event(), list[int]()
    inside = [asyncio.create_task(_held(gate, end, seen)) for _ in range(4)]
    await _settled()
    gate.slow_down(gate.width)
    waiting = asyncio.create_task(_held(gate, asyncio.Event(), seen))
    inside[0].cancel()
    inside[1].cancel()
    await _settled()
    assert (gate.inside, len(seen)) == (2, 4)
    inside[2].cancel()
    await _settled()
    assert (gate.inside, len(seen)) == (2, 5)
    for task in (*inside, waiting):
        task.cancel()
    await asyncio.gather(*inside, waiting, return_exceptions=True)
