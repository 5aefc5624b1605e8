"""Adding up the figures of paid media over data tables: one bounded statement reads each row once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from threading import BoundedSemaphore
from typing import Any

import duckdb
import pyarrow as pa

from headrace.connectors.paid_media import PAID_MEDIA_COLUMNS
from headrace.dashboards.errors import TooMuchToAdd
from headrace.dashboards.feeding import FIGURES, FedAccount, Share
from headrace.dashboards.metrics import Sums
from headrace.kit.closed_sql import SQL_TYPES, quoted
from headrace.kit.columns import ColumnType
from headrace.kit.days import DayRange
from headrace.recipes.expressions import literal
from headrace.table_store import Lake, TableColumn, TableRows, query
from headrace.table_store.writing import ACCOUNT_ID_FIELD

_MEMORY_LIMIT = "256MB"
_TURN_SECONDS = 20.0
# Beside each other, not in a queue of threads: each statement uses two cores for its moment.
_TURNS = BoundedSemaphore(2)
_ALL = "all_rows"
NO_CURRENCY = "XXX"
"""ISO 4217's code for what is of no currency: here, of one that no platform told."""
_ACCOUNT = TableColumn(ACCOUNT_ID_FIELD, "account_id", ColumnType.STRING)


@dataclass(frozen=True)
class Added:
    """Sums over the days asked for.

    by_day: by (currency, day). campaigns: an Arrow table of currency, channel, account_id,
    campaign_id, campaign_name (the newest one) and sums; a campaign is its platform's within an
    account.
    """

    by_day: Mapping[tuple[str, date], Sums]
    campaigns: Any

    @cached_property
    def currencies(self) -> list[str]:
        """The currencies there are figures in, that of the largest sum first."""
        spent: dict[str, Decimal] = {}
        for (currency, _), sums in self.by_day.items():
            spent[currency] = spent.get(currency, Decimal(0)) + sums.spend
        return sorted(spent, key=lambda one: (-spent[one], one))


def added_up(
    lake: Lake,
    shares: Sequence[Share],
    accounts: Mapping[tuple[str, str], FedAccount],
    days: DayRange,
    seconds: float,
) -> Added:
    """Add up what tables hold of some days.

    accounts: by channel and id; they tell the currency where rows do not.

    Raises:
        TooMuchToAdd: if that takes more than so many seconds, or the memory it may have.
        FileLost, LakeUnreachable: as `table_store.scan`.
    """
    if not shares:
        return Added({}, _nothing())
    tables = {
        _name(share): TableRows(
            share.segments,
            [*share.columns, _ACCOUNT],
            share.date_field,
            days,
        )
        for share in shares
    }
    if not _TURNS.acquire(timeout=_TURN_SECONDS):
        raise TooMuchToAdd
    try:
        rows = query(
            lake, statement(shares, accounts), tables, memory_limit=_MEMORY_LIMIT, seconds=seconds
        )
    except (duckdb.InterruptException, duckdb.OutOfMemoryException) as error:
        raise TooMuchToAdd from error
    finally:
        _TURNS.release()
    is_day = rows.column("is_day")
    of_days = rows.filter(is_day).select(["currency", "day", *FIGURES]).to_pylist()
    return Added(
        {
            (row["currency"], row["day"]): Sums(**{name: Decimal(row[name]) for name in FIGURES})
            for row in of_days
        },
        rows.filter(pa.compute.invert(is_day)).drop_columns(["is_day", "day"]),
    )


def statement(shares: Sequence[Share], accounts: Mapping[tuple[str, str], FedAccount]) -> str:
    """Write the SELECT: rows are added up by day and by campaign before accounts are looked up."""
    parts = " UNION ALL ".join(_sums(share) for share in shares)
    told = [
        f"({_text(one.channel)}, {_text(one.remote_id)}, {_text(one.currency)})"
        for one in accounts.values()
    ]
    figures = ", ".join(f"CAST(sum({name}) AS DECIMAL(38, 9)) AS {name}" for name in FIGURES)
    return (
        f"WITH added AS ({parts}), "  # noqa: S608 - names are quoted, values are literals
        f"told(channel, account_id, currency) AS (VALUES {', '.join(told)}) "
        f"SELECT is_day, coalesce(added.currency, told.currency, {_text(NO_CURRENCY)}) "
        "AS currency, day, "
        "CASE WHEN NOT is_day THEN added.channel END AS channel, "
        "CASE WHEN NOT is_day THEN added.account_id END AS account_id, "
        "campaign_id, arg_max(campaign_name, last_day) AS campaign_name, "
        f"{figures} "
        "FROM added LEFT JOIN told "
        "ON added.channel = told.channel AND added.account_id = told.account_id "
        "GROUP BY 1, 2, 3, 4, 5, 6"
    )


def _sums(share: Share) -> str:
    held = {column.name for column in share.columns}
    day, campaign, name = (_common(each, held) for each in ("date", "campaign_id", "campaign_name"))
    currency = "currency" if "currency" in held else "CAST(NULL AS VARCHAR)"
    figures = ", ".join(f"sum(coalesce({_common(one, held)}, 0)) AS {one}" for one in FIGURES)
    return (
        f"(SELECT grouping({campaign}) = 1 AS is_day, {_text(share.channel)} AS channel, "  # noqa: S608
        f"account_id, {currency} AS currency, {day} AS day, {campaign} AS campaign_id, "
        f"arg_max({name}, {day}) AS campaign_name, max({day}) AS last_day, {figures} "
        f"FROM {quoted(_name(share))} GROUP BY GROUPING SETS "
        f"((account_id, {currency}, {day}), (account_id, {currency}, {campaign})))"
    )


def _common(name: str, held: set[str]) -> str:
    kind = SQL_TYPES[PAID_MEDIA_COLUMNS[name]]
    return f"CAST({quoted(name) if name in held else 'NULL'} AS {kind})"


def _name(share: Share) -> str:
    return f"table_{share.table_id}"


def _text(value: str | None) -> str:
    return literal(_ALL, value, ColumnType.STRING)


def _nothing() -> Any:
    texts = ("currency", "channel", "account_id", "campaign_id", "campaign_name")
    fields = [(name, pa.string()) for name in texts]
    return pa.schema([*fields, *((name, pa.decimal128(38, 9)) for name in FIGURES)]).empty_table()
