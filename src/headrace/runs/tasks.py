"""What the worker does with runs: admit the due, carry out the admitted, recover the orphaned."""

import random
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from headrace.access.authentication import server_scope
from headrace.db.engine import transaction
from headrace.jobs import port
from headrace.kit import clock
from headrace.kit.outcomes import OutsideError, SlowDown, TryLater
from headrace.rest.resources import Resources
from headrace.runs import queries, service
from headrace.runs.context import RunContext
from headrace.runs.errors import RunLost
from headrace.runs.kinds import kind_named

log = structlog.get_logger(__name__)

CARRY_OUT = "carry_out_run"
_ADMIT_AT_ONCE = 200
_SCHEDULES_AT_ONCE = 500
_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 900.0


def tick(resources: Resources) -> bool:
    """Start runs of due schedules and admit due runs; returns whether there may be more to do."""
    with transaction(resources.sessions) as session:
        fired = fire_schedules(session)
    with transaction(resources.sessions) as session:
        admitted = admit(session, resources)
    return fired == _SCHEDULES_AT_ONCE or admitted == _ADMIT_AT_ONCE


def fire_schedules(session: Session) -> int:
    """Start a run for every due schedule, each once, whoever else is looking."""
    now = clock.now()
    rows = queries.take_due_schedules(session, now, _SCHEDULES_AT_ONCE)
    for row in rows:
        due = kind_named(row.kind).due
        if due is not None:
            due(session, server_scope(session, row.workspace_id), row.subject_id, row.rule)
        service.advance(row, now)
    return len(rows)


def admit(session: Session, resources: Resources) -> int:
    """Admit due runs under the limits and defer their jobs; returns how many."""
    if not queries.take_admission_turn(session):
        return 0
    settings = resources.settings
    runs = queries.admit_due(
        session, _ADMIT_AT_ONCE, settings.runs_per_workspace, settings.runs_per_connection
    )
    port.defer(session, CARRY_OUT, [{"run_id": run.id, "fence": run.fence} for run in runs])
    return len(runs)


def recover(resources: Resources) -> int:
    """Let the runs of dead workers wait again; returns how many. Committed windows stay done."""
    with transaction(resources.sessions) as session:
        stalled = port.drop_stalled(session, resources.settings.worker_timeout_seconds)
        for task, arguments in stalled:
            if task == CARRY_OUT:
                queries.put_back(session, arguments["run_id"], arguments["fence"])
                log.warning("worker died, run goes on elsewhere", run_id=arguments["run_id"])
    return len(stalled)


def carry_out(resources: Resources, run_id: int, fence: int) -> None:
    """Carry out one admitted run, and record how it ended."""
    with transaction(resources.sessions) as session:
        run = queries.claim(session, run_id, fence)
        if run is None:
            return
        context = RunContext(
            run_id=run_id,
            fence=fence,
            subject_id=run.subject_id,
            trigger=run.trigger,
            params=run.params,
            scope=server_scope(session, run.workspace_id),
            resources=resources,
        )
        kind = kind_named(run.kind)
    with structlog.contextvars.bound_contextvars(
        run_id=run_id, workspace_id=context.scope.workspace_id
    ):
        log.info("run started", kind=kind.name, subject_id=context.subject_id)
        try:
            kind.carry_out(context)
            log.info("run ended")
        except RunLost:
            log.info("run lost to another worker, or cancelled")
        except OutsideError as error:
            _record(context, error)
        except Exception:
            log.exception("run broke")
            _record(
                context, TryLater("Something went wrong inside Headrace; the log has the details.")
            )


def _record(context: RunContext, error: OutsideError) -> None:
    log.warning("run did not finish", outcome=type(error).__name__, details=str(error))
    try:
        with context.step() as session:
            run = context.hold(session)
            now = queries.database_now(session)
            name = type(error).__name__
            if isinstance(error, SlowDown):
                service.put_off(run, now + timedelta(seconds=error.after_seconds), name, str(error))
            elif (
                isinstance(error, TryLater)
                and run.attempt + 1 < context.resources.settings.run_attempts
            ):
                run.attempt += 1
                service.put_off(run, now + _pause(run.attempt), name, str(error))
            else:
                service.fail(run, now, name, str(error))
                kind_named(run.kind).failed(context, session, error)
    except RunLost:
        log.info("run lost to another worker, or cancelled")


def _pause(attempt: int) -> timedelta:
    """Exponential, with full jitter in its upper half, so that many failures do not return as one."""
    longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
    return timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311
