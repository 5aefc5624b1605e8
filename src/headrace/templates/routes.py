"""Extract templates over HTTP."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from headrace.access.guards import allows
from headrace.access.permissions import Permission
from headrace.connections.service import connector_named
from headrace.rest.api_route import ApiRoute
from headrace.rest.ids import Id
from headrace.rest.openapi import EXTENSION, answers
from headrace.rest.outside import CallsOutside
from headrace.rest.paging import Page, Paging, page_of_rows
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession
from headrace.templates import (
    creation,
    options,
    presentation,
    preview,
    queries,
    service,
    validation,
)
from headrace.templates.models import ExtractTemplate
from headrace.templates.options import KeptOptions
from headrace.templates.schemas import (
    CustomSettingOptionsResponse,
    ExtractTemplatePreviewOut,
    ExtractTemplateValidationOut,
    OptionsIn,
    PreviewIn,
    TemplateCompact,
    TemplateDetail,
    TemplateIn,
    TemplateOut,
    TemplatePatch,
    ValidationIn,
)
from headrace.tenancy.scope import WorkspaceScope

router = APIRouter(prefix="/api/v3", tags=["Extract templates"], route_class=ApiRoute)
Creator = Annotated[WorkspaceScope, allows(Permission.EXTRACT_CREATE)]
Editor = Annotated[WorkspaceScope, allows(Permission.EXTRACT_EDIT)]
Deleter = Annotated[WorkspaceScope, allows(Permission.EXTRACT_DELETE)]
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


@router.post(
    "/datasources/{datasource_name}/extract-templates",
    response_model=TemplateOut,
    status_code=201,
    responses=answers(400, 429),
)
def create_template(
    datasource_name: str,
    body: TemplateIn,
    session: DbSession,
    scope: Creator,
    resources: AppResources,
    calls: CallsOutside,
) -> dict[str, Any]:
    """Create a template of the agency from a global one.

    With a wide parent the fields are checked with the data source for `connection_id`.
    """
    made = creation.create(session, scope, resources, calls, datasource_name, body)
    return presentation.listed(made)


@router.patch(
    "/datasources/{datasource_name}/extract-templates/{template_id}",
    response_model=TemplateDetail,
    openapi_extra=EXTENSION,
    responses=answers(400),
)
def update_template(
    datasource_name: str, template_id: Id, body: TemplatePatch, session: DbSession, scope: Editor
) -> dict[str, Any]:
    """Rename or describe a template of the agency."""
    changed = creation.update(session, scope, datasource_name, template_id, body)
    return presentation.detail(changed, connector_named(datasource_name))


@router.delete(
    "/datasources/{datasource_name}/extract-templates/{template_id}",
    status_code=204,
    openapi_extra=EXTENSION,
    responses=answers(400),
)
def delete_template(
    datasource_name: str, template_id: Id, session: DbSession, scope: Deleter
) -> None:
    """Offer a template of the agency no more; extracts made from it go on."""
    creation.retire(session, scope, datasource_name, template_id)


@router.post(
    "/extract-template/{template_id}/preview",
    response_model=ExtractTemplatePreviewOut,
    responses=answers(400, 429),
)
def preview_template(
    template_id: Id,
    body: PreviewIn,
    session: DbSession,
    scope: Viewer,
    resources: AppResources,
    calls: CallsOutside,
) -> dict[str, Any]:
    """Read some real rows as an extract with these choices would store them; nothing is stored."""
    return preview.preview(session, scope, resources, calls, template_id, body)


@router.post(
    "/extract-template/{template_id}/validation",
    response_model=ExtractTemplateValidationOut,
    responses=answers(400, 429),
)
def validate_template(
    template_id: Id,
    body: ValidationIn,
    session: DbSession,
    scope: Viewer,
    resources: AppResources,
    calls: CallsOutside,
) -> dict[str, Any]:
    """Say whether an extract of these accounts with these settings would work."""
    return validation.validate(session, scope, resources, calls, template_id, body)


@router.post(
    "/datasources/{datasource_name}/custom_setting_options",
    response_model=CustomSettingOptionsResponse,
    responses=answers(400, 429),
)
def load_custom_setting_options(
    datasource_name: str,
    body: OptionsIn,
    session: DbSession,
    scope: Viewer,
    resources: AppResources,
    calls: CallsOutside,
    kept: KeptOptions,
) -> dict[str, Any]:
    """Load the options of a custom setting for some accounts, searched and in pages."""
    connector_named(datasource_name)
    return options.load(session, scope, resources, calls, kept, datasource_name, body)
