"""Carrying out jobs: a procrastinate worker whose tasks are plain functions run in threads."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import procrastinate

from headrace.db.engine import plain_dsn

Task = Callable[..., None]
_LEAVING_SECONDS = 1.0


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
    cannot be interrupted; their jobs stay in the queue as those of a worker that died.

    tasks: by name; each is called with the job's arguments, in one of `threads` threads. A task that
        raises is logged by the engine and not repeated: what to repeat is for its owner to record.
    timeout_seconds: silence after which other workers take this one for dead.
    """
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(threads))
    connector = procrastinate.PsycopgConnector(
        conninfo=plain_dsn(database_url), min_size=1, max_size=4
    )
    app = procrastinate.App(connector=connector)
    for name, task in tasks.items():
        app.task(name=name)(task)
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                concurrency=threads,
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=timeout_seconds / 3,
                stalled_worker_timeout=timeout_seconds,
                shutdown_graceful_timeout=grace_seconds,
            )
        )
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({worker, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        worker.cancel()  # asks it to stop in peace; nothing happens if it ended by itself
        ended, _ = await asyncio.wait({worker}, timeout=grace_seconds + _LEAVING_SECONDS)
        if ended:
            with contextlib.suppress(asyncio.CancelledError):
                await worker
    return bool(ended)
