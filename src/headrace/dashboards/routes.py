"""Dashboards over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from headrace.access.guards import allows, allows_agency
from headrace.access.permissions import Permission
from headrace.dashboards import presenting, service
from headrace.dashboards.asking import AppDesk, AskedFilters, AskedOrder
from headrace.dashboards.catalogue import dashboards_of
from headrace.dashboards.schemas import DashboardOut, PerformanceOut
from headrace.rest.api_route import ApiRoute
from headrace.rest.errors import NotFound
from headrace.rest.ids import Id
from headrace.rest.json_answers import json_response
from headrace.rest.openapi import EXTENSION
from headrace.rest.session import AppSettings, DbSession
from headrace.tenancy.scope import AgencyScope, WorkspaceScope
from headrace.workspaces import service as workspaces

router = APIRouter(prefix="/api/v3/workspaces", tags=["Dashboards"], route_class=ApiRoute)
Viewer = Annotated[AgencyScope, allows_agency(Permission.ADMIN_VIEW)]
Member = Annotated[WorkspaceScope, allows(Permission.DASHBOARD_VIEW)]


@router.get("/{workspace_id}/dashboards", response_model=list[DashboardOut])
def list_dashboards(
    workspace_id: Id, session: DbSession, settings: AppSettings, scope: Viewer
) -> list[dict[str, Any]]:
    """List a workspace's dashboards: results, freshness of data, and health of its pipelines."""
    workspace = workspaces.get(session, scope, workspace_id)
    return dashboards_of(workspace.id, settings.public_address)


@router.get(
    "/{workspace_id}/dashboards/performance",
    response_model=PerformanceOut,
    openapi_extra=EXTENSION,
)
def get_performance_dashboard(
    workspace_id: Id,
    session: DbSession,
    scope: Member,
    desk: AppDesk,
    filters: AskedFilters,
    order: AskedOrder,
) -> Response:
    """Read what advertising cost and brought: totals, by day, by channel and by campaign.

    The workspace is that of the credentials. Figures are of one currency; `currencies` names all.
    """
    _require_own(scope, workspace_id)
    return json_response(
        presenting.performance(service.performance(session, scope, desk, filters, order))
    )


def _require_own(scope: WorkspaceScope, workspace_id: int) -> None:
    """Refuse another workspace than that of the credentials, as one that is not there."""
    if workspace_id != scope.workspace_id:
        raise NotFound("Workspace")
