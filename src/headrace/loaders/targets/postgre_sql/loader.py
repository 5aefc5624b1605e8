"""The PostgreSQL loader: one connection a write, one transaction a unit."""

import secrets
from collections.abc import Iterable, Iterator
from typing import ClassVar

from psycopg import errors, sql

from headrace.kit.columns import arrow_schema
from headrace.kit.outcomes import TryLater
from headrace.kit.told import told
from headrace.loaders.contract import (
    Access,
    Append,
    Delivered,
    Full,
    LoaderSpec,
    TargetTable,
    Unit,
    Upsert,
    Window,
)
from headrace.loaders.rows import rows_of
from headrace.loaders.targets.postgre_sql.catalog import TableFound, find_table
from headrace.loaders.targets.postgre_sql.connection import Connection, connected, limits
from headrace.loaders.targets.postgre_sql.copying import copy_rows
from headrace.loaders.targets.postgre_sql.failures import explained
from headrace.loaders.targets.postgre_sql.names import (
    RESERVED_PREFIX,
    check_name,
    check_names,
    check_table_name,
    lock_number,
    qualified,
)
from headrace.loaders.targets.postgre_sql.settings import SPEC
from headrace.loaders.targets.postgre_sql.shape import (
    Shape,
    alteration,
    column_definitions,
    shape_of,
)
from headrace.loaders.targets.postgre_sql.swap import replace_table
from headrace.loaders.targets.postgre_sql.units import replace_rows
from headrace.loaders.targets.postgre_sql.upsert import merge_rows


class PostgreSqlLoader:
    """Writes tables of a PostgreSQL database."""

    spec: ClassVar[LoaderSpec] = SPEC

    def check(self, access: Access) -> None:
        """Make a table, write a row, and take it all back."""
        with connected(access) as (connection, server):
            check_name(server.schema, "schema")
            trial = f"{RESERVED_PREFIX}check_{secrets.token_hex(8)}"
            statement = sql.SQL("CREATE {} TABLE {} AS SELECT 1 AS one")
            with (
                explained(
                    told("Schema {name!r} at {server}", name=server.schema, server=str(server))
                ),
                connection.transaction(force_rollback=True),
            ):
                connection.execute(limits())
                table = qualified(server.schema, trial)
                connection.execute(statement.format(sql.SQL(""), table))
                staging = sql.Identifier("pg_temp", trial)  # upserts stage rows in such a table
                connection.execute(statement.format(sql.SQL("TEMPORARY"), staging))

    def validate_name(self, name: str) -> None:
        """Raise `Refused` if a table cannot be named so."""
        check_table_name(name)

    def write(
        self, access: Access, table: TargetTable, units: Iterable[Unit]
    ) -> Iterator[Delivered]:
        """Carry out the units, each in a transaction of its own."""
        check_names(table)
        with connected(access) as (connection, server):
            check_name(server.schema, "schema")
            target = _Target(connection, server.schema, table)
            unit = None
            for unit in units:
                with explained(target.title):
                    delivered = target.carry_out(unit)
                yield delivered
            if (
                unit is None
            ):  # nothing to deliver yet: the table is there to be queried all the same
                with explained(target.title):
                    target.create()


class _Target:
    """One table under one connection."""

    def __init__(self, connection: Connection, schema: str, table: TargetTable) -> None:
        self.connection = connection
        self.schema = schema
        self.table = table
        self.into = qualified(schema, table.name)
        self._altered = False
        self.title = told("Table {name!r} in schema {schema!r}", name=table.name, schema=schema)

    def carry_out(self, unit: Unit) -> Delivered:
        """Carry out one unit in one transaction, making the table if it is missing."""
        if not isinstance(unit, Full):
            self._alter()
        with self.connection.transaction():
            found = self._lock_and_find()
            if found is None:
                return self._create_and_fill(unit)
            shape = shape_of(found, self.table)
            if isinstance(unit, Full):
                return replace_table(self.connection, self.schema, self.table, found, shape, unit)
            if not shape.fits:  # changed by someone since it was looked at
                self.connection.execute(alteration(self.into, shape))
            return self._change_rows(shape, unit)

    def create(self) -> None:
        """Make the table if it is missing, with no rows."""
        with self.connection.transaction():
            if self._lock_and_find() is None:
                self._create()

    def _alter(self) -> None:
        """Add and widen columns of a table that is there, in a short transaction of its own.

        Changing a table keeps its readers out until the transaction ends, so that must not wait for
        rows to be copied.
        """
        if self._altered:
            return
        with self.connection.transaction():
            found = self._lock_and_find()
            if found is not None:
                shape = shape_of(found, self.table)
                if not shape.fits:
                    self.connection.execute(alteration(self.into, shape))
        self._altered = True

    def _create_and_fill(self, unit: Unit) -> Delivered:
        self._create()
        if isinstance(unit, Upsert):
            return self._change_rows(Shape(self.table.columns), unit)
        schema = arrow_schema(list(self.table.columns))
        rows = rows_of(self.table, unit)
        return Delivered(copy_rows(self.connection, self.into, schema, rows, frozen=True))

    def _create(self) -> None:
        columns = column_definitions(self.table.columns)
        self.connection.execute(sql.SQL("CREATE TABLE {} ({})").format(self.into, columns))

    def _change_rows(self, shape: Shape, unit: Window | Append | Upsert) -> Delivered:
        if isinstance(unit, Upsert):
            return merge_rows(self.connection, self.into, self.table, shape, unit)
        return replace_rows(self.connection, self.into, self.table, shape, unit)

    def _lock_and_find(self) -> TableFound | None:
        """Begin: keep other writers of this table of ours out until the transaction ends."""
        self.connection.execute(limits())
        number = sql.Literal(lock_number(self.schema, self.table.name))
        try:
            self.connection.execute(sql.SQL("SELECT pg_advisory_xact_lock({})").format(number))
        except errors.LockNotAvailable as error:
            raise TryLater(
                told("{title}: another load is writing to it.", title=self.title)
            ) from error
        return find_table(self.connection, self.schema, self.table.name)
