"""Recipes in workspaces: enabling, activating, resolving inputs there, asking for builds."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from headrace import events
from headrace.access.authentication import server_scope
from headrace.kit.told import told, told_by
from headrace.loads import service as loads
from headrace.recipes import building, engine, queries, service
from headrace.recipes.building import Blueprint, Result
from headrace.recipes.errors import (
    InputMissing,
    NoSteps,
    ReadsItself,
    RecipeInactive,
    StepRefused,
    StepUnfit,
)
from headrace.recipes.models import EnabledRecipe, Recipe, RecipeState
from headrace.recipes.queries import KIND
from headrace.recipes.steps import STEP
from headrace.rest.errors import NotFound
from headrace.runs import queries as run_queries
from headrace.runs import service as runs
from headrace.runs.errors import AlreadyRunning
from headrace.runs.service import NewRun
from headrace.tenancy.models import Workspace
from headrace.tenancy.scope import AgencyScope, WorkspaceScope
from headrace.workspaces import service as workspaces

DATASOURCE = "recipe"
"""The data source that tables built by recipes show."""

AFTER_EXTRACTION = "after_extraction"


@dataclass(frozen=True)
class Place:
    """A workspace of an agency, as a recipe meets it."""

    scope: WorkspaceScope
    title: str


def _place(session: Session, scope: AgencyScope, workspace_id: int) -> Place:
    workspace: Workspace = workspaces.get(session, scope, workspace_id)
    return Place(server_scope(session, workspace.id), workspace.title)


def enable(
    session: Session, scope: AgencyScope, workspace_id: int, recipe_id: int
) -> tuple[dict[str, Any], bool]:
    """Enable a recipe in a workspace; the last value tells whether it was not before.

    An active recipe builds its table there at once. Steps are checked against the tables there.

    Raises:
        NotFound: if the agency has no such workspace or recipe.
        InputMissing, StepUnfit, Incompatible, ReadsItself: as their names say.
    """
    place = _place(session, scope, workspace_id)
    recipe = service.held(session, scope, recipe_id)
    answer = {"workspace_id": workspace_id, "recipe_id": recipe_id, "enabled": True}
    if queries.enabled(session, place.scope, recipe_id) is not None:
        return answer, False
    enabled = EnabledRecipe(workspace_id=workspace_id, recipe_id=recipe_id)
    session.add(enabled)
    session.flush()
    if recipe.is_active:
        _go_live(session, place, recipe, enabled)
    else:
        given = service.definition(session, recipe)
        if given["steps"]:
            with _told_of(place):
                blueprint = _blueprint(session, place, recipe, given, None)
                building.compile_for(session, place.scope, blueprint)
                enabled.input_table_ids = sorted(set(blueprint.tables.values()))
    session.flush()
    return answer, True


def enabled_in(
    session: Session, scope: AgencyScope, workspace_id: int, recipe_id: int
) -> tuple[WorkspaceScope, EnabledRecipe]:
    """Return a recipe as it is enabled in a workspace of the agency.

    Raises:
        NotFound: if there is no such workspace or recipe, or it is not enabled there.
    """
    place = _place(session, scope, workspace_id)
    service.get(session, scope, recipe_id)
    enabled = queries.enabled(session, place.scope, recipe_id)
    if enabled is None:
        raise NotFound("Recipe")
    return place.scope, enabled


def state_in(
    session: Session, scope: AgencyScope, workspace_id: int, recipe_id: int
) -> dict[str, Any]:
    """Return a recipe in a workspace as `WorkspaceRecipeOut`; raises as `enabled_in` does."""
    enabled_in(session, scope, workspace_id, recipe_id)
    rows = queries.enabled_rows(scope, recipe_id)
    found = session.execute(rows.where(EnabledRecipe.workspace_id == workspace_id)).one()
    return found._asdict()


def disable(session: Session, scope: AgencyScope, workspace_id: int, recipe_id: int) -> None:
    """Stop a recipe in a workspace; the table it built stays. Raises as `enabled_in` does."""
    inner, enabled = enabled_in(session, scope, workspace_id, recipe_id)
    runs.cancel(session, inner, KIND, enabled.id)
    session.delete(enabled)
    session.flush()


def activate(session: Session, scope: AgencyScope, recipe_id: int) -> Recipe:
    """Make a recipe's present steps those that tables are built from, everywhere or nowhere.

    Raises:
        NotFound, NoSteps, InputMissing, StepUnfit, Incompatible, ReadsItself: as their names say.
    """
    recipe = service.held(session, scope, recipe_id)
    given = service.definition(session, recipe)
    if not given["steps"]:
        raise NoSteps
    recipe.released = given
    recipe.is_active = True
    recipe.state = RecipeState.PRODUCTION
    session.flush()
    for workspace_id, _ in queries.workspaces_of(session, scope, recipe_id):
        place = _place(session, scope, workspace_id)
        enabled = queries.enabled(session, place.scope, recipe_id)
        if enabled is not None:
            _go_live(session, place, recipe, enabled)
    return recipe


def _go_live(session: Session, place: Place, recipe: Recipe, enabled: EnabledRecipe) -> None:
    """Make the table of an active recipe in a workspace, and start its build."""
    with _told_of(place):
        blueprint = _blueprint(session, place, recipe, recipe.released or {}, enabled)
        prepared = building.prepare(session, place.scope, blueprint)
    if prepared.is_new:
        loads.create_for_new_table(session, place.scope, prepared.table_id)
    # The table before the recipe's row, as builds take them.
    enabled.data_table_id = prepared.table_id
    enabled.input_table_ids = sorted(set(blueprint.tables.values()))
    enabled.error = None
    session.flush()
    start_build(session, place.scope, enabled, "activation")
    facts = {"recipe_id": recipe.id, "recipe_title": recipe.title}
    events.publish(session, place.scope.workspace_id, "recipe_activated", facts)


def deactivate(session: Session, scope: AgencyScope, recipe_id: int) -> Recipe:
    """Stop the builds of a recipe; the tables it built stay. Doing it twice changes nothing.

    Raises:
        NotFound: if the agency has no such recipe.
    """
    recipe = service.held(session, scope, recipe_id)
    if not recipe.is_active:
        return recipe
    for inner, enabled in _everywhere(session, scope, recipe_id):
        runs.cancel(session, inner, KIND, enabled.id)
        facts = {"recipe_id": recipe.id, "recipe_title": recipe.title}
        events.publish(session, inner.workspace_id, "recipe_deactivated", facts)
    recipe.is_active = False
    recipe.state = RecipeState.STAGING
    session.flush()
    return recipe


def delete(session: Session, scope: AgencyScope, recipe_id: int) -> None:
    """Delete a recipe and stop its builds; the tables it built stay, with their rows.

    Raises:
        NotFound: if the agency has no such recipe.
    """
    recipe = service.held(session, scope, recipe_id)
    for inner, enabled in _everywhere(session, scope, recipe_id):
        runs.cancel(session, inner, KIND, enabled.id)
    session.delete(recipe)
    session.flush()


def _everywhere(
    session: Session, scope: AgencyScope, recipe_id: int
) -> Iterator[tuple[WorkspaceScope, EnabledRecipe]]:
    for workspace_id, _ in queries.workspaces_of(session, scope, recipe_id):
        inner = server_scope(session, workspace_id)
        enabled = queries.enabled(session, inner, recipe_id)
        if enabled is not None:
            yield inner, enabled


# Inputs.


def blueprint_of(
    session: Session, scope: WorkspaceScope, recipe: Recipe, enabled: EnabledRecipe
) -> Blueprint:
    """Resolve what an active recipe is to build in a workspace now.

    Raises:
        InputMissing, StepUnfit, ReadsItself: as their names say.
    """
    return _blueprint(session, Place(scope, ""), recipe, recipe.released or {}, enabled)


def _blueprint(
    session: Session,
    place: Place,
    recipe: Recipe,
    given: Mapping[str, Any],
    enabled: EnabledRecipe | None,
) -> Blueprint:
    steps = [STEP.validate_python(one) for one in given["steps"]]
    declared = {one["name"]: one for one in given["inputs"]}
    tables = {
        name: _table_of(session, place, name, declared.get(name))
        for name in engine.inputs_named(steps)
    }
    built = enabled.data_table_id if enabled is not None else None
    if built is not None:
        _refuse_circle(session, place.scope, recipe, built, set(tables.values()))
    result = Result(
        title=recipe.title,
        sql_name=f"{DATASOURCE}_{recipe.title}",
        datasource_name=DATASOURCE,
        report=f"{DATASOURCE}_{recipe.id}",
        date_column=given["date_column"],
        table_id=built,
    )
    return Blueprint(steps, tables, result)


def _table_of(session: Session, place: Place, name: str, declared: Mapping[str, Any] | None) -> int:
    """Return the data table that an input of a recipe is in a workspace."""
    sql_name = name
    if declared is not None and "sql_name" in declared:
        sql_name = declared["sql_name"]
    elif declared is not None:
        datasource_name, report = declared["datasource_name"], declared["report_type"]
        found = queries.tables_of_report(session, place.scope, datasource_name, report)
        what = told(
            "data table of the report {report!r} of {name!r}", report=report, name=datasource_name
        )
        if not found:
            raise InputMissing(name, told("has no {what}.", what=what), place.title)
        if len(found) > 1:
            raise InputMissing(
                name,
                told(
                    "has more than one {what}: name one by sql_name: {names}.",
                    what=what,
                    names=", ".join(found),
                ),
                place.title,
            )
        sql_name = found[0]
    table_id = queries.table_id_named(session, place.scope, sql_name)
    if table_id is None:
        raise InputMissing(
            name, told("has no data table {sql_name!r}.", sql_name=sql_name), place.title
        )
    return table_id


def _refuse_circle(
    session: Session, scope: WorkspaceScope, recipe: Recipe, built: int, read: set[int]
) -> None:
    """Refuse inputs that are built, by whatever recipes, from the table that this one builds."""
    inputs_of = queries.inputs_of_tables(session, scope)
    seen: set[int] = set()
    pending = list(read)
    while pending:
        table_id = pending.pop()
        if table_id == built:
            raise ReadsItself(recipe.title)
        if table_id not in seen:
            seen.add(table_id)
            pending += inputs_of.get(table_id, [])


@contextmanager
def _told_of(place: Place) -> Iterator[None]:
    """Tell a client that a step cannot be calculated in a workspace."""
    try:
        yield
    except StepRefused as error:
        raise StepUnfit(told_by(error), place.title) from error


# Builds.


def run_now(
    session: Session, scope: AgencyScope, workspace_id: int, recipe_id: int
) -> dict[str, Any]:
    """Start a build in a workspace, as `RecipeBuildOut`.

    Raises:
        NotFound, RecipeInactive, AlreadyRunning: as their names say.
    """
    inner, enabled = enabled_in(session, scope, workspace_id, recipe_id)
    if not service.get(session, scope, recipe_id).is_active:
        raise RecipeInactive
    if runs.is_busy(session, KIND, enabled.id):
        raise AlreadyRunning("Recipe", recipe_id)
    run_id = start_build(session, inner, enabled, "manual")
    run = run_queries.run(session, inner, run_id)
    return {"run_id": run_id, "status": run.status if run else "waiting"}


def check_startable(session: Session, scope: WorkspaceScope, enabled_id: str) -> None:
    """Make sure that a recipe can be built in a workspace now.

    Raises:
        NotFound, RecipeInactive: as their names say.
    """
    enabled = queries.enabled_by_id(session, scope, int(enabled_id))
    if enabled is None:
        raise NotFound("Recipe")
    recipe = queries.recipe_of(session, scope, enabled.recipe_id)
    if recipe is None or not recipe.is_active:
        raise RecipeInactive


def start_build(
    session: Session, scope: WorkspaceScope, enabled: EnabledRecipe, trigger: str
) -> int:
    """Queue a build and return its run; one that waits already is that one."""
    return runs.start(
        session,
        scope,
        NewRun(
            kind=KIND,
            subject_id=str(enabled.id),
            limit_key=f"{DATASOURCE}:{scope.workspace_id}",
            trigger=trigger,
        ),
    )


def follow(session: Session, scope: WorkspaceScope, data_table_id: int) -> None:
    """Start the builds of the active recipes that read a data table whose rows are new."""
    for enabled in queries.active_readers(session, scope, data_table_id):
        start_build(session, scope, enabled, AFTER_EXTRACTION)
