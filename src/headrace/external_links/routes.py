"""External authentication links over HTTP: for those who ask, and for those who are asked."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response

from headrace.access.guards import allows
from headrace.access.permissions import Permission
from headrace.connections import service as connections
from headrace.external_links import queries, service
from headrace.external_links.holding import LinkHolder, allows_link_holder
from headrace.external_links.models import ExternalAuthLink
from headrace.external_links.schemas import (
    ExternalAuthDone,
    ExternalAuthIn,
    ExternalAuthLinkOut,
    ExternalAuthLinksIn,
    ExternalAuthRequest,
)
from headrace.kit import clock
from headrace.rest.api_route import ApiRoute
from headrace.rest.openapi import EXTENSION, answers
from headrace.rest.outside import CallsOutside
from headrace.rest.paging import Page, Paging, page_of_rows
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession
from headrace.tenancy.scope import WorkspaceScope

router = APIRouter(prefix="/api/v3", tags=["External authentication links"], route_class=ApiRoute)
Creator = Annotated[WorkspaceScope, allows(Permission.CONNECTION_CREATE)]
Holder = Annotated[LinkHolder, allows_link_holder()]
_LINKS = "/datasources/{datasource_name}/external-auth-links"


@router.post(_LINKS, response_model=list[ExternalAuthLinkOut], status_code=201)
def create_external_auth_links(
    datasource_name: str,
    body: ExternalAuthLinksIn,
    session: DbSession,
    resources: AppResources,
    scope: Creator,
) -> list[dict[str, Any]]:
    """Ask people outside for the credentials of a data source: a link of one use for each.

    A link lives 14 days, ends with its first use, and stands on the rights of the user who made it.
    Its `url` is in this answer alone. Mails are sent after the answer; `mail_status` says how.
    """
    return service.create(session, scope, resources, datasource_name, body)


@router.get(_LINKS, response_model=Page[ExternalAuthLinkOut], responses=answers(400))
def list_external_auth_links(
    datasource_name: str, session: DbSession, scope: Creator, paging: Paging
) -> Response:
    """List the links of one data source; those of no use vanish two weeks after their last activity."""
    service.check_allowed(session, scope)
    connections.connector_named(datasource_name)
    rows = queries.link_rows(scope, clock.now())
    return page_of_rows(
        session, paging, rows.where(ExternalAuthLink.datasource_name == datasource_name)
    )


@router.post(_LINKS + "/{link_id}/revoke", response_model=ExternalAuthLinkOut)
def revoke_external_auth_link(
    datasource_name: str, link_id: UUID, session: DbSession, scope: Creator
) -> dict[str, Any]:
    """Make a pending link worthless."""
    return service.revoke(session, scope, datasource_name, link_id)


@router.get("/external-auth", response_model=ExternalAuthRequest, openapi_extra=EXTENSION)
def get_external_auth(session: DbSession, holder: Holder) -> dict[str, Any]:
    """Read what the holder of a link is asked for, and by whom; this does not spend the link.

    The secret is in the fragment of the link's URL; send it as `Authorization: Link <secret>`.
    """
    return service.asked(session, holder)


@router.post(
    "/external-auth",
    response_model=ExternalAuthDone,
    openapi_extra=EXTENSION,
    responses=answers(429),
)
def fulfil_external_auth(
    body: ExternalAuthIn,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
    holder: Holder,
) -> dict[str, Any]:
    """Give the credentials that a link asks for: they are checked at once, and spend the link.

    Credentials that the data source refuses spend nothing; give better ones.
    """
    service.fulfil(session, resources, holder, body, calls)
    return service.done(session, holder)
