"""Data tables and their fields."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from headrace.data_tables.drift import SchemaPolicy
from headrace.db.base import Base, BigId, CreatedAt


class DataTable(Base):
    """A table that extracts of one report fill, and loads deliver.

    date_field: the field that holds each row's day, or None for tables without days; fixed.
    freshness: when the newest successful extraction into it ended.
    schema_policy: a `SchemaPolicy`.
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
    schema_policy: Mapped[str] = mapped_column(
        default=SchemaPolicy.EVOLVE, server_default=text("'evolve'")
    )
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


class TableAccount(Base):
    """One account of a data table: what is wanted of it, and when a run of it last ended well.

    account_id: the account's id at its platform, as rows and segments have it.
    timezone: the zone that decides what a day is. wanted_from: the first day of the history to read,
    None without days. columns: the columns that its last read gave, by name, with their types; None
    where none was read. is_extracted: false once nothing reads it any more; its rows stay.
    """

    __tablename__ = "data_table_account"
    __table_args__ = (
        UniqueConstraint("data_table_id", "account_id"),
        Index("ix_data_table_account_workspace_id", "workspace_id"),
    )

    id: Mapped[BigId]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    data_table_id: Mapped[int] = mapped_column(ForeignKey("data_table.id", ondelete="CASCADE"))
    account_id: Mapped[str]
    account_name: Mapped[str]
    timezone: Mapped[str] = mapped_column(server_default=text("'UTC'"))
    wanted_from: Mapped[date | None]
    last_sync: Mapped[datetime | None]
    columns: Mapped[dict[str, Any] | None]
    is_extracted: Mapped[bool] = mapped_column(default=True, server_default=text("true"))


class SchemaChange(Base):
    """A change of a data table's columns: of its source's, or by a person.

    change: a `drift.Change`. run_id, account_id: the read that found it; None for a person's.
    is_taken: whether the table took it; what it did not take was left out, or ended the run.
    """

    __tablename__ = "schema_change"
    __table_args__ = (Index("ix_schema_change_list", "data_table_id", "id"),)

    id: Mapped[BigId]
    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    data_table_id: Mapped[int] = mapped_column(ForeignKey("data_table.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
    run_id: Mapped[int | None]
    account_id: Mapped[str | None]
    column: Mapped[str]
    change: Mapped[str]
    type_before: Mapped[str | None]
    type_after: Mapped[str | None]
    is_taken: Mapped[bool]
