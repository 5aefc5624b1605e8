"""Workspaces over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Response

from headrace.access.guards import allows_agency
from headrace.access.permissions import Permission
from headrace.rest.api_route import ApiRoute
from headrace.rest.ids import Id
from headrace.rest.openapi import answers
from headrace.rest.paging import Page, Paging, page_of_rows
from headrace.rest.session import AppSettings, DbSession
from headrace.tenancy.models import Workspace
from headrace.tenancy.scope import AgencyScope
from headrace.workspaces import queries, service
from headrace.workspaces.schemas import WorkspaceIn, WorkspaceOut

router = APIRouter(prefix="/api/v3/workspaces", tags=["Workspaces"], route_class=ApiRoute)
Viewer = Annotated[AgencyScope, allows_agency(Permission.ADMIN_VIEW)]
Manager = Annotated[AgencyScope, allows_agency(Permission.ADMIN_MANAGE_WORKSPACES)]


@router.get("", response_model=Page[WorkspaceOut])
def list_workspaces(session: DbSession, scope: Viewer, paging: Paging) -> Response:
    """List the agency's workspaces."""
    return page_of_rows(session, paging, queries.workspace_list(scope))


@router.post("", response_model=WorkspaceOut, status_code=201, responses=answers(409))
def create_workspace(
    body: WorkspaceIn, session: DbSession, settings: AppSettings, scope: Manager
) -> Workspace:
    """Create a workspace; the operator may limit how many an agency has."""
    return service.create(session, scope, body, settings.workspaces_per_agency)


@router.get("/{workspace_id}", response_model=WorkspaceOut)
def get_workspace(workspace_id: Id, session: DbSession, scope: Viewer) -> Workspace:
    """Read one workspace."""
    return service.get(session, scope, workspace_id)


@router.put("/{workspace_id}", response_model=WorkspaceOut, responses=answers(409))
def update_workspace(
    workspace_id: Id, body: WorkspaceIn, session: DbSession, scope: Manager
) -> Workspace:
    """Change a workspace's title and description."""
    return service.update(session, scope, workspace_id, body)
