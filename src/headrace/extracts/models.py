"""Extracts."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId, CreatedAt


class Extract(Base):
    """A template applied to one account, on a schedule, into a data table.

    fields: names of the fields to read, dynamic ones among them, in order.
    settings: the report's custom settings by name.
    sync_historical_data: the first day of the history to read; None for reports without days.
    bad_values: what becomes of values that are not what their column says.
    """

    __tablename__ = "extract"
    __table_args__ = (
        Index("ix_extract_list", "workspace_id", "id"),
        Index("ix_extract_connection_id", "connection_id"),
        Index("ix_extract_data_table_id", "data_table_id"),
        Index("ix_extract_account_id", "account_id"),
    )

    id: Mapped[BigId]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    data_table_id: Mapped[int] = mapped_column(ForeignKey("data_table.id"))
    template_id: Mapped[int] = mapped_column(ForeignKey("extract_template.id"))
    title: Mapped[str]
    fields: Mapped[list[str]]
    settings: Mapped[dict[str, Any]]
    sync_historical_data: Mapped[date | None]
    bad_values: Mapped[str]
    is_paused: Mapped[bool] = mapped_column(default=False)
    last_sync: Mapped[datetime | None]
    error_text: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )
