"""A statement in a process of its own: what it reads, and that nothing it does goes beyond bounds."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from headrace.kit.closed_sql import closed_connection
from headrace.kit.columns import ARROW_TYPES, Column, ColumnType, arrow_schema
from headrace.kit.outcomes import Refused, TryLater
from headrace.table_store import Lake, Segment, SegmentState, TableColumn, TableRows
from headrace.table_store.confined import Bounds, confined_query

COLUMNS = [
    Column("day", ColumnType.DATE),
    Column("ad", ColumnType.STRING),
    Column("spend", ColumnType.DECIMAL),
    Column("number", ColumnType.INTEGER),
]
ROWS = 20_000


class Statements:
    """Runs statements over one table `ads`, whose file can be lost."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        lake = Lake.open(str(folder))
        writer = lake.new_file(
            workspace_id=1,
            table_id=2,
            account_id="a",
            account_name="A",
            inserted_at=datetime(2026, 1, 1, tzinfo=UTC),
            date_field="day",
        )
        with writer:
            writer.write(
                pa.record_batch(
                    [
                        pa.array([date(2026, 1, 1 + n % 28) for n in range(ROWS)]),
                        pa.array([f"ad {n % 100}" for n in range(ROWS)]),
                        pa.array([Decimal("1.5")] * ROWS, ARROW_TYPES[ColumnType.DECIMAL]),
                        pa.array(range(ROWS)),
                    ],
                    schema=arrow_schema(COLUMNS),
                )
            )
            staged = writer.finish()
        assert staged is not None
        self.path = staged.path
        segment = Segment(1, "a", None, SegmentState.FINAL, path=staged.path, rows=staged.rows)
        self.rows = TableRows(
            [segment],
            [
                TableColumn("__account_id", "account_id", ColumnType.STRING),
                *(TableColumn(one.name, one.name, one.type) for one in COLUMNS),
            ],
            "day",
        )

    def run(self, sql: str, **bounds: Any) -> Any:
        """Run one, and return its rows as an Arrow table."""
        tables = {"ads": self.rows}
        with confined_query(str(self.folder), sql, tables, Bounds(**bounds)) as batches:
            return pa.Table.from_batches(list(batches))


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory) -> Statements:
    """A lake with one table."""
    return Statements(tmp_path_factory.mktemp("lake"))


def test_rows_come_in_our_types(statements: Statements) -> None:
    sql = (
        "SELECT account_id, ad, max(day) AS day, CAST(sum(spend) AS DECIMAL(38,9)) AS spend, "
        "CAST(count(*) AS BIGINT) AS number, TRUE AS b, CAST(now() AS TIMESTAMPTZ) AS at, "
        "CAST(1 AS DOUBLE) AS f FROM ads GROUP BY ALL ORDER BY ad LIMIT 2"
    )
    found = statements.run(sql)
    assert [field.type for field in found.schema] == [
        ARROW_TYPES[kind]
        for kind in (
            ColumnType.STRING, ColumnType.STRING, ColumnType.DATE, ColumnType.DECIMAL,
            ColumnType.INTEGER, ColumnType.BOOLEAN, ColumnType.DATETIME, ColumnType.FLOAT,
        )
    ]  # fmt: skip
    assert found.column("ad").to_pylist() == ["ad 0", "ad 1"]
    assert found.column("spend").to_pylist() == [Decimal(300), Decimal(300)]


@pytest.mark.parametrize(
    ("sql", "bounds", "words"),
    [
        ("SELECT a.ad FROM ads a, ads b, ads c WHERE hash(a.ad, b.ad, c.ad) = 0",
         {"seconds": 1}, "longer than 1 seconds"),
        ("SELECT x FROM range(1000000000000) r(x), generate_series(1, 1000000000) s(y) "
         "WHERE x + y = 0", {"seconds": 1}, "longer than 1 seconds"),
        ("SELECT length(repeat('x', 4000000000)) AS n", {"memory_mb": 64}, "needs more than 64 MB"),
        ("SELECT len(range(1000000000)) AS n", {"memory_mb": 64, "seconds": 20}, "needs more|ended"),
        ("SELECT string_agg(a.ad) FROM ads a, ads b", {"memory_mb": 64, "temp_mb": 1},
         "needs more than 64 MB"),
        ("SELECT ad FROM ads", {"rows": 100}, "more than 100 rows"),
        ("SELECT ad FROM ads", {"bytes": 1000}, "larger than"),
        ("SELECT CAST(ad AS INTEGER) AS n FROM ads", {}, "ad"),
        ("SELECT * FROM read_text('/etc/hostname')", {}, "disabled"),
        ("COPY (SELECT 1) TO '/tmp/headrace-test-stolen.csv'", {}, "disabled"),
        ("SELECT getenv('PATH')", {}, "getenv"),
    ],
)  # fmt: skip
def test_a_statement_cannot_take_more(  # F21 S14
    statements: Statements, sql: str, bounds: dict[str, Any], words: str
) -> None:
    with pytest.raises((Refused, TryLater), match=words):
        statements.run(sql, **bounds)


def test_nothing_but_rows_is_printed() -> None:
    """DuckDB draws a progress bar where the rows go, once a statement takes two seconds."""
    with closed_connection("64MB") as connection:
        found = connection.execute("SELECT current_setting('enable_progress_bar')").fetchone()
    assert found == (False,)


def test_leaving_early_ends_the_process(statements: Statements) -> None:
    before = _children()
    tables = {"ads": statements.rows}
    sql = "SELECT a.ad FROM ads a, ads b"
    with confined_query(str(statements.folder), sql, tables, Bounds()) as batches:
        assert next(batches).num_rows > 0
        assert _children() > before
    assert _children() == before


def _children() -> set[str]:
    """Ids of the processes that this one has started and that are still there."""
    tasks = Path("/proc/self/task").iterdir()
    return {child for task in tasks for child in (task / "children").read_text().split()}


def test_secrets_do_not_travel(statements: Statements, monkeypatch: pytest.MonkeyPatch) -> None:
    """S65: the process that runs what others wrote does not have the server's environment."""
    monkeypatch.setenv("HEADRACE_SECRET_KEY", "canary")
    before = _children()
    with confined_query(
        str(statements.folder), "SELECT a.ad FROM ads a, ads b", {"ads": statements.rows}, Bounds()
    ) as batches:
        next(batches)
        (child,) = _children() - before
        assert b"canary" not in Path(f"/proc/{child}/environ").read_bytes()
        command = Path(f"/proc/{child}/cmdline").read_bytes()
        assert b"SELECT" not in command
        assert str(statements.folder).encode() not in command


def test_a_lost_file_is_tried_again(tmp_path: Path) -> None:
    statements = Statements(tmp_path)
    (tmp_path / statements.path).unlink()
    with pytest.raises(TryLater, match="missing or damaged"):
        statements.run("SELECT ad FROM ads")
