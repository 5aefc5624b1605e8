"""Bodies of data tables."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from headrace.connectors.contract import DataClass, FieldKind
from headrace.kit.columns import FieldType


class DataTableOut(BaseModel):
    """A table that extracts fill and loads deliver."""

    id: int
    title: str
    datasource_name: str


class TableFieldOut(BaseModel):
    """A column of a data table."""

    kind: FieldKind
    title: str
    name: str
    sql_name: str
    field_type: FieldType
    format: str | None
    is_dynamic: bool
    is_selected: bool
    is_system: bool


class DataTableDetail(DataTableOut):
    """A data table with its whole schema, system fields among it."""

    freshness: datetime | None
    report_type: str
    data_class: DataClass
    workspace: int
    sql_name: str
    auto_extract_new_accounts: bool
    fields: list[TableFieldOut]


class DataTableIn(BaseModel):
    """Which fields every load of the table delivers: the whole list."""

    selected_fields: list[str] | None = Field(None, max_length=5000)
    title: str | None = Field(None, min_length=1, max_length=255)
    auto_extract_new_accounts: bool | None = None


class ColumnOut(BaseModel):
    """A column of a page of rows."""

    name: str
    title: str
    type: FieldType


class RowsOut(BaseModel):
    """A page of a data table's rows; decimals are text, so that no digit is lost."""

    columns: list[ColumnOut]
    rows: list[dict[str, Any]] = Field(
        examples=[[{"account_id": "1180230942", "date_start": "2026-05-01", "spend": "12.5"}]]
    )
    count: int = Field(description="Rows in the whole table.")


class CoverageRange(BaseModel):
    """Days read with one outcome; without dates for tables that have no days."""

    date_from: date | None
    date_to: date | None
    state: Literal["final", "provisional", "empty"]


class AccountCoverage(BaseModel):
    """Which days of an account were read; days that no range names never were."""

    account_id: str
    ranges: list[CoverageRange]
