"""How much each receiver may be given now: by how it has answered of late. In memory, no waiting.

An endpoint that answers is given more and more; one that fails, or takes long, is given one request
at a time. Proven endpoints and all others draw on places of their own, so that any number of
receivers that hang cannot keep those that answer from being served.
"""

import asyncio
import time
from dataclasses import dataclass, field

from headrace.webhooks.queue import Result, Wanted

_PLACES = 1000
# Of a host's places, how many endpoints that are not proven may use: one in four.
_UNPROVEN_SHARE = 4
_MOST_IN_HAND = 512
_AT_FIRST = 4
# What is in hand grows fourfold with every round of it: a round takes a transaction.
_MORE_FOR_A_SUCCESS = 3
_SLOW_SECONDS = 1.0
# Requests begun within the last second, of proven endpoints and of others: more at once, each with
# a connection to open, would all run into their deadline on a machine that is busy.
_BEGUN_AT_ONCE = 256
_BEGUN_UNPROVEN = 64
_FORGET_SECONDS = 60.0


@dataclass
class _Pace:
    """One endpoint. target: how many of its deliveries may be in hand. begun: when each began."""

    target: int = _AT_FIRST
    in_hand: int = 0
    is_failing: bool = False
    has_succeeded: bool = False
    seen_at: float = field(default_factory=time.monotonic)
    begun: dict[object, float] = field(default_factory=dict)

    def is_proven(self, now: float) -> bool:
        """Whether it answers, and has not kept us waiting at this moment."""
        oldest = next(iter(self.begun.values()), now)
        return self.has_succeeded and not self.is_failing and now - oldest < _SLOW_SECONDS

    def allowance(self, now: float) -> int:
        """How many more of its deliveries may be taken now."""
        target = self.target if self.is_proven(now) or not self.has_succeeded else 1
        return max(0, target - self.in_hand)


class _Host:
    """The places at one host, over all endpoints there."""

    def __init__(self, size: int) -> None:
        self.slots = asyncio.Semaphore(size)
        self.for_unproven = asyncio.Semaphore(max(1, size // _UNPROVEN_SHARE))
        self.users = 0


@dataclass(eq=False, slots=True)
class Place:
    """A place for one request. slots: held for it; the last one for a second at most.

    is_wise: whether to send at all. It is not when the endpoint began to fail meanwhile and others
    of its requests are under way.
    """

    pace: "_Pace"
    host: str
    slots: list[asyncio.Semaphore]
    is_wise: bool


class Paces:
    """Every endpoint that a dispatcher has to do with. For one event loop.

    per_host: how many requests are sent to a host at once. How many to one endpoint, `Senders` says.
    """

    def __init__(self, *, per_host: int) -> None:
        self._per_host = per_host
        self._paces: dict[int, _Pace] = {}
        self._hosts: dict[str, _Host] = {}
        self._begun = asyncio.Semaphore(_BEGUN_AT_ONCE)
        self._begun_unproven = asyncio.Semaphore(_BEGUN_UNPROVEN)
        self._fresh: dict[Place, float] = {}

    def wanted(self) -> Wanted:
        """Return what can be taken in hand now."""
        now = time.monotonic()
        self._forget(now)
        self._age(now)
        proven = {key: pace.is_proven(now) for key, pace in self._paces.items()}
        held = sum(pace.in_hand for key, pace in self._paces.items() if proven[key])
        others = sum(pace.in_hand for key, pace in self._paces.items() if not proven[key])
        return Wanted(
            known_ids=list(self._paces),
            allowances=[pace.allowance(now) for pace in self._paces.values()],
            are_proven=list(proven.values()),
            for_unknown=_AT_FIRST,
            room=max(0, _PLACES - held),
            room_unproven=max(0, _PLACES - others),
        )

    def take(self, endpoint_id: int) -> None:
        """Count a delivery that was taken in hand."""
        pace = self._paces.get(endpoint_id)
        if pace is None:
            pace = self._paces[endpoint_id] = _Pace()
        pace.in_hand += 1

    async def enter(self, endpoint_id: int, host: str) -> "Place":
        """Wait for a place at an endpoint's host; `leave` it in any case."""
        pace = self._paces[endpoint_id]
        there = self._hosts.get(host)
        if there is None:
            there = self._hosts[host] = _Host(self._per_host)
        if pace.is_proven(time.monotonic()):
            wanted = [there.slots, self._begun]
        else:
            wanted = [there.for_unproven, there.slots, self._begun_unproven]
        there.users += 1
        for number, slots in enumerate(wanted):
            try:
                await slots.acquire()
            except BaseException:
                for held in wanted[:number]:
                    held.release()
                self._left(host)
                raise
        place = Place(pace, host, wanted, is_wise=not (pace.is_failing and pace.begun))
        pace.begun[place] = self._fresh[place] = time.monotonic()
        return place

    def leave(self, place: "Place") -> None:
        """Give a place back."""
        del place.pace.begun[place]
        is_fresh = self._fresh.pop(place, None) is not None
        for slots in place.slots if is_fresh else place.slots[:-1]:
            slots.release()
        self._left(place.host)

    def _left(self, host: str) -> None:
        self._hosts[host].users -= 1
        if not self._hosts[host].users:
            del self._hosts[host]

    def _age(self, now: float) -> None:
        """Let others begin in the places of requests that have lasted for a second."""
        while self._fresh:
            place, began = next(iter(self._fresh.items()))
            if now - began < _SLOW_SECONDS:
                return
            del self._fresh[place]
            place.slots[-1].release()

    def note(self, result: Result) -> None:
        """Learn from what became of a delivery."""
        pace = self._paces[result.endpoint_id]
        pace.in_hand -= 1
        pace.seen_at = time.monotonic()
        if result.outcome == "delivered":
            pace.target = min(_MOST_IN_HAND, max(_AT_FIRST, pace.target + _MORE_FOR_A_SUCCESS))
            pace.has_succeeded, pace.is_failing = True, False
        elif result.outcome != "put_back":
            pace.target, pace.is_failing = 1, True

    def _forget(self, now: float) -> None:
        idle = [
            key
            for key, pace in self._paces.items()
            if not pace.in_hand and now - pace.seen_at > _FORGET_SECONDS
        ]
        for key in idle:
            del self._paces[key]
