"""Table and column names: what PostgreSQL can take, and how they are written into statements.

Values stand in statements as `sql.Literal`, never as parameters: with parameters the driver reads
`%` in a quoted column name as a placeholder.
"""

import hashlib

from psycopg import sql

from headrace.kit.outcomes import Refused
from headrace.kit.told import told
from headrace.loaders.contract import TargetTable
from headrace.loaders.rows import check_columns
from headrace.loaders.targets.postgre_sql.settings import MAX_NAME_BYTES

RESERVED_PREFIX = "__headrace_"
_SYSTEM_COLUMNS = {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"}


def check_name(name: str, what: str) -> None:
    """Raise `Refused` if PostgreSQL cannot hold the name as it is."""
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
                "The {what} name {name!r} takes {length} bytes; PostgreSQL keeps {max_name_bytes}. "
                "Choose a shorter one.",
                what=what,
                name=name[:80],
                length=length,
                max_name_bytes=MAX_NAME_BYTES,
            )
        )


def check_table_name(name: str) -> None:
    """Raise `Refused` if a table cannot have the name, or it is one we use while loading."""
    check_name(name, "table")
    if name.startswith(RESERVED_PREFIX):
        raise Refused(
            told(
                "Table names that begin with {reserved_prefix!r} are reserved.",
                reserved_prefix=RESERVED_PREFIX,
            )
        )


def check_names(table: TargetTable) -> None:
    """Raise `Refused` if the table or one of its columns cannot be named as asked."""
    check_table_name(table.name)
    check_columns(table)
    for column in table.columns:
        check_name(column.name, "column")
        if column.name in _SYSTEM_COLUMNS:
            raise Refused(
                told(
                    "PostgreSQL keeps the column name {name!r} for itself; rename the field.",
                    name=column.name,
                )
            )


def aside_name(schema: str, table: str) -> str:
    """The name under which a table's replacement is built: always the same one for a table."""
    return f"{RESERVED_PREFIX}new_{_digest(schema, table).hex()}"


def lock_number(schema: str, table: str) -> int:
    """The advisory lock that writers of one table take in its database."""
    return int.from_bytes(_digest(schema, table), "big", signed=True)


def _digest(schema: str, table: str) -> bytes:
    return hashlib.blake2b(f"headrace\0{schema}\0{table}".encode(), digest_size=8).digest()


def qualified(schema: str, table: str) -> sql.Identifier:
    """A table with its schema, quoted."""
    return sql.Identifier(schema, table)


def column_list(names: list[str], prefix: str | None = None) -> sql.Composed:
    """Quoted column names with commas between, each of `prefix` where one is given."""
    parts = [sql.Identifier(prefix, name) if prefix else sql.Identifier(name) for name in names]
    return sql.SQL(", ").join(parts)
