"""Carrying out jobs: a procrastinate worker whose tasks are plain functions run in threads."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import procrastinate
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from headrace.db.engine import has_something_to_read, plain_dsn
from headrace.db.roles import SYSTEM

Task = Callable[..., None]
log = structlog.get_logger(__name__)
_LEAVING_SECONDS = 1.0
_PAUSE_SECONDS = 1.0
# A queue is empty one moment and long the next. How to take a job from it is planned once for a
# connection, most often when it is empty: by reading all of it, for each of its jobs anew, and then
# by sorting them. Without these two ways it is read in the order in which jobs are taken.
_SETTINGS = {"enable_seqscan": "off", "enable_sort": "off", "synchronous_commit": "off"}


async def work(
    database_url: str,
    tasks: Mapping[str, Task],
    *,
    threads: int,
    timeout_seconds: float,
    stop: asyncio.Event,
    grace_seconds: float,
) -> bool:
    """Carry out jobs until `stop` is set; then let those in flight finish for `grace_seconds`.

    Returns whether they did. The engine itself would wait for the others without end, since threads
    cannot be interrupted; their jobs stay in the queue as those of a worker that died. When the
    database goes away the engine gives up; it is started again until the database is back.

    tasks: by name; each is called with the job's arguments, in one of `threads` threads. A task that
        raises is logged by the engine and not repeated: what to repeat is for its owner to record.
    timeout_seconds: silence after which other workers take this one for dead.
    """
    # One pool for all starts: what is still at work keeps its thread, and its place in the count.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(threads))
    stopped = asyncio.create_task(stop.wait())
    while True:
        worker = asyncio.create_task(
            _serve(database_url, tasks, threads, timeout_seconds, grace_seconds)
        )
        await asyncio.wait({worker, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stopped.done():
            worker.cancel()  # asks it to stop in peace; nothing happens if it ended by itself
            ended, _ = await asyncio.wait({worker}, timeout=grace_seconds + _LEAVING_SECONDS)
            return bool(ended)
        log.error("job engine gave up; it is started again", exc_info=worker.exception())
        await asyncio.wait({stopped}, timeout=_PAUSE_SECONDS)


async def _serve(
    database_url: str,
    tasks: Mapping[str, Task],
    threads: int,
    timeout_seconds: float,
    grace_seconds: float,
) -> None:
    connector = procrastinate.PsycopgConnector(
        conninfo=plain_dsn(database_url, SYSTEM, **_SETTINGS),
        min_size=1,
        max_size=4,
        configure=_set_up,
        pool_factory=_make_pool,
    )
    app = procrastinate.App(connector=connector)
    for name, task in tasks.items():
        app.task(name=name)(task)
    async with app.open_async():
        worker = LastingWorker(
            app,
            concurrency=threads,
            delete_jobs="always",
            install_signal_handlers=False,
            update_heartbeat_interval=timeout_seconds / 3,
            stalled_worker_timeout=timeout_seconds,
            shutdown_graceful_timeout=grace_seconds,
        )
        await worker.run()  # type: ignore[no-untyped-call]  # the engine gives it no types


def _make_pool(**settings: Any) -> AsyncConnectionPool:
    return AsyncConnectionPool(**{**settings, "check": _test_before_use})


async def _set_up(connection: AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)  # each call of the engine is one statement


async def _test_before_use(connection: AsyncConnection[Any]) -> None:
    """Ask a connection whether it lives only in doubt, as `db.engine` does with its own."""
    if has_something_to_read(connection):
        await AsyncConnectionPool.check_connection(connection)


class LastingWorker(Worker):
    """The engine's worker, whose signs of life and whose ear for new jobs outlast an outage.

    The engine watches over them only until the first of its side tasks ends, and the one for
    periodic tasks, of which we have none, ends at once. After a failed sign of life it would go on
    taking jobs, and the others would take each of them from it, again and again.
    """

    def _start_side_tasks(self) -> list[asyncio.Task[Any]]:
        return [
            asyncio.create_task(self._last(act))
            for act in (self._update_heartbeat, self._poll_jobs_to_abort, self._listen)
        ]

    async def _last(self, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await act()
            except ConnectorException as error:
                log.warning(
                    "job engine lost its database; trying again", reason=str(error.__cause__)
                )
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _listen(self) -> None:
        await self.app.job_manager.listen_for_jobs(
            on_notification=self._handle_notification, queues=self.queues
        )
