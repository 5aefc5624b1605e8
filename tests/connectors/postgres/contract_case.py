"""What the contract suite reads with the postgres connector: every type, whole and by days."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.postgres.databases import SourceDatabase, source_database
from contract.connector_cases import BadNumber, ConnectorCase, Failing, Reading
from headrace.kit.columns import Column, ColumnType
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused, TryLater

_WRONG_PASSWORD = "pw-77c1-no-longer-good"
_COLUMNS = (
    Column("day", ColumnType.DATE),
    Column("id", ColumnType.STRING),
    Column("name", ColumnType.STRING),
    Column("clicks", ColumnType.INTEGER),
    Column("cost", ColumnType.DECIMAL),
    Column("ratio", ColumnType.FLOAT),
    Column("active", ColumnType.BOOLEAN),
    Column("seen_at", ColumnType.DATETIME),
    Column("tags", ColumnType.STRING),
    Column("extra", ColumnType.STRING),
)
_UUID = "0b8e2c54-8f2c-4bb7-a4a9-4f3f0f3c7d11"
_TABLE = f"""
create table "Ad ""Stats" (day date, id uuid, name text, clicks bigint, cost numeric, ratio float8,
    active boolean, seen_at timestamptz, tags text[], extra jsonb);
insert into "Ad ""Stats" values
    ('2026-03-01', '{_UUID}', E'Zürich, "Été"\\n東京 \\\\.', 9223372036854775807,
     12345678901234567890123456789.123456789, 1.5e-12, true, '2026-03-01 10:00:00.123456+02',
     array['a', 'b"c'], '{{"a": [1.50, null]}}'),
    ('2026-03-02', null, null, null, null, null, null, null, null, null),
    ('2026-03-03', '{_UUID}', '', -1, -0.5, 0, false, '2026-03-03', array[]::text[], '""');
"""


def _rows() -> list[dict[str, object]]:
    values = (
        (date(2026, 3, 1), _UUID, 'Zürich, "Été"\n東京 \\.', 2**63 - 1,
         Decimal("12345678901234567890123456789.123456789"), 1.5e-12, True,
         datetime(2026, 3, 1, 8, 0, 0, 123456, tzinfo=UTC), '{a,"b\\"c"}', '{"a": [1.50, null]}'),
        (date(2026, 3, 2), None, None, None, None, None, None, None, None, None),
        (date(2026, 3, 3), _UUID, "", -1, Decimal("-0.5"), 0.0, False,
         datetime(2026, 3, 3, tzinfo=UTC), "{}", '""'),
    )  # fmt: skip
    names = [column.name for column in _COLUMNS]
    return [dict(zip(names, row, strict=True)) for row in values]


@contextmanager
def open_case(request: pytest.FixtureRequest, folder: Path) -> Iterator[ConnectorCase]:
    """A database with one table, and queries on it."""
    database = source_database(request)
    database.execute(_TABLE)
    access = database.access(table='Ad "Stats', date_column="day")
    account = f'{database.name}/public.Ad "Stats'
    whole = Reading(account, "rows", rows=_rows(), columns=_COLUMNS)
    last_days = DayRange(date(2026, 3, 2), date(2026, 3, 31))
    by_query = database.access(query='select * from "Ad ""Stats" -- all of them;')
    yield ConnectorCase(
        access=access,
        readings=[
            whole,
            replace(whole, window=last_days, rows=_rows()[1:]),
            replace(whole, account_id=f"{database.name}/query", access=by_query),
        ],
        refused=database.access(password=_WRONG_PASSWORD, table='Ad "Stats', date_column="day"),
        empty=replace(whole, window=DayRange(date(2027, 1, 1), date(2027, 1, 2)), rows=()),
        bad_number=_bad_number(database),
        failing=list(_failing(database)),
        secrets=(_WRONG_PASSWORD, database.server.password),
    )


def _bad_number(database: SourceDatabase) -> BadNumber:
    query = "select * from (values (1, 1.5), (2, 'NaN'::numeric), (3, 1e-10)) v(id, cost)"
    reading = Reading(
        f"{database.name}/query",
        "rows",
        rows=[
            {"id": 1, "cost": Decimal("1.5")},
            {"id": 2, "cost": None},
            {"id": 3, "cost": None},
        ],
        columns=(Column("id", ColumnType.INTEGER), Column("cost", ColumnType.DECIMAL)),
        access=database.access(query=query),
    )
    return BadNumber(reading, ("cost", "cost"), ("Row 2", "'NaN'", "decimal"))


def _failing(database: SourceDatabase) -> Iterator[Failing]:
    for title, settings, outcome, says in (
        ("missing table", {"table": "nothing"}, Refused, ("nothing", "does not exist")),
        ("bad syntax", {"query": "selec 1"}, Refused, ("syntax error",)),
        ("unreachable", {"table": "t", "port": 1}, TryLater, ("does not answer",)),
        ("no such database", {"table": "t", "database": "none"}, Refused, ("none",)),
        ("unencrypted", {"table": "t", "ssl_mode": "require"}, Refused, ("encrypt",)),
    ):
        access = database.access(**settings)
        table = settings.get("table")
        rest = "query" if table is None else f"public.{table}"
        account = f"{access.settings['database']}/{rest}"
        yield Failing(title, Reading(account, "rows", access=access), outcome, says)
