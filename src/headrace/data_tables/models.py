"""Data tables and their fields."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId, CreatedAt


class DataTable(Base):
    """A table that extracts of one report fill, and loads deliver.

    date_field: the field that holds each row's day, or None for tables without days; fixed.
    freshness: when the newest successful extraction into it ended.
    """

    __tablename__ = "data_table"
    __table_args__ = (
        UniqueConstraint("workspace_id", "sql_name"),
        UniqueConstraint("workspace_id", "title"),
        Index("ix_data_table_list", "workspace_id", "id"),
    )

    id: Mapped[BigId]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    title: Mapped[str]
    datasource_name: Mapped[str]
    report: Mapped[str]
    data_class: Mapped[str]
    sql_name: Mapped[str]
    date_field: Mapped[str | None]
    auto_extract_new_accounts: Mapped[bool] = mapped_column(default=False)
    freshness: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )


class DataTableField(Base):
    """A column of a data table.

    name: the vendor's own name, and the column's name in files, unless `is_system`.
    type: a `kit.columns.ColumnType`; it only ever widens.
    """

    __tablename__ = "data_table_field"
    __table_args__ = (
        UniqueConstraint("data_table_id", "is_system", "name"),
        UniqueConstraint("data_table_id", "sql_name"),
    )

    id: Mapped[BigId]
    data_table_id: Mapped[int] = mapped_column(ForeignKey("data_table.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str]
    title: Mapped[str]
    kind: Mapped[str]
    type: Mapped[str]
    sql_name: Mapped[str]
    format: Mapped[str | None]
    is_dynamic: Mapped[bool] = mapped_column(default=False)
    is_selected: Mapped[bool] = mapped_column(default=True)
    is_system: Mapped[bool] = mapped_column(default=False)
