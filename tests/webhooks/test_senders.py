"""Tasks that send: a bounded number for each endpoint, in the order of what they were handed."""

import asyncio

from headrace.webhooks.senders import Senders


class _Receivers:
    """What senders send to: every request hangs until it is let go, and is noted as it begins."""

    def __init__(self) -> None:
        self.begun: list[tuple[int, int]] = []
        self.going = asyncio.Semaphore(0)

    async def send(self, item: tuple[int, int]) -> None:
        self.begun.append(item)
        await self.going.acquire()


async def _breathe() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_an_endpoint_has_so_many_requests_at_once_and_keeps_its_order() -> None:  # S94
    async def run() -> None:
        receivers = _Receivers()
        senders = Senders(2, receivers.send)
        for number in range(4):
            for endpoint in (1, 2):
                senders.hand(endpoint, (endpoint, number))
        await _breathe()
        assert sorted(receivers.begun) == [(1, 0), (1, 1), (2, 0), (2, 1)]
        receivers.going.release()
        await _breathe()
        assert len(receivers.begun) == 5
        for _ in range(7):
            receivers.going.release()
        await senders.settle()
        for endpoint in (1, 2):
            assert [n for at, n in receivers.begun if at == endpoint] == [0, 1, 2, 3]

    asyncio.run(run())


def test_settling_waits_no_longer_than_it_may() -> None:
    async def run() -> None:
        receivers = _Receivers()
        senders = Senders(1, receivers.send)
        assert not senders.are_busy
        await senders.settle()
        senders.hand(1, (1, 0))
        await senders.settle(0.01)
        assert senders.are_busy
        receivers.going.release()
        await senders.settle()
        assert not senders.are_busy

    asyncio.run(run())


def test_an_endpoint_that_was_idle_is_served_again() -> None:
    async def run() -> None:
        receivers = _Receivers()
        senders = Senders(1, receivers.send)
        for number in range(3):
            receivers.going.release()
            senders.hand(1, (1, number))
            await senders.settle()
        assert receivers.begun == [(1, 0), (1, 1), (1, 2)]

    asyncio.run(run())
