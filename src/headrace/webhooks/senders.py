"""The tasks that send: a few for each endpoint, each of which sends one delivery after the other.

What an endpoint has in hand waits for them in a line. A task for each delivery would do the same and
cost more: it is made, waits for its turn and is woken, all for one request.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass
class _Line(Generic[Item]):
    """What waits for one endpoint, and how many tasks take from it."""

    waiting: deque[Item] = field(default_factory=deque)
    senders: int = 0


class Senders(Generic[Item]):
    """Sends what it is handed, in that order for each endpoint. For one event loop.

    at_once: how many tasks an endpoint has at most. send: sends one item; must not raise.
    """

    def __init__(self, at_once: int, send: Callable[[Item], Awaitable[None]]) -> None:
        self._at_once = at_once
        self._send = send
        self._lines: dict[int, _Line[Item]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def hand(self, endpoint_id: int, item: Item) -> None:
        """Let an item be sent to an endpoint when its turn comes."""
        line = self._lines.get(endpoint_id)
        if line is None:
            line = self._lines[endpoint_id] = _Line()
        line.waiting.append(item)
        if line.senders < self._at_once:
            line.senders += 1
            task = asyncio.create_task(self._send_all(endpoint_id, line))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send_all(self, endpoint_id: int, line: _Line[Item]) -> None:
        while line.waiting:
            await self._send(line.waiting.popleft())
        line.senders -= 1
        if not line.senders:
            del self._lines[endpoint_id]

    @property
    def are_busy(self) -> bool:
        """Whether anything waits or is under way."""
        return bool(self._tasks)

    async def settle(self, at_most_seconds: float | None = None) -> None:
        """Wait until all that was handed over is sent."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=at_most_seconds)
