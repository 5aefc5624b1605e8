"""Names, types, and what must be done to a table so that it can take what is delivered."""

from collections.abc import Sequence

import duckdb

from headrace.kit.columns import Column, ColumnType, wider
from headrace.kit.outcomes import Refused
from headrace.kit.told import told
from headrace.loaders.contract import TargetTable
from headrace.loaders.rows import check_columns
from headrace.loaders.targets.duckdb.settings import MAX_NAME_BYTES

TYPES: dict[ColumnType, str] = {
    ColumnType.STRING: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.DECIMAL: "DECIMAL(38,9)",
    ColumnType.FLOAT: "DOUBLE",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.DATETIME: "TIMESTAMP WITH TIME ZONE",
}
_KINDS = {spelled: kind for kind, spelled in TYPES.items()}


def quoted(name: str) -> str:
    """A name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def listed(columns: Sequence[Column], prefix: str = "") -> str:
    """The quoted names of columns with commas between, each with a prefix."""
    return ", ".join(prefix + quoted(column.name) for column in columns)


def converted(columns: Sequence[Column]) -> str:
    """The columns of a SELECT that gives values the types of `columns`."""
    return ", ".join(
        f"CAST({quoted(column.name)} AS {TYPES[column.type]}) AS {quoted(column.name)}"
        for column in columns
    )


def check_name(name: str, what: str = "table") -> None:
    """Raise `Refused` if DuckDB cannot hold the name, or it is surely a mistake."""
    if not name:
        raise Refused(told("A {what} name must not be empty.", what=what))
    if "\0" in name:
        raise Refused(
            told("The {what} name {name!r} holds a NUL character.", what=what, name=name[:80])
        )
    try:
        length = len(name.encode())
    except UnicodeEncodeError as error:
        raise Refused(
            told("The {what} name {name!r} is not valid Unicode.", what=what, name=name[:80])
        ) from error
    if length > MAX_NAME_BYTES:
        raise Refused(
            told(
                "The {what} name {name!r} takes {length} bytes; at most {max_name_bytes} are "
                "accepted. Choose a shorter one.",
                what=what,
                name=name[:80],
                length=length,
                max_name_bytes=MAX_NAME_BYTES,
            )
        )


def check_names(table: TargetTable) -> None:
    """Raise `Refused` if the table or its columns cannot be named as asked.

    DuckDB takes names that differ only in the case of ASCII letters as the same.
    """
    check_name(table.name)
    check_columns(table)
    seen: dict[bytes, str] = {}
    for column in table.columns:
        check_name(column.name, "column")
        other = seen.setdefault(column.name.encode().lower(), column.name)
        if other != column.name:
            raise Refused(
                told(
                    "Columns {other!r} and {name!r} of table {table_name!r} have the same name to "
                    "DuckDB; rename or deselect one of them.",
                    other=other,
                    name=column.name,
                    table_name=table.name,
                )
            )


def shaped(connection: duckdb.DuckDBPyConnection, table: TargetTable) -> tuple[Column, ...]:
    """Make the table able to take the columns delivered; return them with their types in it.

    Raises:
        Refused: if it is a view, or a column can neither hold the values nor be widened.
    """
    found = _types_found(connection, table.name)
    if found is None:
        columns = ", ".join(f"{quoted(c.name)} {TYPES[c.type]}" for c in table.columns)
        connection.execute(f"CREATE TABLE {quoted(table.name)} ({columns})")
        return table.columns
    return tuple(_fitted(connection, table.name, found, column) for column in table.columns)


def _types_found(connection: duckdb.DuckDBPyConnection, name: str) -> dict[bytes, str] | None:
    """The types of a table's columns by their names in lower case; None if there is no table."""
    kinds = connection.execute(
        "SELECT table_type FROM information_schema.tables WHERE lower(table_name) = lower(?)"
        " AND table_schema = 'main' AND table_catalog = current_database()",
        [name],
    ).fetchone()
    if kinds is None:
        return None
    if kinds[0] != "BASE TABLE":
        raise Refused(
            told("{name!r} exists and is not a table; choose another name, or drop it.", name=name)
        )
    rows = connection.execute(f"DESCRIBE main.{quoted(name)}").fetchall()
    return {row[0].encode().lower(): row[1] for row in rows}


def _fitted(
    connection: duckdb.DuckDBPyConnection, table: str, found: dict[bytes, str], column: Column
) -> Column:
    change = f"ALTER TABLE {quoted(table)} "
    name = quoted(column.name)
    there = found.get(column.name.encode().lower())
    if there is None:
        connection.execute(f"{change} ADD COLUMN {name} {TYPES[column.type]}")
        return column
    kind = _KINDS.get(there)
    if kind is None:
        raise Refused(
            told(
                "Column {name!r} of table {table!r} is of type {there} and cannot take {type} "
                "values as they are. Change it to {wanted}, or choose another table.",
                name=column.name,
                table=table,
                there=there,
                type=column.type,
                wanted=TYPES[column.type],
            )
        )
    needed = Column(column.name, wider(kind, column.type))
    if needed.type is not kind:
        connection.execute(f"{change} ALTER COLUMN {name} SET DATA TYPE {TYPES[needed.type]}")
    return needed
