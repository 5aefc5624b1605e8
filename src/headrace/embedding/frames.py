"""The iframe that a page is shown in, as the kit of pages wants to know it."""

from uuid import UUID

from sqlalchemy.orm import Session

from headrace.embedding import queries
from headrace.pages.visits import Frame


def frame_of(session: Session, frame_id: UUID) -> Frame | None:
    """Return an iframe by its session's id; None if there is none (any more)."""
    found = queries.frame_named(session, frame_id)
    if found is None:
        return None
    return Frame(
        id=found.id,
        workspace_id=found.workspace_id,
        credential=found.credential,
        purpose=found.purpose,
        datasource_name=found.datasource_name,
        destination_name=found.destination_name,
        connection_id=found.connection_id,
        destination_connection_id=found.destination_connection_id,
        origin=found.origin,
        return_url=found.return_url,
        theme=found.theme,
        lang=found.lang,
    )
