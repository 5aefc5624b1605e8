"""Guards of pages: what a page declares about who may see it. Each gives the page its `Visit`."""

import secrets
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from headrace.access import page_access
from headrace.access.authentication import AccessKit, presented_token
from headrace.access.embed_cookies import PATH_NAME
from headrace.access.errors import TokenExpired
from headrace.access.guards import BEARER, COOKIE, Guard
from headrace.access.own_pages import insist_on_own_page
from headrace.access.permissions import Permission
from headrace.pages.looks import Look
from headrace.pages.visits import ConsoleVisit, Frame, PagesKit, Section, Visit, WorkspaceVisit
from headrace.rest.session import DbSession
from headrace.tenancy.scope import AgencyScope, WorkspaceScope

CONSOLE = "/console"
EMBED = "/embed"
WORKSPACES = "/workspaces"
_EVERYTHING = "workspace"  # the purpose of a frame without names (`get_iframe_url`)

Made = TypeVar("Made", bound=Visit)


class PageGuard(Guard):
    """A page's declaration: the permission it asks for, and where it is mounted.

    The visit is put down at the request before anything is refused, so that a refusal is a page in
    the visitor's language, which only the host page may show.
    """

    def __init__(
        self,
        check: Callable[..., Any],
        permission: Permission | None,
        made: Callable[[Request, Session, Any], Visit],
    ) -> None:
        super().__init__(check, (BEARER, COOKIE), permission)
        self._made = made

    def __call__(self, request: Request, session: DbSession) -> Any:
        """Return the visit, or refuse."""
        request.state.visit = anyone(request, session)
        scope = super().__call__(request, session)
        request.state.visit = self._made(request, session, scope)
        return request.state.visit


def page_visit(permission: Permission | None) -> Any:
    """Ask for a permission on a page of a workspace, in an iframe or not; gives a `WorkspaceVisit`.

    permission: None where anyone who may enter the workspace may see the page.
    """
    return Depends(PageGuard(page_access.workspace_page_scope, permission, _in_workspace))


def console_visit(permission: Permission) -> Any:
    """Ask for a permission on a page of the agency's console; gives a `ConsoleVisit`."""
    return Depends(PageGuard(page_access.agency_page_scope, permission, _in_console))


def chief_visit() -> Any:
    """Ask for the agency's chief on a page of its console; gives a `ConsoleVisit`."""
    permission = Permission.ADMIN_MANAGE_ROLES
    return Depends(PageGuard(page_access.chief_page_scope, permission, _in_console))


def visit_of(request: Request) -> Visit:
    """Return the visit of a request as far as it is known; for answers to refusals."""
    found: Visit | None = getattr(request.state, "visit", None)
    return found or _visit(Visit, request)


def anyone(request: Request, session: DbSession) -> Visit:
    """A visit by somebody unknown; in an iframe, by what the iframe was minted for."""
    frame = _frame(request, session)
    look = _kit(request).look_of(session, frame.agency_id) if frame else None
    return _visit(Visit, request, frame=frame, look=look)


def anyone_here(request: Request, session: DbSession) -> Visit:
    """A visit by somebody unknown, whose forms are ours: nobody signs a visitor in from elsewhere.

    Raises:
        CrossSite: if a page of another site sent the form.
    """
    visit = request.state.visit = anyone(request, session)
    access: AccessKit = request.app.state.access
    insist_on_own_page(request, access.public_origin)
    return visit


AnyoneVisit = Annotated[Visit, Depends(anyone_here)]
"""What a page declares that anyone may see: one to sign in, the end of a link."""


def _in_workspace(request: Request, session: Session, scope: WorkspaceScope) -> WorkspaceVisit:
    frame = visit_of(request).frame
    if PATH_NAME in request.path_params and (
        # The credential is good; it must also be this very session's.
        frame is None
        or frame.workspace_id != scope.workspace_id
        or frame.credential != presented_token(request)
    ):
        raise TokenExpired
    kit = _kit(request)
    # A frame that is there for one thing leads nowhere else.
    is_everywhere = frame is None or frame.purpose == _EVERYTHING
    return _visit(
        WorkspaceVisit,
        request,
        frame=frame,
        look=kit.look_of(session, scope.agency_id),
        sections=_open(kit.sections, scope.permissions) if is_everywhere else (),
        scope=scope,
    )


def _in_console(request: Request, session: Session, scope: AgencyScope) -> ConsoleVisit:
    kit = _kit(request)
    return _visit(
        ConsoleVisit,
        request,
        look=kit.look_of(session, scope.agency_id),
        sections=_open(kit.console_sections, scope.permissions),
        scope=scope,
    )


def _open(sections: tuple[Section, ...], permissions: frozenset[str]) -> tuple[Section, ...]:
    return tuple(
        item for item in sections if item.permission is None or item.permission in permissions
    )


def _kit(request: Request) -> PagesKit:
    return cast(PagesKit, request.app.state.pages)


def _frame(request: Request, session: Session) -> Frame | None:
    named = request.path_params.get(PATH_NAME) or request.query_params.get("session", "")
    try:
        return _kit(request).frame_of(session, UUID(str(named)))
    except ValueError:
        return None


def _base(request: Request) -> str:
    """The part of the path that the mount makes up."""
    first, *rest = request.scope["path"].lstrip("/").split("/")
    if f"/{first}" in (EMBED, WORKSPACES) and rest and request.path_params:
        return f"/{first}/{rest[0]}"
    return f"/{first}" if f"/{first}" == CONSOLE else ""


def _visit(
    made: type[Made],
    request: Request,
    *,
    frame: Frame | None = None,
    look: Look | None = None,
    **more: Any,
) -> Made:
    access: AccessKit = request.app.state.access
    base = _base(request)
    wishes = (
        request.query_params.get("lang"),
        frame.lang if frame else None,
        request.headers.get("accept-language"),
    )
    return made(
        base=base,
        path=request.scope["path"][len(base) :],
        query=tuple(request.query_params.multi_items()),
        language=_kit(request).languages.chosen(*wishes),
        public_origin=access.public_origin,
        request_id=getattr(request.state, "request_id", ""),
        nonce=secrets.token_urlsafe(16),
        look=look or Look(),
        frame=frame,
        is_signed_in=base == CONSOLE or base.startswith(WORKSPACES),
        **more,
    )
