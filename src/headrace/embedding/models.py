"""What was asked for when an iframe's URL was minted."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, CreatedAt


class EmbedFrame(Base):
    """One iframe: from the minting of its URL to the end of its session.

    credential: first the code of its URL, then the session it was exchanged for; the frame ends
        with it, so that whatever ends tokens (a new password, expiry, a lost workspace) ends frames.
    origin: the page that may show it and gets its messages; None: no page may.
    """

    __tablename__ = "embed_frame"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    credential: Mapped[str] = mapped_column(
        ForeignKey("access_token.digest", ondelete="CASCADE", onupdate="CASCADE"), unique=True
    )
    purpose: Mapped[str]
    datasource_name: Mapped[str | None]
    destination_name: Mapped[str | None]
    connection_id: Mapped[int | None] = mapped_column(
        ForeignKey("connection.id", ondelete="CASCADE"), index=True
    )
    destination_connection_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("destination_connection.id", ondelete="CASCADE"), index=True
    )
    origin: Mapped[str | None]
    return_url: Mapped[str | None]
    theme: Mapped[str]
    lang: Mapped[str | None]
    opened_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
