"""Recipes over HTTP: an agency's, and what they do in its workspaces."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from headrace.access.guards import allows_agency
from headrace.access.permissions import Permission
from headrace.recipes import enabling, queries, service
from headrace.recipes.queries import KIND
from headrace.recipes.schemas import (
    EnabledRecipeOut,
    EnableRecipeIn,
    RecipeBuildOut,
    RecipeDetail,
    RecipeNew,
    RecipeOut,
    RecipePatch,
    RecipePut,
    RecipeStepOut,
    WorkspaceRecipeOut,
)
from headrace.recipes.steps import Step
from headrace.rest.api_route import ApiRoute
from headrace.rest.ids import Id
from headrace.rest.json_values import JsonObject
from headrace.rest.openapi import EXTENSION, answers
from headrace.rest.paging import Page, Paging, page_of_rows
from headrace.rest.session import DbSession
from headrace.runs import control, history
from headrace.runs.control import Controlled
from headrace.runs.schemas import RunOut
from headrace.tenancy.scope import AgencyScope

control.allow(Controlled(KIND, Permission.TRANSFORM_RUN, enabling.check_startable))
router = APIRouter(prefix="/api/v3", tags=["Recipes"], route_class=ApiRoute)
Viewer = Annotated[AgencyScope, allows_agency(Permission.TRANSFORM_VIEW)]
Creator = Annotated[AgencyScope, allows_agency(Permission.TRANSFORM_CREATE)]
Editor = Annotated[AgencyScope, allows_agency(Permission.TRANSFORM_EDIT)]
Deleter = Annotated[AgencyScope, allows_agency(Permission.TRANSFORM_DELETE)]
Runner = Annotated[AgencyScope, allows_agency(Permission.TRANSFORM_RUN)]


@router.get("/recipes", response_model=Page[RecipeOut])
def list_recipes(session: DbSession, scope: Viewer, paging: Paging) -> Response:
    """List the agency's recipes."""
    return page_of_rows(session, paging, queries.recipe_rows(scope))


@router.post(
    "/recipes",
    response_model=RecipeDetail,
    status_code=201,
    responses=answers(409),
)
def create_recipe(body: RecipeNew, session: DbSession, scope: Creator) -> dict[str, Any]:
    """Create a recipe, with steps or without; nothing is built before it is activated."""
    return service.detail(session, scope, service.create(session, scope, body))


@router.get("/recipes/{recipe_id}", response_model=RecipeDetail)
def get_recipe(recipe_id: Id, session: DbSession, scope: Viewer) -> dict[str, Any]:
    """Read one recipe with its steps and the workspaces it is enabled in."""
    return service.detail(session, scope, service.get(session, scope, recipe_id))


@router.put(
    "/recipes/{recipe_id}",
    response_model=RecipeDetail,
    responses=answers(409),
)
def replace_recipe(
    recipe_id: Id, body: RecipePut, session: DbSession, scope: Editor
) -> dict[str, Any]:
    """Set all of a recipe; steps that are not given stay. Tables change at the next activation."""
    return service.detail(session, scope, service.update(session, scope, recipe_id, body))


@router.patch(
    "/recipes/{recipe_id}",
    response_model=RecipeDetail,
    responses=answers(409),
)
def update_recipe(
    recipe_id: Id, change: RecipePatch, session: DbSession, scope: Editor
) -> dict[str, Any]:
    """Change some of a recipe. Tables change at the next activation."""
    return service.detail(session, scope, service.update(session, scope, recipe_id, change))


@router.delete("/recipes/{recipe_id}", status_code=204)
def delete_recipe(recipe_id: Id, session: DbSession, scope: Deleter) -> None:
    """Delete a recipe and stop its builds; data tables that it built stay, with their rows."""
    enabling.delete(session, scope, recipe_id)


@router.get("/recipes/{recipe_id}/steps", response_model=list[RecipeStepOut])
def list_recipe_steps(recipe_id: Id, session: DbSession, scope: Viewer) -> list[dict[str, Any]]:
    """List the steps of a recipe, in order."""
    return service.list_steps(session, scope, recipe_id)


@router.post(
    "/recipes/{recipe_id}/steps",
    response_model=RecipeStepOut,
    status_code=201,
    responses=answers(409),
)
def create_recipe_step(
    recipe_id: Id, body: Step, session: DbSession, scope: Editor
) -> dict[str, Any]:
    """Add a step at the end of a recipe; the last step gives the data table's rows."""
    return service.step_out(service.add_step(session, scope, recipe_id, body))


