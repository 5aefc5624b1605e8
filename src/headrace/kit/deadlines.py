"""Deadlines for many tasks that may take equally long, with one timer of the loop for them all.

They run out in the order in which they began: it is enough to look at the oldest. A timer for each,
as `asyncio.timeout` sets one, is dear where thousands a second begin and nearly none runs out.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

Found = TypeVar("Found")


class Deadlines:
    """Ends what takes longer than so many seconds. Belongs to one event loop."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._running: dict[asyncio.Task[Any], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def within(self, work: Awaitable[Found]) -> Found:
        """Await work, in a task that does so once at a time, and return what it gives.

        Raises:
            TimeoutError: if it takes too long; it is cancelled then.
        """
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        until = self._running[task] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(until, self._end_overdue)
        try:
            return await work
        except asyncio.CancelledError as error:
            if task in self._running or task.cancelling() > 1:
                raise  # somebody else wants the task to end
            raise TimeoutError from error
        finally:
            if self._running.pop(task, None) is None:
                task.uncancel()

    def _end_overdue(self) -> None:
        loop, self._timer = asyncio.get_running_loop(), None
        while self._running:
            task, until = next(iter(self._running.items()))
            if until > loop.time():
                self._timer = loop.call_at(until, self._end_overdue)
                return
            del self._running[task]
            task.cancel()
