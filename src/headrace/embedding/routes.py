"""Iframe URLs and the sessions they open, over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from headrace.access.authentication import presented_token
from headrace.access.embed_codes import Exchanged
from headrace.access.embed_cookies import cookie_line
from headrace.access.guards import allows_agency_or_members, allows_code, allows_members, takes
from headrace.embedding import service
from headrace.embedding.schemas import (
    EmbedSessionOpened,
    EmbedSessionOut,
    IframeUrlIn,
    IframeUrlOut,
)
from headrace.rest.api_route import ApiRoute
from headrace.rest.openapi import EXTENSION, answers
from headrace.rest.session import AppSettings, DbSession
from headrace.tenancy.scope import AgencyScope, WorkspaceScope

router = APIRouter(prefix="/api/v3", tags=["Iframe"], route_class=ApiRoute)
Caller = Annotated[AgencyScope | WorkspaceScope, allows_agency_or_members()]
Member = Annotated[WorkspaceScope, allows_members()]
Spent = Annotated[Exchanged, allows_code()]


@router.post("/get_iframe_url", response_model=IframeUrlOut, responses=answers(404))
def get_iframe_url(
    body: IframeUrlIn, request: Request, session: DbSession, settings: AppSettings, caller: Caller
) -> dict[str, Any]:
    """Create the URL of an iframe in which a customer connects data sources and destinations.

    It opens once, within 15 minutes. The session behind it has the rights of the user who made it,
    in this workspace and for this purpose alone. `show_account_selection=True` may be added to it.

    Permission: `connection.create`, or `connection.edit` with `connection_id`; `destination.create`
    or `destination.edit` with `destination_name`; `connection.view` without any name.
    """
    takes(request, service.needed(body))
    listed = settings.frame_origins
    return service.mint_url(session, caller, settings.public_address, listed, body)


@router.post("/embed/session", response_model=EmbedSessionOpened, openapi_extra=EXTENSION)
def open_embed_session(response: Response, session: DbSession, spent: Spent) -> dict[str, Any]:
    """Exchange the code of an iframe's URL for the iframe's session, once.

    The code is in the URL's fragment; send it as `Authorization: Code <code>`. The answer sets the
    session's partitioned cookie; send `X-Embed-Session: <session_id>` with it.
    """
    opened = service.open_session(session, spent)
    response.headers.append("Set-Cookie", cookie_line(opened["session_id"], spent.secret))
    return opened


@router.get(
    "/embed/session",
    response_model=EmbedSessionOut,
    openapi_extra=EXTENSION,
    responses=answers(404),
)
def get_embed_session(request: Request, session: DbSession, scope: Member) -> dict[str, Any]:
    """Read what the iframe whose session this is was opened for."""
    return service.session_row(session, scope, presented_token(request))
