"""Extracts over HTTP, and the deletion of connections, which pauses extracts."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from headrace.access.guards import allows
from headrace.access.permissions import Permission
from headrace.extracts import creation, migrating, newcomers, queries, service
from headrace.extracts.queries import KIND, ExtractFilter
from headrace.extracts.schemas import (
    ExtractDetail,
    ExtractIn,
    ExtractMigration,
    ExtractOut,
    ExtractPatch,
    ExtractPut,
    MigrateWideIn,
)
from headrace.extracts.windows import joined_params
from headrace.rest.api_route import ApiRoute
from headrace.rest.filters import comma_ids, comma_list
from headrace.rest.ids import Id
from headrace.rest.json_pages import page_of_keyed
from headrace.rest.openapi import EXTENSION, answers
from headrace.rest.outside import CallsOutside
from headrace.rest.paging import Page, Paging
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession
from headrace.runs import control, history
from headrace.runs.control import Controlled
from headrace.runs.schemas import DateRangeIn, RunOut
from headrace.tenancy.scope import WorkspaceScope

newcomers.register()
control.allow(Controlled(KIND, Permission.EXTRACT_RUN, service.check_startable, joined_params))
router = APIRouter(prefix="/api/v3", tags=["Extracts"], route_class=ApiRoute)
Viewer = Annotated[WorkspaceScope, allows(Permission.EXTRACT_VIEW)]
Creator = Annotated[WorkspaceScope, allows(Permission.EXTRACT_CREATE)]
Editor = Annotated[WorkspaceScope, allows(Permission.EXTRACT_EDIT)]
Runner = Annotated[WorkspaceScope, allows(Permission.EXTRACT_RUN)]
Deleter = Annotated[WorkspaceScope, allows(Permission.EXTRACT_DELETE)]
ConnectionDeleter = Annotated[WorkspaceScope, allows(Permission.CONNECTION_DELETE)]
Ids = Annotated[str | None, Query(description="One id, or several separated by commas.")]


@router.get("/extracts", response_model=Page[ExtractOut], responses=answers(400))
def list_extracts(
    session: DbSession,
    scope: Viewer,
    paging: Paging,
    connection_id: Ids = None,
    datasource_name: Annotated[str | None, Query(description="One name or a comma list.")] = None,
    data_table_id: Ids = None,
) -> Response:
    """List the workspace's extracts."""
    wanted = ExtractFilter(
        comma_ids("connection_id", connection_id),
        comma_list(datasource_name),
        comma_ids("data_table_id", data_table_id),
    )
    return page_of_keyed(session, paging, *queries.extract_pages(scope, wanted))


@router.post(
    "/extracts", response_model=list[ExtractOut], status_code=201, responses=answers(404, 409)
)
def create_extracts(body: ExtractIn, session: DbSession, scope: Creator) -> list[dict[str, Any]]:
    """Create one extract for each account, all into one data table; their first runs start at once."""
    return creation.create(session, scope, body)


@router.post(
    "/extracts/migrate-wide",
    response_model=ExtractMigration,
    status_code=201,
    responses=answers(404, 429),
)
def migrate_wide_extract(
    body: MigrateWideIn,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
    scope: Creator,
) -> dict[str, Any]:
    """Give a wide extract other dimensions: a new extract into a new data table.

    The old extract is paused; its data table and rows stay. The source is asked whether the fields
    go together.
    """
    return migrating.migrate_wide(session, scope, resources, calls, body)


@router.get("/extracts/{extract_id}", response_model=ExtractDetail)
def get_extract(extract_id: Id, session: DbSession, scope: Viewer) -> dict[str, Any]:
    """Read one extract with its fields."""
    return service.detail(session, scope, extract_id)


@router.put("/extracts/{extract_id}", response_model=ExtractDetail)
def replace_extract(
    extract_id: Id, body: ExtractPut, session: DbSession, scope: Editor
) -> dict[str, Any]:
    """Set all settings of an extract; those left out go back to the template's."""
    return service.replace(session, scope, extract_id, body)


@router.patch("/extracts/{extract_id}", response_model=ExtractDetail)
def update_extract(
    extract_id: Id, change: ExtractPatch, session: DbSession, scope: Editor
) -> dict[str, Any]:
    """Change some settings of an extract."""
    return service.update(session, scope, extract_id, change)


@router.post("/extracts/{extract_id}/run", response_model=ExtractDetail, responses=answers(409))
def run_extract(
    extract_id: Id, session: DbSession, scope: Runner, asked: DateRangeIn | None = None
) -> dict[str, Any]:
    """Start a run now, for the usual days or for a range."""
    return service.run(session, scope, extract_id, asked or DateRangeIn())


@router.post("/extracts/{extract_id}/pause", response_model=ExtractDetail)
def pause_extract(extract_id: Id, session: DbSession, scope: Editor) -> dict[str, Any]:
    """Stop scheduled runs; one under way stops when its window is stored."""
    return service.pause(session, scope, extract_id, is_paused=True)


@router.post("/extracts/{extract_id}/unpause", response_model=ExtractDetail)
def unpause_extract(extract_id: Id, session: DbSession, scope: Editor) -> dict[str, Any]:
    """Resume scheduled runs; one that was under way goes on at its next window."""
    return service.pause(session, scope, extract_id, is_paused=False)


@router.delete("/extracts/{extract_id}", status_code=204)
def delete_extract(extract_id: Id, session: DbSession, scope: Deleter) -> None:
    """Delete an extract and stop its runs; its data table and rows stay."""
    service.delete(session, scope, extract_id)


@router.get("/extracts/{extract_id}/runs", response_model=Page[RunOut], openapi_extra=EXTENSION)
def list_extract_runs(
    extract_id: Id, session: DbSession, scope: Viewer, paging: Paging
) -> Response:
    """List the runs of an extract, newest first."""
    service.row(session, scope, extract_id)
    return history.page_of_subject(session, paging, scope, KIND, extract_id)


@router.delete("/connections/{connection_id}", status_code=204)
def delete_connection(
    connection_id: Id,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
    scope: ConnectionDeleter,
) -> None:
    """Delete a connection: credentials are erased, accounts closed, extracts paused; data stays.

    Where a person granted the credentials by OAuth, the platform is asked to take them back.
    """
    service.delete_connection(session, scope, resources, calls, connection_id, None)


@router.delete(
    "/datasources/{datasource_name}/connections/{connection_id}",
    status_code=204,
    responses=answers(400),
)
def delete_connection_of_datasource(
    datasource_name: str,
    connection_id: Id,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
    scope: ConnectionDeleter,
) -> None:
    """Delete a connection, named with its data source."""
    service.delete_connection(session, scope, resources, calls, connection_id, datasource_name)
