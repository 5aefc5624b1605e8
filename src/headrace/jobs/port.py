"""Asking for work: jobs carry ids, and are deferred in the transaction that makes them right."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

SCHEMA = "procrastinate"
"""The PostgreSQL schema that holds the engine's tables and functions."""

_DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(array_agg(ROW(:queue, :task, :priority, NULL, NULL, args, "
    "NULL)::procrastinate_job_to_defer_v1)) "
    "FROM jsonb_array_elements(CAST(:jobs AS jsonb)) AS args"
)

_PENDING = text("SELECT args FROM procrastinate_jobs WHERE task_name = :task")

_DROP_STALLED = text("""
    DELETE FROM procrastinate_jobs AS job
    WHERE job.status = 'doing' AND NOT EXISTS (
        SELECT FROM procrastinate_workers AS worker
        WHERE worker.id = job.worker_id
          AND worker.last_heartbeat >= now() - make_interval(secs => :timeout_seconds)
    )
    RETURNING job.task_name, job.args
""")


def defer(session: Session, task: str, jobs: list[Mapping[str, Any]], priority: int = 0) -> None:
    """Ask that a task be carried out once for each of the arguments given.

    Nothing is asked for unless the session's transaction commits; workers wake at once when it does.
    """
    if jobs:
        session.execute(
            _DEFER,
            {
                "queue": "default",
                "task": task,
                "priority": priority,
                "jobs": msgspec.json.encode(jobs).decode(),
            },
        )


def pending(session: Session, task: str) -> list[dict[str, Any]]:
    """Return the arguments of the jobs of a task that wait or are being carried out."""
    return list(session.scalars(_PENDING, {"task": task}))


def drop_stalled(session: Session, timeout_seconds: float) -> list[tuple[str, dict[str, Any]]]:
    """Remove the jobs of workers that have been silent too long; return their tasks and arguments.

    Whoever calls this decides what becomes of the work, in the same transaction.
    """
    rows = session.execute(_DROP_STALLED, {"timeout_seconds": timeout_seconds})
    return [(row.task_name, row.args) for row in rows]
