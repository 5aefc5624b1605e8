"""Destination connections."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, CreatedAt, KeepsError


class DestinationStatus(StrEnum):
    """Whether a destination can be written to; INITIALIZING while a check is under way."""

    INITIALIZING = "initializing"
    ACTIVE = "active"
    ERROR = "error"


class DestinationConnection(KeepsError, Base):
    """A customer's database, bucket or folder that loads deliver to.

    params: everything the form asked for, sealed as one object; secrets leave it for loaders alone.
    place: digest of the parameters that are no secret: two connections with the same one lead to
        the same place, in whatever workspace.
    load_mode: how loads treat rows already delivered unless they say otherwise.
    """

    __tablename__ = "destination_connection"
    __table_args__ = (
        Index("ix_destination_connection_list", "workspace_id", "destination_name", "created_at"),
        Index("ix_destination_connection_place", "place"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    destination_name: Mapped[str]
    title: Mapped[str]
    params: Mapped[str] = mapped_column(info={"secret": True})
    place: Mapped[str]
    load_mode: Mapped[str]
    status: Mapped[str] = mapped_column(default=DestinationStatus.INITIALIZING)
    is_editable: Mapped[bool] = mapped_column(default=True)
    create_load_for_new_tables: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )
