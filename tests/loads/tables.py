"""A data table of a workspace, filled without a source: rows as (day, ad, clicks)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from fakes.callers import WorkspaceFake
from headrace.access.authentication import server_scope
from headrace.connectors.contract import Field, FieldKind
from headrace.data_tables import service as data_tables
from headrace.data_tables.service import NewTable
from headrace.db.engine import transaction
from headrace.kit.columns import ARROW_TYPES, ColumnType
from headrace.kit.days import DayRange
from headrace.loads import service as loads
from headrace.table_store import SegmentState, drop_segments, replace_window

Row = tuple[int, str, int]
START = date(2026, 1, 1)
FIELDS = (
    Field("date_start", "Day", FieldKind.DATE_KEY, ColumnType.DATE),
    Field("ad_id", "Ad", FieldKind.DIMENSION, ColumnType.STRING),
    Field("clicks", "Clicks", FieldKind.METRIC, ColumnType.INTEGER),
    Field("spend", "Spend", FieldKind.METRIC, ColumnType.DECIMAL),
)


def day(number: int) -> date:
    """The day of that number, the first being 0."""
    return START + timedelta(days=number)


def days(first: int, last: int) -> DayRange:
    """The days of these numbers, both included."""
    return DayRange(day(first), day(last))


@dataclass
class FilledTable:
    """One data table; every file of it has an insert date of its own."""

    workspace: WorkspaceFake
    id: int
    sql_name: str
    is_dated: bool = True
    inserted_at: datetime = field(default=datetime(2026, 3, 1, tzinfo=UTC))

    @classmethod
    def create(
        cls, workspace: WorkspaceFake, title: str = "Ads", *, is_dated: bool = True
    ) -> "FilledTable":
        new = NewTable(
            title=title,
            sql_name=title,
            datasource_name="demo_ads",
            report="ads",
            data_class="daily",
            date_field="date_start" if is_dated else None,
        )
        with transaction(workspace.resources.sessions) as session:
            scope = server_scope(session, workspace.id)
            table, _ = data_tables.find_or_create(session, scope, new, FIELDS)
            return cls(workspace, table.id, table.sql_name, is_dated)

    def fill(self, window: DayRange | None, rows: Sequence[Row], account: str = "one") -> None:
        """Make these rows the account's in some days, as an extraction does."""
        self.inserted_at += timedelta(hours=1)
        resources = self.workspace.resources
        with resources.lake.new_file(
            workspace_id=self.workspace.id,
            table_id=self.id,
            account_id=account,
            account_name=f"Account {account}",
            inserted_at=self.inserted_at,
            date_field="date_start" if self.is_dated else None,
        ) as writer:
            writer.write(_batch(rows))
            staged = writer.finish()
        with transaction(resources.sessions) as session:
            replace_window(
                session,
                table_id=self.id,
                workspace_id=self.workspace.id,
                account_id=account,
                days=window,
                staged=staged,
                run_id=None,
                state=SegmentState.FINAL,
            )

    def drop(self, account: str) -> None:
        """Remove an account's rows altogether."""
        with transaction(self.workspace.resources.sessions) as session:
            drop_segments(session, self.id, account)

    def add_field(self, name: str) -> None:
        """Let the table have one more column, which older files lack."""
        added = Field(name, name, FieldKind.METRIC, ColumnType.INTEGER)
        with transaction(self.workspace.resources.sessions) as session:
            scope = server_scope(session, self.workspace.id)
            data_tables.grow(session, scope, self.id, [added])

    def announce(self) -> None:
        """Say that an extraction has ended, as extracts do."""
        with transaction(self.workspace.resources.sessions) as session:
            loads.start_runs_for(session, server_scope(session, self.workspace.id), self.id)

    def make_loads(self) -> None:
        """Say that the table is new, as extracts do."""
        with transaction(self.workspace.resources.sessions) as session:
            loads.create_for_new_table(session, server_scope(session, self.workspace.id), self.id)


def _batch(rows: Sequence[Row]) -> Any:
    return pa.record_batch(
        {
            "date_start": pa.array([day(row[0]) for row in rows], ARROW_TYPES[ColumnType.DATE]),
            "ad_id": pa.array([row[1] for row in rows], pa.string()),
            "clicks": pa.array([row[2] for row in rows], pa.int64()),
            "spend": pa.array(
                [Decimal(row[2]) / 4 for row in rows], ARROW_TYPES[ColumnType.DECIMAL]
            ),
        }
    )


# What a destination holds.

SHOWN = ("account_id", "date_start", "ad_id", "clicks")


def rows(account: str, *given: Row) -> Counter[Any]:
    """What a destination holds of these rows."""
    return Counter((account, day(number), ad, clicks) for number, ad, clicks in given)


def all_rows() -> Counter[Any]:
    """The rows of the fixture `table`."""
    numbers = range(10)
    one = rows("one", *((n, "x", n) for n in numbers))
    return one + rows("two", *((n, "y", n) for n in numbers))


def without(held: Counter[Any], account: str, first: int, last: int) -> Counter[Any]:
    """The rows that are not of the account and days."""
    kept = days(first, last)
    return Counter(
        {
            row: count
            for row, count in held.items()
            if row[0] != account or not kept.first <= row[1] <= kept.last
        }
    )
