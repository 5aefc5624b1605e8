"""Data tables at rest: segments in PostgreSQL over immutable Parquet files in a lake."""

from headrace.table_store.clipping import Clip, Slice, changed_windows, clip
from headrace.table_store.compaction import Compacted, compact
from headrace.table_store.errors import FileLost, FileSwept, LakeFull, LakeUnreachable
from headrace.table_store.lake import Lake, LakeFile
from headrace.table_store.ledger import Known, Mark, MarkKind, known_days, mark_days
from headrace.table_store.paging import count_rows, sample
from headrace.table_store.scanning import scan
from headrace.table_store.segments import (
    Replaced,
    Segment,
    SegmentState,
    coverage,
    drop_segments,
    forget_workspace,
    live_segments,
    replace_window,
)
from headrace.table_store.sql import TableRows, aggregate, query
from headrace.table_store.sweeping import Swept, sweep
from headrace.table_store.widening import TableColumn, delivered_schema
from headrace.table_store.writing import SYSTEM_COLUMNS, FileWriter, StagedFile

__all__ = [
    "SYSTEM_COLUMNS",
    "Clip",
    "Compacted",
    "FileLost",
    "FileSwept",
    "FileWriter",
    "Known",
    "Lake",
    "LakeFile",
    "LakeFull",
    "LakeUnreachable",
    "Mark",
    "MarkKind",
    "Replaced",
    "Segment",
    "SegmentState",
    "Slice",
    "StagedFile",
    "Swept",
    "TableColumn",
    "TableRows",
    "aggregate",
    "changed_windows",
    "clip",
    "compact",
    "count_rows",
    "coverage",
    "delivered_schema",
    "drop_segments",
    "forget_workspace",
    "known_days",
    "live_segments",
    "mark_days",
    "query",
    "replace_window",
    "sample",
    "scan",
    "sweep",
]
