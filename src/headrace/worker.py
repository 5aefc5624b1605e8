"""The worker process: carries out runs, fires schedules, recovers what dead workers left."""

import asyncio
import signal
import threading
import time
from datetime import timedelta

import psycopg
import structlog
import uvloop

from headrace.access import queries as access_queries
from headrace.audit import queries as audit_queries
from headrace.automated_recipes import tasks as automated_recipe_tasks
from headrace.connections import queries as connection_queries
from headrace.connections import tasks as connection_tasks
from headrace.db.engine import DATABASE_AWAY, plain_dsn, transaction
from headrace.db.roles import SYSTEM
from headrace.destinations import tasks as destination_tasks
from headrace.external_links import queries as link_queries
from headrace.external_links import tasks as link_tasks
from headrace.extracts import tasks as extract_tasks
from headrace.jobs import engine as jobs
from headrace.kit import clock
from headrace.kit.outcomes import OutsideError
from headrace.loads import tasks as load_tasks
from headrace.oauth import queries as oauth_queries
from headrace.recipes import tasks as recipe_tasks
from headrace.rest import idempotency
from headrace.rest.resources import Resources
from headrace.runs import scheduling, watching
from headrace.runs import service as runs
from headrace.runs import tasks as run_tasks
from headrace.table_store import compact, sweep
from headrace.webhooks import dispatcher
from headrace.webhooks import housekeeping as webhook_housekeeping
from headrace.webhooks import tasks as webhook_tasks

log = structlog.get_logger(__name__)

_TICK_SECONDS = 1.0
_HOUSEKEEPING_SECONDS = 600.0
_ROUNDS = 100  # of a thousand each; what is left then waits for the next time
_GRACE_SECONDS = 30.0
# Importing these registers what they carry out.
_KINDS = (
    automated_recipe_tasks, connection_tasks, destination_tasks, extract_tasks, link_tasks,
    load_tasks, recipe_tasks, webhook_tasks,
)  # fmt: skip


def run(resources: Resources, database_url: str, threads: int) -> bool:
    """Work until told to stop (SIGTERM or SIGINT); then finish what is in flight, within a grace.

    Returns whether all of it ended. If not, threads are still at it: the process has to leave at
    once, and their runs go on elsewhere from their last checkpoint.
    """
    # Not asyncio.run: that would cancel what is left, and wait for its threads.
    loop = uvloop.new_event_loop()
    ended = loop.run_until_complete(_work(resources, database_url, threads))
    if ended:
        loop.close()
    return ended


async def _work(resources: Resources, database_url: str, threads: int) -> bool:
    stop = asyncio.Event()
    halted = threading.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    helpers = [
        threading.Thread(
            target=_schedule, args=(resources, database_url, threads, halted), daemon=True
        ),
        threading.Thread(target=_keep_house, args=(resources, halted), daemon=True),
        threading.Thread(
            target=watching.keep_looking, args=(resources.sessions, halted), daemon=True
        ),
    ]
    sender = threading.Thread(
        target=dispatcher.run, args=(resources, database_url, halted), daemon=True
    )
    for helper in (*helpers, sender):
        helper.start()
    log.info("worker ready", threads=threads)
    try:
        ended = await jobs.work(
            database_url,
            {scheduling.CARRY_OUT: lambda **job: run_tasks.carry_out(resources, **job)},
            threads=threads,
            timeout_seconds=resources.settings.worker_timeout_seconds,
            stop=stop,
            grace_seconds=_grace_seconds(resources),
        )
    finally:
        halted.set()
        # Attempts under way end within their deadline; what is not recorded is sent once more.
        sender.join(_grace_seconds(resources))
    log.info("worker stopped", all_ended=ended)
    return ended


def _grace_seconds(resources: Resources) -> float:
    # A worker that stops no longer gives signs of life, so others take its runs over after this.
    return min(_GRACE_SECONDS, resources.settings.worker_timeout_seconds)


def _schedule(
    resources: Resources, database_url: str, threads: int, halted: threading.Event
) -> None:
    """Admit runs the moment they are queued, and look for due ones every second."""
    presence = scheduling.Presence(watching.worker_name(), threads)
    while not halted.is_set():
        try:
            _listen(resources, database_url, presence, halted)
        except (psycopg.OperationalError, *DATABASE_AWAY) as error:
            log.warning("scheduler cannot reach the database; trying again", details=str(error))
            halted.wait(_TICK_SECONDS)
        except Exception:
            log.exception("scheduler broke; it comes back")
            halted.wait(_TICK_SECONDS)


def _listen(
    resources: Resources,
    database_url: str,
    presence: scheduling.Presence,
    halted: threading.Event,
) -> None:
    with psycopg.connect(plain_dsn(database_url, SYSTEM), autocommit=True) as listener:
        listener.execute(f"LISTEN {runs.WAKE_CHANNEL}")
        recover_at, fire_at, looked_at = 0.0, 0.0, time.monotonic()
        while not halted.is_set():
            if time.monotonic() >= recover_at:
                presence.show(resources)
                run_tasks.recover(resources)
                recover_at = time.monotonic() + resources.settings.worker_timeout_seconds / 3
            if time.monotonic() >= fire_at:
                fire_at = time.monotonic() + scheduling.fire(resources)
            now = time.monotonic()
            rest = min(scheduling.tick(resources, now - looked_at), max(0.0, fire_at - now))
            looked_at = now
            for _ in listener.notifies(timeout=rest, stop_after=1) if rest else ():
                pass
        presence.end(resources)


def _keep_house(resources: Resources, halted: threading.Event) -> None:
    """Remove what nobody needs: dead files, expired credentials, old history."""
    while not halted.wait(_HOUSEKEEPING_SECONDS):
        for chore in (_compact, _sweep, _forget):
            try:
                chore(resources)
            except OutsideError as error:
                log.warning("chore put off", chore=chore.__name__, details=str(error))
            except Exception:
                log.exception("chore failed", chore=chore.__name__)


def _compact(resources: Resources) -> None:
    done = compact(resources.sessions, resources.lake)
    if done.files_written:
        log.info("lake compacted", done=str(done))


def _sweep(resources: Resources) -> None:
    grace = timedelta(minutes=resources.settings.segment_grace_minutes)
    for _ in range(_ROUNDS):
        swept = sweep(resources.sessions, resources.lake, grace)
        log.info("lake swept", swept=str(swept))
        if not swept.more:
            break


def _forget(resources: Resources) -> None:
    with transaction(resources.sessions) as session:
        access_queries.delete_expired(session, clock.now())
        link_queries.delete_over(session, clock.now())
        connection_queries.delete_drafts_before(session, clock.now())
        oauth_queries.delete_ended_before(session, clock.now())
    audit_retention = timedelta(days=resources.settings.audit_retention_days)
    for forget in (
        idempotency.delete_expired,
        lambda session: audit_queries.delete_before(session, audit_retention, clock.now()),
    ):
        for _ in range(_ROUNDS):
            with transaction(resources.sessions) as session:
                if not forget(session):
                    break
    for _ in range(_ROUNDS):
        with transaction(resources.sessions) as session:
            kept = timedelta(days=resources.settings.webhook_retention_days)
            if not webhook_housekeeping.forget(session, kept):
                break
    retention = timedelta(days=resources.settings.run_retention_days)
    for _ in range(_ROUNDS):
        with transaction(resources.sessions) as session:
            if not runs.delete_history(session, retention):
                break
