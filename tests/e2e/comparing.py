"""What tables, destinations and the network hold, in a form that can be compared."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow.parquet as pq

from fakes.api_callers import RemoteWorkspace
from fakes.held_network import HeldNetwork
from headrace.client import models

MEASURES = ("impressions", "clicks", "spend", "conversions", "revenue")
Sums = tuple[Decimal, ...]
"""How many rows, how many different ads and days, and the sums of `MEASURES`."""

_WANTED = ", ".join(
    [
        "count(*)",
        "count(DISTINCT (ad_id, date))",
        *(f"coalesce(sum({each}), 0)" for each in MEASURES),
    ]
)


def days_ago(days: int) -> str:
    """A day of the calendar, in UTC."""
    return str(datetime.now(UTC).date() - timedelta(days=days))


def sums_of(rows: Iterable[dict[str, Any]]) -> Sums:
    """Add up rows of ads by day."""
    listed = list(rows)
    measures = (sum((Decimal(str(row[name])) for row in listed), Decimal(0)) for name in MEASURES)
    keys = {(row["ad_id"], row["date"]) for row in listed}
    return (Decimal(len(listed)), Decimal(len(keys)), *measures)


def sums_in_table(workspace: RemoteWorkspace, extract: models.Extract) -> Sums:
    """What an extract's data table holds."""
    return sums_of(workspace.rows(extract))


def sums_at_network(
    network: HeldNetwork, workspace: RemoteWorkspace, extract: models.Extract
) -> Sums:
    """What the network says of the days that the data table covers."""
    (account,) = workspace.api.get_coverage(extract.data_table.id)
    first = min(str(each.date_from) for each in account.ranges)
    last = max(str(each.date_to) for each in account.ranges)
    totals = network.totals(account.account_id, first, last, "ad")
    rows = Decimal(totals["rows"])
    return (rows, rows, *(Decimal(totals[name]) for name in MEASURES))


def sums_in_postgres(url: str, table: str) -> Sums:
    """What a table of a PostgreSQL database holds."""
    with psycopg.connect(url) as connection:
        row = connection.execute(f'SELECT {_WANTED} FROM "{table}"').fetchone()
    assert row is not None
    return tuple(Decimal(value) for value in row)


def sums_in_duckdb(file: Path, table: str) -> Sums:
    """What a table of a DuckDB file holds."""
    with duckdb.connect(str(file), read_only=True) as connection:
        row = connection.execute(f'SELECT {_WANTED} FROM "{table}"').fetchone()
    assert row is not None
    return tuple(Decimal(str(value)) for value in row)


def sums_in_parquet(file: Path) -> Sums:
    """What a Parquet file holds."""
    return sums_of(pq.read_table(file).to_pylist())
