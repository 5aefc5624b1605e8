"""The worker processes of `bench.runs`: with kinds of runs that do nothing, or the engine alone."""

import asyncio
import signal

import procrastinate
import uvloop

from headrace import worker
from headrace.db.engine import plain_dsn
from headrace.db.roles import SYSTEM
from headrace.jobs import engine
from headrace.kit import logs
from headrace.kit.garbage import keep_what_is_loaded
from headrace.kit.outcomes import OutsideError, SlowDown
from headrace.rest.resources import open_resources
from headrace.runs import kinds, service
from headrace.runs.context import RunContext
from headrace.settings import Settings

EMPTY = "bench_empty"
WAITING = "bench_waiting"
NOTHING = "bench_nothing"


def _succeed(context: RunContext) -> None:
    with context.step() as session:
        service.succeed(context.hold(session), context.now(session))


def _wait(_: RunContext) -> None:
    raise SlowDown("The report is not ready.", after_seconds=3600)


def _failed(_: RunContext, __: object, error: OutsideError) -> None:
    raise error


def work(settings: Settings, url: str) -> None:
    """Be a worker that knows the kinds of this benchmark too."""
    logs.configure("json", "error")
    for name, does in ((EMPTY, _succeed), (WAITING, _wait)):
        kinds.register(kinds.RunKind(name, carry_out=does, failed=_failed))
    resources = open_resources(settings, url, settings.worker_threads)
    keep_what_is_loaded()
    worker.run(resources, url, settings.worker_threads)


def carry_out_nothing(settings: Settings, url: str) -> None:
    """Be the job engine alone, set as workers set it."""
    logs.configure("json", "error")
    keep_what_is_loaded()
    uvloop.run(_carry_out_nothing(settings, url))


def carry_out_nothing_as_it_comes(settings: Settings, url: str) -> None:
    """Be the job engine alone, with nothing set but how many threads it has."""
    logs.configure("json", "error")
    asyncio.run(_carry_out_nothing_as_it_comes(settings, url))


async def _carry_out_nothing_as_it_comes(settings: Settings, url: str) -> None:
    connector = procrastinate.PsycopgConnector(conninfo=plain_dsn(url, SYSTEM))
    app = procrastinate.App(connector=connector)
    app.task(name=NOTHING)(lambda **_: None)
    async with app.open_async():
        await app.run_worker_async(concurrency=settings.worker_threads, delete_jobs="always")


async def _carry_out_nothing(settings: Settings, url: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await engine.work(
        url,
        {NOTHING: lambda **_: None},
        threads=settings.worker_threads,
        timeout_seconds=settings.worker_timeout_seconds,
        stop=stop,
        grace_seconds=5,
    )
