"""What the worker does with automated recipes: building, and following the extractions they read."""

from sqlalchemy.orm import Session

from headrace.automated_recipes import queries, runner, service
from headrace.automated_recipes.queries import KIND
from headrace.data_tables import followers
from headrace.kit.outcomes import OutsideError
from headrace.kit.told import told_by
from headrace.runs.context import RunContext
from headrace.runs.kinds import RunKind, register


def build_failed(context: RunContext, session: Session, error: OutsideError) -> None:
    """Show at the recipe why its build failed; the table stays as it was."""
    recipe = queries.recipe(session, context.scope, int(context.subject_id))
    if recipe is not None:
        recipe.error = told_by(error)


register(RunKind(KIND, carry_out=runner.execute, failed=build_failed, due=service.start_due))
followers.register(service.follow)
