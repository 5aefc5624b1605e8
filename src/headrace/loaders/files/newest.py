"""Of the rows of one unit that share a key, the last counts: found in bounded memory.

Rows are spread over buckets by a hash of their key, so that rows with one key meet in one bucket;
a bucket is then small enough to be looked at whole.
"""

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from headrace.loaders.contract import TargetTable
from headrace.loaders.files.partitions import grouped

# 64 buckets of up to some 30 MB each: units of 2 GB; larger ones take more memory a bucket.
_BUCKETS = 64
_BUCKET, _ROW = "__bucket", "__row"


def last_of_each_key(
    batches: Iterator[pa.RecordBatch], table: TargetTable
) -> Iterator[pa.RecordBatch]:
    """Yield the rows without those that a later row with the same day and key replaces.

    Equal nulls count as equal. A table without a key has no such rows.
    """
    if not table.key:
        yield from batches
        return
    dated = (table.date_column,) if table.date_column else ()
    names = list(dict.fromkeys((*dated, *table.key)))
    with duckdb.connect() as engine:
        bucketed = (_with_bucket(engine, batch, names) for batch in batches if batch.num_rows)
        with grouped(bucketed, (_BUCKET,)) as buckets:
            for _, rows in buckets:
                yield from _last(pa.Table.from_batches(rows), names)


def _with_bucket(
    engine: duckdb.DuckDBPyConnection, batch: pa.RecordBatch, names: list[str]
) -> pa.RecordBatch:
    # Renamed, because names may hold anything and hashing must see only the values.
    plain = [f"k{number}" for number in range(len(names))]
    keys = pa.Table.from_arrays([batch.column(name) for name in names], plain)
    hashed = engine.from_arrow(keys).project(
        f"(hash({', '.join(plain)}) % {_BUCKETS})::INTEGER AS bucket"
    )
    return batch.append_column(_BUCKET, hashed.to_arrow_table().column(0).combine_chunks())


def _last(rows: pa.Table, names: list[str]) -> Iterator[pa.RecordBatch]:
    # The last place of each key; positions, because the names of the table may be anything.
    plain = [f"k{number}" for number in range(len(names))]
    places = pa.array(range(rows.num_rows), pa.int64())
    keys = pa.Table.from_arrays([*(rows.column(name) for name in names), places], [*plain, _ROW])
    last = keys.group_by(plain).aggregate([(_ROW, "max")]).column(f"{_ROW}_max")
    if len(last) < rows.num_rows:
        rows = rows.take(last.combine_chunks().sort())
    yield from rows.to_batches()
