"""Splitting a unit's rows by period and account in bounded memory, whatever their order.

An external sort: rows are gathered up to a limit, sorted by (period, account), and set aside as a
sorted run on disk; the runs are then merged. A unit that fits below the limit touches no disk.
"""

import heapq
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headrace.kit.outcomes import Refused, TryLater
from headrace.loaders.contract import ACCOUNT_COLUMN, TargetTable
from headrace.loaders.files.patterns import Partition, Placement

_RUN_BYTES = 64 << 20
_RUN_BATCH_ROWS = 16_384
_PERIOD, _ACCOUNT = "__period", "__account"


@dataclass(frozen=True, order=True)
class Part:
    """The rows of one file: its period's first day and its account, where files are split so."""

    period: date | None
    account: str | None


Parts = Iterator[tuple[Part, Iterator[pa.RecordBatch]]]
_Piece = tuple[tuple[Any, ...], pa.RecordBatch]


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
    keyed: Iterator[pa.RecordBatch], names: tuple[str, ...], run_bytes: int
) -> Iterator[Parts]:
    with tempfile.TemporaryDirectory(prefix="headrace-split-") as folder:
        runs: list[Path] = []
        held: list[pa.RecordBatch] = []
        size = 0
        for batch in keyed:
            held.append(batch)
            size += batch.nbytes
            if size >= run_bytes:
                runs.append(_set_aside(_ordered(held, names), Path(folder, str(len(runs)))))
                held, size = [], 0
        pieces = [_pieces(_read_run(run), names) for run in runs]
        if held:
            pieces.append(_pieces(iter(_ordered(held, names).to_batches()), names))
        held = []
        merged = heapq.merge(*pieces, key=lambda piece: piece[0])
        yield (
            (_part(key, names), (batch for _, batch in group))
            for key, group in groupby(merged, key=lambda piece: piece[0])
        )


def _with_keys(batch: pa.RecordBatch, table: TargetTable, placement: Placement) -> pa.RecordBatch:
    if placement.partition is not Partition.NONE:
        days = pc.cast(batch.column(table.date_column), pa.date32())
        if days.null_count:
            raise Refused(
                f"{table.name} has rows without {table.date_column}, so they belong to no file: "
                "use a connection with partition_by none for this table."
            )
        if placement.partition is Partition.MONTH:
            days = pc.floor_temporal(days, unit="month")
        batch = batch.append_column(_PERIOD, days)
    if placement.by_account:
        accounts = account_values(batch, table)
        if accounts.null_count:
            raise Refused(f"{table.name} has rows without {ACCOUNT_COLUMN}: load it unsplit.")
        batch = batch.append_column(_ACCOUNT, accounts)
    return batch


def account_values(batch: pa.RecordBatch, table: TargetTable) -> pa.Array:
    """Return the account of each row.

    Raises:
        Refused: if the table delivers no account column.
    """
    if ACCOUNT_COLUMN not in batch.schema.names:
        raise Refused(
            f"{table.name} delivers no {ACCOUNT_COLUMN}, so rows of one account cannot be found in "
            "its files: select that column."
        )
    return batch.column(ACCOUNT_COLUMN)


def _ordered(held: list[pa.RecordBatch], names: tuple[str, ...]) -> pa.Table:
    return pa.Table.from_batches(held).sort_by([(name, "ascending") for name in names])


def _set_aside(rows: pa.Table, path: Path) -> Path:
    try:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, rows.schema) as stream:
            stream.write_table(rows, max_chunksize=_RUN_BATCH_ROWS)
    except OSError as error:  # F20
        raise TryLater(
            f"The temporary folder of this server cannot hold the rows of a load ({error.strerror}"
            "): free space there."
        ) from error
    return path


def _read_run(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as stream:
        yield from stream


def _pieces(batches: Iterator[pa.RecordBatch], names: tuple[str, ...]) -> Iterator[_Piece]:
    """Cut sorted batches where a key changes, and take the key columns off."""
    for batch in batches:
        keys = [batch.column(name) for name in names]
        bare = batch.drop_columns(list(names))
        starts = [0, *_changes(keys), batch.num_rows]
        for start, end in zip(starts, starts[1:], strict=False):
            yield tuple(key[start].as_py() for key in keys), bare.slice(start, end - start)


def _changes(keys: list[pa.Array]) -> list[int]:
    changed = None
    for key in keys:
        differs = pc.not_equal(key.slice(1), key.slice(0, len(key) - 1))
        changed = differs if changed is None else pc.or_(changed, differs)
    return [index + 1 for index in pc.indices_nonzero(changed).to_pylist()]


def _part(key: tuple[Any, ...], names: tuple[str, ...]) -> Part:
    values = dict(zip(names, key, strict=True))
    return Part(values.get(_PERIOD), values.get(_ACCOUNT))
