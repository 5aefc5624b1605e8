"""Carrying out the build of an automated recipe."""

from datetime import datetime

from sqlalchemy.orm import Session

from headrace import events
from headrace.automated_recipes import queries, reading, service
from headrace.automated_recipes.models import AutomatedRecipe
from headrace.data_tables import followers
from headrace.kit.outcomes import Refused, SlowDown
from headrace.kit.told import told, told_by
from headrace.loads import service as loads
from headrace.recipes import building
from headrace.recipes.building import Built, Prepared
from headrace.recipes.errors import StepRefused
from headrace.rest.errors import AppError
from headrace.runs import service as runs
from headrace.runs.context import RunContext


def execute(context: RunContext) -> None:
    """Build the table of an automated recipe, all of it, and end the run.

    Raises:
        SlowDown: if it is to wait for extractions that are under way.
        Refused: if it cannot be calculated from what the workspace has now, or takes too much.
        TryLater: if the lake cannot be used now.
        RunLost: if the run is no longer ours.
    """
    with context.step() as session:
        prepared, choice = _begin(session, context)
    building.build(
        context, prepared, lambda session, built: _finish(session, context, built, choice)
    )


def _recipe(session: Session, context: RunContext) -> AutomatedRecipe:
    recipe = queries.recipe(session, context.scope, int(context.subject_id))
    if recipe is None:
        raise Refused(told("The automated recipe was deleted."))
    return recipe


def _begin(session: Session, context: RunContext) -> tuple[Prepared, datetime]:
    """Make the build ready; the second value is the moment of the choice it is made from."""
    recipe = _recipe(session, context)
    if context.params.get("waits"):
        busy = queries.busy_accounts(session, context.scope, recipe.id)
        if busy:
            raise SlowDown(
                told("Waiting for {busy} extractions to end.", busy=busy),
                service.LOOKS_AGAIN_SECONDS,
            )
    choice = recipe.changed_at
    try:
        blueprint = reading.blueprint_of(session, context.scope, recipe)
        prepared = building.prepare(session, context.scope, blueprint)
    except (StepRefused, AppError) as error:
        raise Refused(told_by(error)) from error
    # The table before the recipe's row, as the end of a build takes them.
    recipe.data_table_id = prepared.table_id
    if prepared.is_new:
        loads.create_for_new_table(session, context.scope, prepared.table_id)
    run = context.hold(session)
    if run.attempt == 0 and run.retries == 0:
        facts = {"recipe_id": recipe.id, "recipe_title": recipe.title, "run_id": run.id}
        events.publish(session, context.scope.workspace_id, "transformation_started", facts)
    return prepared, choice


def _finish(session: Session, context: RunContext, built: Built, choice: datetime) -> None:
    recipe = _recipe(session, context)
    now = context.now(session)
    recipe.last_build_at = now
    recipe.built_choice = choice
    recipe.error = None
    run = context.hold(session)
    run.rows_written += built.rows
    run.rows_deleted += built.rows_removed
    run.bytes_written += built.bytes
    facts = {
        "recipe_id": recipe.id,
        "recipe_title": recipe.title,
        "data_table_id": recipe.data_table_id,
        "run_id": context.run_id,
        "rows": built.rows,
    }
    events.publish(session, context.scope.workspace_id, "transformation_completed", facts)
    if recipe.data_table_id is not None:
        loads.start_runs_for(session, context.scope, recipe.data_table_id)
        followers.tell(session, context.scope, recipe.data_table_id)
    runs.succeed(run, now)
