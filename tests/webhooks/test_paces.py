"""How much receivers are given: those that hang keep nobody else waiting."""

import asyncio
from typing import Any

import pytest

from headrace.webhooks.paces import Paces, Place
from headrace.webhooks.queue import Result, Wanted


def _result(endpoint_id: int, outcome: str = "delivered") -> Result:
    return Result(1, endpoint_id, 1, outcome)


async def _answer(paces: Paces, endpoint_id: int, outcome: str = "delivered") -> None:
    paces.take(endpoint_id)
    paces.leave(await paces.enter(endpoint_id, "host"))
    paces.note(_result(endpoint_id, outcome))


def _allowance(wanted: Wanted, endpoint_id: int) -> tuple[int, bool]:
    place = wanted.known_ids.index(endpoint_id)
    return wanted.allowances[place], wanted.are_proven[place]


class _Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    """The clock of paces."""
    moved = _Clock()
    monkeypatch.setattr("headrace.webhooks.paces.time", moved)
    return moved


def _paces(**more: int) -> Paces:
    return Paces(**({"per_host": 8} | more))


@pytest.mark.usefixtures("clock")
def test_who_answers_is_given_more_and_who_fails_one_at_a_time() -> None:
    async def run() -> None:
        paces = _paces()
        for _ in range(10):
            await _answer(paces, 1)
        await _answer(paces, 2)
        await _answer(paces, 2, "retry")
        assert _allowance(paces.wanted(), 1) == (34, True)
        assert _allowance(paces.wanted(), 2) == (1, False)
        await _answer(paces, 2)
        assert _allowance(paces.wanted(), 2) == (4, True)

    asyncio.run(run())


def test_who_keeps_us_waiting_is_not_proven(clock: _Clock) -> None:  # F31
    async def run() -> None:
        paces = _paces()
        for _ in range(10):
            await _answer(paces, 1)
        paces.take(1)
        place = await paces.enter(1, "host")
        assert _allowance(paces.wanted(), 1) == (33, True)
        clock.now += 1.5
        assert _allowance(paces.wanted(), 1) == (0, False)
        wanted = paces.wanted()
        assert (wanted.room, wanted.room_unproven) == (1000, 999)
        paces.leave(place)

    asyncio.run(run())


def test_places_at_a_host_are_bounded(clock: _Clock) -> None:  # S94
    async def run() -> None:
        paces = _paces(per_host=3)
        for endpoint in (1, 2):
            await _answer(paces, endpoint)  # proven
        held: list[Place] = []

        async def enter(endpoint: int) -> None:
            paces.take(endpoint)
            held.append(await paces.enter(endpoint, "host"))

        tasks = [asyncio.create_task(enter(endpoint)) for endpoint in (1, 1, 1, 2, 2)]
        for expected in (3, 4, 5):  # then one for each that left
            for _ in range(4):
                await asyncio.sleep(0)
            assert len(held) == expected
            paces.leave(held[expected - 3])
        await asyncio.gather(*tasks)

    asyncio.run(run())


def test_what_hangs_leaves_room_to_begin(clock: _Clock) -> None:  # F31, F37
    """More unproven requests than may begin at once: after a second the next ones begin."""

    async def run() -> None:
        paces = Paces(per_host=1000)
        entered: list[Any] = []

        async def hang(endpoint: int) -> None:
            paces.take(endpoint)
            entered.append(await paces.enter(endpoint, f"host{endpoint}"))

        tasks = [asyncio.create_task(hang(number)) for number in range(100)]
        for _ in range(3):
            await asyncio.sleep(0)
        assert len(entered) == 64
        clock.now += 1.1
        paces.wanted()
        for _ in range(3):
            await asyncio.sleep(0)
        assert len(entered) == 100
        await asyncio.gather(*tasks)

    asyncio.run(run())


def test_one_that_began_to_fail_is_not_asked_by_all_at_once(clock: _Clock) -> None:
    async def run() -> None:
        paces = _paces()
        for _ in range(4):
            paces.take(1)
        first = await paces.enter(1, "host")
        second = await paces.enter(1, "host")
        assert first.is_wise
        assert second.is_wise
        paces.leave(first)
        paces.note(_result(1, "retry"))
        third = await paces.enter(1, "host")
        assert not third.is_wise
        paces.leave(third)
        paces.leave(second)
        paces.note(_result(1, "retry"))
        fourth = await paces.enter(1, "host")
        assert fourth.is_wise  # one at a time, it is tried again
        paces.leave(fourth)

    asyncio.run(run())


def test_idle_endpoints_are_forgotten(clock: _Clock) -> None:
    async def run() -> None:
        paces = _paces()
        await _answer(paces, 1)
        assert paces.wanted().known_ids == [1]
        clock.now += 61
        assert paces.wanted().known_ids == []

    asyncio.run(run())


def test_a_new_dispatcher_knows_nobody() -> None:
    wanted = _paces().wanted()
    assert wanted.known_ids == []
    assert (wanted.room, wanted.room_unproven, wanted.for_unknown) == (1000, 1000, 4)
