"""What the worker does with loads: carrying them out, starting those that are due."""

from typing import Any

from sqlalchemy.orm import Session

from headrace.destinations import announcing as destination_announcing
from headrace.destinations import service as destinations
from headrace.kit.outcomes import OutsideError, Reauthorize
from headrace.kit.told import told_by
from headrace.loads import announcing, queries, runner, service
from headrace.runs.context import RunContext
from headrace.runs.kinds import RunKind, register
from headrace.runs.models import Run
from headrace.tenancy.scope import WorkspaceScope


def load_failed(context: RunContext, session: Session, error: OutsideError) -> None:
    """Record at the load, and at a destination that no longer lets us in, that a run failed."""
    run = session.get_one(Run, context.run_id)
    load = service.held(session, context.scope, int(context.subject_id))
    load.last_update = run.finished_at
    load.uploaded_rows_count = run.rows_written
    load.error = told_by(error)
    announcing.failed(session, load, context.run_id, error)
    if isinstance(error, Reauthorize):
        connection = destinations.get(session, context.scope, str(load.destination_connection_id))
        destinations.mark_broken(connection, error)
        destination_announcing.status_changed(session, connection)


def load_due(
    session: Session, scope: WorkspaceScope, subject_id: str, rule: dict[str, Any]
) -> None:
    """Start a load whose schedule is due; the rule's period is for extracts alone."""
    del rule
    service.start_due(session, scope, int(subject_id))


register(RunKind(queries.KIND, carry_out=runner.deliver, failed=load_failed, due=load_due))
