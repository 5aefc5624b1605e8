"""All SQL of iframes."""

from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from headrace.embedding.models import EmbedFrame
from headrace.tenancy.models import Workspace
from headrace.tenancy.scope import WorkspaceScope, owned


def frame_of(session: Session, scope: WorkspaceScope, credential: str) -> EmbedFrame | None:
    """Return the frame that a credential stands for, by the credential's digest."""
    return session.scalar(owned(EmbedFrame, scope).where(EmbedFrame.credential == credential))


def frame_named(session: Session, frame_id: UUID) -> Row[EmbedFrame, int] | None:
    """Return a frame and its agency, by its id, before anybody has proven anything.

    Who may show a page hangs on it, that of a refusal too.
    """
    return session.execute(
        select(EmbedFrame, Workspace.agency_id)
        .join(Workspace, Workspace.id == EmbedFrame.workspace_id)
        .where(EmbedFrame.id == frame_id)
    ).one_or_none()
