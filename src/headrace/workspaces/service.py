"""The rules of workspaces."""

from sqlalchemy.orm import Session

from headrace.rest.errors import NotFound
from headrace.tenancy.models import Workspace
from headrace.tenancy.scope import AgencyScope
from headrace.workspaces import queries
from headrace.workspaces.errors import TooManyWorkspaces, WorkspaceTitleTaken
from headrace.workspaces.schemas import WorkspaceIn


def create(session: Session, scope: AgencyScope, body: WorkspaceIn, at_most: int = 0) -> Workspace:
    """Create a workspace of the caller's agency, which may have `at_most` (0: any number).

    Raises:
        WorkspaceTitleTaken: if the agency has one of that title.
        TooManyWorkspaces: if it has as many as it may.
    """
    if at_most and queries.count_held(session, scope.agency_id) >= at_most:
        raise TooManyWorkspaces(at_most)
    _claim_title(session, scope, body.title)
    workspace = Workspace(agency_id=scope.agency_id, title=body.title, description=body.description)
    session.add(workspace)
    session.flush()
    return workspace


def get(session: Session, scope: AgencyScope, workspace_id: int) -> Workspace:
    """Return a workspace of the caller's agency.

    Raises:
        NotFound: if there is none of that id.
    """
    workspace = queries.workspace(session, scope, workspace_id)
    if workspace is None:
        raise NotFound("Workspace")
    return workspace


def update(session: Session, scope: AgencyScope, workspace_id: int, body: WorkspaceIn) -> Workspace:
    """Change a workspace's title and description.

    Raises:
        NotFound, WorkspaceTitleTaken: as `get` and `create` do.
    """
    workspace = get(session, scope, workspace_id)
    if body.title != workspace.title:
        _claim_title(session, scope, body.title)
    workspace.title = body.title
    workspace.description = body.description
    session.flush()
    session.refresh(workspace)
    return workspace


def _claim_title(session: Session, scope: AgencyScope, title: str) -> None:
    if queries.id_of_title(session, scope.agency_id, title) is not None:
        raise WorkspaceTitleTaken(title)
