"""The suite every loader passes: values, names and changing columns arrive unharmed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from contract.loader_cases import LoaderCase, batches, open_case_of, sorted_rows, write
from contract.nasty_rows import (
    ACCOUNT,
    COLUMNS,
    COLUMNS_WITH_NASTY_NAMES,
    DAY,
    HOSTILE_TABLE_NAMES,
    INSERTED_AT,
    SYSTEM_COLUMNS,
    Row,
    nasty_rows,
    rows_under_nasty_names,
)
from headrace.kit.columns import Column, ColumnType
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused
from headrace.loaders.contract import Append, Full, Loader, TargetTable, Unit, Upsert, Window
from headrace.loaders.registry import loaders

ONE_DAY = DayRange(DAY, DAY)
NASTY = TargetTable("nasty", COLUMNS, key=("id",), date_column="date")
NAMED = TargetTable("named", COLUMNS_WITH_NASTY_NAMES, key=("id", "select"), date_column="date")


@pytest.fixture(params=sorted(loaders()))
def loader(request: pytest.FixtureRequest) -> Loader:
    return loaders()[request.param]


@pytest.fixture
def case(loader: Loader, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LoaderCase]:
    with open_case_of(loader.spec.name)(request, tmp_path) as opened:
        yield opened


def units_of(case: LoaderCase, table: TargetTable, rows: list[Row]) -> list[Unit]:
    """Each kind of unit the loader has, with these rows."""
    opened = batches(table, rows)
    made: list[Unit] = [
        Append(ACCOUNT, INSERTED_AT, ONE_DAY, opened),
        Upsert(ACCOUNT, ONE_DAY, opened),
        Window(ACCOUNT, ONE_DAY, opened),
        Full(opened),
    ]
    return [unit for unit in made if type(unit) in case.units]


def test_nasty_values_arrive_exactly(loader: Loader, case: LoaderCase) -> None:
    for unit in units_of(case, NASTY, nasty_rows()):
        table = replace(NASTY, name=f"nasty_{type(unit).__name__.lower()}")
        for _ in range(2):
            write(loader, case, table, unit)
            assert sorted_rows(case.rows(table)) == sorted_rows(nasty_rows())


def test_nasty_column_names_arrive_exactly(loader: Loader, case: LoaderCase) -> None:  # S82
    for unit in units_of(case, NAMED, rows_under_nasty_names()):
        table = replace(NAMED, name=f"named_{type(unit).__name__.lower()}")
        for _ in range(2):
            write(loader, case, table, unit)
            assert sorted_rows(case.rows(table)) == sorted_rows(rows_under_nasty_names())


def test_a_column_of_nulls_arrives(loader: Loader, case: LoaderCase) -> None:
    empty = dict.fromkeys((column.name for column in COLUMNS), None)
    rows = [{**empty, "account_id": ACCOUNT, "date": DAY, "__insert_date": INSERTED_AT}]
    for unit in units_of(case, NASTY, rows):
        table = replace(NASTY, name=f"nulls_{type(unit).__name__.lower()}")
        write(loader, case, table, unit)
        assert sorted_rows(case.rows(table)) == sorted_rows(rows)


@pytest.mark.parametrize("name", HOSTILE_TABLE_NAMES, ids=range(len(HOSTILE_TABLE_NAMES)))
def test_hostile_table_names(loader: Loader, case: LoaderCase, name: str) -> None:  # S81 S85
    rows = [row for row in nasty_rows()[:3]]  # noqa: C416 - typed as rows
    victim = replace(NASTY, name="victim")
    write(loader, case, victim, Append(ACCOUNT, INSERTED_AT, ONE_DAY, batches(NASTY, rows)))
    table = replace(NASTY, name=name)
    unit = Append(ACCOUNT, INSERTED_AT, ONE_DAY, batches(table, rows[:1]))
    try:
        loader.validate_name(name)
    except Refused as refused:
        assert str(refused)  # noqa: PT017 - either outcome is right, each is asserted
        with pytest.raises(Refused):
            write(loader, case, table, unit)
        assert list(case.leftovers([victim])) == []
    else:
        write(loader, case, table, unit)
        assert sorted_rows(case.rows(table)) == sorted_rows(rows[:1])
        assert list(case.leftovers([victim, table])) == []
    assert sorted_rows(case.rows(victim)) == sorted_rows(rows)


def test_names_beyond_the_limit_are_refused(loader: Loader) -> None:  # S81
    limit = loader.spec.max_name_length
    loader.validate_name("t" * limit)
    for name in ("t" * (limit + 1), "я" * (limit // 2 + 1), "", "a\0b"):
        with pytest.raises(Refused):
            loader.validate_name(name)


# --- columns that change ---

STRING, INTEGER, DECIMAL = ColumnType.STRING, ColumnType.INTEGER, ColumnType.DECIMAL


def versioned(*columns: Column) -> TargetTable:
    all_columns = (*SYSTEM_COLUMNS, Column("id", STRING), *columns)
    return TargetTable("versioned", all_columns, key=("id",), date_column="date")


def row(day: int, **values: object) -> Row:
    system = {"account_id": "a", "__insert_date": INSERTED_AT, "date": date(2026, 1, day)}
    return {**system, "id": "x", **values}


def of_day(day: int) -> DayRange:
    return DayRange(date(2026, 1, day), date(2026, 1, day))


def delivery(case: LoaderCase, table: TargetTable, rows: list[Row], day: int) -> Unit:
    """A unit of one day, of the first kind the loader has."""
    opened = batches(table, rows)
    if Window in case.units:
        return Window("a", of_day(day), opened)
    return Append("a", INSERTED_AT, of_day(day), opened)


def test_columns_are_added(loader: Loader, case: LoaderCase) -> None:  # F10
    first = versioned(Column("n", INTEGER))
    second = versioned(Column("brand new", DECIMAL), Column("n", INTEGER))
    write(loader, case, first, delivery(case, first, [row(1, n=1)], 1))
    added = row(2, n=2, **{"brand new": Decimal("1.5")})
    write(loader, case, second, delivery(case, second, [added], 2))
    old = row(1, n=1, **{"brand new": None})
    assert sorted_rows(case.rows(second)) == sorted_rows([old, added])


def test_a_column_that_is_no_longer_delivered_stays(loader: Loader, case: LoaderCase) -> None:
    first = versioned(Column("n", INTEGER), Column("text", STRING))
    second = versioned(Column("text", STRING))
    write(loader, case, first, delivery(case, first, [row(1, n=1, text="a")], 1))
    write(loader, case, second, delivery(case, second, [row(2, text="b")], 2))
    expected = [row(1, n=1, text="a"), row(2, n=None, text="b")]
    assert sorted_rows(case.rows(first)) == sorted_rows(expected)


@pytest.mark.parametrize(
    ("narrow", "wide", "old", "seen", "new"),
    [
        (INTEGER, DECIMAL, 2**53 + 1, Decimal(2**53 + 1), Decimal("0.5")),
        (INTEGER, ColumnType.FLOAT, 7, 7.0, 0.5),
        (INTEGER, STRING, -7, "-7", "seven"),
        (ColumnType.FLOAT, STRING, 0.5, "0.5", "half"),
        (ColumnType.BOOLEAN, STRING, True, "true", "maybe"),
        (ColumnType.DATE, STRING, date(2026, 1, 9), "2026-01-09", "someday"),
    ],
)
def test_columns_are_widened(
    loader: Loader,
    case: LoaderCase,
    narrow: ColumnType,
    wide: ColumnType,
    old: object,
    seen: object,
    new: object,
) -> None:  # F10
    first, second = versioned(Column("v", narrow)), versioned(Column("v", wide))
    write(loader, case, first, delivery(case, first, [row(1, v=old)], 1))
    write(loader, case, second, delivery(case, second, [row(2, v=new)], 2))
    if case.widens:
        assert sorted_rows(case.rows(second)) == sorted_rows([row(1, v=seen), row(2, v=new)])
    # Narrower rows still fit afterwards, as the wider type.
    write(loader, case, first, delivery(case, first, [row(3, v=old)], 3))
    if case.widens:
        expected = [row(1, v=seen), row(2, v=new), row(3, v=seen)]
        assert sorted_rows(case.rows(second)) == sorted_rows(expected)


def test_a_column_named_twice_is_refused(loader: Loader, case: LoaderCase) -> None:  # F26
    table = versioned(Column("v", INTEGER), Column("v", INTEGER))
    with pytest.raises(Refused, match="v"):
        write(loader, case, table, Full(lambda: iter(())))
    assert list(case.leftovers([])) == []


def test_columns_that_differ_in_case_are_kept_apart_or_refused(
    loader: Loader, case: LoaderCase
) -> None:  # F26
    table = versioned(Column("v", INTEGER), Column("V", INTEGER))
    rows = [row(1, v=1, V=2)]
    try:
        write(loader, case, table, delivery(case, table, rows, 1))
    except Refused as refused:
        assert "V" in str(refused)  # noqa: PT017 - either outcome is right, each is asserted
        assert list(case.leftovers([])) == []
    else:
        assert sorted_rows(case.rows(table)) == sorted_rows(rows)
