"""What is asked of the database at a scrape: a few statements over indexes of unfinished things."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

_PATIENCE_MS = 5_000
_MOST_AGENCIES = 20
# A due run waits for a place; one that is put off waits for its time.
_RUNS = """
    SELECT kind,
        CASE WHEN status = 'waiting' AND due_at > clock_timestamp() THEN 'put_off' ELSE status END
            AS state,
        count(*) AS number,
        extract(epoch FROM clock_timestamp() - min(due_at))::float8 AS due_seconds,
        extract(epoch FROM clock_timestamp() - min(started_at))::float8 AS running_seconds
    FROM run WHERE status NOT IN ('succeeded', 'failed', 'cancelled')
    GROUP BY 1, 2
"""
_SCHEDULES = """
    SELECT coalesce(extract(epoch FROM clock_timestamp() - min(due_at)), 0)::float8
    FROM schedule WHERE NOT is_paused AND due_at <= clock_timestamp()
"""
_WEBHOOKS = """
    SELECT count(*) FILTER (WHERE NOT is_given_up) AS waiting,
        count(*) FILTER (WHERE is_given_up) AS given_up,
        coalesce(extract(epoch FROM clock_timestamp()
            - min(due_at) FILTER (WHERE NOT is_given_up AND due_at <= clock_timestamp())
        ), 0)::float8 AS due_seconds
    FROM webhook_queue
"""
_WORKERS = """
    SELECT count(*) FROM procrastinate_workers
    WHERE last_heartbeat >= now() - make_interval(secs => %s)
"""
_PAUSES = """
    SELECT split_part(key, ':', 1), count(*) FROM pause WHERE until > clock_timestamp() GROUP BY 1
"""
# Only what is meant to be read by itself grows stale: extracts with a schedule, not paused.
_FRESHNESS = f"""
    SELECT workspace.agency_id,
        extract(epoch FROM clock_timestamp()
            - min(coalesce(extract.last_sync, extract.created_at)))::float8 AS seconds
    FROM extract
    JOIN workspace ON workspace.id = extract.workspace_id
    JOIN schedule ON schedule.kind = 'extract' AND schedule.subject_id = extract.id::text
        AND NOT schedule.is_paused
    WHERE NOT extract.is_paused
    GROUP BY workspace.agency_id ORDER BY seconds DESC LIMIT {_MOST_AGENCIES}
"""  # noqa: S608 - a number of ours


@dataclass(frozen=True)
class RunCount:
    """How many unfinished runs of a kind are in a state: waiting, put_off, admitted or running.

    due_seconds: since the oldest was due; below zero while it is not. running_seconds: since the
    oldest began; None where none has.
    """

    kind: str
    state: str
    number: int
    due_seconds: float
    running_seconds: float | None


@dataclass(frozen=True)
class Standing:
    """How the whole system stands at a moment; every age is in seconds, 0 where nothing waits.

    pauses: how many are in force, by what is paused: app, credential, connection, account ...
    """

    runs: Sequence[RunCount] = ()
    schedule_lag: float = 0.0
    webhooks_waiting: int = 0
    webhooks_given_up: int = 0
    webhook_age: float = 0.0
    workers: int = 0
    pauses: Mapping[str, int] = field(default_factory=dict)

    @property
    def queue_age(self) -> float:
        """How long the oldest run that could begin has been waiting for it."""
        return max(
            (count.due_seconds for count in self.runs if count.state == "waiting"), default=0
        )


@dataclass(frozen=True)
class Freshness:
    """For each agency, the age in seconds of its oldest scheduled extract; the worst ones alone."""

    ages: dict[int, float] = field(default_factory=dict)


def standing(connection: psycopg.Connection[Any], worker_timeout_seconds: float) -> Standing:
    """Ask how the system stands."""
    rows = connection.cursor(row_factory=namedtuple_row)
    runs = [RunCount(*row) for row in rows.execute(_RUNS).fetchall()]
    waiting, given_up, webhook_age = _one(connection, _WEBHOOKS)
    return Standing(
        runs=runs,
        schedule_lag=_one(connection, _SCHEDULES)[0],
        webhooks_waiting=waiting,
        webhooks_given_up=given_up,
        webhook_age=webhook_age,
        workers=_one(connection, _WORKERS, worker_timeout_seconds)[0],
        pauses=dict(connection.execute(_PAUSES).fetchall()),
    )


def freshness(connection: psycopg.Connection[Any]) -> Freshness:
    """Ask for the oldest extracts: this reads a row of every scheduled extract."""
    return Freshness(dict(connection.execute(_FRESHNESS).fetchall()))


def _one(connection: psycopg.Connection[Any], statement: str, *values: Any) -> Any:
    row = connection.execute(statement, values).fetchone()
    assert row is not None
    return row


def bound_time(connection: psycopg.Connection[Any]) -> None:
    """Let no statement of a connection take long: a scrape must not burden a database in trouble."""
    connection.execute(f"SET statement_timeout = {_PATIENCE_MS}")
