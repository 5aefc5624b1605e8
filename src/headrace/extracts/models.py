"""Extracts."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId, CreatedAt, KeepsError


class Extract(KeepsError, Base):
    """A template applied to one account, on a schedule, into a data table.

    fields: names of the fields to read, dynamic ones among them, in order.
    settings: the report's custom settings by name.
    hashed_fields: fields whose values are digested before anything is stored, the template's own
        among them, whether or not they are read now.
    custom_filters: what rows must be like to be stored, as the client gave it.
    sync_historical_data: the first day of the history to read; None for reports without days.
    bad_values: what becomes of values that are not what their column says.
    """

    __tablename__ = "extract"
    __table_args__ = (
        Index("ix_extract_list", "workspace_id", "id"),
        Index("ix_extract_connection_id", "connection_id"),
        # Two extracts of one account in one table would replace each other's rows for ever.
        UniqueConstraint("data_table_id", "account_id", name="uq_extract_account"),
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
    hashed_fields: Mapped[list[str]] = mapped_column(
        default=list, server_default=text("'[]'::jsonb")
    )
    custom_filters: Mapped[list[Any]] = mapped_column(
        default=list, server_default=text("'[]'::jsonb")
    )
    sync_historical_data: Mapped[date | None]
    bad_values: Mapped[str]
    is_paused: Mapped[bool] = mapped_column(default=False)
    last_sync: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )


class ExtractTally(Base):
    """A part of how many extracts a workspace has: the sum of its rows is their number.

    To count a hundred thousand rows for every page of a list costs more than the page. One row for
    each workspace would make those who create extracts at the same time wait for each other.
    """

    __tablename__ = "extract_tally"
    __table_args__ = (Index("ix_extract_tally_workspace_id", "workspace_id"),)

    id: Mapped[BigId]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    change: Mapped[int]
