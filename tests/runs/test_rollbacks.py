"""Transactions of runs that PostgreSQL undoes: real deadlocks and serialisation failures."""

import threading
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import text

from fakes.work import WorkFake, succeed
from headrace.runs.context import RunContext

_WAITS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def _deadlock(work: WorkFake, context: RunContext) -> None:
    """Wait for a lock whose holder waits for ours; ours is the transaction that is undone."""
    url = work.resources.engine.url.set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as other:
        other.execute("SET deadlock_timeout = '1h'")
        other.execute("SELECT pg_advisory_xact_lock(2)")
        with context.step() as session:
            session.execute(text("SELECT pg_advisory_xact_lock(1)"))
            context.hold(session).rows_read += 1000
            session.flush()
            waiter = threading.Thread(
                target=other.execute, args=("SELECT pg_advisory_xact_lock(1)",)
            )
            waiter.start()
            with psycopg.connect(other.info.dsn, password=other.info.password) as looking:
                while looking.execute(_WAITS).fetchone() == (0,):
                    looking.execute("SELECT pg_sleep(0.01)")
            try:
                session.execute(text("SELECT pg_advisory_xact_lock(2)"))
            finally:
                session.rollback()
                waiter.join()


def _conflict(work: WorkFake, context: RunContext) -> None:
    """Change a row that another transaction changed since ours first looked."""
    engine = work.resources.engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.begin() as own:
        own.execute(text("SELECT rows_read FROM run"))
        with context.step() as session:
            context.hold(session).retries += 1
        own.execute(text("UPDATE run SET rows_read = rows_read + 1000"))


@pytest.mark.parametrize("undone", [_deadlock, _conflict])
def test_a_step_that_was_undone_is_tried_again(undone: object, work: WorkFake) -> None:  # F40
    attempts: list[int] = []

    def meet(context: RunContext) -> None:
        attempts.append(context.fence)
        if len(attempts) == 1:
            undone(work, context)  # type: ignore[operator]  # one of the two above
        succeed(context)

    work.doing = meet
    run_id = work.queue(work.new_workspace(), 1)
    (job,) = work.admit()
    work.carry_out(job)
    run = work.run(run_id)
    assert (run.status, run.attempt, run.rows_read) == ("waiting", 1, 0)
    assert "had to undo" in (run.error_text or "")
    run = work.try_until_it_ends(run_id)
    assert (run.status, run.rows_read, attempts) == ("succeeded", 0, [1, 2])


def test_what_a_broken_step_changed_is_forgotten(work: WorkFake) -> None:  # F40
    seen: list[int] = []

    def meet(context: RunContext) -> None:
        with suppress(ZeroDivisionError), context.step() as session:
            context.hold(session).rows_read = 1000
            session.flush()
            context.hold(session).rows_written = 1000
            raise ZeroDivisionError
        with context.step() as session:
            run = context.hold(session)
            seen.extend((run.rows_read, run.rows_written))
            run.retries += 1
        succeed(context)

    work.doing = meet
    run_id = work.queue(work.new_workspace(), 1)
    run = work.try_until_it_ends(run_id)
    assert seen == [0, 0]
    assert (run.status, run.rows_read, run.rows_written, run.retries) == ("succeeded", 0, 0, 1)
