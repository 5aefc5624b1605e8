"""What the steps of runs add to the process's counters, once they are committed."""

from datetime import timedelta
from typing import NamedTuple

from headrace.kit import metrics
from headrace.runs.models import FINISHED, Run, RunStatus


class Tally(NamedTuple):
    """The counts of a run at a moment."""

    read: int
    written: int
    deleted: int
    rejected: int
    bytes: int
    retries: int


def tally(run: Run) -> Tally:
    """Note the counts of a run."""
    return Tally(
        run.rows_read,
        run.rows_written,
        run.rows_deleted,
        run.rows_rejected,
        run.bytes_written,
        run.retries,
    )


def began(kind: str, waited: timedelta) -> None:
    """Time the wait of a run that was claimed for the first time."""
    metrics.RUN_START_SECONDS.labels(kind).observe(max(0.0, waited.total_seconds()))


def stepped(run: Run, before: Tally) -> None:
    """Count what a committed step of a running run did, and how it left the run."""
    after = tally(run)
    for what, one, other in zip(Tally._fields[:4], before, after, strict=False):
        if other > one:
            metrics.RUN_ROWS.labels(run.kind, what).inc(other - one)
    if after.bytes > before.bytes:
        metrics.RUN_BYTES.labels(run.kind).inc(after.bytes - before.bytes)
    if after.retries > before.retries:
        metrics.RUN_RETRIES.labels(run.kind).inc(after.retries - before.retries)
    if run.error_class and run.status in (RunStatus.WAITING, RunStatus.FAILED):
        metrics.RUN_ERRORS.labels(run.kind, run.error_class).inc()
    if run.status in FINISHED:
        metrics.RUNS_FINISHED.labels(run.kind, run.status).inc()
        if run.started_at is not None and run.finished_at is not None:
            seconds = (run.finished_at - run.started_at).total_seconds()
            metrics.RUN_SECONDS.labels(run.kind).observe(seconds)
