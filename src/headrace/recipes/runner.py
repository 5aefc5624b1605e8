"""Carrying out the build of a recipe in a workspace."""

from sqlalchemy.orm import Session

from headrace import events
from headrace.data_tables import followers
from headrace.kit.outcomes import Refused
from headrace.kit.told import told, told_by
from headrace.loads import service as loads
from headrace.recipes import building, enabling, queries
from headrace.recipes.building import Built, Prepared
from headrace.recipes.errors import StepRefused
from headrace.recipes.models import EnabledRecipe, Recipe
from headrace.rest.errors import AppError
from headrace.runs import service as runs
from headrace.runs.context import RunContext


def execute(context: RunContext) -> None:
    """Build the table of a recipe, all of it, and end the run.

    Raises:
        Refused: if it cannot be calculated from what the workspace has now, or takes too much.
        TryLater: if the lake cannot be used now.
        RunLost: if the run is no longer ours.
    """
    with context.step() as session:
        prepared = _begin(session, context)
    building.build(context, prepared, lambda session, built: _finish(session, context, built))


def _parts(session: Session, context: RunContext) -> tuple[Recipe, EnabledRecipe]:
    enabled = queries.enabled_by_id(session, context.scope, int(context.subject_id))
    if enabled is not None:
        recipe = queries.recipe_of(session, context.scope, enabled.recipe_id)
        if recipe is not None and recipe.is_active:
            return recipe, enabled
    raise Refused(told("The recipe is not active here any more."))


def _begin(session: Session, context: RunContext) -> Prepared:
    recipe, enabled = _parts(session, context)
    try:
        blueprint = enabling.blueprint_of(session, context.scope, recipe, enabled)
        prepared = building.prepare(session, context.scope, blueprint)
    except (StepRefused, AppError) as error:
        raise Refused(told_by(error)) from error
    # The table before the recipe's row, as activation takes them.
    enabled.data_table_id = prepared.table_id
    enabled.input_table_ids = sorted(set(blueprint.tables.values()))
    if prepared.is_new:
        loads.create_for_new_table(session, context.scope, prepared.table_id)
    run = context.hold(session)
    if run.attempt == 0 and run.retries == 0:
        facts = {"recipe_id": recipe.id, "recipe_title": recipe.title, "run_id": run.id}
        events.publish(session, context.scope.workspace_id, "transformation_started", facts)
    return prepared


def _finish(session: Session, context: RunContext, built: Built) -> None:
    recipe, enabled = _parts(session, context)
    now = context.now(session)
    enabled.last_build_at = now
    enabled.error = None
    run = context.hold(session)
    run.rows_written += built.rows
    run.rows_deleted += built.rows_removed
    run.bytes_written += built.bytes
    facts = {
        "recipe_id": recipe.id,
        "recipe_title": recipe.title,
        "data_table_id": enabled.data_table_id,
        "run_id": context.run_id,
        "rows": built.rows,
    }
    events.publish(session, context.scope.workspace_id, "transformation_completed", facts)
    if enabled.data_table_id is not None:
        loads.start_runs_for(session, context.scope, enabled.data_table_id)
        followers.tell(session, context.scope, enabled.data_table_id)
    runs.succeed(run, now)
