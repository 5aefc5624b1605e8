"""What the worker does with runs: carry out the admitted, recover the orphaned."""

import random
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog

from headrace.access.authentication import read_scope
from headrace.db.engine import DATABASE_AWAY, insist, one_statement, transaction
from headrace.jobs import port
from headrace.kit import tracing
from headrace.kit.outcomes import OutsideError, SlowDown, TryLater
from headrace.kit.sealing import CannotOpen
from headrace.kit.told import told, told_by
from headrace.rest.errors import NotFound
from headrace.rest.resources import Resources
from headrace.runs import measures, pauses, queries, service
from headrace.runs.context import RunContext
from headrace.runs.errors import RunLost, RunPaused
from headrace.runs.kinds import RunKind, kind_named
from headrace.runs.scheduling import CARRY_OUT
from headrace.runs.watching import Patience, Watch, watched_over, worker_name

log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 900.0
_LONGEST_STANDSTILL = timedelta(days=3)
_LOCKED_SECONDS = 60.0  # until secrets are tried again that did not open
_DATABASE_AWAY = told("Headrace's own database did not answer, or had to undo what was under way.")
_WORN_OUT = told(
    "The worker died each time it carried this out; most often that is for want of memory. The "
    "machine's log has the reason."
)


def recover(resources: Resources) -> int:
    """Let the runs that nobody carries out any more wait again; returns how many.

    Those of dead workers, and those whose job ended without a word. Committed windows stay done.
    """
    silence = resources.settings.worker_timeout_seconds
    with transaction(resources.sessions) as session:
        stalled = port.drop_stalled(session, silence)
        orphans = {
            (arguments["run_id"], arguments["fence"])
            for task, arguments in stalled
            if task == CARRY_OUT
        }
        # Runs before jobs: a job that is gone by then has left its run as it is to stay.
        live = {(run.id, run.fence) for run in queries.live_since(session, silence)}
        jobs = {(job["run_id"], job["fence"]) for job in port.pending(session, CARRY_OUT)}
        orphans |= live - jobs
        for run_id, fence in sorted(orphans):
            queries.put_back(session, run_id, fence)
            log.warning("worker died, run goes on elsewhere", run_id=run_id)
    return len(orphans)


def carry_out(resources: Resources, run_id: int, fence: int) -> None:
    """Carry out one admitted run, and record how it ended."""
    begun = insist(partial(_begin, resources, run_id, fence))
    if begun is None:
        return
    context, kind, is_worn_out = begun
    with (
        _span(context, kind),
        structlog.contextvars.bound_contextvars(
            run_id=run_id, workspace_id=context.scope.workspace_id
        ),
        watched_over(context.watch, partial(_give_up, context)),
    ):
        if is_worn_out:
            _record(context, TryLater(_WORN_OUT))
            return
        log.info("run started", kind=kind.name, subject_id=context.subject_id)
        _try(context, kind)


def _try(context: RunContext, kind: RunKind) -> None:
    """Carry out the run, and record what it met."""
    try:
        kind.carry_out(context)
        log.info("run ended")
    except RunLost:
        log.info("run lost to another worker, or cancelled")
    except RunPaused:
        log.info("run paused with what it is of")
    except NotFound as error:
        # Asked for in the moment in which it was deleted: too late for the deletion to cancel it.
        log.warning("run cancelled: what it needs was deleted", details=str(error))
        _abandon(context)
    except OutsideError as error:
        _record(context, error)
    except DATABASE_AWAY:
        log.warning("run broke off: the database does not answer", exc_info=True)
        _record(context, TryLater(_DATABASE_AWAY))
    except CannotOpen as error:
        log.exception(
            "run put off: a stored secret does not open; is the secret key the right one?"
        )
        _record(context, SlowDown(told_by(error), _LOCKED_SECONDS))
    except Exception:
        log.exception("run broke")
        _record(
            context,
            TryLater(told("Something went wrong inside Headrace; the log has the details.")),
        )


def _span(context: RunContext, kind: RunKind) -> AbstractContextManager[tracing.Span]:
    return tracing.span(
        f"run {kind.name}",
        kind="consumer",
        parent=context.traceparent,
        headrace__run_id=context.run_id,
        headrace__workspace_id=context.scope.workspace_id,
        headrace__subject_id=context.subject_id,
        headrace__trigger=context.trigger,
        headrace__fence=context.fence,
    )


def _begin(
    resources: Resources, run_id: int, fence: int
) -> tuple[RunContext, RunKind, bool] | None:
    """Claim a run; the last value tells that its workers died too often to let it try again."""
    with one_statement(resources.sessions) as session:
        claimed = queries.claim(session, run_id, fence, worker_name())
    if claimed is None:
        return None
    agency_id, run = claimed
    if fence == 1 and run.started_at is not None:
        measures.began(run.kind, run.started_at - run.due_at)
    context = RunContext(
        run_id=run_id,
        fence=fence,
        subject_id=run.subject_id,
        trigger=run.trigger,
        params=run.params,
        scope=read_scope(agency_id, run.workspace_id),
        resources=resources,
        watch=Watch(run_id, fence, patience(resources)),
        traceparent=run.traceparent,
        row=run,
    )
    return context, kind_named(run.kind), run.attempt >= resources.settings.run_attempts


def patience(resources: Resources) -> Patience:
    """How long the settings let an attempt take."""
    return Patience(
        attempt=timedelta(minutes=resources.settings.run_attempt_minutes),
        silence=timedelta(minutes=resources.settings.run_silence_minutes),
    )


def _give_up(context: RunContext, _: Watch, verdict: Exception) -> None:
    """Record what a thread was to meet that does not come back; it can then change nothing more."""
    if isinstance(verdict, OutsideError):
        _record(replace(context, row=None), verdict)  # that thread has the row in hand


def _abandon(context: RunContext) -> None:
    def end() -> None:
        with context.step() as session:
            service.abandon(context.hold(session), context.now(session))

    with suppress(RunLost):
        insist(end)


def _record(context: RunContext, error: OutsideError) -> None:
    log.warning("run did not finish", outcome=type(error).__name__, details=str(error))
    tracing.fail(type(error).__name__)
    try:
        try:
            insist(partial(_settle, context, error))
        except RunLost:
            raise
        except Exception:
            # A run that cannot tell its subject must end all the same: it blocks its lane.
            log.exception("failure could not be shown where it belongs")
            insist(partial(_settle, context, error, is_shown=False))
    except RunLost:
        log.info("run lost to another worker, or cancelled")


def _settle(context: RunContext, error: OutsideError, *, is_shown: bool = True) -> None:
    with context.step() as session:
        run, now = context.hold(session), context.now(session)
        name = type(error).__name__
        if isinstance(error, SlowDown):
            if now - queries.last_progress(session, run) < _LONGEST_STANDSTILL:
                until = now + pauses.bounded(error.after_seconds)
                pauses.pause(session, run, error, until)
                service.put_off(run, until, name, told_by(error))
                return
            error = TryLater(
                told(
                    "{error} It has been so for {days} days.",
                    error=told_by(error),
                    days=_LONGEST_STANDSTILL.days,
                )
            )
        elif (
            isinstance(error, TryLater)
            and run.attempt + 1 < context.resources.settings.run_attempts
        ):
            run.attempt += 1
            service.put_off(run, now + _pause(run.attempt), name, told_by(error))
            return
        service.fail(run, now, name, told_by(error))
        if is_shown:
            kind_named(run.kind).failed(context, session, error)


def _pause(attempt: int) -> timedelta:
    """Exponential, with full jitter in its upper half, so that many failures do not return as one."""
    longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
    return timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311
