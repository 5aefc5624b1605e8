"""What the worker does with extracts."""

from sqlalchemy.orm import Session

from headrace.connections import announcing as connection_announcing
from headrace.connections import service as connections
from headrace.extracts import announcing, newcomers, planning, runner, service, starting
from headrace.extracts.parts import parts
from headrace.extracts.queries import KIND
from headrace.kit.outcomes import OutsideError, Reauthorize
from headrace.kit.told import told_by
from headrace.runs.context import RunContext
from headrace.runs.kinds import RunKind, register


def run_failed(context: RunContext, session: Session, error: OutsideError) -> None:
    """Show at the extract why its run failed; dead credentials show at the connection too."""
    whole = parts(session, context.scope, int(context.subject_id))
    whole.extract.error = told_by(error)
    planning.mark_failed(session, context, whole)
    announcing.failed(session, whole, context.run_id, error)
    if isinstance(error, Reauthorize):
        connection_announcing.broken(session, whole.connection, error)
        connections.mark_broken(whole.connection, error)


newcomers.register()
register(
    RunKind(
        KIND,
        carry_out=runner.execute,
        failed=run_failed,
        due=service.start_due,
        due_many=starting.due_many,
    )
)
