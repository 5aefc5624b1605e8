"""The job engine: carries on after its database was away, and leaves in time."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import cast

import psycopg
import pytest

from headrace.db.engine import make_engine, plain_dsn, session_maker, transaction
from headrace.jobs import engine, port

NOTE = "note"
GRACE_SECONDS = 0.2
TIMEOUT_SECONDS = 1.5
PATIENCE = 400  # looks, a twentieth of a second apart
HEARTBEAT_SECONDS = TIMEOUT_SECONDS / 3


class RunningEngine:
    """An engine in a thread of its own, with one task that notes what it was asked."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.noted: list[int] = []
        self.doing: Callable[[], object] = lambda: None
        self.all_ended: bool | None = None
        self._thread.start()

    def _run(self) -> None:
        self.all_ended = self._loop.run_until_complete(
            engine.work(
                self._url,
                {NOTE: self._note},
                threads=2,
                timeout_seconds=TIMEOUT_SECONDS,
                stop=self._stop,
                grace_seconds=GRACE_SECONDS,
            )
        )

    def _note(self, number: int) -> None:
        self.noted.append(number)
        self.doing()

    def ask(self, *numbers: int) -> None:
        """Defer jobs."""
        database = make_engine(self._url)
        with transaction(session_maker(database)) as session:
            port.defer(session, NOTE, [{"number": number} for number in numbers])
        database.dispose()

    def wait_until_noted(self, *numbers: int) -> None:
        for _ in range(PATIENCE):
            if sorted(self.noted) == list(numbers):
                break
            assert self._thread.is_alive(), "the engine is gone"
            time.sleep(0.05)
        assert sorted(self.noted) == list(numbers)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


@pytest.fixture
def running(committed_database: str) -> Iterator[RunningEngine]:
    """An engine at work on a database of the test's own."""
    made = RunningEngine(committed_database)
    yield made
    if made.all_ended is None:
        made.stop()


def test_jobs_are_carried_out_until_told_to_stop(running: RunningEngine) -> None:
    running.ask(1)
    running.wait_until_noted(1)
    running.stop()
    assert running.all_ended is True


def test_taking_a_job_does_not_read_the_whole_queue_for_each_job_in_it(
    running: RunningEngine, committed_database: str
) -> None:
    released, queued = threading.Event(), 400
    running.doing = released.wait
    running.ask(1, 2)
    running.wait_until_noted(1, 2)  # both threads are at work: the others stay in the queue
    running.ask(*range(3, queued + 3))
    with psycopg.connect(plain_dsn(committed_database), autocommit=True) as admin:
        admin.execute("VACUUM procrastinate_jobs")  # plans are made anew, with what it has seen
    released.set()
    running.wait_until_noted(*range(1, queued + 3))
    running.stop()  # connections that end report what they have read
    assert _rows_read_of_the_queue(committed_database) / queued < queued / 4


def _rows_read_of_the_queue(url: str) -> int:
    by_index = (
        "(SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = of_jobs.relname)"
    )
    read = (
        f"SELECT seq_tup_read + {by_index} FROM pg_stat_user_tables AS of_jobs WHERE relname = %s"
    )
    with psycopg.connect(plain_dsn(url)) as connection:
        row = connection.execute(read, ("procrastinate_jobs",)).fetchone()
        assert row is not None
        return int(row[0])


def _sign_of_life(url: str) -> datetime:
    with psycopg.connect(plain_dsn(url)) as connection:
        row = connection.execute("SELECT last_heartbeat FROM procrastinate_workers").fetchone()
        assert row is not None
        return cast(datetime, row[0])


def test_signs_of_life_outlast_an_outage(
    running: RunningEngine, committed_database: str
) -> None:  # F39
    running.ask(1)
    running.wait_until_noted(1)
    kept = "ALTER FUNCTION procrastinate.procrastinate_update_heartbeat_v1 RENAME TO away"
    back = "ALTER FUNCTION procrastinate.away RENAME TO procrastinate_update_heartbeat_v1"
    with psycopg.connect(plain_dsn(committed_database), autocommit=True) as admin:
        admin.execute(kept)
        time.sleep(HEARTBEAT_SECONDS + 0.5)  # one sign of life fails
        admin.execute(back)
    last = _sign_of_life(committed_database)
    for _ in range(PATIENCE):
        if _sign_of_life(committed_database) > last:
            break
        time.sleep(0.05)
    assert _sign_of_life(committed_database) > last
    running.ask(2)
    running.wait_until_noted(1, 2)


def test_it_leaves_while_a_task_goes_on(running: RunningEngine) -> None:
    released = threading.Event()
    running.doing = released.wait
    running.ask(1)
    running.wait_until_noted(1)
    running.stop()
    assert running.all_ended is False
    released.set()
