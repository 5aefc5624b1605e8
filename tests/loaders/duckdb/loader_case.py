"""A DuckDB file in a folder of its own for each test of the contract suite."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from contract.loader_cases import Broken, LoaderCase
from headrace.kit.outbound import OutboundPolicy
from headrace.kit.outcomes import Refused
from headrace.loaders.contract import Access, TargetTable
from headrace.loaders.targets.duckdb.engine import opened


def access_of(root: Path | None, path: str) -> Access:
    return Access(params={"path": path}, policy=OutboundPolicy(), files_root=root)


def read_rows(file: Path, table: TargetTable) -> list[dict[str, Any]]:
    """All rows of a table, of the columns the target names; none if there is no table."""
    if not file.exists():
        return []
    with opened(file) as connection:
        name = '"' + table.name.replace('"', '""') + '"'
        try:
            found = connection.sql(f"SELECT * FROM main.{name}").to_arrow_table().to_pylist()
        except (duckdb.CatalogException, duckdb.ParserException):
            return []
    return [{c.name: _in_utc(row.get(c.name)) for c in table.columns} for row in found]


def _in_utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def leftovers(file: Path, tables: Sequence[TargetTable]) -> list[str]:
    """Everything in the file, and beside it, that is not one of the tables."""
    kept = {table.name for table in tables}
    database = {file, file.with_name(file.name + ".wal")}
    beside = [str(path) for path in file.parent.iterdir() if path not in database]
    if not file.exists():
        return beside
    with opened(file) as connection:
        rows = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE NOT internal"
            " UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal"
        ).fetchall()
    return beside + [row[0] for row in rows if row[0] not in kept]


@contextmanager
def open_case(request: pytest.FixtureRequest, folder: Path) -> Iterator[LoaderCase]:
    root = folder / "opened"
    root.mkdir()
    file = root / "ads.duckdb"
    outside = folder / "outside"
    outside.mkdir()
    (outside / "folder").mkdir()
    other = folder / "prepared"
    other.mkdir()
    (other / "text.duckdb").write_text("this is no database " * 1000)
    (other / "way_out").symlink_to(outside, target_is_directory=True)
    (other / "loop").symlink_to(other / "loop")

    def rows(table: TargetTable) -> Sequence[Mapping[str, Any]]:
        return read_rows(file, table)

    yield LoaderCase(
        access=access_of(root, "ads.duckdb"),
        rows=rows,
        leftovers=lambda tables: leftovers(file, tables),
        broken=[
            Broken("no folder opened", access_of(None, "x"), Refused, ("LOCAL_FILES_ROOT",)),
            Broken("no path", access_of(root, ""), Refused, ("path", "missing")),
            Broken("dots", access_of(root, "../outside/x.duckdb"), Refused, ("out of the folder",)),
            Broken(
                "absolute", access_of(root, str(outside / "x")), Refused, ("out of the folder",)
            ),
            Broken("link", access_of(other, "way_out/x.duckdb"), Refused, ("out of the folder",)),
            Broken("circle", access_of(other, "loop"), Refused),
            Broken("the folder itself", access_of(root, "."), Refused, ("out of the folder",)),
            Broken("a folder", access_of(folder, "outside/folder"), Refused, ("folder", "file")),
            Broken("not a database", access_of(other, "text.duckdb"), Refused, ("DuckDB",)),
            Broken("under a file", access_of(other, "text.duckdb/x.duckdb"), Refused),
            Broken("NUL", access_of(root, "a\0b"), Refused, ("path",)),
            Broken("too long", access_of(root, "x" * 300), Refused),
        ],
    )
    assert list(outside.iterdir()) == [outside / "folder"]
