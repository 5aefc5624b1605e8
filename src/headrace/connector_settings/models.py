"""What an agency set for a connector."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, CreatedAt


class ConnectorSettings(Base):
    """The OAuth client under which an agency's customers authorise a data source.

    client_secret: sealed; it is never shown again.
    """

    __tablename__ = "connector_settings"
    __table_args__ = (UniqueConstraint("agency_id", "datasource_name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id", ondelete="CASCADE"))
    datasource_name: Mapped[str]
    client_id: Mapped[str]
    client_secret: Mapped[str] = mapped_column(info={"secret": True})
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )
