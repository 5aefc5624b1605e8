"""Who acts on a page: from where the page is mounted, and the credential that belongs there."""

from fastapi import Request
from sqlalchemy.orm import Session

from headrace.access import authentication
from headrace.access.authentication import AccessKit
from headrace.access.embed_cookies import PATH_NAME
from headrace.rest.errors import NotFound
from headrace.rest.ids import IDS_END
from headrace.tenancy.scope import AgencyScope, WorkspaceScope

WORKSPACE_NAME = "workspace_id"
"""The parameter of a page's path that names its workspace, for users who signed in."""


def workspace_page_scope(request: Request, session: Session, kit: AccessKit) -> WorkspaceScope:
    """Prove who acts on a page of a workspace: an iframe's session, or a user who signed in.

    Raises:
        NotFound: if the path's number cannot be a workspace's.
        AppError: as `authentication.workspace_scope` and `signed_in_scope` do.
    """
    if PATH_NAME in request.path_params:
        return authentication.workspace_scope(request, session, kit)
    workspace_id = int(request.path_params[WORKSPACE_NAME])
    if not 0 < workspace_id < IDS_END:
        raise NotFound("Workspace")
    return authentication.signed_in_scope(request, session, kit, workspace_id)


def agency_page_scope(request: Request, session: Session, kit: AccessKit) -> AgencyScope:
    """Prove who acts on a page of the agency's console; raises as `signed_in_user` does."""
    return authentication.signed_in_agency_scope(request, session, kit)


def chief_page_scope(request: Request, session: Session, kit: AccessKit) -> AgencyScope:
    """Prove that the agency's chief acts on a page of its console.

    Raises:
        ChiefRequired: if it is another user. Beside it as `signed_in_user` does.
    """
    return authentication.signed_in_chief_scope(request, session, kit)
