"""What histories show of runs: pages of them, and one in detail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import Response
from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session

from headrace.kit.outcomes import SlowDown
from headrace.kit.told import named, told
from headrace.pages.languages import N_
from headrace.rest.errors import NotFound
from headrace.rest.paging import PageAsked, page_of_rows
from headrace.runs import pauses, queries
from headrace.runs.models import Run, RunAttempt, RunStatus, RunWindow
from headrace.tenancy.scope import WorkspaceScope, owned_columns

_NEXT_STEPS = {
    "Reauthorize": N_("Reconnect what the message names, then replay the run."),
    "Refused": N_("Put right what the message says, then replay the run."),
    "TryLater": N_(
        "Replay the run when the cause has passed; if it fails again with the same message, the "
        "cause has not."
    ),
}
_OTHER_STEP = N_("Replay the run; the server's log has the details.")


@dataclass(frozen=True)
class RunFilter:
    """Which runs to list; what is None narrows nothing. Moments are aware; until is exclusive."""

    kind: str | None = None
    subject_id: str | None = None
    statuses: Sequence[str] = ()
    trigger: str | None = None
    error_class: str | None = None
    created_since: datetime | None = None
    created_until: datetime | None = None
    finished_since: datetime | None = None
    finished_until: datetime | None = None


def page(session: Session, asked: PageAsked, scope: WorkspaceScope, wanted: RunFilter) -> Response:
    """Answer a page of runs, newest first, as `RunOut`."""
    return page_of_rows(session, asked, run_list(scope, wanted), shown)


def page_of_subject(
    session: Session, asked: PageAsked, scope: WorkspaceScope, kind: str, subject_id: object
) -> Response:
    """Answer a page of the runs of one thing, newest first, as `RunOut`."""
    return page(session, asked, scope, RunFilter(kind, str(subject_id)))


def run_list(scope: WorkspaceScope, wanted: RunFilter) -> Select[Any]:
    """Select runs, newest first."""
    rows = owned_columns(Run, scope, *_columns())
    narrowed: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (wanted.kind, Run.kind.__eq__),
        (wanted.subject_id, Run.subject_id.__eq__),
        (wanted.statuses or None, Run.status.in_),
        (wanted.trigger, Run.trigger.__eq__),
        (wanted.error_class, Run.error_class.__eq__),
        (wanted.created_since, Run.created_at.__ge__),
        (wanted.created_until, Run.created_at.__lt__),
        (wanted.finished_since, Run.finished_at.__ge__),
        (wanted.finished_until, Run.finished_at.__lt__),
    )
    for value, condition in narrowed:
        if value is not None:
            rows = rows.where(condition(value))
    return rows.order_by(Run.id.desc())


def detail(session: Session, scope: WorkspaceScope, run_id: int) -> dict[str, Any]:
    """Return one run with its windows and attempts, as `RunDetail`, errors also as messages.

    Raises:
        NotFound: if the workspace has no such run.
    """
    row = session.execute(
        owned_columns(Run, scope, *_columns(), Run.claimed_at, Run.worker, Run.fence).where(
            Run.id == run_id
        )
    ).one_or_none()
    if row is None:
        raise NotFound("Run")
    attempts = queries.attempts(session, scope, run_id)
    windows = queries.windows(session, run_id)
    states = window_states([window.is_done for window in windows], row.status)
    return (
        shown(row)
        | {"error_told": row.error_told}
        | _held_back(session, scope, row)
        | {
            "windows": [
                _window(window, state) for window, state in zip(windows, states, strict=True)
            ],
            "attempts": [_attempt(attempt) for attempt in attempts] + _under_way(row),
        }
    )


def _held_back(session: Session, scope: WorkspaceScope, row: Row[Any]) -> dict[str, Any]:
    """Say why a run waits that is due, where something asked to be left alone."""
    if row.status != RunStatus.WAITING or row.error_text:
        return {}
    run = queries.run(session, scope, row.id)
    pause = pauses.pause_of(session, run) if run is not None else None
    if pause is None:
        return {}
    until = pause.until.astimezone(UTC)
    message = told(
        "{reason} It goes on at {until} UTC.",
        reason=named(pause.reason),
        until=f"{until:%Y-%m-%d %H:%M:%S}",
    )
    return {
        "error_class": SlowDown.__name__,
        "error_text": str(message),
        "error_told": message,
    }


def window_states(done: Sequence[bool], status: str) -> list[str]:
    """Tell where each window of a run stands, in the order they are worked through."""
    first = {
        RunStatus.RUNNING: "reading",
        RunStatus.FAILED: "failed",
    }.get(RunStatus(status), "waiting")
    rest = {
        RunStatus.FAILED: "not_read",
        RunStatus.CANCELLED: "not_read",
    }.get(RunStatus(status), "waiting")
    if status == RunStatus.CANCELLED:
        first = rest
    states = []
    for is_done in done:
        states.append("done" if is_done else first)
        first = first if is_done else rest
    return states


def shown(row: Row[Any]) -> dict[str, Any]:
    """Show one run as `RunOut`."""
    values = row._asdict()
    for hidden in ("claimed_at", "worker", "fence", "error_told"):
        values.pop(hidden, None)
    failed = row.status == RunStatus.FAILED
    next_step = _NEXT_STEPS.get(row.error_class or "", _OTHER_STEP) if failed else None
    return values | {"next_step": next_step}


def _window(window: RunWindow, state: str) -> dict[str, Any]:
    return {
        "date_from": window.date_from,
        "date_to": window.date_to,
        "state": state,
        "is_done": window.is_done,
        "rows": window.rows,
        "finished_at": window.finished_at,
    }


def _attempt(attempt: RunAttempt) -> dict[str, Any]:
    return {
        "worker": attempt.worker,
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "outcome": attempt.outcome,
        "error_class": attempt.error_class,
        "error_text": attempt.error_text,
        "error_told": attempt.error_told,
    }


def _under_way(row: Row[Any]) -> list[dict[str, Any]]:
    if row.status != RunStatus.RUNNING:
        return []
    begun = {"worker": row.worker, "started_at": row.claimed_at or row.started_at}
    ended = ("ended_at", "outcome", "error_class", "error_text", "error_told")
    return [begun | dict.fromkeys(ended)]


def _columns() -> list[Any]:
    windows = select(func.count()).where(RunWindow.run_id == Run.id)
    return [
        Run.id, Run.kind, Run.subject_id, Run.trigger, Run.date_range, Run.status, Run.due_at,
        Run.created_at, Run.started_at, Run.finished_at, Run.attempt, Run.rows_read, Run.rows_written,
        Run.rows_deleted, Run.rows_rejected, Run.bytes_written, Run.retries, Run.error_class,
        Run.error_text, Run.error_told, Run.replays_run_id, Run.waits, Run.seconds_waited,
        Run.seconds_queued, Run.seconds_reading, Run.seconds_storing, Run.progress_rows, Run.progress_at,
        windows.where(RunWindow.is_done).scalar_subquery().label("windows_done"),
        windows.scalar_subquery().label("windows_total"),
    ]  # fmt: skip
