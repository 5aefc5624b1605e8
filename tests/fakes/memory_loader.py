"""A destination in memory: it carries out units as a real one does, and can be told to misbehave."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from headrace.kit.outcomes import OutsideError, Refused
from headrace.loaders.contract import (
    ACCOUNT_COLUMN,
    INSERT_DATE_COLUMN,
    Access,
    Append,
    Category,
    Delivered,
    Full,
    LoaderSpec,
    Param,
    ParamType,
    TargetTable,
    Unit,
    WriteMode,
)

Row = dict[str, Any]
NAME = "memory"


class WorkerDied(BaseException):
    """What a kill looks like from inside: nothing handles it and nothing is recorded."""


@dataclass
class MemoryLoader:
    """Tables by name. Offer it under `NAME` in the registry of loaders.

    problem: raised by checks and before each commit, while it is set.
    dies_after: how many more units are committed before the worker dies, unrecorded.
    during_check, during_write: called while a check, or the next write, is under way.
    """

    spec: ClassVar[LoaderSpec] = LoaderSpec(
        name=NAME,
        title="Memory",
        category=Category.DATABASE,
        params=(
            Param("place", "Place", required=True),
            Param("password", "Password", required=True, secret=True),
            Param("port", "Port", ParamType.INTEGER, initial_value=1),
            Param("is_fast", "Fast", ParamType.BOOLEAN),
            Param("color", "Color", ParamType.SELECT, choices=("red", "blue")),
        ),
        write_modes=(WriteMode.APPEND, WriteMode.REPLACE, WriteMode.UPSERT),
        max_name_length=40,
    )

    tables: dict[str, list[Row]] = field(default_factory=dict)
    problem: OutsideError | None = None
    dies_after: int | None = None
    during_check: Callable[[], None] = lambda: None
    during_write: Callable[[], None] = lambda: None
    accesses: list[Access] = field(default_factory=list)
    targets: list[TargetTable] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)

    def check(self, access: Access) -> None:
        self.accesses.append(access)
        self.during_check()
        if self.problem:
            raise self.problem

    def validate_name(self, name: str) -> None:
        if '"' in name:
            raise Refused("Quotes cannot be in the name of a table here.")

    def write(
        self, access: Access, table: TargetTable, units: Iterable[Unit]
    ) -> Iterator[Delivered]:
        self.accesses.append(access)
        self.targets.append(table)
        happens, self.during_write = self.during_write, lambda: None
        happens()
        for unit in units:
            new = [row for batch in unit.batches() for row in batch.to_pylist()]
            if self.problem:
                raise self.problem
            rows = self.tables.setdefault(table.name, [])
            kept = [row for row in rows if not _belongs(unit, table, row)]
            self.tables[table.name] = kept + new
            self.units.append(unit)
            if self.dies_after is not None:
                self.dies_after -= 1
                if self.dies_after < 0:
                    raise WorkerDied
            yield Delivered(len(new), len(rows) - len(kept))

    def counted(self, table: str, *columns: str) -> Counter[Any]:
        """Count the rows of a table by some of their columns."""
        return Counter(tuple(row[name] for name in columns) for row in self.tables.get(table, []))

    def take_units(self) -> list[tuple[str, Any]]:
        """The kinds and days of the units committed since this was last asked."""
        taken = [(type(unit).__name__, getattr(unit, "days", None)) for unit in self.units]
        self.units.clear()
        return taken


def _belongs(unit: Unit, table: TargetTable, row: Row) -> bool:
    """Whether a row is one that the unit takes the place of."""
    if isinstance(unit, Full):
        return True
    if row[ACCOUNT_COLUMN] != unit.account_id:
        return False
    if isinstance(unit, Append) and row[INSERT_DATE_COLUMN] != unit.insert_date:
        return False
    if unit.days is None or table.date_column is None:
        return True
    return bool(unit.days.first <= row[table.date_column] <= unit.days.last)
