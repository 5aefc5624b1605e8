"""What the worker does with recipes: building, and following the extractions they read."""

from sqlalchemy.orm import Session

from headrace.data_tables import followers
from headrace.kit.outcomes import OutsideError
from headrace.kit.told import told_by
from headrace.recipes import enabling, queries, runner
from headrace.recipes.queries import KIND
from headrace.runs.context import RunContext
from headrace.runs.kinds import RunKind, register


def build_failed(context: RunContext, session: Session, error: OutsideError) -> None:
    """Show where the recipe is enabled why its build failed; the table stays as it was."""
    enabled = queries.enabled_by_id(session, context.scope, int(context.subject_id))
    if enabled is not None:
        enabled.error = told_by(error)


register(RunKind(KIND, carry_out=runner.execute, failed=build_failed))
followers.register(enabling.follow)
