"""The steps of automated recipes, as the engine of recipes takes them: pure, from what is read.

A figure that a platform leaves out of a row is none: 0. Figures of different currencies are never
added: a row is of one account, and an account has one currency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from headrace.connectors.paid_media import PAID_MEDIA_COLUMNS, PaidMediaMapping
from headrace.kit.closed_sql import SQL_TYPES, quoted
from headrace.kit.columns import ColumnType
from headrace.recipes.expressions import literal
from headrace.recipes.steps import (
    Aggregate,
    GroupByStep,
    SqlStep,
    Step,
    UnionInput,
    UnionStep,
)

FRESH_DAYS = 7
_FIGURES = ("spend", "impressions", "clicks", "conversions", "revenue")
_ROW_KEYS = ("date", "datasource", "account_id", "account_name", "currency")
_TOTALS = "totals"
_ALL = "all_rows"


@dataclass(frozen=True)
class AccountRead:
    """An account that is read. today: the day it is there. last_sync: when it was last read."""

    remote_id: str
    title: str
    currency: str | None
    today: date
    last_sync: datetime | None


@dataclass(frozen=True)
class TableRead:
    """A data table that is read, of some accounts.

    columns: the names that fields have in SQL, by the names the data source has for them.
    """

    table_id: int
    title: str
    datasource_name: str
    date_field: str | None
    columns: Mapping[str, str]
    accounts: Sequence[AccountRead]

    @property
    def name(self) -> str:
        """The name that steps have for it."""
        return f"table_{self.table_id}"


def paid_media(
    tables: Sequence[tuple[TableRead, PaidMediaMapping]], first_day: date | None
) -> list[Step]:
    """Put the campaigns of all tables one after another, under common names and types.

    first_day: rows of earlier days are left out.

    Raises:
        KeyError: naming a field that a table does not deliver.
    """
    return _together([_campaigns(table, mapping, first_day) for table, mapping in tables])


def account_totals(campaigns: Sequence[Step]) -> list[Step]:
    """Add up campaigns by account and day; the last of `campaigns` gives them."""
    totals = GroupByStep(
        kind="group_by",
        name=_TOTALS,
        input=campaigns[-1].name,
        keys=list(_ROW_KEYS),
        aggregates=[
            Aggregate(function="count_distinct", column="campaign_id", name="campaigns"),
            *(Aggregate(function="sum", column=name) for name in _FIGURES),
        ],
    )
    return [*campaigns, totals]


def freshness(tables: Sequence[TableRead]) -> list[Step]:
    """Tell of each account in each table how new its rows are."""
    return _together([_freshness(table) for table in tables])


def _together(parts: Sequence[str]) -> list[Step]:
    steps: list[Step] = [_sql(f"part_{number}", part) for number, part in enumerate(parts, 1)]
    if len(steps) > 1:
        inputs = [UnionInput(input=step.name) for step in steps]
        steps.append(UnionStep(kind="union", name=_ALL, inputs=inputs))
    return steps


def _sql(name: str, sql: str) -> SqlStep:
    # Not validated: the longest statement allowed is for what clients write.
    return SqlStep.model_construct(kind="sql", name=name, sql=sql)


def _text(value: str | None) -> str:
    return literal(_ALL, value, ColumnType.STRING)


def _values(rows: Sequence[Sequence[str]]) -> str:
    return ", ".join(f"({', '.join(row)})" for row in rows)


def _campaigns(table: TableRead, mapping: PaidMediaMapping, first_day: date | None) -> str:
    accounts = _values(
        [(_text(one.remote_id), _text(one.title), _text(one.currency)) for one in table.accounts]
    )
    currency = "chosen.currency"
    if mapping.currency_field is not None:
        currency = f"coalesce({_read(table, mapping.currency_field)}, {currency})"
    columns = {
        "date": _common(table, mapping, "date"),
        "datasource": _text(table.datasource_name),
        "account_id": "chosen.account_id",
        "account_name": "chosen.account_name",
        "currency": currency,
        **{name: _common(table, mapping, name) for name in ("campaign_id", "campaign_name")},
        **{name: f"coalesce({_common(table, mapping, name)}, 0)" for name in _FIGURES},
    }
    chosen = ", ".join(f"{expression} AS {quoted(name)}" for name, expression in columns.items())
    sql = (
        f"SELECT {chosen} FROM {quoted(table.name)} AS found "  # noqa: S608 - names are quoted
        f"JOIN (VALUES {accounts}) AS chosen(account_id, account_name, currency) "
        "ON found.account_id = chosen.account_id"
    )
    if first_day is None:
        return sql
    return f"{sql} WHERE {columns['date']} >= {literal(_ALL, first_day, ColumnType.DATE)}"


def _read(table: TableRead, field: str) -> str:
    return f"found.{quoted(table.columns[field])}"


def _common(table: TableRead, mapping: PaidMediaMapping, name: str) -> str:
    kind = PAID_MEDIA_COLUMNS[name]
    return f"CAST({_read(table, mapping.fields[name])} AS {SQL_TYPES[kind]})"


def _freshness(table: TableRead) -> str:
    accounts = _values([_freshness_values(one) for one in table.accounts])
    day = "CAST(NULL AS DATE)"
    if table.date_field is not None:
        day = f"CAST({_read(table, table.date_field)} AS DATE)"
    days = f"CASE WHEN {day} > watched.today - {FRESH_DAYS} THEN 1 END"
    columns = {
        "data_table_id": str(table.table_id),
        "data_table": _text(table.title),
        "datasource": _text(table.datasource_name),
        "account_id": "watched.account_id",
        "account_name": "watched.account_name",
        "newest_day": f"max({day})",
        "days_behind": f"watched.today - max({day})",
        "last_sync": "watched.last_sync",
        f"rows_last_{FRESH_DAYS}_days": f"count({days})",
        "rows": "count(found.account_id)",
    }
    chosen = ", ".join(f"{expression} AS {quoted(name)}" for name, expression in columns.items())
    return (
        f"SELECT {chosen} "  # noqa: S608 - names are quoted
        f"FROM (VALUES {accounts}) AS watched(account_id, account_name, last_sync, today) "
        f"LEFT JOIN {quoted(table.name)} AS found ON found.account_id = watched.account_id "
        "GROUP BY watched.account_id, watched.account_name, watched.last_sync, watched.today"
    )


def _freshness_values(account: AccountRead) -> tuple[str, ...]:
    return (
        _text(account.remote_id),
        _text(account.title),
        literal(_ALL, account.last_sync, ColumnType.DATETIME),
        literal(_ALL, account.today, ColumnType.DATE),
    )
