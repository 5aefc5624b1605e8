"""Splitting a unit's rows by period and account in bounded memory, whatever their order.

An external sort: rows are gathered up to a limit, sorted by (period, account), and set aside as a
sorted run on disk; the runs are then merged. A unit that fits below the limit touches no disk.
"""

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headrace.kit.outcomes import Refused, TryLater
from headrace.kit.told import told
from headrace.loaders.contract import ACCOUNT_COLUMN, TargetTable
from headrace.loaders.files.patterns import Partition, Placement

_RUN_BYTES = 32 << 20
_RUN_BATCH_BYTES = 1 << 20
# So many runs are merged into one, so that open files and memory stay bounded for any size.
_MOST_RUNS = 32
_PERIOD, _ACCOUNT = "__period", "__account"


@dataclass(frozen=True, order=True)
class Part:
    """The rows of one file: its period's first day and its account, where files are split so."""

    period: date | None
    account: str | None


Parts = Iterator[tuple[Part, Iterator[pa.RecordBatch]]]
_Key = tuple[Any, ...]
_Piece = tuple[_Key, pa.RecordBatch]


def split(
    batches: Iterator[pa.RecordBatch],
    table: TargetTable,
    placement: Placement,
    run_bytes: int = _RUN_BYTES,
) -> AbstractContextManager[Parts]:
    """Open the rows part by part; each part must be read before the next is taken.

    A table that is one file is one part, with or without rows; otherwise only parts with rows.

    Raises:
        Refused: on entering or reading, if rows lack the date or account their file is named by.
        TryLater: if the disk for the runs is full.
    """
    names = tuple(_key_names(placement))
    if not names:
        return _whole(batches)
    keyed = (_with_keys(batch, table, placement) for batch in batches if batch.num_rows)
    return _sorted_parts(keyed, names, run_bytes)


def _key_names(placement: Placement) -> Iterator[str]:
    if placement.partition is not Partition.NONE:
        yield _PERIOD
    if placement.by_account:
        yield _ACCOUNT


@contextmanager
def _whole(batches: Iterator[pa.RecordBatch]) -> Iterator[Parts]:
    yield iter([(Part(None, None), batches)])


@contextmanager
def _sorted_parts(
    keyed: Iterator[pa.RecordBatch], names: tuple[str, ...], run_bytes: int = _RUN_BYTES
) -> Iterator[Parts]:
    with grouped(keyed, names, run_bytes) as groups:
        yield ((_part(key, names), batches) for key, batches in groups)


@contextmanager
def grouped(
    keyed: Iterator[pa.RecordBatch], names: tuple[str, ...], run_bytes: int = _RUN_BYTES
) -> Iterator[Iterator[tuple[_Key, Iterator[pa.RecordBatch]]]]:
    """Open rows grouped by their key columns, in the order of the keys; ties stay in order."""
    with tempfile.TemporaryDirectory(prefix="headrace-split-") as folder:
        runs = _Runs(Path(folder), names)
        held: list[pa.RecordBatch] = []
        size = 0
        for batch in keyed:
            held.append(batch)
            size += batch.nbytes
            if size >= run_bytes:
                runs.add(_ordered(held, names).to_batches())
                held, size = [], 0
        last = _ordered(held, names).to_batches() if held else []
        held = []
        merged = runs.merged(last)
        yield (
            (key, (batch.drop_columns(list(names)) for _, batch in group))
            for key, group in groupby(merged, key=lambda piece: piece[0])
        )


