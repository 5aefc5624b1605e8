"""Full: build the new table aside and put it in the old one's place, in one transaction.

Everything is one transaction, so a killed attempt leaves nothing, and no reader waits while rows
are copied. Rows are stored frozen: a reader whose snapshot is older than the swap sees the new
rows, where it would otherwise find an empty table (PostgreSQL manual, "COPY", FREEZE).
"""

from typing import Any, LiteralString

from psycopg import errors, sql

from headrace.kit.columns import arrow_schema
from headrace.loaders.contract import Delivered, Full, TargetTable
from headrace.loaders.rows import rows_of
from headrace.loaders.targets.postgre_sql.catalog import (
    TableFound,
    find_table,
    index_names,
    is_swappable,
)
from headrace.loaders.targets.postgre_sql.connection import Connection
from headrace.loaders.targets.postgre_sql.copying import copy_rows
from headrace.loaders.targets.postgre_sql.names import aside_name, column_list, qualified
from headrace.loaders.targets.postgre_sql.shape import Shape, alteration
from headrace.loaders.targets.postgre_sql.units import STAGE, insert_rows, stage_rows

_SWAP_SECONDS = 3
"""How long readers may queue behind the swap; if the table is not free by then, the rows are
replaced inside it, which waits for no reader."""


def replace_table(
    connection: Connection,
    schema: str,
    table: TargetTable,
    found: TableFound,
    shape: Shape,
    unit: Full,
) -> Delivered:
    """Replace all rows of a table that exists, in the caller's transaction."""
    into = qualified(schema, table.name)
    if not is_swappable(connection, found):
        stage_rows(connection, table, rows_of(table, unit))
        return _replace_inside(connection, into, STAGE, shape)
    aside = qualified(schema, aside_name(schema, table.name))
    statement = sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(aside, into)
    connection.execute(statement)
    if not shape.fits:
        connection.execute(alteration(aside, shape))
    rows = _fill(connection, aside, table, shape, unit)
    try:
        with connection.transaction():
            deleted = _swap(connection, schema, table.name, found)
    except (errors.LockNotAvailable, errors.DependentObjectsStillExist):
        delivered = _replace_inside(connection, into, aside, shape)
        connection.execute(sql.SQL("DROP TABLE {}").format(aside))
        return delivered
    return Delivered(rows, deleted)


def _fill(
    connection: Connection, aside: sql.Identifier, table: TargetTable, shape: Shape, unit: Full
) -> int:
    if shape.differing(table.columns):
        return insert_rows(connection, aside, table, shape, unit)
    schema = arrow_schema(list(table.columns))
    return copy_rows(connection, aside, schema, rows_of(table, unit), frozen=True)


def _replace_inside(
    connection: Connection, into: sql.Identifier, source: sql.Identifier, shape: Shape
) -> Delivered:
    if not shape.fits:
        connection.execute(alteration(into, shape))
    deleted = connection.execute(sql.SQL("DELETE FROM {}").format(into)).rowcount
    names = column_list([column.name for column in shape.columns])
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}")
    inserted = connection.execute(statement.format(into, names, names, source)).rowcount
    return Delivered(inserted, deleted)


def _swap(connection: Connection, schema: str, name: str, found: TableFound) -> int:
    """Give the table aside the rights, comment, owner and names of the old one, and drop that."""
    old, aside = qualified(schema, name), aside_name(schema, name)
    new = qualified(schema, aside)
    limit = sql.Literal(f"{_SWAP_SECONDS}s")
    connection.execute(sql.SQL("SELECT set_config('lock_timeout', {}, true)").format(limit))
    count = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(old)).fetchone()
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(old))
    made = find_table(connection, schema, aside)
    assert made is not None
    for statement in _carried_over(connection, found, made, new):
        connection.execute(statement)
    old_indexes = index_names(connection, found.oid)
    new_indexes = index_names(connection, made.oid)
    connection.execute(sql.SQL("DROP TABLE {}").format(old))
    connection.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(new, sql.Identifier(name)))
    for before, after in zip(new_indexes, old_indexes, strict=True):
        rename = sql.SQL("ALTER INDEX {} RENAME TO {}")
        connection.execute(rename.format(qualified(schema, before), sql.Identifier(after)))
    return int(count[0]) if count else 0


_RIGHTS = """
SELECT CASE WHEN a.grantee = 0 THEN NULL ELSE pg_catalog.pg_get_userbyid(a.grantee) END,
       a.privilege_type, a.is_grantable
FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
WHERE c.oid = {oid} AND a.grantee <> c.relowner
"""
_OWNER = """
SELECT pg_catalog.pg_get_userbyid(relowner), pg_catalog.obj_description(oid, 'pg_class'),
       pg_catalog.pg_get_userbyid(relowner) = current_user
FROM pg_catalog.pg_class WHERE oid = {oid}
"""


def _carried_over(
    connection: Connection, found: TableFound, made: TableFound, new: sql.Identifier
) -> list[sql.Composed]:
    """The statements that give a new table the rights, comment and owner of the old one."""
    statements = []
    for grantee, right, _ in _rows(connection, _RIGHTS, made.oid):  # from default privileges
        revoke = sql.SQL("REVOKE {} ON {} FROM {}")
        statements.append(revoke.format(sql.SQL(right), new, _role(grantee)))
    for grantee, right, grantable in _rows(connection, _RIGHTS, found.oid):
        grant = sql.SQL("GRANT {} ON {} TO {}{}")
        option = sql.SQL(" WITH GRANT OPTION" if grantable else "")
        statements.append(grant.format(sql.SQL(right), new, _role(grantee), option))
    for owner, comment, is_ours in _rows(connection, _OWNER, found.oid):
        if comment is not None:
            comment_on = sql.SQL("COMMENT ON TABLE {} IS {}")
            statements.append(comment_on.format(new, sql.Literal(comment)))
        if not is_ours:
            statements.append(
                sql.SQL("ALTER TABLE {} OWNER TO {}").format(new, sql.Identifier(owner))
            )
    return statements


def _rows(connection: Connection, query: LiteralString, oid: int) -> list[tuple[Any, ...]]:
    return connection.execute(sql.SQL(query).format(oid=sql.Literal(oid))).fetchall()


def _role(name: str | None) -> sql.Composable:
    return sql.SQL("PUBLIC") if name is None else sql.Identifier(name)
