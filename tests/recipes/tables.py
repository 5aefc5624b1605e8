"""Small relations to calculate with, as the engine sees them and as DuckDB holds them."""

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.kit.closed_sql import SQL_TYPES, closed_connection, quoted
from headrace.kit.columns import Column, ColumnType
from headrace.recipes.engine import Plan, plan
from headrace.recipes.steps import STEP

ADS = (
    Column("account_id", ColumnType.STRING),
    Column("day", ColumnType.DATE),
    Column("campaign", ColumnType.STRING),
    Column("spend", ColumnType.DECIMAL),
    Column("clicks", ColumnType.INTEGER),
    Column("is_live", ColumnType.BOOLEAN),
)
ADS_ROWS = (
    ("1", "2026-01-01", "brand", "1.50", 3, True),
    ("1", "2026-01-02", "brand", "2.25", None, False),
    ("2", "2026-01-01", "shop", "10.10", 7, True),
    ("2", "2026-01-02", None, None, 0, None),
)
GOALS = (
    Column("campaign", ColumnType.STRING),
    Column("goal", ColumnType.INTEGER),
    Column("clicks", ColumnType.STRING),
)
GOALS_ROWS = (("brand", 5, "many"), ("tv", 9, "none"))
SHAPES: dict[str, tuple[Column, ...]] = {"ads": ADS, "goals": GOALS}
ROWS: dict[str, tuple[tuple[Any, ...], ...]] = {"ads": ADS_ROWS, "goals": GOALS_ROWS}


def compiled(*steps: Mapping[str, Any]) -> Plan:
    """Compile steps over the tables here."""
    return plan([STEP.validate_python(dict(step)) for step in steps], SHAPES)


def calculated(made: Plan) -> list[tuple[Any, ...]]:
    """Run a plan over the rows here; sorted, every value as text."""
    with closed_connection("256MB") as connection:
        for name, columns in SHAPES.items():
            listed = ", ".join(f"{quoted(one.name)} {SQL_TYPES[one.type]}" for one in columns)
            connection.execute(f"CREATE TABLE {quoted(name)} ({listed})")
            marks = ", ".join("?" for _ in columns)
            connection.executemany(f"INSERT INTO {quoted(name)} VALUES ({marks})", ROWS[name])
        names = ", ".join(f"CAST({quoted(one.name)} AS VARCHAR)" for one in made.columns)
        rows = connection.execute(f"SELECT {names} FROM ({made.sql})").fetchall()
    return sorted(rows, key=str)


def columns_of(made: Plan) -> list[tuple[str, str]]:
    """Names and types of a plan's columns."""
    return [(column.name, column.type.value) for column in made.columns]


def rows_of(*steps: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Compile and run steps."""
    return calculated(compiled(*steps))


Rows = Sequence[tuple[Any, ...]]
