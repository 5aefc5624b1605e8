"""Control of runs by people: cancelling one in flight, doing failed ones again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from headrace.access.errors import PermissionMissing
from headrace.access.permissions import Permission
from headrace.rest.errors import AppError, NotFound
from headrace.runs import control_queries, history, queries, service
from headrace.runs.control_queries import Lost
from headrace.runs.errors import AlreadyRunning, RunFinished, RunNotFailed, RunsEndByThemselves
from headrace.runs.models import Run, RunStatus
from headrace.runs.service import Join, NewRun
from headrace.tenancy.scope import WorkspaceScope

MOST_REPLAYED = 100
"""How many runs one call replays."""


@dataclass(frozen=True)
class Controlled:
    """A kind of run that people may cancel and replay.

    permission: what that asks for. may_start: raises an `AppError` if a subject cannot run now.
    join: as `service.start` has it.
    """

    kind: str
    permission: Permission
    may_start: Callable[[Session, WorkspaceScope, str], None]
    join: Join | None = None


_CONTROLLED: dict[str, Controlled] = {}


def allow(controlled: Controlled) -> None:
    """Make a kind one that people control, in this process."""
    _CONTROLLED[controlled.kind] = controlled


def cancel(session: Session, scope: WorkspaceScope, run_id: int) -> dict[str, Any]:
    """Cancel a run; what it stored stays. A worker at it stops within seconds.

    Raises:
        NotFound, PermissionMissing, RunsEndByThemselves, RunFinished: as their names say.
    """
    run = _run(session, scope, run_id)
    _controlled(scope, run.kind)
    if not control_queries.cancel(session, scope, run.kind, run.subject_id, run_id):
        raise RunFinished(run_id, run.status)
    return history.detail(session, scope, run_id)


def retry(session: Session, scope: WorkspaceScope, run_id: int) -> dict[str, Any]:
    """Do a failed or cancelled run again, as a new one; the old one stays as it is.

    Raises:
        NotFound, PermissionMissing, RunsEndByThemselves, RunNotFailed, AlreadyRunning: as their
            names say.
        AppError: if what it is of cannot run now.
    """
    run = _run(session, scope, run_id)
    controlled = _controlled(scope, run.kind)
    if run.status not in (RunStatus.FAILED, RunStatus.CANCELLED):
        raise RunNotFailed(run_id, run.status)
    return history.detail(session, scope, _replay(session, scope, controlled, run))


def replay(session: Session, scope: WorkspaceScope, lost: Lost) -> dict[str, Any]:
    """Do failed runs again, a bounded number at a time, as `ReplayOut`.

    Raises:
        RunsEndByThemselves, PermissionMissing: as their names say.
    """
    controlled = _controlled(scope, lost.kind)
    found = session.scalars(control_queries.replayable(scope, lost, MOST_REPLAYED + 1)).all()
    started, left_out = [], []
    for run in found[:MOST_REPLAYED]:
        try:
            with session.begin_nested():
                new_id = _replay(session, scope, controlled, run)
        except AppError as refusal:
            left_out.append({"run_id": run.id, "details": refusal.details})
        else:
            started.append({"run_id": new_id, "replays_run_id": run.id})
    return {"started": started, "left_out": left_out, "has_more": len(found) > MOST_REPLAYED}


def _run(session: Session, scope: WorkspaceScope, run_id: int) -> Run:
    run = queries.run(session, scope, run_id)
    if run is None:
        raise NotFound("Run")
    return run


def _controlled(scope: WorkspaceScope, kind: str) -> Controlled:
    controlled = _CONTROLLED.get(kind)
    if controlled is None:
        raise RunsEndByThemselves(kind)
    if controlled.permission not in scope.permissions:
        raise PermissionMissing(controlled.permission)
    return controlled


def _replay(session: Session, scope: WorkspaceScope, controlled: Controlled, run: Run) -> int:
    controlled.may_start(session, scope, run.subject_id)
    if service.is_busy(session, run.kind, run.subject_id):
        raise AlreadyRunning(run.kind.capitalize(), run.subject_id)
    new = NewRun(
        kind=run.kind,
        subject_id=run.subject_id,
        limit_key=run.limit_key,
        trigger="replay",
        params=run.params,
        priority=run.priority,
        credential_key=run.credential_key,
        system_key=run.system_key,
        account_key=run.account_key,
        replays_run_id=run.id,
    )
    return service.start(session, scope, new, controlled.join)
