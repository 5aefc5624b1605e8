"""All SQL of iframes."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from headrace.embedding.models import EmbedFrame
from headrace.tenancy.scope import WorkspaceScope, owned


def frame_of(session: Session, scope: WorkspaceScope, credential: str) -> EmbedFrame | None:
    """Return the frame that a credential stands for, by the credential's digest."""
    return session.scalar(owned(EmbedFrame, scope).where(EmbedFrame.credential == credential))


def origin_of_frame(session: Session, frame_id: UUID) -> str | None:
    """Return the page that may show a frame; None for no page, or for a frame that is not there."""
    return session.scalar(select(EmbedFrame.origin).where(EmbedFrame.id == frame_id))


def frame_named(session: Session, frame_id: UUID) -> EmbedFrame | None:
    """Return a frame by its id, before anybody has proven anything: who may show it hangs on it."""
    return session.get(EmbedFrame, frame_id)
