"""Authorizations over HTTP, for those who build the flow themselves."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request

from headrace.access.authentication import presented_token
from headrace.access.errors import PermissionMissing
from headrace.access.guards import allows, allows_members, takes
from headrace.access.permissions import Permission
from headrace.oauth import service
from headrace.oauth.schemas import AuthorizationBegun, AuthorizationIn, AuthorizationOut
from headrace.rest.api_route import ApiRoute
from headrace.rest.openapi import EXTENSION, answers
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession
from headrace.tenancy.scope import WorkspaceScope

router = APIRouter(prefix="/api/v3", tags=["Data sources and connections"], route_class=ApiRoute)
Member = Annotated[WorkspaceScope, allows_members()]
Viewer = Annotated[WorkspaceScope, allows(Permission.CONNECTION_VIEW)]


@router.post(
    "/datasources/{datasource_name}/authorizations",
    response_model=AuthorizationBegun,
    status_code=201,
    openapi_extra=EXTENSION,
    responses=answers(404),
)
def begin_authorization(
    datasource_name: str,
    body: AuthorizationIn,
    request: Request,
    session: DbSession,
    resources: AppResources,
    scope: Member,
) -> dict[str, Any]:
    """Begin to connect a data source by OAuth: send the person's browser to `authorize_url`.

    They come back to a page of this server, which names the workspace and asks for a click; then the
    connection is there. It works once, within ten minutes.

    Permission: `connection.create`, or `connection.edit` with `connection_id`.
    """
    needed = service.needed(body)
    takes(request, needed)
    if needed not in scope.permissions:
        raise PermissionMissing(needed)
    begun = service.begin(
        session, scope, resources, datasource_name, body, begun_in=presented_token(request)
    )
    return service.shown(begun.authorization) | {"authorize_url": begun.authorize_url}


@router.get(
    "/authorizations/{authorization_id}",
    response_model=AuthorizationOut,
    openapi_extra=EXTENSION,
)
def get_authorization(authorization_id: UUID, session: DbSession, scope: Viewer) -> dict[str, Any]:
    """Read how far an authorization is, and what came of it."""
    return service.shown(service.get(session, scope, authorization_id))