@router.put(
    "/recipes/{recipe_id}/steps/{step_id}",
    response_model=RecipeStepOut,
    responses=answers(409),
)
def replace_recipe_step(
    recipe_id: Id, step_id: Id, body: Step, session: DbSession, scope: Editor
) -> dict[str, Any]:
    """Give a step another definition, even of another kind; it keeps its place."""
    return service.step_out(service.change_step(session, scope, recipe_id, step_id, body))


@router.patch(
    "/recipes/{recipe_id}/steps/{step_id}",
    response_model=RecipeStepOut,
    responses=answers(409),
)
def update_recipe_step(
    recipe_id: Id, step_id: Id, change: JsonObject, session: DbSession, scope: Editor
) -> dict[str, Any]:
    """Change some members of a step; with another `kind`, only the name is kept of the old one."""
    return service.step_out(service.change_step(session, scope, recipe_id, step_id, change))


@router.delete(
    "/recipes/{recipe_id}/steps/{step_id}",
    status_code=204,
    responses=answers(409),
)
def delete_recipe_step(recipe_id: Id, step_id: Id, session: DbSession, scope: Editor) -> None:
    """Delete a step that no later step reads."""
    service.delete_step(session, scope, recipe_id, step_id)


@router.post(
    "/recipes/{recipe_id}/activate",
    response_model=RecipeDetail,
    responses=answers(400, 409),
)
def activate_recipe(recipe_id: Id, session: DbSession, scope: Editor) -> dict[str, Any]:
    """Make the steps as they are those that tables are built from, and build where it is enabled.

    Refused, naming the columns, if a table built before would lose some or change their types.
    """
    return service.detail(session, scope, enabling.activate(session, scope, recipe_id))


@router.post("/recipes/{recipe_id}/deactivate", response_model=RecipeDetail)
def deactivate_recipe(recipe_id: Id, session: DbSession, scope: Editor) -> dict[str, Any]:
    """Stop building; the tables that were built stay, with their rows."""
    return service.detail(session, scope, enabling.deactivate(session, scope, recipe_id))


@router.post(
    "/workspaces/{workspace_id}/recipes",
    response_model=EnabledRecipeOut,
    status_code=201,
    responses=answers(404, 409)
    | {200: {"model": EnabledRecipeOut, "description": "It was enabled before."}},
)
def enable_recipe(
    workspace_id: Id, body: EnableRecipeIn, session: DbSession, scope: Editor, response: Response
) -> dict[str, Any]:
    """Enable a recipe in a workspace; an active one builds its data table there at once."""
    answer, is_new = enabling.enable(session, scope, workspace_id, body.recipe_id)
    response.status_code = 201 if is_new else 200
    return answer


@router.get(
    "/workspaces/{workspace_id}/recipes/{recipe_id}",
    response_model=WorkspaceRecipeOut,
    openapi_extra=EXTENSION,
)
def get_workspace_recipe(
    workspace_id: Id, recipe_id: Id, session: DbSession, scope: Viewer
) -> dict[str, Any]:
    """Read what a recipe builds in a workspace, and how the last build went."""
    return enabling.state_in(session, scope, workspace_id, recipe_id)


@router.delete(
    "/workspaces/{workspace_id}/recipes/{recipe_id}", status_code=204, openapi_extra=EXTENSION
)
def disable_recipe(workspace_id: Id, recipe_id: Id, session: DbSession, scope: Editor) -> None:
    """Stop a recipe in a workspace; the data table that it built there stays, with its rows."""
    enabling.disable(session, scope, workspace_id, recipe_id)


@router.post(
    "/workspaces/{workspace_id}/recipes/{recipe_id}/build",
    response_model=RecipeBuildOut,
    responses=answers(409),
    openapi_extra=EXTENSION,
)
def build_recipe(
    workspace_id: Id, recipe_id: Id, session: DbSession, scope: Runner
) -> dict[str, Any]:
    """Build the table of an active recipe in a workspace now."""
    return enabling.run_now(session, scope, workspace_id, recipe_id)


@router.get(
    "/workspaces/{workspace_id}/recipes/{recipe_id}/runs",
    response_model=Page[RunOut],
    openapi_extra=EXTENSION,
)
def list_recipe_runs(
    workspace_id: Id, recipe_id: Id, session: DbSession, scope: Viewer, paging: Paging
) -> Response:
    """List the builds of a recipe in a workspace, newest first."""
    inner, enabled = enabling.enabled_in(session, scope, workspace_id, recipe_id)
    return history.page_of_subject(session, paging, inner, KIND, enabled.id)
