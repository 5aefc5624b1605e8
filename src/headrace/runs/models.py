"""Runs, the windows they work through, their attempts, and the schedules that start them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId, CreatedAt, KeepsError


class RunStatus(StrEnum):
    """Where a run stands. Waiting runs have a due time; admitted ones have a job.

    Paused ones wait for their subject to be unpaused. Failed is the dead-letter state: a run in it
    is not tried again by itself, keeps why, and can be replayed.
    """

    WAITING = "waiting"
    PAUSED = "paused"
    ADMITTED = "admitted"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE = (RunStatus.ADMITTED, RunStatus.RUNNING)
FINISHED = (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED)
_LIVE_SQL = text("status IN ('admitted', 'running')")
_WAITING_SQL = text("status = 'waiting'")
_ZERO = text("0")
FRESH_SQL = text("status = 'waiting' AND fence = 0")
"""Waiting and never admitted: what a further request to run joins instead of queueing again."""


class Run(KeepsError, Base):
    """One execution of something, as the customer sees it.

    kind, subject_id: what is carried out, and of which row; each slice knows its own kinds.
    lane: runs of one lane go one after another; at most one fresh one waits.
    limit_key: runs that share it share a limit, such as those of one connection.
    credential_key, system_key: wider ones, where there are such: those of one authorization, of one
    application at a source or one place loads deliver to. account_key: the remote account, which a
    source may ask to leave alone. See `runs.limits`.
    traceparent: of the trace of what asked for it, which its own spans go on from.
    fence: counts admissions; who holds an older number has lost the run to another worker.
    attempt: counts failures in a row that were followed by another try; progress begins anew.
    date_range: which days it covers, by the engine's names (contract 5.2); None where that says nothing.
    replays_run_id: the failed or cancelled run that this one does again.
    pause_asked: the subject was paused while this was running; it stops at its next step.
    waiting_since: when it last began to wait. claimed_at, worker: of the attempt under way.
    waits: how often it was put off. seconds_waited: until it was due, all waits together;
    seconds_queued: from then until a worker took it. seconds_reading, seconds_storing: of work.
    progress_rows, progress_at: rows of the part under way, noted every few seconds.
    """

    __tablename__ = "run"
    __table_args__ = (
        Index("uq_run_lane_fresh", "lane", unique=True, postgresql_where=FRESH_SQL),
        Index("uq_run_lane_live", "lane", unique=True, postgresql_where=_LIVE_SQL),
        Index("ix_run_waiting_due_at", "due_at", postgresql_where=_WAITING_SQL),
        Index("ix_run_live", "workspace_id", "limit_key", postgresql_where=_LIVE_SQL),
        # Whether something runs is asked for every row of a list of extracts or loads.
        Index(
            "ix_run_unfinished",
            "workspace_id",
            "kind",
            "subject_id",
            postgresql_where=text("status NOT IN ('succeeded', 'failed', 'cancelled')"),
        ),
        Index("ix_run_subject", "workspace_id", "kind", "subject_id", "id"),
        Index("ix_run_finished_at", "finished_at"),
    )

    id: Mapped[BigId]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    kind: Mapped[str]
    subject_id: Mapped[str]
    trigger: Mapped[str]
    lane: Mapped[str]
    limit_key: Mapped[str]
    credential_key: Mapped[str | None]
    system_key: Mapped[str | None]
    account_key: Mapped[str | None]
    priority: Mapped[int] = mapped_column(default=0)
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    traceparent: Mapped[str | None]
    status: Mapped[str] = mapped_column(default=RunStatus.WAITING)
    due_at: Mapped[datetime]
    created_at: Mapped[CreatedAt]
    admitted_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    attempt: Mapped[int] = mapped_column(default=0)
    rows_read: Mapped[int] = mapped_column(default=0)
    rows_written: Mapped[int] = mapped_column(default=0)
    rows_deleted: Mapped[int] = mapped_column(default=0)
    rows_rejected: Mapped[int] = mapped_column(default=0)
    bytes_written: Mapped[int] = mapped_column(default=0)
    retries: Mapped[int] = mapped_column(default=0)
    error_class: Mapped[str | None]
    date_range: Mapped[dict[str, Any] | None]
    replays_run_id: Mapped[int | None] = mapped_column(BigInteger)
    pause_asked: Mapped[bool] = mapped_column(default=False, server_default=false())
    waiting_since: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    worker: Mapped[str | None]
    waits: Mapped[int] = mapped_column(default=0, server_default=_ZERO)
    seconds_waited: Mapped[float] = mapped_column(default=0.0, server_default=_ZERO)
    seconds_queued: Mapped[float] = mapped_column(default=0.0, server_default=_ZERO)
    seconds_reading: Mapped[float] = mapped_column(default=0.0, server_default=_ZERO)
    seconds_storing: Mapped[float] = mapped_column(default=0.0, server_default=_ZERO)
    progress_rows: Mapped[int] = mapped_column(default=0, server_default=_ZERO)
    progress_at: Mapped[datetime | None]


class Outcome(StrEnum):
    """How one attempt at a run ended."""

    SUCCEEDED = "succeeded"
    PUT_OFF = "put_off"
    TRIED_AGAIN = "tried_again"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    WORKER_DIED = "worker_died"


class RunAttempt(KeepsError, Base):
    """One attempt at a run that is over; written in the transaction that ends it.

    fence: the admission it was of. error_class: what it failed by; None if it was well.
    """

    __tablename__ = "run_attempt"

    id: Mapped[BigId]
    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), index=True)
    fence: Mapped[int]
    worker: Mapped[str | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    outcome: Mapped[str]
    error_class: Mapped[str | None]


class RunWindow(Base):
    """A checkpoint of a run: one window of days, done or still to do.

    `bookmark` is what a later attempt needs to go on, such as a vendor's report id.
    """

    __tablename__ = "run_window"
    __table_args__ = (UniqueConstraint("run_id", "position"),)

    id: Mapped[BigId]
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    position: Mapped[int]
    date_from: Mapped[date | None]
    date_to: Mapped[date | None]
    is_done: Mapped[bool] = mapped_column(default=False)
    rows: Mapped[int] = mapped_column(default=0)
    bookmark: Mapped[dict[str, Any] | None]
    finished_at: Mapped[datetime | None]


class Pause(Base):
    """A limit key that the other side wants left alone until a moment of the database's clock.

    reason: what it said, free of secrets and of what is a customer's.
    """

    __tablename__ = "pause"

    key: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime] = mapped_column(index=True)
    reason: Mapped[str]
    created_at: Mapped[CreatedAt]


class WorkerProcess(Base):
    """A worker that was alive when last seen, and how many runs it carries out at once."""

    __tablename__ = "worker_process"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    threads: Mapped[int]
    seen_at: Mapped[datetime]
    created_at: Mapped[CreatedAt]


class ScheduleRow(Base):
    """One schedule of something; when it is due, a run of it is started.

    `rule` holds the schedule itself as the client gave it (contract 3.8).
    """

    __tablename__ = "schedule"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id", "position"),
        Index("ix_schedule_due_at", "due_at", postgresql_where=text("NOT is_paused")),
    )

    id: Mapped[BigId]
    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str]
    subject_id: Mapped[str]
    position: Mapped[int]
    rule: Mapped[dict[str, Any]]
    anchor: Mapped[date]
    due_at: Mapped[datetime]
    is_paused: Mapped[bool] = mapped_column(default=False)