class _Runs:
    """Sorted runs on disk, merged into fewer whenever there are many."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self._folder = folder
        self._names = names
        self._files: list[Path] = []
        self._count = 0

    def add(self, batches: Iterable[pa.RecordBatch]) -> None:
        if len(self._files) >= _MOST_RUNS:
            old = self._files
            self._files = [self._set_aside(piece for _, piece in self.merged([]))]
            for file in old:
                file.unlink()
        self._files.append(self._set_aside(batches))

    def merged(self, last: Iterable[pa.RecordBatch]) -> Iterator[_Piece]:
        """Merge all runs and one that is still in memory; earlier runs come first in ties."""
        runs = [_pieces(_read_run(file), self._names) for file in self._files]
        runs.append(_pieces(iter(last), self._names))
        return heapq.merge(*runs, key=lambda piece: piece[0])

    def _set_aside(self, batches: Iterable[pa.RecordBatch]) -> Path:
        self._count += 1
        path = self._folder / str(self._count)
        try:
            _write_run(path, batches)
        except OSError as error:  # F20
            raise TryLater(
                told(
                    "The temporary folder of this server cannot hold the rows of a load "
                    "({strerror}): free space there.",
                    strerror=error.strerror,
                )
            ) from error
        return path


def _write_run(path: Path, batches: Iterable[pa.RecordBatch]) -> None:
    """Write batches of about a megabyte: one of each run is in memory while they are merged."""
    stream = None
    with pa.OSFile(str(path), "wb") as file:
        for group in _gathered(batches):
            stream = stream or pa.ipc.new_stream(file, group.schema)
            rows = max(1, group.num_rows * _RUN_BATCH_BYTES // max(1, group.nbytes))
            stream.write_table(group, max_chunksize=rows)
        if stream is not None:
            stream.close()


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        held.append(batch)
        size += batch.nbytes
        if size >= _RUN_BATCH_BYTES:
            yield pa.Table.from_batches(held).combine_chunks()
            held, size = [], 0
    if held:
        yield pa.Table.from_batches(held).combine_chunks()


def _with_keys(batch: pa.RecordBatch, table: TargetTable, placement: Placement) -> pa.RecordBatch:
    if placement.partition is not Partition.NONE:
        days = pc.cast(batch.column(table.date_column), pa.date32())
        if days.null_count:
            raise Refused(
                told(
                    "{name} has rows without {date_column}, so they belong to no file: use a "
                    "connection with partition_by none for this table.",
                    name=table.name,
                    date_column=table.date_column,
                )
            )
        if placement.partition is Partition.MONTH:
            days = pc.floor_temporal(days, unit="month")
        batch = batch.append_column(_PERIOD, days)
    if placement.by_account:
        accounts = account_values(batch, table)
        if accounts.null_count:
            raise Refused(
                told(
                    "{name} has rows without {account_column}: load it unsplit.",
                    name=table.name,
                    account_column=ACCOUNT_COLUMN,
                )
            )
        batch = batch.append_column(_ACCOUNT, accounts)
    return batch


def account_values(batch: pa.RecordBatch, table: TargetTable) -> pa.Array:
    """Return the account of each row.

    Raises:
        Refused: if the table delivers no account column.
    """
    if ACCOUNT_COLUMN not in batch.schema.names:
        raise Refused(
            told(
                "{name} delivers no {account_column}, so rows of one account cannot be found "
                "in its files: select that column.",
                name=table.name,
                account_column=ACCOUNT_COLUMN,
            )
        )
    return batch.column(ACCOUNT_COLUMN)


def _ordered(held: list[pa.RecordBatch], names: tuple[str, ...]) -> pa.Table:
    return pa.Table.from_batches(held).sort_by([(name, "ascending") for name in names])


def _read_run(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as stream:
        yield from stream


def _pieces(batches: Iterator[pa.RecordBatch], names: tuple[str, ...]) -> Iterator[_Piece]:
    """Cut sorted batches where a key changes, and take the key columns off."""
    for batch in batches:
        keys = [batch.column(name) for name in names]
        starts = [0, *_changes(keys), batch.num_rows]
        for start, end in pairwise(starts):
            yield tuple(key[start].as_py() for key in keys), batch.slice(start, end - start)


def _changes(keys: list[pa.Array]) -> list[int]:
    changed = None
    for key in keys:
        differs = pc.not_equal(key.slice(1), key.slice(0, len(key) - 1))
        changed = differs if changed is None else pc.or_(changed, differs)
    return [index + 1 for index in pc.indices_nonzero(changed).to_pylist()]


def _part(key: tuple[Any, ...], names: tuple[str, ...]) -> Part:
    values = dict(zip(names, key, strict=True))
    return Part(values.get(_PERIOD), values.get(_ACCOUNT))
