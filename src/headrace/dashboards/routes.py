"""Dashboards over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from headrace.access.guards import allows, allows_agency, allows_link
from headrace.access.permissions import Permission
from headrace.access.signed_links import Linked
from headrace.dashboards import exporting, pictures, presenting, service, watching
from headrace.dashboards.asking import AppDesk, AskedFilters, AskedOrder
from headrace.dashboards.catalogue import dashboards_of
from headrace.dashboards.exporting import DataName, Export, File, Form, Part
from headrace.dashboards.pictures import PictureForm
from headrace.dashboards.schemas import (
    DashboardOut,
    FreshnessOut,
    PerformanceOut,
    PictureLinkIn,
    PictureLinkOut,
    PipelineHealthOut,
)
from headrace.rest.api_route import ApiRoute
from headrace.rest.errors import NotFound
from headrace.rest.ids import Id
from headrace.rest.json_answers import json_response
from headrace.rest.openapi import EXTENSION
from headrace.rest.resources import AppResources
from headrace.rest.session import AppSettings, DbSession
from headrace.tenancy.scope import AgencyScope, WorkspaceScope
from headrace.workspaces import service as workspaces

router = APIRouter(prefix="/api/v3/workspaces", tags=["Dashboards"], route_class=ApiRoute)
Viewer = Annotated[AgencyScope, allows_agency(Permission.ADMIN_VIEW)]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The figures.",
        "content": {
            "text/csv": {"schema": {"type": "string"}, "example": "date,state\r\n"},
            "application/json": {"schema": {"type": "object"}, "example": {}},
        },
    }
}
picture_router = APIRouter(route_class=ApiRoute, include_in_schema=False)
Member = Annotated[WorkspaceScope, allows(Permission.DASHBOARD_VIEW)]
Publisher = Annotated[WorkspaceScope, allows(Permission.DASHBOARD_CREATE)]
Ender = Annotated[WorkspaceScope, allows(Permission.DASHBOARD_DELETE)]
Holder = Annotated[Linked, allows_link(Permission.DASHBOARD_VIEW)]
# A picture is shown inside of other things; opened by itself, it can do nothing (S53).
_PICTURE_HEADERS = {
    "Cache-Control": "private, max-age=300",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
}


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


@router.get(
    "/{workspace_id}/dashboards/freshness", response_model=FreshnessOut, openapi_extra=EXTENSION
)
def get_freshness_dashboard(
    workspace_id: Id, session: DbSession, scope: Member, filters: AskedFilters, order: AskedOrder
) -> Response:
    """Read which days of each data table are there, complete or not, and which are missing.

    The workspace is that of the credentials. Of the filters the period matters, at most its last
    three months; of the order the page.
    """
    _require_own(scope, workspace_id)
    return json_response(
        presenting.freshness(watching.freshness(session, scope, filters, order.page))
    )


@router.get(
    "/{workspace_id}/dashboards/pipeline_health",
    response_model=PipelineHealthOut,
    openapi_extra=EXTENSION,
)
def get_pipeline_health_dashboard(
    workspace_id: Id, session: DbSession, scope: Member, filters: AskedFilters
) -> Response:
    """Read what works and what does not: connections, extracts, loads, rows moved, the queue.

    The workspace is that of the credentials. Of the filters the period matters, for rows moved.
    """
    _require_own(scope, workspace_id)
    return json_response(
        presenting.pipeline_health(watching.pipeline_health(session, scope, filters))
    )


@router.get(
    "/{workspace_id}/dashboards/{data_name}/export",
    response_class=Response,
    responses=_FILE,
    openapi_extra=EXTENSION,
)
def export_dashboard(
    workspace_id: Id,
    data_name: DataName,
    session: DbSession,
    scope: Member,
    desk: AppDesk,
    filters: AskedFilters,
    form: Annotated[Form, Query(alias="format", description="JSON, or CSV.")] = Form.JSON,
    part: Annotated[
        Part, Query(description="Of performance as CSV: the campaigns, or the days.")
    ] = Part.CAMPAIGNS,
) -> Response:
    """Export the figures of a dashboard as a file: as JSON all of them, as CSV its main table.

    The workspace is that of the credentials.
    """
    _require_own(scope, workspace_id)
    asked = Export(data_name, form, filters, part)
    return sent(exporting.exported(session, scope, desk, asked))


@router.post(
    "/{workspace_id}/dashboards/{data_name}/image-links",
    response_model=PictureLinkOut,
    status_code=201,
    openapi_extra=EXTENSION,
)
def create_dashboard_image_link(
    workspace_id: Id,
    data_name: DataName,
    body: PictureLinkIn,
    session: DbSession,
    scope: Publisher,
    resources: AppResources,
) -> dict[str, Any]:
    """Make a link to a picture of one of a dashboard's charts, for mails and reports.

    Whoever has the link sees the picture as it is when they look, without signing in, and can ask
    for nothing else. It is good until it expires, its maker loses the right to see the dashboard,
    or the workspace's links are ended. The workspace is that of the credentials.
    """
    _require_own(scope, workspace_id)
    address = resources.settings.public_address
    return pictures.link(session, scope, resources.vault, address, data_name, body)


@router.delete(
    "/{workspace_id}/dashboards/image-links",
    status_code=204,
    response_class=Response,
    openapi_extra=EXTENSION,
)
def end_dashboard_image_links(workspace_id: Id, session: DbSession, scope: Ender) -> None:
    """End all links to pictures of the workspace's dashboards, at once.

    The workspace is that of the credentials.
    """
    _require_own(scope, workspace_id)
    service.end_links(session, scope)


@picture_router.get("/charts/{link}.{form}")
def get_dashboard_image(
    form: PictureForm, session: DbSession, desk: AppDesk, holder: Holder
) -> Response:
    """Answer the picture of a link to whoever has it."""
    content = pictures.drawn(session, holder.scope, desk, holder.content, form)
    return Response(content, media_type=pictures.MEDIA_TYPES[form], headers=_PICTURE_HEADERS)


def sent(file: File) -> Response:
    """Answer a file."""
    name = f'attachment; filename="{file.name}"'
    return Response(file.content, media_type=file.media_type, headers={"Content-Disposition": name})


def _require_own(scope: WorkspaceScope, workspace_id: int) -> None:
    """Refuse another workspace than that of the credentials, as one that is not there."""
    if workspace_id != scope.workspace_id:
        raise NotFound("Workspace")
