"""Loads over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from headrace.access.guards import allows
from headrace.access.permissions import Permission
from headrace.loads import presentation, queries, service
from headrace.loads.schemas import LoadIn, LoadOut, LoadPut, LoadRunIn
from headrace.rest.api_route import ApiRoute
from headrace.rest.ids import IDS_END, Id
from headrace.rest.openapi import EXTENSION, answers
from headrace.rest.paging import Page, Paging, page_of_rows
from headrace.rest.session import DbSession
from headrace.runs import control, history
from headrace.runs.control import Controlled
from headrace.runs.schemas import RunOut
from headrace.tenancy.scope import WorkspaceScope

control.allow(Controlled(queries.KIND, Permission.LOAD_RUN, service.check_startable))
router = APIRouter(prefix="/api/v3/loads", tags=["Loads"], route_class=ApiRoute)
Viewer = Annotated[WorkspaceScope, allows(Permission.LOAD_VIEW)]
Creator = Annotated[WorkspaceScope, allows(Permission.LOAD_CREATE)]
Editor = Annotated[WorkspaceScope, allows(Permission.LOAD_EDIT)]
Remover = Annotated[WorkspaceScope, allows(Permission.LOAD_DELETE)]
Starter = Annotated[WorkspaceScope, allows(Permission.LOAD_RUN)]


@router.get("", response_model=Page[LoadOut])
def list_loads(
    session: DbSession,
    scope: Viewer,
    paging: Paging,
    data_table_id: Annotated[
        int | None, Query(ge=1, lt=IDS_END, description="Those of one data table.")
    ] = None,
    destination_connection_id: Annotated[
        str | None, Query(description="Those into one destination connection.")
    ] = None,
    destination_name: Annotated[
        str | None,
        Query(description="Those into one kind of destination.", examples=["postgre_sql"]),
    ] = None,
) -> Response:
    """List the workspace's loads."""
    rows = queries.load_rows(scope)
    rows = queries.filtered(rows, data_table_id, destination_connection_id, destination_name)
    return page_of_rows(session, paging, rows, presentation.load)


@router.post("", response_model=LoadOut, status_code=201, responses=answers(404))
def create_load(body: LoadIn, session: DbSession, scope: Creator) -> dict[str, Any]:
    """Create a load of a data table into a table of a destination."""
    return service.create(session, scope, body)


@router.get("/{load_id}", response_model=LoadOut)
def get_load(load_id: Id, session: DbSession, scope: Viewer) -> dict[str, Any]:
    """Read one load."""
    return service.row(session, scope, load_id)


@router.put("/{load_id}", response_model=LoadOut)
def update_load(load_id: Id, body: LoadPut, session: DbSession, scope: Editor) -> dict[str, Any]:
    """Change what makes a load run."""
    return service.update(session, scope, load_id, body)


@router.delete("/{load_id}", status_code=204)
def delete_load(load_id: Id, session: DbSession, scope: Remover) -> None:
    """Delete a load; what it delivered stays at the destination."""
    service.delete(session, scope, load_id)


@router.put("/{load_id}/pause", response_model=LoadOut)
def pause_load(load_id: Id, session: DbSession, scope: Editor) -> dict[str, Any]:
    """Stop a load from running by itself; one under way stops when its unit is written."""
    return service.set_paused(session, scope, load_id, is_paused=True)


@router.put("/{load_id}/unpause", response_model=LoadOut)
def unpause_load(load_id: Id, session: DbSession, scope: Editor) -> dict[str, Any]:
    """Let a load run by itself again; a run that was under way goes on."""
    return service.set_paused(session, scope, load_id, is_paused=False)


@router.put("/{load_id}/run", response_model=LoadOut, responses=answers(409))
def run_load(
    load_id: Id, session: DbSession, scope: Starter, body: LoadRunIn | None = None
) -> dict[str, Any]:
    """Run a load now: what changed since the last delivery, or exactly the days given, anew."""
    return service.run(session, scope, load_id, body or LoadRunIn())


@router.get("/{load_id}/runs", response_model=Page[RunOut], openapi_extra=EXTENSION)
def list_load_runs(load_id: Id, session: DbSession, scope: Viewer, paging: Paging) -> Response:
    """List the executions of a load, newest first."""
    service.get(session, scope, load_id)
    return history.page_of_subject(session, paging, scope, queries.KIND, load_id)
