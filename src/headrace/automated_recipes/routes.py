"""Automated recipes and their templates over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from headrace.access.guards import allows
from headrace.access.permissions import Permission
from headrace.automated_recipes import catalogue, queries, service
from headrace.automated_recipes.queries import KIND
from headrace.automated_recipes.schemas import (
    AutomatedRecipeBuildResponse,
    AutomatedRecipeCreateRequest,
    AutomatedRecipeCreateResponse,
    AutomatedRecipeDetail,
    AutomatedRecipeOut,
    AutomatedRecipeTemplateDetail,
    AutomatedRecipeTemplateOut,
    AutomatedRecipeUpdateRequest,
)
from headrace.rest.api_route import ApiRoute
from headrace.rest.filters import comma_ids, comma_list
from headrace.rest.ids import Id
from headrace.rest.openapi import EXTENSION
from headrace.rest.paging import Page, Paging, page_of_list, page_of_rows
from headrace.rest.session import DbSession
from headrace.runs import control, history
from headrace.runs.control import Controlled
from headrace.runs.schemas import RunOut
from headrace.tenancy.scope import WorkspaceScope

control.allow(Controlled(KIND, Permission.TRANSFORM_RUN, service.check_startable))
router = APIRouter(prefix="/api/v3", tags=["Automated recipes"], route_class=ApiRoute)
Viewer = Annotated[WorkspaceScope, allows(Permission.TRANSFORM_VIEW)]
Creator = Annotated[WorkspaceScope, allows(Permission.TRANSFORM_CREATE)]
Editor = Annotated[WorkspaceScope, allows(Permission.TRANSFORM_EDIT)]
Deleter = Annotated[WorkspaceScope, allows(Permission.TRANSFORM_DELETE)]
Runner = Annotated[WorkspaceScope, allows(Permission.TRANSFORM_RUN)]


@router.get("/automated-recipe-templates", response_model=Page[AutomatedRecipeTemplateOut])
def list_automated_recipe_templates(
    _: Viewer,
    paging: Paging,
    search: Annotated[str | None, Query(description="Part of the title.")] = None,
    data_sources: Annotated[
        str | None,
        Query(description="One name or a comma list: templates that take any of them."),
    ] = None,
) -> Response:
    """List what automated recipes can be made from."""
    found = catalogue.found(search, comma_list(data_sources))
    return page_of_list(paging, [catalogue.listed(template) for template in found])


@router.get(
    "/automated-recipe-templates/{recipe_template_id}",
    response_model=AutomatedRecipeTemplateDetail,
)
def get_automated_recipe_template(recipe_template_id: Id, _: Viewer) -> dict[str, Any]:
    """Read one template with the templates it is built on."""
    return catalogue.detail(service.template_of(recipe_template_id))


@router.get("/automated-recipes", response_model=Page[AutomatedRecipeOut])
def list_automated_recipes(
    session: DbSession,
    scope: Viewer,
    paging: Paging,
    template_id: Annotated[
        str | None, Query(description="One id, or several separated by commas.")
    ] = None,
    state: Annotated[str | None, Query(description="A state.", examples=["Active"])] = None,
) -> Response:
    """List the workspace's automated recipes."""
    wanted = comma_ids("template_id", template_id)
    rows = queries.filtered(queries.recipe_rows(scope), scope, wanted, service.state_named(state))
    return page_of_rows(session, paging, rows, service.listed)


@router.post("/automated-recipes", response_model=AutomatedRecipeCreateResponse, status_code=201)
def create_automated_recipe(
    body: AutomatedRecipeCreateRequest, session: DbSession, scope: Creator
) -> dict[str, Any]:
    """Create a recipe and the extracts it needs; its table is built when they have ended.

    Extracts that read the same already are used, not made again. To make extracts takes the
    permission `extract.create`.
    """
    return service.create(session, scope, body)


@router.get("/automated-recipes/{automated_recipe_id}", response_model=AutomatedRecipeDetail)
def get_automated_recipe(
    automated_recipe_id: Id, session: DbSession, scope: Viewer
) -> dict[str, Any]:
    """Read one automated recipe: what it reads, where it stands, what it built."""
    return service.detail(session, scope, automated_recipe_id)


@router.put("/automated-recipes/{automated_recipe_id}", response_model=AutomatedRecipeDetail)
def update_automated_recipe(
    automated_recipe_id: Id, body: AutomatedRecipeUpdateRequest, session: DbSession, scope: Editor
) -> dict[str, Any]:
    """Choose data sources, accounts, first day and trigger anew; what is left out stays.

    Accounts that come are extracted; rows of those that go leave the table at the next build.
    """
    return service.update(session, scope, automated_recipe_id, body)


@router.post(
    "/automated-recipes/{automated_recipe_id}/build",
    response_model=AutomatedRecipeBuildResponse,
)
def build_automated_recipe(
    automated_recipe_id: Id, session: DbSession, scope: Runner
) -> dict[str, Any]:
    """Build the table now, from what was extracted so far."""
    return service.build_now(session, scope, automated_recipe_id)


@router.delete("/automated-recipes/{automated_recipe_id}", status_code=204)
def delete_automated_recipe(automated_recipe_id: Id, session: DbSession, scope: Deleter) -> None:
    """Delete a recipe and stop its builds; its data table stays, extracts made for it are paused."""
    service.delete(session, scope, automated_recipe_id)


@router.get(
    "/automated-recipes/{automated_recipe_id}/runs",
    response_model=Page[RunOut],
    openapi_extra=EXTENSION,
)
def list_automated_recipe_runs(
    automated_recipe_id: Id, session: DbSession, scope: Viewer, paging: Paging
) -> Response:
    """List the builds of an automated recipe, newest first."""
    service.get(session, scope, automated_recipe_id)
    return history.page_of_subject(session, paging, scope, KIND, automated_recipe_id)
