"""Who made a connection, and through which external authentication link (contract 4.8)."""

from uuid import UUID

from sqlalchemy.orm import Session

from headrace.connections import service
from headrace.tenancy.scope import WorkspaceScope


def record_link(session: Session, scope: WorkspaceScope, connection_id: int, link_id: UUID) -> None:
    """Record at a connection the link that its present credentials came through.

    Raises:
        NotFound: if the workspace has no such connection.
    """
    service.held(session, scope, connection_id).external_auth_link_id = link_id
    session.flush()
