"""What the destination's catalogue says of a table before it is written to."""

from dataclasses import dataclass

from psycopg import sql

from headrace.loaders.targets.postgre_sql.connection import Connection


@dataclass(frozen=True)
class ColumnFound:
    """A column as it is: `type` is spelled by PostgreSQL's `format_type`."""

    name: str
    type: str
    generated: bool


@dataclass(frozen=True)
class TableFound:
    """A relation as it is.

    kind: `pg_class.relkind`: `r` a table, `p` a partitioned one, `v` a view, and so on.
    """

    oid: int
    kind: str
    columns: tuple[ColumnFound, ...]

    def column(self, name: str) -> ColumnFound | None:
        """The column of this name, if there is one."""
        return next((column for column in self.columns if column.name == name), None)


_RELATION = """
SELECT c.oid, c.relkind::text
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = {schema} AND c.relname = {table}
"""

_COLUMNS = """
SELECT attname, pg_catalog.format_type(atttypid, atttypmod),
       attgenerated <> '' OR attidentity = 'a'
FROM pg_catalog.pg_attribute
WHERE attrelid = {oid} AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""

# A table is replaced by another one only if all that hangs on it can be carried over: its indexes,
# keys, checks, defaults, comments, owner and rights. Views, foreign keys, triggers, policies,
# publications, sequences, children, functions and the like depend on the table itself; where there
# is any of them, its rows are replaced inside it instead.
_SWAPPABLE = """
SELECT c.relkind = 'r' AND c.relpersistence = 'p' AND NOT c.relispartition
   AND NOT c.relrowsecurity AND NOT c.relforcerowsecurity AND c.relreplident = 'd'
   AND c.reloptions IS NULL AND c.reltablespace = 0 AND c.reloftype = 0
   AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
   AND pg_catalog.has_schema_privilege(c.relnamespace, 'CREATE')
   AND NOT EXISTS (
       SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL)
   AND NOT EXISTS (
       SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent))
   AND NOT EXISTS (
       SELECT FROM pg_catalog.pg_seclabel s WHERE s.objoid = c.oid AND s.classoid = c.tableoid)
   AND NOT EXISTS (
       SELECT FROM pg_catalog.pg_depend d
       LEFT JOIN pg_catalog.pg_class o ON d.classid = c.tableoid AND o.oid = d.objid
       LEFT JOIN pg_catalog.pg_constraint k
              ON d.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = d.objid
       WHERE d.refclassid = c.tableoid AND d.refobjid = c.oid
         AND d.classid <> 'pg_catalog.pg_attrdef'::regclass
         AND NOT (d.classid = 'pg_catalog.pg_type'::regclass AND d.deptype = 'i')
         AND coalesce(o.relkind IN ('i', 't'), false) IS NOT TRUE
         AND coalesce(k.contype IN ('p', 'u', 'c', 'n'), false) IS NOT TRUE)
   AND NOT EXISTS (
       SELECT FROM pg_catalog.pg_depend d
       JOIN pg_catalog.pg_type y ON y.oid = d.refobjid
       WHERE d.refclassid = 'pg_catalog.pg_type'::regclass AND d.deptype <> 'i'
         AND (y.oid = c.reltype OR y.typelem = c.reltype AND y.typcategory = 'A'))
   AND NOT EXISTS (
       SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f')
FROM pg_catalog.pg_class c WHERE c.oid = {oid}
"""


def find_table(connection: Connection, schema: str, table: str) -> TableFound | None:
    """Describe the relation of this name, whatever it is, or return None."""
    names = {"schema": sql.Literal(schema), "table": sql.Literal(table)}
    row = connection.execute(sql.SQL(_RELATION).format(**names)).fetchone()
    if row is None:
        return None
    columns = connection.execute(sql.SQL(_COLUMNS).format(oid=sql.Literal(row[0]))).fetchall()
    return TableFound(row[0], row[1], tuple(ColumnFound(*column) for column in columns))


def is_swappable(connection: Connection, found: TableFound) -> bool:
    """Whether another table put in its place would differ in nothing but its rows."""
    row = connection.execute(sql.SQL(_SWAPPABLE).format(oid=sql.Literal(found.oid))).fetchone()
    return row is not None and bool(row[0])


def index_names(connection: Connection, oid: int) -> list[str]:
    """The names of a table's indexes, oldest first."""
    statement = sql.SQL(
        "SELECT i.relname FROM pg_catalog.pg_index x "
        "JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid "
        "WHERE x.indrelid = {} ORDER BY x.indexrelid"
    )
    return [row[0] for row in connection.execute(statement.format(sql.Literal(oid))).fetchall()]
