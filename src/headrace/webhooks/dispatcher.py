"""The dispatcher: one asynchronous loop that sends what is due, thousands of receivers at once.

In each turn, one transaction writes down what came back, makes deliveries of new events and takes
due ones; between turns, requests are under way. A receiver that hangs holds a few requests; what
else waits for it stays in the queue, so that it takes no place from others.
"""

import asyncio
import heapq
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

import psycopg
import structlog
import uvloop
from sqlalchemy.orm import Session

from headrace import events
from headrace.db.engine import DATABASE_AWAY, plain_dsn, transaction
from headrace.db.roles import SYSTEM
from headrace.kit import metrics
from headrace.kit.outbound_async import AsyncOutbound
from headrace.rest.resources import Resources
from headrace.webhooks import jobs, queue
from headrace.webhooks.paces import Paces
from headrace.webhooks.queue import Result, Taken
from headrace.webhooks.senders import Senders
from headrace.webhooks.sending import BODY_BYTES, Secrets, attempt

log = structlog.get_logger(__name__)

_EVENTS_AT_ONCE = 500
_POLL_SECONDS = 1.0
# Results wait so long for others to be written with, unless there are many, or some and nothing is in
# hand any more.
_GATHER_SECONDS = 0.1
_MANY_RESULTS = 300
_SOME_RESULTS = 4
_PAUSE_SECONDS = 1.0


class _InHand(NamedTuple):
    """A delivery to send, and the moment (of the monotonic clock) by which that must begin."""

    outbound: AsyncOutbound
    taken: Taken
    begin_by: float


