"""Tokens and browser sessions."""

from typing import Annotated

from fastapi import APIRouter, Response

from headrace.access import service, session_cookie
from headrace.access.guards import allows_agency
from headrace.access.permissions import Permission
from headrace.access.schemas import PasswordIn, SessionOut, TokenIn, TokenOut
from headrace.rest.api_route import ApiRoute
from headrace.rest.openapi import EXTENSION, answers
from headrace.rest.session import AppSettings, DbSession
from headrace.tenancy.scope import AgencyScope

router = APIRouter(prefix="/api/v3", tags=["Access"], route_class=ApiRoute)
Caller = Annotated[AgencyScope, allows_agency(Permission.ADMIN_VIEW)]


@router.post("/token", response_model=TokenOut, responses=answers(404))
def create_token(asked: TokenIn, session: DbSession, scope: Caller) -> TokenOut:
    """Create a token for one workspace.

    The token acts with the rights of the user who made it, lives 30 minutes and is renewed by each
    use. Several may live side by side.
    """
    minted = service.mint_token(session, scope, asked.workspace_id)
    return TokenOut(
        token=minted.secret,
        expires_in=minted.expires_in,
        expires_at=minted.expires_at,
        workspace_id=asked.workspace_id,
    )


@router.post("/password", status_code=204, openapi_extra=EXTENSION)
def change_password(body: PasswordIn, session: DbSession, scope: Caller) -> None:
    """Change one's own password, which the Basic credentials of this request prove.

    All that was made with the old one ends at once: tokens, browser sessions, iframes and their
    URLs.
    """
    service.change_own_password(session, scope, body.password)


@router.post("/session", response_model=SessionOut, openapi_extra=EXTENSION)
def create_session(
    response: Response, session: DbSession, settings: AppSettings, scope: Caller
) -> SessionOut:
    """Start a browser session: the answer sets the `dts_session_id` cookie.

    With it, send `X-IM-WORKSPACE-ID` on every request. It lives 30 minutes and is renewed by use.
    """
    minted = service.start_session(session, scope.user_id)
    session_cookie.give(response, minted.secret, settings.public_address)
    return SessionOut(expires_in=minted.expires_in, expires_at=minted.expires_at)
