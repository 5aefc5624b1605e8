"""Connector settings over HTTP, for the agency's chief."""

from typing import Annotated, Any

from fastapi import APIRouter

from headrace.access.guards import allows_chief
from headrace.access.permissions import Permission
from headrace.connector_settings import service
from headrace.connector_settings.schemas import ConnectorSettingsIn, ConnectorSettingsOut
from headrace.rest.api_route import ApiRoute
from headrace.rest.openapi import EXTENSION, answers
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession
from headrace.tenancy.scope import AgencyScope

router = APIRouter(
    prefix="/api/v3/connector-settings", tags=["Connector settings"], route_class=ApiRoute
)
Chief = Annotated[AgencyScope, allows_chief(Permission.ADMIN_MANAGE_WORKSPACES)]


@router.get(
    "/{datasource_name}",
    response_model=ConnectorSettingsOut,
    openapi_extra=EXTENSION,
    responses=answers(400),
)
def get_connector_settings(
    datasource_name: str, session: DbSession, resources: AppResources, scope: Chief
) -> dict[str, Any]:
    """Read under which OAuth client customers authorise a data source; never its secret."""
    return service.shown(session, scope, resources, datasource_name)


@router.put("/{datasource_name}", response_model=ConnectorSettingsOut, openapi_extra=EXTENSION)
def put_connector_settings(
    datasource_name: str,
    body: ConnectorSettingsIn,
    session: DbSession,
    resources: AppResources,
    scope: Chief,
) -> dict[str, Any]:
    """Set the agency's own OAuth client for a data source; its secret is sealed.

    Connections made before keep the client they were made with until they are reconnected.
    """
    return service.put(session, scope, resources, datasource_name, body)


@router.delete(
    "/{datasource_name}", status_code=204, openapi_extra=EXTENSION, responses=answers(400)
)
def delete_connector_settings(datasource_name: str, session: DbSession, scope: Chief) -> None:
    """Forget the agency's own OAuth client for a data source."""
    service.delete(session, scope, datasource_name)
