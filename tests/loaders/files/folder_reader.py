"""Reads delivered files as other tools do: DuckDB for CSV, `json` for JSON lines, Parquet."""

import gzip
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow.parquet as pq

from headrace.kit.columns import Column, ColumnType
from headrace.loaders.contract import TargetTable

Row = dict[str, Any]


def tables_files(table: TargetTable, keys: Iterable[str]) -> list[str]:
    """The files whose name begins with the table's; file names here separate by `-` and `.`."""
    return [key for key in keys if re.split("[-.]", key.rpartition("/")[2])[0] == table.name]


def rows_of(
    file_format: str, table: TargetTable, keys: Iterable[str], content: Callable[[str], bytes]
) -> list[Row]:
    """All rows of a table's files, in the table's columns and types."""
    return [
        {column.name: _value(raw.get(column.name), column) for column in table.columns}
        for key in tables_files(table, keys)
        for raw in raw_rows(file_format, content(key))
    ]


def raw_rows(file_format: str, content: bytes) -> list[Row]:
    """The rows of one file as its format gives them: in CSV every value is a text."""
    kind, _, packing = file_format.partition("+")
    if packing == "gzip":
        content = gzip.decompress(content)
    if kind == "json":
        return [json.loads(line, parse_float=Decimal) for line in content.split(b"\n") if line]
    if kind == "parquet":
        return list(pq.read_table(io.BytesIO(content)).to_pylist())
    with tempfile.NamedTemporaryFile(suffix=".csv") as file, duckdb.connect() as engine:
        file.write(content)
        file.flush()
        names = _header(content)
        # Numbered, because DuckDB takes no two names that differ only in case.
        columns = {f"c{number}": "VARCHAR" for number in range(len(names))}
        found = engine.execute(
            "SELECT * FROM read_csv(?, all_varchar=true, header=true, delim=',', quote='\"', "
            "escape='\"', nullstr='', allow_quoted_nulls=false, auto_detect=false, columns=?)",
            [file.name, columns],
        )
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _header(content: bytes) -> list[str]:
    line = content.split(b"\n", 1)[0].decode()
    return [name.replace('""', '"') for name in re.findall(r'"((?:[^"]|"")*)"', line)]


def _value(raw: Any, column: Column) -> Any:
    if raw is None:
        return None
    read: Mapping[ColumnType, Callable[[Any], Any]] = {
        ColumnType.STRING: lambda value: _text(value),
        ColumnType.INTEGER: int,
        ColumnType.DECIMAL: lambda value: Decimal(str(value)),
        ColumnType.FLOAT: float,
        ColumnType.BOOLEAN: lambda value: value if isinstance(value, bool) else value == "true",
        ColumnType.DATE: lambda v: v if isinstance(v, date) else date.fromisoformat(v),
        ColumnType.DATETIME: lambda v: v if isinstance(v, datetime) else datetime.fromisoformat(v),
    }
    return read[column.type](raw)


def _text(value: Any) -> str:
    """A value of an older file, narrower than text, as the text it stands for."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
