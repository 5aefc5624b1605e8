"""A small data table for tests: rows as (day, text, amount), written and read by the public API."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from sqlalchemy.orm import Session, sessionmaker

from headrace.db.engine import transaction
from headrace.kit.columns import ARROW_TYPES, ColumnType
from headrace.kit.days import DayRange
from headrace.table_store import (
    Lake,
    Replaced,
    Segment,
    SegmentState,
    StagedFile,
    TableColumn,
    live_segments,
    replace_window,
    scan,
)
from headrace.table_store.writing import BUFFER_BYTES

Row = tuple[date, str, Decimal]
START = date(2026, 1, 1)
COLUMNS = (
    TableColumn("date_start", "date", ColumnType.DATE),
    TableColumn("ad_id", "ad", ColumnType.STRING),
    TableColumn("spend", "spend", ColumnType.DECIMAL),
    TableColumn("__account_id", "account_id", ColumnType.STRING),
)


def day(number: int) -> date:
    """The day of that number, the first being 0."""
    return START + timedelta(days=number)


def days(first: int, last: int) -> DayRange:
    """The days of these numbers, both included."""
    return DayRange(day(first), day(last))


def rows_of(numbers: Iterable[int], text: str = "ad", spend: str = "1.5") -> list[Row]:
    """One row for each day of these numbers."""
    return [(day(number), text, Decimal(spend)) for number in numbers]


def batch_of(rows: Sequence[Row]) -> Any:
    """Rows as the record batch a connector would yield."""
    dates, texts, spends = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.record_batch(
        {
            "date_start": pa.array(dates, ARROW_TYPES[ColumnType.DATE]),
            "ad_id": pa.array(texts, ARROW_TYPES[ColumnType.STRING]),
            "spend": pa.array(spends, ARROW_TYPES[ColumnType.DECIMAL]),
        }
    )


@dataclass
class SmallTable:
    """One data table in a lake and a database."""

    lake: Lake
    sessions: sessionmaker[Session]
    table_id: int = 7
    workspace_id: int = 3

    def stage(
        self,
        account: str,
        batches: Iterable[Any],
        date_field: str | None = "date_start",
        buffer_bytes: int = BUFFER_BYTES,
    ) -> StagedFile | None:
        """Write one file."""
        with self.lake.new_file(
            workspace_id=self.workspace_id,
            table_id=self.table_id,
            account_id=account,
            account_name=f"Account {account}",
            inserted_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
            date_field=date_field,
            buffer_bytes=buffer_bytes,
        ) as writer:
            for batch in batches:
                writer.write(batch)
            return writer.finish()

    def replace(
        self,
        account: str,
        window: DayRange | None,
        rows: Sequence[Row],
        state: SegmentState = SegmentState.FINAL,
    ) -> Replaced:
        """Stage rows and make them the window's, in one transaction."""
        staged = self.stage(account, [batch_of(rows)])
        with transaction(self.sessions) as session:
            return self.replace_in(session, account, window, staged, state)

    def replace_in(
        self,
        session: Session,
        account: str,
        window: DayRange | None,
        staged: StagedFile | None,
        state: SegmentState = SegmentState.FINAL,
    ) -> Replaced:
        """Make a staged file the window's rows, in an open transaction."""
        return replace_window(
            session,
            table_id=self.table_id,
            workspace_id=self.workspace_id,
            account_id=account,
            days=window,
            staged=staged,
            run_id=None,
            state=state,
        )

    def live(self, accounts: list[str] | None = None) -> list[Segment]:
        """The live segments."""
        with self.sessions() as session:
            return live_segments(session, self.table_id, accounts)

    def read(
        self, segments: list[Segment] | None = None, window: DayRange | None = None
    ) -> Counter[Any]:
        """Count each row: (account, date, text, spend)."""
        found: Counter[Any] = Counter()
        chosen = self.live() if segments is None else segments
        for batch in scan(self.lake, chosen, COLUMNS, date_field="date_start", days=window):
            columns = batch.to_pydict()
            found.update(
                zip(
                    columns["account_id"],
                    columns["date"],
                    columns["ad"],
                    columns["spend"],
                    strict=True,
                )
            )
        return found


def counted(account: str, rows: Iterable[Row]) -> Counter[Any]:
    """What `SmallTable.read` gives for these rows."""
    return Counter((account, *row) for row in rows)
