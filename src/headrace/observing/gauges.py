"""The gauges of the whole system, asked of the database at a scrape and kept for a while.

How long an answer is kept follows from how long it took, so that however large the database grows
and however often it is scraped, a process spends at most a hundredth of one core's time on this.
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import psycopg
import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

from headrace.db.engine import plain_dsn
from headrace.db.roles import SYSTEM
from headrace.observing import queries
from headrace.observing.queries import Freshness, Standing

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")
Ask = Callable[[psycopg.Connection[Any]], Answer]

_SHARE = 100
_STANDING_SECONDS = 3.0
_FRESHNESS_SECONDS = 60.0


class Kept(Generic[Answer]):
    """An answer of the database, asked again when it is old."""

    def __init__(
        self, ask: Ask[Answer], least_seconds: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._least_seconds = least_seconds
        self._now = now
        self._answer: Answer | None = None
        self._until = 0.0

    def get(self, connect: Callable[[], psycopg.Connection[Any]]) -> Answer:
        """Return the answer, which may be kept.

        Raises:
            psycopg.Error: if the database does not answer.
        """
        began = self._now()
        if self._answer is None or began >= self._until:
            self._answer = None
            with connect() as connection:
                queries.bound_time(connection)
                self._answer = self._ask(connection)
            took = self._now() - began
            self._until = began + max(self._least_seconds, took * _SHARE)
        return self._answer


class SystemGauges(Collector):
    """Collects the gauges of the database, and of this process's pool of connections to it."""

    def __init__(self, engine: Engine, database_url: str, worker_timeout_seconds: float) -> None:
        self._engine = engine
        self._dsn = plain_dsn(database_url, SYSTEM)
        self._lock = threading.Lock()
        self._standing = Kept(
            lambda connection: queries.standing(connection, worker_timeout_seconds),
            _STANDING_SECONDS,
        )
        self._freshness = Kept(queries.freshness, _FRESHNESS_SECONDS)

    def describe(self) -> Iterator[Metric]:
        """Nothing: to be registered, no database need answer."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield every gauge; without the database, that it is away."""
        yield _pool(self._engine)
        is_up = True
        try:
            # A second scraper waits for the first one's answer instead of asking as well.
            with self._lock:
                standing = self._standing.get(self._connect)
                freshness = self._freshness.get(self._connect)
        except psycopg.Error as error:
            log.warning("gauges cannot be asked of the database", reason=type(error).__name__)
            is_up = False
        yield _gauge("database_up", "Whether the database answered this scrape.", float(is_up))
        if is_up:
            yield from of_standing(standing)
            yield of_freshness(freshness)

    def _connect(self) -> psycopg.Connection[Any]:
        # Not of the pool: when that is used up, this is what has to tell it.
        return psycopg.connect(self._dsn, autocommit=True)


def of_standing(standing: Standing) -> Iterator[Metric]:
    """Put how the system stands into gauges."""
    runs = GaugeMetricFamily(
        "headrace_runs",
        "Unfinished runs: waiting for a place, put off to a later time, admitted, running.",
        labels=["kind", "state"],
    )
    ages = GaugeMetricFamily(
        "headrace_run_age_seconds", "Since the oldest running run began.", labels=["kind"]
    )
    for count in standing.runs:
        runs.add_metric([count.kind, count.state], count.number)
        if count.state == "running" and count.running_seconds is not None:
            ages.add_metric([count.kind], count.running_seconds)
    yield runs
    yield ages
    yield _gauge("queue_age_seconds", "Since the oldest waiting run was due.", standing.queue_age)
    yield _gauge("schedule_lag_seconds", "Since the oldest due schedule was due.",
                 standing.schedule_lag)  # fmt: skip
    webhooks = GaugeMetricFamily(
        "headrace_webhook_deliveries",
        "Webhook deliveries that have not succeeded: still tried, or given up.",
        labels=["state"],
    )
    webhooks.add_metric(["waiting"], standing.webhooks_waiting)
    webhooks.add_metric(["given_up"], standing.webhooks_given_up)
    yield webhooks
    yield _gauge("webhook_queue_age_seconds", "Since the oldest due webhook delivery was due.",
                 standing.webhook_age)  # fmt: skip
    paused = GaugeMetricFamily(
        "headrace_pauses", "Pauses in force that the other side asked for.", labels=["kind"]
    )
    for kind, number in standing.pauses.items():
        paused.add_metric([kind], number)
    yield paused
    yield _gauge("workers", "Workers that gave a sign of life in time.", standing.workers)


def of_freshness(freshness: Freshness) -> Metric:
    """Put the ages of extracts into a gauge."""
    family = GaugeMetricFamily(
        "headrace_freshness_age_seconds",
        "Since the last success of the agency's oldest scheduled extract; the worst agencies alone.",
        labels=["agency_id"],
    )
    for agency_id, seconds in freshness.ages.items():
        family.add_metric([str(agency_id)], seconds)
    return family


def _pool(engine: Engine) -> Metric:
    family = GaugeMetricFamily(
        "headrace_database_connections",
        "Connections of this process's pool: in use now, and as many as it may have.",
        labels=["state"],
    )
    pool = engine.pool
    if isinstance(pool, QueuePool):
        family.add_metric(["in_use"], pool.checkedout())
        family.add_metric(["most"], pool.size())
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"headrace_{name}", text, value=value)
