"""Removing files that no reader can need: of segments long dead, and of writers that died."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, sessionmaker

from headrace.db.engine import transaction
from headrace.kit import clock
from headrace.table_store.lake import Lake
from headrace.table_store.models import StoredFile, StoredSegment

_BATCH = 200
_MARKS_KEPT_GRACES = 10
_SWEEP_LOCK = 0x68656164_73776570
_OUR_FILE = re.compile(r"\d+/\d+/[0-9a-f]{24}/[0-9a-f]{32}\.parquet")


@dataclass(frozen=True)
class Swept:
    """What a sweep removed; `more` tells that the limit stopped it."""

    dead_files: int
    orphan_files: int
    segments: int
    more: bool = False


def sweep(
    sessions: sessionmaker[Session],
    lake: Lake,
    grace: timedelta,
    *,
    limit: int = 1_000,
    workspace_id: int | None = None,
) -> Swept:
    """Remove up to `limit` dead segments with their files, and up to `limit` orphans.

    A file dies when all its segments have been dead for the grace, which must be longer than the
    longest load; an orphan is a file older than the grace that no segment ever named. Orphans are
    looked for in one workspace, or in all. Writers may go on meanwhile: a path is marked in a
    transaction of its own before its file is removed, and a writer that comes back for it later is
    refused with `FileSwept`.
    """
    before = clock.now() - grace
    dead_files, segments = _sweep_dead(sessions, lake, before, limit)
    orphan_files = _sweep_orphans(sessions, lake, before, limit, workspace_id)
    with transaction(sessions) as session:
        forgotten = clock.now() - _MARKS_KEPT_GRACES * grace
        session.execute(delete(StoredFile).where(StoredFile.swept_at < forgotten))
    more = segments >= limit or orphan_files >= limit
    return Swept(dead_files, orphan_files, segments, more)


def _sweep_dead(
    sessions: sessionmaker[Session], lake: Lake, before: datetime, limit: int
) -> tuple[int, int]:
    """Forget segments dead since before a moment, and remove files that none names any more."""
    with transaction(sessions) as session:
        # Two sweeps, each seeing the other's last segment of a file, would both leave the file.
        session.execute(select(func.pg_advisory_xact_lock(_SWEEP_LOCK)))
        chosen = select(StoredSegment.id).where(StoredSegment.dead_at < before).limit(limit)
        file_ids = session.scalars(
            delete(StoredSegment)
            .where(StoredSegment.id.in_(chosen.scalar_subquery()))
            .returning(StoredSegment.file_id)
        ).all()
        named = exists().where(StoredSegment.file_id == StoredFile.id)
        paths = session.scalars(
            update(StoredFile)
            .where(StoredFile.id.in_({one for one in file_ids if one is not None}), ~named)
            .values(swept_at=clock.now())
            .returning(StoredFile.path)
        ).all()
    for path in paths:
        lake.delete(path)
    return len(paths), len(file_ids)


def _sweep_orphans(
    sessions: sessionmaker[Session],
    lake: Lake,
    before: datetime,
    limit: int,
    workspace_id: int | None,
) -> int:
    swept = 0
    for batch in _in_batches(_old_files(lake, before, workspace_id)):
        for path in _mark_orphans(sessions, batch, limit - swept):
            lake.delete(path)
            swept += 1
        if swept >= limit:
            break
    return swept


def _old_files(lake: Lake, before: datetime, workspace_id: int | None) -> Iterator[str]:
    """Yield paths that could be orphans: of our own layout, and not written to since."""
    for file in lake.list_files(workspace_id):
        if file.modified_at < before and _OUR_FILE.fullmatch(file.path):
            yield file.path


def _in_batches(paths: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(paths, _BATCH)):
        yield batch


def _mark_orphans(sessions: sessionmaker[Session], paths: list[str], limit: int) -> list[str]:
    """Mark up to `limit` paths that no segment names; return them and those marked before.

    A writer about to name one of them holds its path in the unique index: the insert waits for it.
    """
    with transaction(sessions) as session:
        rows = session.execute(
            select(StoredFile.path, StoredFile.swept_at).where(StoredFile.path.in_(paths))
        )
        known = {row.path: row.swept_at for row in rows}
        again = [path for path, swept_at in known.items() if swept_at][:limit]
        unknown = [path for path in paths if path not in known][: limit - len(again)]
        marked: Sequence[str] = []
        if unknown:
            marks = [_mark(path) for path in unknown]
            marked = session.scalars(
                upsert(StoredFile)
                .values(marks)
                .on_conflict_do_nothing(index_elements=[StoredFile.path])
                .returning(StoredFile.path)
            ).all()
    return [*again, *marked]


def _mark(path: str) -> dict[str, Any]:
    now = clock.now()
    return {
        "path": path,
        "workspace_id": int(path.split("/")[0]),
        "row_count": 0,
        "byte_count": 0,
        "inserted_at": now,
        "swept_at": now,
    }
