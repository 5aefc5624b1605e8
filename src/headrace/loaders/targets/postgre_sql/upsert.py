"""Upsert: stage the rows, compare, then delete what vanished, update what changed, insert the new.

The comparison is the one pass over the whole table, by a hash join that needs no index. It keeps
which staged rows are there and between which places the rows to change lie, so the statements after
it read little more than those rows. PostgreSQL's MERGE can do the three at once, but has to join the
whole table to find the rows that vanished: 18 s against 5 s for 500,000 rows into 5,000,000
(PostgreSQL 18, 2 cores).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

import pyarrow as pa
from psycopg import sql

from headrace.kit.columns import ColumnType
from headrace.loaders.contract import ACCOUNT_COLUMN, Delivered, TargetTable, Upsert
from headrace.loaders.rows import key_columns, rows_of
from headrace.loaders.targets.postgre_sql.connection import Connection
from headrace.loaders.targets.postgre_sql.names import RESERVED_PREFIX, column_list
from headrace.loaders.targets.postgre_sql.shape import Shape, conversions
from headrace.loaders.targets.postgre_sql.units import STAGE, replace_rows, scope, stage_rows

_SORT_MEMORY = "64MB"  # PostgreSQL's own 4 MB makes hash joins of a window spill to disk
_FOUND = sql.Identifier("pg_temp", f"{RESERVED_PREFIX}found")
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
    stage_rows(connection, table, _noting_nulls(rows_of(table, unit), keys, nullable))
    if different := shape.differing(table.columns):
        changes = sql.SQL(", ").join(conversions(different))
        connection.execute(sql.SQL("ALTER TABLE {} {}").format(STAGE, changes))
    setting = sql.SQL("SELECT set_config('work_mem', {}, true)").format(sql.Literal(_SORT_MEMORY))
    connection.execute(setting)
    connection.execute(sql.SQL("ANALYZE {} ({})").format(STAGE, column_list(list(keys))))
    _drop_doubles(connection, keys)
    return _merge(connection, into, shape, keys, nullable, scope(table, shape, unit))


@dataclass(frozen=True)
class _Comparison:
    """What one pass over the table found, of the rows the unit answers for.

    changed: of those that are staged, how many differ. vanished: how many are not staged.
    doubled: how many are staged rows' second and further ones, left by another write mode.
    first, last: between which places the rows of both lie; None if there are none of them.
    """

    changed: int
    vanished: int
    doubled: int
    first: str | None
    last: str | None


def _merge(
    connection: Connection,
    into: sql.Identifier,
    shape: Shape,
    keys: Sequence[str],
    nullable: set[str],
    where: sql.Composed,
) -> Delivered:
    others = [c.name for c in shape.columns if c.name not in {ACCOUNT_COLUMN, *keys}]
    parts = {
        "into": into,
        "stage": STAGE,
        "found": _FOUND,
        "scope": where,
        "match": _match(shape, keys, nullable),
        "differs": _differs(others),
    }

    def run(statement: LiteralString, **more: sql.Composable) -> int:
        return connection.execute(sql.SQL(statement).format(**parts, **more)).rowcount

    def run_near(statement: LiteralString, expected: int, **more: sql.Composable) -> int:
        """Look where the rows were; everywhere, if somebody else has moved some of them since."""
        if not expected:
            return 0
        done = run(statement, near=_between(seen), **more)
        return done if done >= expected else done + run(statement, near=sql.SQL(""), **more)

    seen = _compare(connection, parts)
    deleted = run_near(
        "DELETE FROM {into} AS t WHERE {scope} {near}"
        " AND NOT EXISTS (SELECT FROM {stage} AS s WHERE {match})",
        seen.vanished,
    )
    updated = run_near(
        "UPDATE {into} AS t SET {changes} FROM {stage} AS s"
        " WHERE {scope} {near} AND {match} AND {differs}",
        seen.changed,
        changes=_assignments(others),
    )
    inserted = run(
        "INSERT INTO {into} ({columns}) SELECT {staged} FROM {stage} AS s"
        " WHERE NOT EXISTS (SELECT FROM {found} AS f WHERE f.staged = s.ctid)",
        columns=column_list([column.name for column in shape.columns]),
        staged=column_list([column.name for column in shape.columns], "s"),
    )
    if seen.doubled:
        deleted += run(
            "DELETE FROM {into} AS t USING (SELECT tableoid, ctid, row_number() OVER"
            " (PARTITION BY {keys} ORDER BY ctid) AS number FROM {into} AS t WHERE {scope}) AS d"
            " WHERE t.tableoid = d.tableoid AND t.ctid = d.ctid AND d.number > 1",
            keys=column_list(list(keys)),
        )
    return Delivered(updated + inserted, deleted)


def _compare(connection: Connection, parts: Mapping[str, sql.Composable]) -> _Comparison:
    """Join the table's rows with the staged ones, once: what follows need not scan it whole."""
    connection.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE {found} ON COMMIT DROP AS"
            " SELECT t.ctid AS place, s.ctid AS staged, {differs} AS differs"
            " FROM {into} AS t LEFT JOIN {stage} AS s ON {match} WHERE {scope}"
        ).format(**parts)
    )
    connection.execute(sql.SQL("ANALYZE {found}").format(**parts))  # else the wide side is hashed
    summary = sql.SQL(
        "SELECT count(*) FILTER (WHERE differs AND staged IS NOT NULL),"
        " count(*) FILTER (WHERE staged IS NULL), count(staged) - count(DISTINCT staged),"
        " (min(place) FILTER (WHERE differs OR staged IS NULL))::text,"
        " (max(place) FILTER (WHERE differs OR staged IS NULL))::text FROM {found}"
    )
    row = connection.execute(summary.format(**parts)).fetchone()
    assert row is not None
    return _Comparison(*row)


def _between(seen: _Comparison) -> sql.Composed:
    return sql.SQL("AND t.ctid BETWEEN {} AND {}").format(
        sql.Literal(seen.first), sql.Literal(seen.last)
    )


def _differs(names: list[str]) -> sql.Composable:
    """The condition that a row of `t` and one of `s` have other values in some of these columns."""
    if not names:
        return sql.SQL("false")
    return sql.SQL("({}) IS DISTINCT FROM ({})").format(
        column_list(names, "t"), column_list(names, "s")
    )


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


def _drop_doubles(connection: Connection, keys: Sequence[str]) -> None:
    """Keep the last of staged rows with the same key: a staging table is in order of arrival."""
    parts = {"stage": STAGE, "keys": column_list(list(keys))}
    query = sql.SQL("SELECT FROM {stage} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1")
    if connection.execute(query.format(**parts)).fetchone() is None:
        return
    deletion = sql.SQL(
        "DELETE FROM {stage} AS s USING (SELECT ctid, row_number() OVER"
        " (PARTITION BY {keys} ORDER BY ctid DESC) AS number FROM {stage}) AS d"
        " WHERE s.ctid = d.ctid AND d.number > 1"
    )
    connection.execute(deletion.format(**parts))
