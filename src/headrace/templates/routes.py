"""Extract templates over HTTP."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from headrace.access.guards import allows
from headrace.access.permissions import Permission
from headrace.connections.service import connector_named
from headrace.rest.api_route import ApiRoute
from headrace.rest.ids import Id
from headrace.rest.openapi import answers
from headrace.rest.paging import Page, Paging, page_of_rows
from headrace.rest.session import DbSession
from headrace.templates import presentation, queries, service
from headrace.templates.models import ExtractTemplate
from headrace.templates.schemas import TemplateCompact, TemplateDetail, TemplateOut
from headrace.tenancy.scope import WorkspaceScope

router = APIRouter(prefix="/api/v3", tags=["Extract templates"], route_class=ApiRoute)
Viewer = Annotated[WorkspaceScope, allows(Permission.EXTRACT_VIEW)]


@router.get(
    "/datasources/{datasource_name}/extract-templates",
    response_model=Page[TemplateOut],
    responses=answers(400),
)
def list_templates(
    datasource_name: str,
    session: DbSession,
    scope: Viewer,
    paging: Paging,
    search: Annotated[str | None, Query(description="Part of the title.")] = None,
    kind: Annotated[
        Literal["global", "custom"] | None,
        Query(alias="type", description="Those of everyone, or the agency's own."),
    ] = None,
) -> Response:
    """List the templates of a data source."""
    connector_named(datasource_name)
    rows = queries.filtered(queries.template_rows(scope, datasource_name), search, kind)
    return page_of_rows(session, paging, rows.order_by(ExtractTemplate.id))


@router.get(
    "/datasources/{datasource_name}/extract-templates/{template_id}",
    response_model=TemplateDetail,
    responses=answers(400),
)
def get_template(
    datasource_name: str, template_id: Id, session: DbSession, scope: Viewer
) -> dict[str, Any]:
    """Read one template with its fields and custom settings."""
    connector = connector_named(datasource_name)
    template = service.get_of(session, scope, datasource_name, template_id)
    return presentation.detail(template, connector)


@router.get("/extract-template/{template_id}", response_model=TemplateCompact)
def get_template_compact(template_id: Id, session: DbSession, scope: Viewer) -> dict[str, Any]:
    """Read the little one needs to tell templates apart."""
    return presentation.compact(service.get(session, scope, template_id))
