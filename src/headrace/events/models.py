"""Events, which never change, and the outbox of those that nobody has taken up yet."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId, CreatedAt


class Event(Base):
    """Something that happened in a workspace.

    uid: the id that receivers see, 32 upper-case hexadecimal digits.
    body: the very text that is sent: written once, so that every attempt has the same bytes.
    is_test: whether somebody asked for it, to see that it arrives.
    """

    __tablename__ = "event"
    __table_args__ = (
        # What is made of an event refers to both: the database refuses to cross workspaces.
        UniqueConstraint("workspace_id", "id"),
        Index("ix_event_created_at", "created_at"),
    )

    id: Mapped[BigId]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    uid: Mapped[str]
    type: Mapped[str]
    body: Mapped[str]
    is_test: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[CreatedAt]


class EventOutbox(Base):
    """An event of which no deliveries have been made yet. Taken away as they are made."""

    __tablename__ = "event_outbox"

    event_id: Mapped[int] = mapped_column(
        ForeignKey("event.id", ondelete="CASCADE"), primary_key=True
    )
