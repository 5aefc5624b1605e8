"""Deadlines with one timer: each has its own, and only what is overdue is ended."""

import asyncio

import pytest

from headrace.kit.deadlines import Deadlines


async def _sleep(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "done"


def test_what_ends_in_time_gives_what_it_found_and_others_run_out() -> None:  # S77
    async def run() -> list[str | BaseException]:
        deadlines = Deadlines(0.2)
        hanging = [asyncio.create_task(deadlines.within(_sleep(60)))]
        assert await deadlines.within(_sleep(0.1)) == "done"
        hanging.append(asyncio.create_task(deadlines.within(_sleep(60))))
        (first,) = (await asyncio.wait(hanging, return_when=asyncio.FIRST_COMPLETED))[0]
        assert first is hanging[0]
        return await asyncio.gather(*hanging, return_exceptions=True)

    assert [type(each) for each in asyncio.run(run())] == [TimeoutError, TimeoutError]


def test_a_task_whose_time_ran_out_can_go_on() -> None:
    async def run() -> None:
        deadlines = Deadlines(0.02)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await deadlines.within(_sleep(60))
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        assert await deadlines.within(_sleep(0)) == "done"

    asyncio.run(run())


def test_work_that_ends_as_its_time_runs_out_is_not_cancelled_later() -> None:
    async def stubborn() -> str:
        try:
            return await _sleep(60)
        except asyncio.CancelledError:
            return "ended"

    async def run() -> None:
        assert await Deadlines(0.02).within(stubborn()) == "ended"
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    asyncio.run(run())


def test_who_cancels_a_task_is_not_told_of_a_deadline() -> None:
    async def run() -> None:
        task = asyncio.create_task(Deadlines(60.0).within(_sleep(60)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def test_errors_pass_through() -> None:
    async def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(Deadlines(60.0).within(fail()))