class Dispatcher:
    """Sends deliveries for one worker; any number of them may work on one database."""

    def __init__(self, resources: Resources) -> None:
        settings = resources.settings
        self._resources = resources
        self._deadline = float(settings.webhook_timeout_seconds)
        self._lease_seconds = 2 * self._deadline + 2.0
        self._secrets = Secrets(resources.vault)
        self._paces = Paces(per_host=settings.webhook_requests_per_host)
        self._senders = Senders(settings.webhook_requests_per_endpoint, self._deliver)
        self._results: list[Result] = []
        self._in_hand = 0
        self._due: list[float] = []
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        # The database is asked from one thread, so that one connection is enough.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="dispatcher")

    async def run(self, database_url: str, halted: threading.Event) -> None:
        """Send until halted; then let what is under way end, within its deadline."""
        listening = asyncio.create_task(self._listen(database_url))
        try:
            async with self._outbound() as outbound:
                # No thread waits for the halt: it would keep a loop that broke from ending. Waits
                # are short enough to look.
                while not halted.is_set():
                    is_more = await self.turn(outbound)
                    if not is_more:
                        await self._wait()
                await self._settle()
        finally:
            listening.cancel()
            self._thread.shutdown(wait=False)

    def _outbound(self) -> AsyncOutbound:
        return AsyncOutbound(
            self._resources.policy,
            deadline_seconds=self._deadline,
            body_bytes=BODY_BYTES,
            user_agent="Headrace-Webhooks",
        )

    async def drain(self) -> None:
        """Send everything that is due now, and write down the results: a dispatcher's hour in one."""
        async with self._outbound() as outbound:
            while await self.turn(outbound) or self._senders.are_busy or self._results:
                await self._senders.settle()
        self._thread.shutdown(wait=False)

    async def turn(self, outbound: AsyncOutbound) -> bool:
        """Do one turn; returns whether there may be more to do at once."""
        self._wake.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = time.monotonic()
        while self._due and self._due[0] <= now:
            heapq.heappop(self._due)
        results, self._results = self._results, []
        wanted = self._paces.wanted()
        loop = asyncio.get_running_loop()
        try:
            count, rows = await loop.run_in_executor(self._thread, self._step, results, wanted)
        except DATABASE_AWAY as error:
            log.warning("dispatcher cannot reach the database", reason=type(error).__name__)
            self._results = results + self._results
            await asyncio.sleep(_PAUSE_SECONDS)
            return False
        except Exception:
            # What was to be written is lost; those deliveries are tried again when they are due.
            log.exception("dispatcher's turn broke")
            await asyncio.sleep(_PAUSE_SECONDS)
            return False
        _count(results)
        for result in results:
            if result.outcome == "retry":
                heapq.heappush(self._due, time.monotonic() + result.pause_seconds)
        for row in rows:
            self._start(outbound, row)
        return count == _EVENTS_AT_ONCE

    def _step(self, results: list[Result], wanted: queue.Wanted) -> tuple[int, list[Taken]]:
        with transaction(self._resources.sessions) as session:
            self._write(session, results)
            count = queue.fan_out(session, _EVENTS_AT_ONCE)
            rows = queue.claim(
                session,
                wanted,
                lease_seconds=self._lease_seconds,
                host_rate=self._resources.settings.webhook_host_rate,
            )
            return count, rows

    def _record(self, results: list[Result]) -> None:
        with transaction(self._resources.sessions) as session:
            self._write(session, results)

    def _write(self, session: Session, results: list[Result]) -> None:
        settings = self._resources.settings
        queue.prepare(session)
        queue.record(session, results)
        disabled = queue.disable_hopeless(
            session,
            results,
            most_days=settings.webhook_disable_after_days,
            most_failures=settings.webhook_disable_after_failures,
        )
        for row in disabled:
            log.warning("webhook endpoint disabled", endpoint_id=row.id)
            facts = {
                "webhook_endpoint_id": row.id,
                "webhook_endpoint_url": row.url,
                "reason": row.disabled_reason,
            }
            events.publish(session, row.workspace_id, "webhook_endpoint_disabled", facts)
        if disabled and settings.mail_server is not None:
            jobs.queue_mails(session, [row.id for row in disabled])

    def _start(self, outbound: AsyncOutbound, taken: Taken) -> None:
        self._in_hand += 1
        self._paces.take(taken.endpoint_id)
        # Begun too late, an attempt could end after others have taken the delivery for abandoned.
        begin_by = time.monotonic() + self._lease_seconds - self._deadline - 1.0
        self._senders.hand(taken.endpoint_id, _InHand(outbound, taken, begin_by))

    async def _deliver(self, item: "_InHand") -> None:
        taken = item.taken
        try:
            result = await self._tried(item)
        except Exception:
            # Nothing is known of it: it is due again when its lease has run out.
            log.exception("attempt broke", delivery_id=taken.delivery_id)
            self._paces.note(taken.put_back())
            return
        finally:
            self._in_hand -= 1
        self._paces.note(result)
        self._results.append(result)
        enough = _MANY_RESULTS if self._in_hand else _SOME_RESULTS
        if len(self._results) >= enough:
            self._wake.set()
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_GATHER_SECONDS, self._wake.set)

    async def _tried(self, item: "_InHand") -> Result:
        place = await self._paces.enter(item.taken.endpoint_id, item.taken.host)
        try:
            if place.is_wise and time.monotonic() < item.begin_by:
                return await attempt(item.outbound, self._secrets, item.taken)
            return item.taken.put_back()
        finally:
            self._paces.leave(place)

    async def _wait(self) -> None:
        """Wait for a notification, for results, or until the next attempt is due."""
        wait = _POLL_SECONDS
        if self._due:
            wait = max(0.0, min(wait, self._due[0] - time.monotonic()))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), wait)

    async def _settle(self) -> None:
        """Let requests under way end, and write down how."""
        await self._senders.settle(self._deadline + 1.0)
        results, self._results = self._results, []
        with suppress(*DATABASE_AWAY):
            await asyncio.to_thread(self._record, results)
            _count(results)

    async def _listen(self, database_url: str) -> None:
        """Ring when an event is committed; without this, turns come every second."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    plain_dsn(database_url, SYSTEM), autocommit=True
                ) as listener:
                    await listener.execute(f"LISTEN {events.WAKE_CHANNEL}")
                    self._wake.set()
                    async for _ in listener.notifies():
                        self._wake.set()
            except psycopg.OperationalError as error:
                log.warning("dispatcher hears nothing; trying again", details=str(error))
            await asyncio.sleep(_PAUSE_SECONDS)


def _count(results: list[Result]) -> None:
    outcomes = Counter(result.outcome for result in results if result.attempt is not None)
    for outcome, number in outcomes.items():
        metrics.WEBHOOK_ATTEMPTS.labels(outcome).inc(number)


def run(resources: Resources, database_url: str, halted: threading.Event) -> None:
    """Dispatch in this thread until halted; a dispatcher that breaks is made anew."""
    while not halted.is_set():
        try:
            uvloop.run(Dispatcher(resources).run(database_url, halted))
        except Exception:
            log.exception("dispatcher broke; it comes back")
            halted.wait(_PAUSE_SECONDS)
