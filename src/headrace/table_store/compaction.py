"""Moving what is live of many files into one, so that reading an account opens few files.

Rows, days, states, insert dates and origins stay: loads see no change. Nobody waits for it: files
are written before the account's lock is taken, and if a window was replaced meanwhile, what was
written is thrown away. Workers that compact at the same time take different accounts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import pyarrow.parquet as pq
import structlog
from sqlalchemy.orm import Session, sessionmaker

from headrace.db.engine import transaction
from headrace.kit import clock
from headrace.table_store import queries
from headrace.table_store.errors import FileLost
from headrace.table_store.lake import Lake
from headrace.table_store.scanning import Part, open_part, read_chunk
from headrace.table_store.segments import (
    Segment,
    SegmentState,
    live_segments,
    lock_key,
    move_segments,
)
from headrace.table_store.writing import DATE_FIELD_KEY, StagedFile

log = structlog.get_logger(__name__)

WORTHWHILE_FILES = 8
"""Fewer files than this are not worth a new one."""
LARGE_ROWS = 250_000
"""A file with so many live rows stays as it is: moving it again and again would cost too much."""
_MOST_ROWS = 2_000_000
_ACCOUNTS_AT_ONCE = 100


@dataclass(frozen=True)
class Compacted:
    """What a round of compaction did: accounts looked at, files written, files they replace."""

    accounts: int
    files_written: int
    files_replaced: int


@dataclass(frozen=True)
class _Account:
    workspace_id: int
    table_id: int
    account_id: str


def compact(
    sessions: sessionmaker[Session],
    lake: Lake,
    *,
    accounts: int = _ACCOUNTS_AT_ONCE,
    worthwhile_files: int = WORTHWHILE_FILES,
) -> Compacted:
    """Compact the accounts with the most files, up to `accounts` of them; commits each by itself.

    Only days that are final are moved, since the others will be replaced soon anyway.

    Raises:
        LakeFull, LakeUnreachable: if the lake cannot be used; what was committed stays.
    """
    with transaction(sessions) as session:
        found = queries.scattered(session.connection(), worthwhile_files, LARGE_ROWS, accounts)
        chosen = [_Account(row.workspace_id, row.table_id, row.account_id) for row in found]
    done = written = replaced = 0
    for account in chosen:
        with turn_at(sessions, account.table_id, account.account_id) as is_ours:
            if not is_ours:
                continue  # another worker is at it
            done += 1
            try:
                for count in _compact_account(sessions, lake, account, worthwhile_files):
                    written, replaced = written + 1, replaced + count
            except (FileLost, FileNotFoundError) as fault:
                # Its days were replaced meanwhile; or it is lost, and whoever needs it will be told.
                log.warning("an account was not compacted", path=str(fault), table=account.table_id)
    return Compacted(done, written, replaced)


@contextmanager
def turn_at(sessions: sessionmaker[Session], table_id: int, account_id: str) -> Iterator[bool]:
    """Keep other compactions off an account for a block; gives False where one is at it.

    Writers and readers know nothing of it. It ends with its database session, however that ends.
    """
    with transaction(sessions) as session:
        yield queries.try_lock(session.connection(), lock_key(table_id, account_id, "compact"))


def _compact_account(
    sessions: sessionmaker[Session], lake: Lake, account: _Account, files: int
) -> Iterator[int]:
    """Yield how many files each new one replaced."""
    with transaction(sessions) as session:
        live = live_segments(session, account.table_id, [account.account_id])
    for run in worthwhile(live, files):
        for date_field, alike in _alike(lake, run, files):
            if _move(sessions, lake, account, alike, date_field):
                yield _file_count(alike)


def worthwhile(live: Iterable[Segment], files: int) -> Iterator[list[Segment]]:
    """Yield segments, by day, that should share a file: of so many files or more.

    They are final, hold rows, are of files that show few rows, and fit one file. Days between them
    that are anything else are no obstacle.
    """
    final = [each for each in live if each.path and each.days and each.state == SegmentState.FINAL]
    shown: Counter[str | None] = Counter()
    for each in final:
        shown[each.path] += each.shown_rows_estimate
    small = sorted(
        (each for each in final if shown[each.path] < LARGE_ROWS),
        key=lambda each: each.days.first if each.days else date.min,
    )
    run: list[Segment] = []
    rows = 0
    for each in small:
        if rows + each.shown_rows_estimate > _MOST_ROWS:
            if _file_count(run) >= files:
                yield run
            run, rows = [], 0
        run.append(each)
        rows += each.shown_rows_estimate
    if _file_count(run) >= files:
        yield run


def _file_count(segments: Iterable[Segment]) -> int:
    return len({segment.path for segment in segments})


def _move(
    sessions: sessionmaker[Session],
    lake: Lake,
    account: _Account,
    run: Sequence[Segment],
    date_field: str,
) -> bool:
    """Write one file of the segments' rows and point them to it; False if that was in vain."""
    staged = _write(lake, account, run, date_field)
    if staged is None:
        return False
    with transaction(sessions) as session:
        done = move_segments(
            session,
            table_id=account.table_id,
            workspace_id=account.workspace_id,
            segments=run,
            staged=staged,
        )
    if not done:
        lake.delete(staged.path)
    return done


def _write(
    lake: Lake, account: _Account, run: Sequence[Segment], date_field: str
) -> StagedFile | None:
    with lake.new_file(
        workspace_id=account.workspace_id,
        table_id=account.table_id,
        account_id=account.account_id,
        account_name=None,
        inserted_at=clock.now(),
        date_field=date_field,
    ) as writer:
        for segment in run:
            part = Part(segment, segment.shown_days)
            for chunk in open_part(lake, part, date_field=date_field).chunks:
                table = read_chunk(lake, chunk, columns=None, date_field=date_field)
                for batch in table.replace_schema_metadata(None).to_batches():
                    writer.write(batch)
        return writer.finish()


def _alike(lake: Lake, run: Sequence[Segment], files: int) -> Iterator[tuple[str, list[Segment]]]:
    """Yield the segments of a run whose files have the same columns, with the date column's name.

    Files of different columns stay apart: what a column means to a table is not written in files.
    """
    schemas = {segment.path: _schema(lake, str(segment.path)) for segment in run}
    for schema, members in groupby(run, key=lambda segment: schemas[segment.path]):
        alike = list(members)
        date_field = (schema.metadata or {}).get(DATE_FIELD_KEY)
        if date_field is not None and _file_count(alike) >= files:
            yield date_field.decode(), alike


def _schema(lake: Lake, path: str) -> Any:
    with lake.errors(path), lake.filesystem.open_input_file(path) as source:
        return pq.read_schema(source)
