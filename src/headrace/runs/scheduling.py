"""What starts runs: schedules that are due, and admission under the limits."""

from datetime import timedelta
from itertools import groupby

import structlog
from sqlalchemy.orm import Session

from headrace.access.authentication import server_scope
from headrace.db.engine import DATABASE_AWAY, transaction
from headrace.jobs import port
from headrace.kit import clock
from headrace.rest.resources import Resources
from headrace.runs import admission, service
from headrace.runs.kinds import kind_named
from headrace.runs.limits import limits_of
from headrace.runs.models import ScheduleRow
from headrace.tenancy.scope import bound

log = structlog.get_logger(__name__)

CARRY_OUT = "carry_out_run"
"""The task that carries out an admitted run, by its id and fence."""

_ADMIT_AT_ONCE = 200
_SCHEDULES_AT_ONCE = 500
_SCHEDULE_PAUSE = timedelta(hours=1)


def tick(resources: Resources) -> bool:
    """Start runs of due schedules and admit due runs; returns whether there may be more to do."""
    with transaction(resources.sessions) as session:
        fired = fire_schedules(session)
    with transaction(resources.sessions) as session:
        admitted = admit(session, resources)
    return fired == _SCHEDULES_AT_ONCE or admitted == _ADMIT_AT_ONCE


def fire_schedules(session: Session) -> int:
    """Start a run for every due schedule, each once, whoever else is looking.

    One that cannot is looked at again in an hour; it does not keep the others waiting.
    """
    now = clock.now()
    rows = admission.take_due_schedules(session, now, _SCHEDULES_AT_ONCE)
    for row in rows:
        subject = {"kind": row.kind, "subject_id": row.subject_id}
        try:
            with session.begin_nested():
                _fire(session, row)
                service.advance(row, now)
        except DATABASE_AWAY:
            raise
        except Exception:
            log.exception("schedule could not start a run", **subject)
            row.due_at = now + _SCHEDULE_PAUSE
    return len(rows)


def _fire(session: Session, row: ScheduleRow) -> None:
    due = kind_named(row.kind).due
    if due is not None:
        scope = server_scope(session, row.workspace_id)
        with bound(session, scope):
            due(session, scope, row.subject_id, row.rule)


def admit(session: Session, resources: Resources, at_most: int = _ADMIT_AT_ONCE) -> int:
    """Admit due runs under the limits and defer their jobs; returns how many.

    The first run of a workspace goes before the second of another also in the queue of jobs, so that
    what was admitted ahead of its time does not keep a quiet workspace waiting.
    """
    if at_most < 1 or not admission.take_admission_turn(session):
        return 0
    admitted = sorted(
        admission.admit_due(session, at_most, limits_of(resources.settings)),
        key=lambda run: run.turn,
    )
    for turn, runs in groupby(admitted, key=lambda run: run.turn):
        port.defer(
            session,
            CARRY_OUT,
            [{"run_id": run.id, "fence": run.fence} for run in runs],
            priority=-turn,
        )
    return len(admitted)
