"""Making what was planned: each step once, read back, and completed by the next run wherever one broke off."""

import asyncio
import itertools
from dataclasses import replace

import pytest

from diag.setup import Made, NotMade, Plan, Result, Unsettled, look, make, overtaken
from tests.setup_cases import ADMIN, BOTH, SMTP, SMTP_APP, UNANSWERED, Registry

STEPS = 4


def run(registry: Registry) -> Result:
    async def both() -> Result:
        planned = await look(registry, BOTH)
        assert isinstance(planned, Plan)
        return await make(registry, planned)

    return asyncio.run(both())


def left(registry: Registry) -> int:
    planned = asyncio.run(look(registry, BOTH))
    assert isinstance(planned, Plan)
    return len(planned.steps)


def test_everything_is_made_once_and_read_back_by_its_client_id() -> None:
    registry = Registry()
    assert isinstance(run(registry), Made)
    assert len(registry.taken) == STEPS
    assert registry.looked == [
        {SMTP: None, ADMIN: None},
        {SMTP: "diag SMTP client", ADMIN: "diag administrator client"},
    ]
    assert left(registry) == 0


@pytest.mark.parametrize("number", range(1, STEPS + 1))
def test_a_step_that_is_refused_ends_the_run_and_the_next_one_completes_it(number: int) -> None:
    registry = Registry(lost=frozenset({number}))
    result = run(registry)
    assert isinstance(result, NotMade)
    assert result.because == UNANSWERED.because
    assert len(registry.taken) == number
    assert len(result.plan.steps) == left(registry) == STEPS - number + 1
    registry.lost = frozenset()
    assert isinstance(run(registry), Made)
    assert len(registry.applications) == 2


@pytest.mark.parametrize("number", range(1, STEPS + 1))
def test_a_step_that_nobody_answers_is_not_sent_again_by_any_run_once_it_is_seen(number: int) -> None:
    registry = Registry(late=frozenset({number}))
    result = run(registry)
    assert isinstance(result, Made if number == STEPS else NotMade)
    assert left(registry) == STEPS - number
    registry.late = frozenset()
    run(registry)
    kinds = [(type(step), step.name) for step in registry.taken]
    assert len(kinds) == len(set(kinds)) == STEPS


def test_what_cannot_be_read_back_is_not_said_to_be_made() -> None:
    for blind, lost in itertools.product((2,), (frozenset[int](), frozenset({1}))):
        result = run(Registry(blind=blind, lost=lost))
        assert isinstance(result, Unsettled)
        assert "Nobody answered." in str(result.because)


def test_what_is_not_shown_yet_is_not_to_be_registered_a_second_time() -> None:
    result = run(Registry(hides=frozenset({SMTP})))
    assert isinstance(result, Unsettled)
    assert str(result.because).startswith("diag SMTP: it was registered, and Microsoft Graph does not show it yet.")


def test_only_what_lacks_is_sent() -> None:
    registry = Registry({SMTP: replace(SMTP_APP, public=False)})
    assert isinstance(run(registry), Made)
    assert [step.name for step in registry.taken] == [SMTP, ADMIN, ADMIN]


def test_what_changed_while_somebody_was_asked_is_seen_before_anything_is_sent() -> None:
    registry = Registry()

    async def asked() -> list[NotMade | None]:
        planned = await look(registry, BOTH)
        assert isinstance(planned, Plan)
        same = await overtaken(registry, planned)
        registry.applications[SMTP] = SMTP_APP
        changed = await overtaken(registry, planned)
        registry.blind = 0
        return [same, changed, await overtaken(registry, planned)]

    same, changed, unread = asyncio.run(asked())
    assert same is None
    assert changed is not None
    assert "somebody changed the applications" in str(changed.because)
    assert unread is not None
    assert unread.because == UNANSWERED.because
    assert registry.taken == []
