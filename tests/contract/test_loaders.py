"""The suite every loader passes: checks, units and their repetition, failures, nothing left."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from contract.loader_cases import (
    LoaderCase,
    batches,
    open_case_of,
    sorted_rows,
    write,
)
from contract.nasty_rows import Row
from headrace.kit.columns import Column, ColumnType, arrow_schema
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused
from headrace.kit.told import Told
from headrace.loaders.contract import (
    Access,
    Append,
    Delivered,
    Full,
    Loader,
    ParamType,
    TargetTable,
    Unit,
    Upsert,
    Window,
)
from headrace.loaders.registry import loaders

INSERTED = datetime(2026, 3, 10, 6, 0, tzinfo=UTC)
LATER = INSERTED + timedelta(hours=24)
MARCH = DayRange(date(2026, 3, 1), date(2026, 3, 31))
DAYS_2_3 = DayRange(date(2026, 3, 2), date(2026, 3, 3))

ADS = TargetTable(
    name="ads",
    columns=(
        Column("account_id", ColumnType.STRING),
        Column("__insert_date", ColumnType.DATETIME),
        Column("date", ColumnType.DATE),
        Column("ad_id", ColumnType.STRING),
        Column("country", ColumnType.STRING),
        Column("clicks", ColumnType.INTEGER),
        Column("spend", ColumnType.DECIMAL),
    ),
    key=("ad_id", "country"),
    date_column="date",
    labels={"data_table_title": "Ads", "workspace_id": "1", "workspace_title": "W"},
)


def ad(
    day: int | None,
    ad_id: str | None,
    clicks: int | None = 1,
    account: str = "one",
    country: str | None = "DE",
    inserted: datetime = INSERTED,
) -> Row:
    """One row of `ADS`; `day` is a day of March."""
    return {
        "account_id": account,
        "__insert_date": inserted,
        "date": None if day is None else date(2026, 3, day),
        "ad_id": ad_id,
        "country": country,
        "clicks": clicks,
        "spend": None if clicks is None else Decimal(clicks) / 4,
    }


@pytest.fixture(params=sorted(loaders()))
def loader(request: pytest.FixtureRequest) -> Loader:
    return loaders()[request.param]


@pytest.fixture
def case(loader: Loader, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LoaderCase]:
    with open_case_of(loader.spec.name)(request, tmp_path) as opened:
        yield opened


def assert_holds(case: LoaderCase, table: TargetTable, expected: list[Row]) -> None:
    assert sorted_rows(case.rows(table)) == sorted_rows(expected)
    assert list(case.leftovers([table])) == []


def carries_out(case: LoaderCase, kind: type[Unit]) -> bool:
    """Whether the loader has this unit; if not, writing it must be refused."""
    return kind in case.units


# --- description and check ---


def test_spec_can_build_a_form(loader: Loader) -> None:
    spec = loader.spec
    assert spec.write_modes
    assert len({param.name for param in spec.params}) == len(spec.params)
    for param in spec.params:
        assert param.title
        assert bool(param.choices) == (param.type is ParamType.SELECT)
        if re.search("password|secret|private|token", param.name):
            assert param.secret


def test_check_passes_and_leaves_nothing(loader: Loader, case: LoaderCase) -> None:
    loader.check(case.access)
    assert list(case.leftovers([])) == []


def written(loader: Loader, access: Access, unit: Unit) -> list[Delivered]:
    return list(loader.write(access, ADS, [unit]))


def test_check_and_write_say_what_is_wrong(loader: Loader, case: LoaderCase) -> None:  # F22 F24
    assert case.broken
    for broken in case.broken:
        unit = Full(batches(ADS, [ad(1, "a")]))
        attempts: list[Callable[[], object]] = [
            partial(loader.check, broken.access),
            partial(written, loader, broken.access, unit),
        ]
        for attempt in attempts:
            with pytest.raises(broken.outcome) as caught:
                attempt()
            message = str(caught.value)
            assert len(message) > 20, broken.title
            assert "Traceback" not in message
            for words in broken.says:
                assert words.lower() in message.lower(), broken.title
            for secret in case.secrets:
                assert secret not in f"{message} {caught.value!r}", broken.title
            assert isinstance(caught.value.args[0], Told), f"write told(...): {message}"
    assert case.rows(ADS) == []


# --- units, each repeated ---


def test_append_adds_and_repeats_safely(loader: Loader, case: LoaderCase) -> None:  # F23
    if not carries_out(case, Append):
        return
    first = [ad(1, "a"), ad(2, "b", None)]
    other = [ad(1, "a", 9, account="two")]
    second = [ad(1, "a", 5, inserted=LATER)]
    units: list[tuple[Unit, int]] = [
        (Append("one", INSERTED, MARCH, batches(ADS, first[:1], first[1:])), 2),
        (Append("two", INSERTED, MARCH, batches(ADS, other)), 1),
        (Append("one", LATER, None, batches(ADS, second)), 1),
    ]
    for _ in range(2):
        for unit, count in units:
            assert [done.rows_written for done in write(loader, case, ADS, unit)] == [count]
    assert_holds(case, ADS, first + other + second)


def test_full_replaces_everything(loader: Loader, case: LoaderCase) -> None:  # F25
    if not carries_out(case, Full):
        return
    write(loader, case, ADS, Full(batches(ADS, [ad(1, "old"), ad(2, "old", account="two")])))
    new = [ad(3, "a"), ad(3, "b"), ad(4, "a", account="three")]
    for _ in range(2):
        done = write(loader, case, ADS, Full(batches(ADS, new[:2], [], new[2:])))
        assert [one.rows_written for one in done] == [3]
        assert_holds(case, ADS, new)


def test_full_of_no_rows_empties_the_table(loader: Loader, case: LoaderCase) -> None:
    if not carries_out(case, Full):
        return
    write(loader, case, ADS, Full(batches(ADS)))
    assert_holds(case, ADS, [])
    write(loader, case, ADS, Full(batches(ADS, [ad(1, "a")])))
    assert_holds(case, ADS, [ad(1, "a")])
    write(loader, case, ADS, Full(batches(ADS)))
    assert_holds(case, ADS, [])


def test_window_replaces_its_days_of_its_account(loader: Loader, case: LoaderCase) -> None:  # F11
    if not carries_out(case, Window):
        return
    kept = [ad(1, "a"), ad(4, "a"), ad(2, "a", account="two")]
    month = [ad(1, "a"), ad(2, "a"), ad(3, "gone"), ad(4, "a")]
    write(loader, case, ADS, Window("one", MARCH, batches(ADS, month)))
    write(loader, case, ADS, Window("two", MARCH, batches(ADS, [ad(2, "a", account="two")])))
    restated = [ad(2, "a", 7), ad(3, "new", None)]
    for _ in range(2):
        write(loader, case, ADS, Window("one", DAYS_2_3, batches(ADS, restated)))
        assert_holds(case, ADS, kept + restated)
    for _ in range(2):
        write(loader, case, ADS, Window("one", DAYS_2_3, batches(ADS)))
        assert_holds(case, ADS, kept)


def test_window_without_days_replaces_the_account(loader: Loader, case: LoaderCase) -> None:
    if not carries_out(case, Window):
        return
    other = [ad(None, "a", account="two")]
    write(loader, case, ADS, Window("two", None, batches(ADS, other)))
    write(loader, case, ADS, Window("one", None, batches(ADS, [ad(1, "a"), ad(None, "b")])))
    for _ in range(2):
        write(loader, case, ADS, Window("one", None, batches(ADS, [ad(None, "c")])))
        assert_holds(case, ADS, [*other, ad(None, "c")])


def test_upsert_matches_by_key(loader: Loader, case: LoaderCase) -> None:  # F11
    if not carries_out(case, Upsert):
        return
    before = [ad(2, "same"), ad(2, "changed", 1), ad(3, "gone"), ad(3, "emptied", 4)]
    kept = [ad(4, "gone"), ad(2, "gone", account="two")]
    write(loader, case, ADS, Upsert("one", MARCH, batches(ADS, [*before, ad(4, "gone")])))
    write(loader, case, ADS, Upsert("two", MARCH, batches(ADS, [ad(2, "gone", account="two")])))
    after = [ad(2, "same"), ad(2, "changed", 2), ad(3, "new"), ad(3, "emptied", None)]
    for _ in range(2):
        write(loader, case, ADS, Upsert("one", DAYS_2_3, batches(ADS, after[:2], after[2:])))
        assert_holds(case, ADS, kept + after)
    for _ in range(2):
        write(loader, case, ADS, Upsert("one", DAYS_2_3, batches(ADS)))
        assert_holds(case, ADS, kept)


def test_upsert_takes_nulls_in_keys_as_equal(loader: Loader, case: LoaderCase) -> None:  # F26
    if not carries_out(case, Upsert):
        return
    for clicks in (1, 2, 2):
        rows = [
            ad(2, None, clicks),
            ad(2, "a", clicks, country=None),
            ad(2, None, clicks, country=None),
            ad(2, "", clicks, country=""),
        ]
        write(loader, case, ADS, Upsert("one", DAYS_2_3, batches(ADS, rows)))
        assert_holds(case, ADS, rows)


def test_upsert_without_days_or_key(loader: Loader, case: LoaderCase) -> None:
    if not carries_out(case, Upsert):
        return
    undated = TargetTable("undated", ADS.columns, key=("ad_id",), date_column=None)
    keyless = TargetTable("keyless", ADS.columns, key=(), date_column="date")
    for clicks in (1, 2, 2):
        rows = [ad(None, "a", clicks), ad(None, "b", clicks)]
        write(loader, case, undated, Upsert("one", None, batches(undated, rows)))
        twins = [ad(2, "a", clicks), ad(2, "a", clicks)]
        write(loader, case, keyless, Upsert("one", DAYS_2_3, batches(keyless, twins)))
    assert sorted_rows(case.rows(undated)) == sorted_rows(rows)
    assert sorted_rows(case.rows(keyless)) == sorted_rows(twins)
    assert list(case.leftovers([undated, keyless])) == []


def test_of_rows_with_one_key_the_last_counts(loader: Loader, case: LoaderCase) -> None:  # F26
    if not carries_out(case, Upsert):
        return
    rows = [ad(2, "a", 1), ad(2, "b", 1), ad(2, "a", 2), ad(2, None, 1), ad(2, None, 3)]
    for _ in range(2):
        write(loader, case, ADS, Upsert("one", DAYS_2_3, batches(ADS, rows[:2], rows[2:])))
        assert_holds(case, ADS, [ad(2, "b", 1), ad(2, "a", 2), ad(2, None, 3)])


def test_upsert_removes_doubles_left_by_another_mode(loader: Loader, case: LoaderCase) -> None:
    if not {Upsert, Append} <= case.units:
        return
    for inserted in (INSERTED, LATER):
        unit = Append("one", inserted, None, batches(ADS, [ad(2, "a", inserted=inserted)]))
        write(loader, case, ADS, unit)
    write(loader, case, ADS, Upsert("one", DAYS_2_3, batches(ADS, [ad(2, "a", 5)])))
    assert_holds(case, ADS, [ad(2, "a", 5)])


# --- order, laziness, interruption ---


def test_units_are_committed_one_by_one(loader: Loader, case: LoaderCase) -> None:
    units: list[Unit] = [
        Append("one", INSERTED, MARCH, batches(ADS, [ad(1, "a")])),
        Append("two", INSERTED, MARCH, batches(ADS, [ad(1, "a", account="two")])),
    ]
    writing = loader.write(case.access, ADS, iter(units))
    next(writing)
    assert_holds(case, ADS, [ad(1, "a")])
    next(writing)
    assert next(writing, None) is None
    assert_holds(case, ADS, [ad(1, "a"), ad(1, "a", account="two")])


class _SourceBroke(Exception):
    pass


def unit_of(kind: type[Unit], opened: Callable[[], Iterator[pa.RecordBatch]]) -> Unit:
    if kind is Full:
        return Full(opened)
    if kind is Append:
        return Append("one", INSERTED, MARCH, opened)
    return Window("one", MARCH, opened) if kind is Window else Upsert("one", MARCH, opened)


def kinds_of(case: LoaderCase) -> list[type[Unit]]:
    return sorted(case.units, key=lambda kind: kind.__name__)


def test_an_interrupted_unit_changes_nothing(loader: Loader, case: LoaderCase) -> None:  # F22
    before = [ad(1, "a")]
    write(loader, case, ADS, Append("one", INSERTED, None, batches(ADS, before)))
    many = [ad(2, f"ad {number}") for number in range(20_000)]

    def breaks() -> Iterator[pa.RecordBatch]:
        yield from batches(ADS, many, many)()
        raise _SourceBroke("the lake is gone")

    for kind in kinds_of(case):
        with pytest.raises(_SourceBroke, match="the lake is gone"):
            write(loader, case, ADS, unit_of(kind, breaks))
        assert_holds(case, ADS, before)


def test_an_interrupted_first_unit_leaves_nothing(loader: Loader, case: LoaderCase) -> None:
    def breaks() -> Iterator[pa.RecordBatch]:
        yield from batches(ADS, [ad(2, "a")])()
        raise _SourceBroke

    for kind in kinds_of(case):
        with pytest.raises(_SourceBroke):
            write(loader, case, ADS, unit_of(kind, breaks))
        assert list(case.rows(ADS)) == []
        assert list(case.leftovers([])) == []


def test_rows_are_pulled_as_they_are_written(loader: Loader, case: LoaderCase) -> None:  # F19
    text = "x" * 500
    columns = (*ADS.columns, Column("filler", ColumnType.STRING))
    wide = TargetTable("wide", columns, key=ADS.key, date_column=ADS.date_column, labels=ADS.labels)
    count, rows_each = 60, 4_000
    for kind in kinds_of(case):
        held: list[int] = []
        before = pa.total_allocated_bytes()

        def stream(held: list[int] = held, before: int = before) -> Iterator[pa.RecordBatch]:
            for number in range(count):
                rows = [
                    {**ad(1 + number % 30, f"{number}-{row}"), "filler": text}
                    for row in range(rows_each)
                ]
                batch = pa.RecordBatch.from_pylist(rows, schema=arrow_schema(list(columns)))
                held.append(pa.total_allocated_bytes() - before)
                yield batch
                del batch

        done = write(loader, case, wide, unit_of(kind, stream))
        assert sum(one.rows_written for one in done) <= count * rows_each
        whole = count * rows_each * len(text)
        assert max(held) < whole / 3, kind


def test_a_unit_that_is_not_offered_is_refused(loader: Loader, case: LoaderCase) -> None:
    for kind in {Full, Window, Upsert, Append} - case.units:
        with pytest.raises(Refused):
            write(loader, case, ADS, unit_of(kind, batches(ADS, [ad(1, "a")])))
        assert list(case.leftovers([])) == []
