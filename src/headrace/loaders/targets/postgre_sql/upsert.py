"""Upsert: stage the rows, then delete what vanished, update what changed, insert what is new.

Three statements with hash joins, no index. PostgreSQL's MERGE can do the three at once, but has to
join the whole table to find the rows that vanished: 18 s against 5 s for 500,000 rows into
5,000,000 (PostgreSQL 18, 2 cores).
"""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
from psycopg import sql

from headrace.kit.columns import ColumnType
from headrace.loaders.contract import ACCOUNT_COLUMN, Delivered, TargetTable, Upsert
from headrace.loaders.rows import key_columns, rows_of
from headrace.loaders.targets.postgre_sql.connection import Connection
from headrace.loaders.targets.postgre_sql.names import column_list
from headrace.loaders.targets.postgre_sql.shape import Shape, conversions
from headrace.loaders.targets.postgre_sql.units import STAGE, replace_rows, scope, stage_rows

_SORT_MEMORY = "64MB"  # PostgreSQL's own 4 MB makes hash joins of a window spill to disk
_ABSENT: dict[ColumnType, str] = {
    ColumnType.STRING: "''::text",
    ColumnType.INTEGER: "0::bigint",
    ColumnType.DECIMAL: "0::numeric",
    ColumnType.FLOAT: "0::double precision",
    ColumnType.BOOLEAN: "false",
    ColumnType.DATE: "'epoch'::date",
    ColumnType.DATETIME: "'epoch'::timestamptz",
}


def merge_rows(
    connection: Connection, into: sql.Identifier, table: TargetTable, shape: Shape, unit: Upsert
) -> Delivered:
    """Carry out an upsert in the caller's transaction.

    Of several rows with the same key the last one counts. Without a key the window is replaced.
    """
    keys = key_columns(table)
    if not keys:
        return replace_rows(connection, into, table, shape, unit)
    nullable: set[str] = set()
    staged = stage_rows(connection, table, _noting_nulls(rows_of(table, unit), keys, nullable))
    if different := shape.differing(table.columns):
        changes = sql.SQL(", ").join(conversions(different))
        connection.execute(sql.SQL("ALTER TABLE {} {}").format(STAGE, changes))
    setting = sql.SQL("SELECT set_config('work_mem', {}, true)").format(sql.Literal(_SORT_MEMORY))
    connection.execute(setting)
    connection.execute(sql.SQL("ANALYZE {}").format(STAGE))
    staged -= _drop_doubles(connection, keys)
    return _merge(connection, into, shape, keys, nullable, scope(table, shape, unit), staged)


def _merge(
    connection: Connection,
    into: sql.Identifier,
    shape: Shape,
    keys: Sequence[str],
    nullable: set[str],
    where: sql.Composed,
    staged: int,
) -> Delivered:
    parts = {
        "into": into,
        "stage": STAGE,
        "scope": where,
        "match": _match(shape, keys, nullable),
        "columns": column_list([column.name for column in shape.columns]),
        "staged": column_list([column.name for column in shape.columns], "s"),
    }

    def run(statement: sql.SQL, **more: sql.Composable) -> int:
        return connection.execute(statement.format(**parts, **more)).rowcount

    deleted = run(
        sql.SQL(
            "DELETE FROM {into} AS t WHERE {scope}"
            " AND NOT EXISTS (SELECT FROM {stage} AS s WHERE {match})"
        )
    )
    updated = 0
    if others := [c.name for c in shape.columns if c.name not in {ACCOUNT_COLUMN, *keys}]:
        changed = sql.SQL("({}) IS DISTINCT FROM ({})").format(
            column_list(others, "t"), column_list(others, "s")
        )
        updated = run(
            sql.SQL(
                "UPDATE {into} AS t SET {changes} FROM {stage} AS s"
                " WHERE {scope} AND {match} AND {changed}"
            ),
            changes=_assignments(others),
            changed=changed,
        )
    inserted = run(
        sql.SQL(
            "INSERT INTO {into} ({columns}) SELECT {staged} FROM {stage} AS s"
            " WHERE NOT EXISTS (SELECT FROM {into} AS t WHERE {scope} AND {match})"
        )
    )
    found = connection.execute(
        sql.SQL("SELECT count(*) FROM {into} AS t WHERE {scope}").format(**parts)
    ).fetchone()
    if found is not None and found[0] != staged:  # another write mode left rows of the same key
        deleted += run(
            sql.SQL(
                "DELETE FROM {into} AS t USING (SELECT tableoid, ctid, row_number() OVER"
                " (PARTITION BY {keys} ORDER BY ctid) AS number FROM {into} AS t WHERE {scope}) AS d"
                " WHERE t.tableoid = d.tableoid AND t.ctid = d.ctid AND d.number > 1"
            ),
            keys=column_list(list(keys)),
        )
    return Delivered(updated + inserted, deleted)


def _assignments(names: Sequence[str]) -> sql.Composed:
    parts = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Identifier("s", name)) for name in names
    ]
    return sql.SQL(", ").join(parts)


def _match(shape: Shape, keys: Sequence[str], nullable: set[str]) -> sql.Composed:
    """The condition that a row of `t` and one of `s` are the same row.

    `IS NOT DISTINCT FROM` would say it for nulls, but PostgreSQL cannot hash it. A staged key
    without nulls needs only `=`, since then a null in the table matches none of them.
    """
    parts = []
    for name in keys:
        t, s = sql.Identifier("t", name), sql.Identifier("s", name)
        if name not in nullable:
            parts.append(sql.SQL("{} = {}").format(t, s))
            continue
        absent = sql.SQL(_ABSENT[shape.kind(name)])
        parts.append(
            sql.SQL(
                "coalesce({t}, {absent}) = coalesce({s}, {absent})"
                " AND ({t} IS NULL) = ({s} IS NULL)"
            ).format(t=t, s=s, absent=absent)
        )
    return sql.SQL(" AND ").join(parts)


def _noting_nulls(
    batches: Iterable[pa.RecordBatch], names: Sequence[str], seen: set[str]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        seen.update(name for name in names if batch.column(name).null_count)
        yield batch


def _drop_doubles(connection: Connection, keys: Sequence[str]) -> int:
    """Keep the last of staged rows with the same key: a staging table is in order of arrival."""
    parts = {"stage": STAGE, "keys": column_list(list(keys))}
    query = sql.SQL("SELECT FROM {stage} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1")
    if connection.execute(query.format(**parts)).fetchone() is None:
        return 0
    deletion = sql.SQL(
        "DELETE FROM {stage} AS s USING (SELECT ctid, row_number() OVER"
        " (PARTITION BY {keys} ORDER BY ctid DESC) AS number FROM {stage}) AS d"
        " WHERE s.ctid = d.ctid AND d.number > 1"
    )
    return connection.execute(deletion.format(**parts)).rowcount
