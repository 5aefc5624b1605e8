"""Loads, and what each of them has delivered."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from headrace.data_tables.models import DataTable
from headrace.db.base import Base, BigId, CreatedAt, KeepsError
from headrace.destinations.models import DestinationConnection


class RunPolicy(StrEnum):
    """What makes a load run by itself."""

    AFTER_EXTRACTION = "after_extraction"
    SCHEDULE = "schedule"
    MANUAL = "manual"


class Load(KeepsError, Base):
    """The delivery of a data table into a table of a destination.

    load_mode: None follows the destination connection.
    load_from: rows of days before it are never delivered; None delivers all.
    delivered_place: the `place` of the destination connection that `DeliveredSlice` rows speak of.
    delivered_shape: mode and columns of the delivered table; None before there is one, or when it
        is to be written wholly anew.
    runs_again: whether a run of all changes was asked for while one of some days waited; it follows.
    last_update, uploaded_rows_count, error_text: the end of the last run, its rows, its failure.
    """

    __tablename__ = "load"
    __table_args__ = (
        # Some destinations do not tell names apart by case; two loads must never share a table.
        Index(
            "uq_load_destination_table",
            "destination_connection_id",
            text("lower(destination_table)"),
            unique=True,
        ),
        Index("ix_load_list", "workspace_id", "id"),
        Index("ix_load_data_table_id", "data_table_id"),
    )

    id: Mapped[BigId]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    data_table_id: Mapped[int] = mapped_column(ForeignKey(DataTable.id, ondelete="CASCADE"))
    destination_connection_id: Mapped[UUID] = mapped_column(
        ForeignKey(DestinationConnection.id, ondelete="CASCADE")
    )
    destination_table: Mapped[str]
    run_policy: Mapped[str] = mapped_column(default=RunPolicy.AFTER_EXTRACTION)
    load_mode: Mapped[str | None]
    load_from: Mapped[date | None]
    is_paused: Mapped[bool] = mapped_column(default=False)
    delivered_place: Mapped[str | None]
    delivered_shape: Mapped[dict[str, Any] | None]
    runs_again: Mapped[bool] = mapped_column(default=False)
    last_update: Mapped[datetime | None]
    uploaded_rows_count: Mapped[int | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )


class DeliveredSlice(Base):
    """Some days of an account (no days: all of it) that a load delivered, and from which file.

    Without a path the days are at the destination and are to be written again. Slices of one
    account of a load never overlap.
    """

    __tablename__ = "load_slice"
    __table_args__ = (
        CheckConstraint("(first_day IS NULL) = (last_day IS NULL)", name="both_days"),
        CheckConstraint("first_day <= last_day", name="days_in_order"),
        Index("ix_load_slice_days", "load_id", "account_id", "first_day"),
    )

    id: Mapped[BigId]
    load_id: Mapped[int] = mapped_column(ForeignKey(Load.id, ondelete="CASCADE"))
    account_id: Mapped[str]
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    path: Mapped[str | None]
