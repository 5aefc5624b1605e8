"""SQL for a DuckDB that reaches nothing of ours: names, types, parsing, binding, connections."""

import json
from collections.abc import Mapping
from typing import Any

import duckdb

from headrace.kit.columns import ColumnType
from headrace.kit.told import told

_SMALL_MEMORY = "256MB"

SQL_TYPES = {
    ColumnType.STRING: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.DECIMAL: "DECIMAL(38,9)",
    ColumnType.FLOAT: "DOUBLE",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.DATETIME: "TIMESTAMPTZ",
}
"""The types that columns have in SQL."""

_INTEGERS = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
    "UBIGINT",
}  # fmt: skip
_COLUMN_TYPES = {
    **dict.fromkeys(_INTEGERS, ColumnType.INTEGER),
    **dict.fromkeys(("VARCHAR", "UUID", "TIME", "INTERVAL", '"NULL"', "NULL"), ColumnType.STRING),
    **dict.fromkeys(("FLOAT", "DOUBLE"), ColumnType.FLOAT),
    "BOOLEAN": ColumnType.BOOLEAN,
    "DATE": ColumnType.DATE,
    **dict.fromkeys(
        ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
        ColumnType.DATETIME,
    ),
}


def quoted(name: str) -> str:
    """Write a name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def column_type_of_sql(sql_type: str) -> ColumnType | None:
    """Return the column type that holds a type DuckDB names; None where none does."""
    if sql_type.startswith("DECIMAL("):
        return ColumnType.DECIMAL
    return _COLUMN_TYPES.get(sql_type)


def syntax_tree(sql: str) -> Any:
    """Parse statements with DuckDB's parser, and return its tree: `{"statements": [...]}`.

    Raises:
        ValueError: saying what is wrong, if they cannot be parsed or one is no SELECT.
    """
    if "\0" in sql:
        raise ValueError(told("the statement holds the character NUL."))
    with closed_connection(_SMALL_MEMORY) as connection:
        found = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
    try:
        tree = json.loads(found[0]) if found else {"error": True}
    except RecursionError:
        raise ValueError(told("the statement is nested too deeply.")) from None
    if tree["error"]:
        raise ValueError(str(tree.get("error_message", "it cannot be parsed.")))
    return tree


def describe(sql: str, relations: Mapping[str, Mapping[str, ColumnType]]) -> list[tuple[str, str]]:
    """Return the names and DuckDB types of a SELECT's columns, without running it.

    Binding alone can take any time and memory, for a statement can be written whose expressions
    double at each name: what others wrote goes to `closed_sql_process`.

    relations: the types of the columns of everything it may read, by name.

    Raises:
        ValueError: saying what is wrong, if it names what is not there or does not fit.
    """
    with closed_connection(_SMALL_MEMORY) as connection:
        for name, columns in relations.items():
            listed = ", ".join(f"{quoted(one)} {SQL_TYPES[kind]}" for one, kind in columns.items())
            connection.execute(f"CREATE TABLE {quoted(name)} ({listed})")
        try:
            bound = connection.sql(sql)
            return [
                (name, str(kind)) for name, kind in zip(bound.columns, bound.types, strict=True)
            ]
        except duckdb.Error as error:
            raise ValueError(str(error).split("\n\n")[0]) from error


def closed_connection(
    memory_limit: str, threads: int = 1, *, temp_folder: str = "", temp_mb: int = 0
) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB in memory that reaches no file, network, extension or variable of ours.

    What does not fit in memory goes to files of at most `temp_mb` in `temp_folder`, and nowhere
    without one.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": threads,
        "enable_external_access": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
        "max_temp_directory_size": f"{temp_mb}MB",
    }
    if temp_folder:
        settings["temp_directory"] = temp_folder
    connection = duckdb.connect(":memory:", config=settings)
    connection.execute("SET TimeZone = 'UTC'")
    # A ratio without a divisor is no figure: null, and no reason to build nothing.
    connection.execute("SET error_on_division_by_zero = false")
    connection.execute("SET ieee_floating_point_ops = false")
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET lock_configuration = true")
    return connection
