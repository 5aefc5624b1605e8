"""Branding over HTTP: for the agency's chief, and its pictures for whoever sees the pages."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from headrace.access.guards import allows_chief
from headrace.access.permissions import Permission
from headrace.branding import queries, service
from headrace.branding.schemas import BrandingIn, BrandingOut
from headrace.rest.api_route import ApiRoute
from headrace.rest.errors import NotFound
from headrace.rest.openapi import EXTENSION
from headrace.rest.session import AppSettings, DbSession
from headrace.tenancy.scope import AgencyScope

router = APIRouter(prefix="/api/v3/branding", tags=["Branding"], route_class=ApiRoute)
pictures = APIRouter(include_in_schema=False)
Chief = Annotated[AgencyScope, allows_chief(Permission.ADMIN_MANAGE_WORKSPACES)]
# Opened by itself, a picture can do nothing (S53); within pages of ours it is only shown.
_PICTURE_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@router.get("", response_model=BrandingOut, openapi_extra=EXTENSION)
def get_branding(session: DbSession, settings: AppSettings, scope: Chief) -> dict[str, Any]:
    """Read how the agency's pages look."""
    return service.shown(session, scope, settings.public_address)


@router.put("", response_model=BrandingOut, openapi_extra=EXTENSION)
def put_branding(
    body: BrandingIn, session: DbSession, settings: AppSettings, scope: Chief
) -> dict[str, Any]:
    """Set how the agency's pages look: those in iframes, of its workspaces, and its console.

    Colours that buttons cannot be seen by are refused. Logos that are left out stay as they are.
    """
    return service.put(session, scope, body, settings.public_address)


@pictures.get(service.PREFIX + "/{name}")
def show_logo(name: str, session: DbSession) -> Response:
    """Answer a logo; its address is of this very picture."""
    found = queries.picture(session, name)
    if found is None:
        raise NotFound("Picture")
    content, media_type = found
    return Response(content, headers=_PICTURE_HEADERS, media_type=media_type)
