"""Bodies of data tables."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from headrace.connectors.contract import DataClass, FieldKind
from headrace.data_tables.drift import Change, SchemaPolicy
from headrace.kit.columns import ColumnType, FieldType


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
    schema_policy: SchemaPolicy
    fields: list[TableFieldOut]


class DataTableIn(BaseModel):
    """Which fields every load of the table delivers: the whole list."""

    selected_fields: list[str] | None = Field(None, max_length=5000)
    title: str | None = Field(None, min_length=1, max_length=255)
    auto_extract_new_accounts: bool | None = None
    schema_policy: SchemaPolicy | None = Field(
        None,
        description="What becomes of columns that a source changes by itself. `evolve`: the table "
        "takes new columns and wider types. `freeze`: it stays as it is; new columns are left out, "
        "values that no longer fit are treated as the extract's `bad_values` says. `fail`: the run "
        "is refused before anything is stored. An extension.",
    )


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
    """Days of which one thing is known; without dates for tables that have no days."""

    date_from: date | None
    date_to: date | None
    state: Literal["final", "provisional", "empty", "failed"] = Field(
        description="`failed`: the run that was to read them failed for good, and none has since."
    )
    kept: Literal["final", "provisional", "empty"] | None = Field(
        description="Where they failed, what an earlier run had read there, which stays."
    )
    run_id: int | None = Field(description="The run that failed, or was told of no rows.")
    is_doubted: bool = Field(
        description="The source suddenly answered without rows; they are kept, and it is asked again."
    )


class AccountCoverage(BaseModel):
    """What is known of the days of an account; days that no range names were never read."""

    account_id: str
    ranges: list[CoverageRange]


class AccountFreshnessOut(BaseModel):
    """How fresh an account of a data table is; days are those of the account's time zone."""

    account_id: str
    account_name: str | None
    is_extracted: bool = Field(description="Whether an extract still reads it into the table.")
    wanted_from: date | None = Field(description="First day of the history to read.")
    newest_final_day: date | None = Field(description="The newest day that was read for good.")
    newest_read_day: date | None
    newest_day_with_rows: date | None
    last_sync: datetime | None = Field(description="When a run of it last ended well.")
    oldest_unsynced_day: date | None = Field(
        description="First wanted day, up to yesterday, that was never read; null: none is missing."
    )
    oldest_failed_day: date | None = Field(
        description="First day whose run failed for good, and that was not read since."
    )
    failed_run_id: int | None
    is_doubted: bool
    age_days: int | None = Field(
        description="Days from the newest day read to yesterday: 0 where nothing newer can be read."
    )


class SchemaChangeOut(BaseModel):
    """A change of a data table's columns, found by a read or made by a person."""

    id: int
    created_at: datetime
    run_id: int | None = Field(description="The run whose read found it; null: a person made it.")
    account_id: str | None
    column: str = Field(examples=["spend"])
    change: Change = Field(
        description="A column that was renamed was dropped, and another one was added."
    )
    type_before: ColumnType | None
    type_after: ColumnType | None
    is_taken: bool = Field(
        description="Whether the table went along; if not, it was left out or ended the run."
    )
