"""The DuckDB loader: one connection to the file a write, one transaction a unit."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from headrace.kit.told import told
from headrace.loaders.contract import Access, Delivered, LoaderSpec, TargetTable, Unit
from headrace.loaders.targets.duckdb.engine import opened, prove_writable, transaction
from headrace.loaders.targets.duckdb.failures import explained
from headrace.loaders.targets.duckdb.settings import SPEC, file_of
from headrace.loaders.targets.duckdb.shape import check_name, check_names, shaped
from headrace.loaders.targets.duckdb.units import carry_out


class DuckDbLoader:
    """Writes tables of a DuckDB file in the folder the operator opened."""

    spec: ClassVar[LoaderSpec] = SPEC

    def check(self, access: Access) -> None:
        """Write to the file, or its folder, and take it back."""
        prove_writable(file_of(access))

    def validate_name(self, name: str) -> None:
        """Raise `Refused` if a table cannot be named so."""
        check_name(name)

    def write(
        self, access: Access, table: TargetTable, units: Iterable[Unit]
    ) -> Iterator[Delivered]:
        """Carry out the units, each in a transaction of its own."""
        check_names(table)
        file = file_of(access)
        title = told("Table {name!r} in file {file!r}", name=table.name, file=file.name)
        with opened(file) as connection:
            unit = None
            for unit in units:
                with explained(title), transaction(connection, file):
                    delivered = carry_out(connection, table, unit)
                yield delivered
            if (
                unit is None
            ):  # nothing to deliver yet: the table is there to be queried all the same
                with explained(title), transaction(connection, file):
                    shaped(connection, table)
