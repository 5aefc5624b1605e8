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
    frame, agency_id = found
    return Frame(
        id=frame.id,
        agency_id=agency_id,
        workspace_id=frame.workspace_id,
        credential=frame.credential,
        purpose=frame.purpose,
        datasource_name=frame.datasource_name,
        destination_name=frame.destination_name,
        connection_id=frame.connection_id,
        destination_connection_id=frame.destination_connection_id,
        origin=frame.origin,
        return_url=frame.return_url,
        theme=frame.theme,
        lang=frame.lang,
    )
