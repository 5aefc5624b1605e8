"""Destinations and their connections over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from headrace.access.guards import allows
from headrace.access.permissions import Permission
from headrace.destinations import presentation, queries, service
from headrace.destinations.schemas import (
    DestinationConnectionDetail,
    DestinationConnectionIn,
    DestinationConnectionOut,
    DestinationConnectionPatch,
    DestinationOut,
    DestinationReauthorizeIn,
)
from headrace.loaders.registry import loaders
from headrace.rest.api_route import ApiRoute
from headrace.rest.openapi import answers
from headrace.rest.paging import Page, Paging, page_of_list, page_of_rows
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession
from headrace.tenancy.scope import WorkspaceScope

router = APIRouter(prefix="/api/v3/destinations", tags=["Destinations"], route_class=ApiRoute)
Viewer = Annotated[WorkspaceScope, allows(Permission.DESTINATION_VIEW)]
Creator = Annotated[WorkspaceScope, allows(Permission.DESTINATION_CREATE)]
Editor = Annotated[WorkspaceScope, allows(Permission.DESTINATION_EDIT)]


@router.get(
    "",
    response_model=Page[DestinationOut],
    dependencies=[allows(Permission.DESTINATION_VIEW)],
)
def list_destinations(paging: Paging) -> Response:
    """List the kinds of places that loads can deliver to, with the form to connect each."""
    return page_of_list(
        paging, [presentation.destination(loader.spec) for loader in loaders().values()]
    )


@router.get(
    "/{destination_name}/connections",
    response_model=Page[DestinationConnectionOut],
    responses=answers(400),
)
def list_destination_connections(
    destination_name: str, session: DbSession, scope: Viewer, paging: Paging
) -> Response:
    """List the workspace's connections to one destination."""
    service.loader_named(destination_name)
    rows = queries.connection_rows(scope, destination_name)
    return page_of_rows(session, paging, rows, presentation.connection)


@router.post(
    "/{destination_name}/connections", response_model=DestinationConnectionOut, status_code=201
)
def create_destination_connection(
    destination_name: str,
    body: DestinationConnectionIn,
    session: DbSession,
    resources: AppResources,
    scope: Creator,
) -> dict[str, Any]:
    """Connect a destination. It is checked in the background: `status` tells how that went."""
    return presentation.connection(
        service.create(session, scope, resources, destination_name, body)
    )


@router.get(
    "/{destination_name}/connections/{connection_id}", response_model=DestinationConnectionDetail
)
def get_destination_connection(
    destination_name: str,
    connection_id: str,
    session: DbSession,
    resources: AppResources,
    scope: Viewer,
) -> dict[str, Any]:
    """Read one destination connection and its parameters, secrets masked."""
    found = service.get(session, scope, connection_id, destination_name)
    shown = service.shown_params(resources, found)
    return presentation.connection(found) | {"connection_params": shown}


@router.patch(
    "/{destination_name}/connections/{connection_id}", response_model=DestinationConnectionOut
)
def update_destination_connection(
    destination_name: str,
    connection_id: str,
    body: DestinationConnectionPatch,
    session: DbSession,
    scope: Editor,
) -> dict[str, Any]:
    """Rename a destination connection, or choose whether new data tables are loaded into it."""
    return presentation.connection(
        service.update(session, scope, destination_name, connection_id, body)
    )


@router.put(
    "/{destination_name}/connections/{connection_id}", response_model=DestinationConnectionOut
)
def reauthorize_destination_connection(
    destination_name: str,
    connection_id: str,
    body: DestinationReauthorizeIn,
    session: DbSession,
    resources: AppResources,
    scope: Editor,
) -> dict[str, Any]:
    """Give a destination connection new parameters; they are checked as at creation."""
    return presentation.connection(
        service.reauthorize(session, scope, resources, destination_name, connection_id, body)
    )


@router.put(
    "/{destination_name}/connections/{connection_id}/recheck",
    response_model=DestinationConnectionOut,
    responses=answers(409),
)
def recheck_destination_connection(
    destination_name: str, connection_id: str, session: DbSession, scope: Editor
) -> dict[str, Any]:
    """Check again whether a destination can be written to."""
    return presentation.connection(service.recheck(session, scope, destination_name, connection_id))
