"""What the worker does with destination connections: checking that they can be written to."""

from uuid import UUID

from sqlalchemy.orm import Session

from headrace.destinations import announcing, queries, service
from headrace.kit.outcomes import OutsideError
from headrace.kit.told import told_by
from headrace.runs import service as runs
from headrace.runs.context import RunContext
from headrace.runs.kinds import RunKind, register


def check(context: RunContext) -> None:
    """Let the loader try the destination, and record the answer.

    A destination out of reach is an answer, shown at once; whoever repairs it asks for a recheck.
    """
    with context.step() as session:
        connection = service.get(session, context.scope, context.subject_id)
        loader = service.loader_named(connection.destination_name)
        access = service.open_access(context.resources, connection)
        checked = connection.params
    problem: OutsideError | None = None
    try:
        loader.check(access)
    except OutsideError as error:
        problem = error
    with context.step() as session:
        run, now = context.hold(session), context.now(session)
        current = queries.locked_connection(session, context.scope, UUID(context.subject_id))
        # Parameters that were replaced meanwhile have a check of their own to come.
        if current is not None and current.params == checked:
            if problem:
                service.mark_broken(current, problem)
            else:
                service.mark_working(current)
            announcing.status_changed(session, current)
        if problem:
            runs.fail(run, now, type(problem).__name__, told_by(problem))
        else:
            runs.succeed(run, now)


def check_failed(context: RunContext, session: Session, error: OutsideError) -> None:
    """Record that a check could not be carried out."""
    current = queries.locked_connection(session, context.scope, UUID(context.subject_id))
    if current is not None:
        service.mark_broken(current, error)
        announcing.status_changed(session, current)


register(RunKind(service.CHECK, carry_out=check, failed=check_failed))
