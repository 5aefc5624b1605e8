"""What the contract suite needs of each loader: a destination to write to and a way to read it.

A loader `x` offers `tests/loaders/x/loader_case.py` with

    @contextmanager
    def open_case(request: pytest.FixtureRequest, folder: Path) -> Iterator[LoaderCase]

called once a test, with an empty folder of its own. What it opens is an empty destination.
"""

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest

from contract.nasty_rows import Row, batch_of
from headrace.kit.outcomes import OutsideError
from headrace.loaders.contract import (
    Access,
    Append,
    Batches,
    Delivered,
    Full,
    Loader,
    TargetTable,
    Unit,
    Upsert,
    Window,
)

ReadRows = Callable[[TargetTable], Sequence[Mapping[str, Any]]]
"""All rows of a table as a reader at the destination sees them.

Values have the Python types of `table.columns` (`str int Decimal float bool date datetime`, times
aware in UTC); a column the destination has not got is given as None. The order does not matter. A
table that is not there has no rows. File destinations read every object of the table.
"""


@dataclass(frozen=True)
class Broken:
    """A way in which the destination is out of reach, and the outcome that must be raised.

    `says`: words of which each must be in the message, in any case.
    """

    title: str
    access: Access
    outcome: type[OutsideError]
    says: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoaderCase:
    """An empty destination of one loader.

    leftovers: names of everything at the destination that belongs to none of the tables given:
        staging tables, partial objects, temporary files.
    units: the kinds of unit the loader carries out.
    widens: whether a column that becomes wider is wider for the rows already delivered, too.
    secrets: texts that must not be in any message.
    """

    access: Access
    rows: ReadRows
    leftovers: Callable[[Sequence[TargetTable]], Sequence[str]]
    broken: Sequence[Broken] = ()
    units: frozenset[type[Unit]] = frozenset({Full, Window, Upsert, Append})
    widens: bool = True
    secrets: tuple[str, ...] = field(default=())


OpenCase = Callable[[pytest.FixtureRequest, Path], AbstractContextManager[LoaderCase]]


def open_case_of(loader_name: str) -> OpenCase:
    """Find the case of a loader by its name."""
    module = importlib.import_module(f"loaders.{loader_name}.loader_case")
    return cast(OpenCase, module.open_case)


def batches(table: TargetTable, *chunks: Iterable[Mapping[str, Any]]) -> Batches:
    """Offer rows as a unit's batches, one for each chunk."""
    made = [batch_of(table.columns, rows) for rows in chunks]

    def opened() -> Iterator[pa.RecordBatch]:
        return iter(made)

    return opened


def write(loader: Loader, case: LoaderCase, table: TargetTable, *units: Unit) -> list[Delivered]:
    """Carry out units and return what each of them delivered."""
    return list(loader.write(case.access, table, list(units)))


def sorted_rows(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Put rows in an order of their own, so that two sets of them can be compared."""
    return sorted((dict(row) for row in rows), key=lambda row: repr(sorted(row.items())))
