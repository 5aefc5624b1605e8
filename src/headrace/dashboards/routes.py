"""Dashboards over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter

from headrace.access.guards import allows_agency
from headrace.access.permissions import Permission
from headrace.dashboards.catalogue import dashboards_of
from headrace.dashboards.schemas import DashboardOut
from headrace.rest.api_route import ApiRoute
from headrace.rest.ids import Id
from headrace.rest.session import AppSettings, DbSession
from headrace.tenancy.scope import AgencyScope
from headrace.workspaces import service as workspaces

router = APIRouter(prefix="/api/v3/workspaces", tags=["Dashboards"], route_class=ApiRoute)
Viewer = Annotated[AgencyScope, allows_agency(Permission.ADMIN_VIEW)]


@router.get("/{workspace_id}/dashboards", response_model=list[DashboardOut])
def list_dashboards(
    workspace_id: Id, session: DbSession, settings: AppSettings, scope: Viewer
) -> list[dict[str, Any]]:
    """List a workspace's dashboards: results, freshness of data, and health of its pipelines."""
    workspace = workspaces.get(session, scope, workspace_id)
    return dashboards_of(workspace.id, settings.public_address)
