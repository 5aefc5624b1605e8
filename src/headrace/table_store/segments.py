"""Segments in PostgreSQL: replacing a window, and telling what is live and what was read."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from headrace.kit.days import DayRange, merged
from headrace.kit.told import told
from headrace.table_store import queries
from headrace.table_store.clipping import Slice, clip
from headrace.table_store.errors import FileSwept
from headrace.table_store.writing import StagedFile


class SegmentState(StrEnum):
    """What a read of some days found. Days never read have no segment at all.

    FINAL: complete. PROVISIONAL: the source may still change it. EMPTY: complete, without rows.
    """

    FINAL = "final"
    PROVISIONAL = "provisional"
    EMPTY = "empty"


@dataclass(frozen=True)
class Segment:
    """Some days of an account (None: all of it), live or dead, and the file that holds their rows.

    path: None where the days hold no rows. rows, bytes: of the whole file, of which a clipped
    segment shows a part. file_days: the days that the file's rows hold, None without dates.
    origin, inserted_at: the file that the rows were first written to, which tells readers whether
    they know them (None: this one), and their insert date; compaction changes neither.
    """

    id: int
    account_id: str
    days: DayRange | None
    state: SegmentState
    path: str | None = None
    rows: int = 0
    bytes: int = 0
    file_days: DayRange | None = None
    origin: str | None = None
    inserted_at: datetime | None = None
    run_id: int | None = None
    file_id: int | None = None

    @property
    def shown_days(self) -> DayRange | None:
        """The days of the file to filter by, or None where the whole file is live."""
        if self.days is None or self.file_days is None:
            return None
        if self.days.first <= self.file_days.first and self.file_days.last <= self.days.last:
            return None
        return self.days

    @property
    def shown_rows_estimate(self) -> int:
        """How many rows it shows, taking the days of its file as equally full."""
        shown = self.shown_days and self.file_days and self.shown_days.intersection(self.file_days)
        if not shown or not self.file_days:
            return self.rows
        return round(self.rows * shown.day_count / self.file_days.day_count)

    @property
    def as_slice(self) -> Slice:
        """The segment as `changed_windows` takes it."""
        return Slice(self.account_id, self.days, self.origin or self.path)


@dataclass(frozen=True)
class Replaced:
    """What a replacement changed.

    rows_removed_estimate: rows that were live before, taking the days of a file as equally full
    where only some of them went.
    """

    rows_added: int
    rows_removed_estimate: int


def replace_window(
    session: Session,
    *,
    table_id: int,
    workspace_id: int,
    account_id: str,
    days: DayRange | None,
    staged: StagedFile | None,
    run_id: int | None,
    state: SegmentState,
) -> Replaced:
    """Make `staged` (None: no rows) the only live rows of an account's days; None: all its days.

    Works in the caller's transaction, at READ COMMITTED, and never commits: until the caller does,
    nothing shows and other writers of the same account wait. A final window without rows is stored
    as EMPTY.

    Raises:
        ValueError: if the staged file is of another account, table or workspace, or holds other
            days; or if days are given for an account that is kept without days.
        FileSwept: if the staged file waited so long that the sweep took it for an orphan.
    """
    _check_staged(staged, (workspace_id, table_id, account_id), days, state)
    connection = session.connection()
    queries.lock(connection, lock_key(table_id, account_id))
    overlapped = [_segment(row) for row in queries.kill(connection, table_id, account_id, days)]
    ends = _ends(overlapped, days)
    if staged is None and state == SegmentState.FINAL:
        state = SegmentState.EMPTY
    new = Segment(0, account_id, days, state, run_id=run_id)
    rows = [_row(segment, table_id, workspace_id) for segment in (*ends, new)]
    if staged is None:
        queries.insert_segments(connection, rows)
    else:
        _insert_with_file(connection, rows, staged)
    removed = sum(each.shown_rows_estimate for each in overlapped)
    kept = sum(each.shown_rows_estimate for each in ends)
    return Replaced(staged.rows if staged else 0, removed - kept)


def move_segments(
    session: Session,
    *,
    table_id: int,
    workspace_id: int,
    segments: Sequence[Segment],
    staged: StagedFile,
) -> bool:
    """Point segments of one account to a new file that holds their rows, and nothing else.

    They keep days, states, insert dates and origins. Returns False, with nothing changed, if one of
    them is no longer live. Works in the caller's transaction and never commits.

    Raises:
        FileSwept: if the staged file waited so long that the sweep took it for an orphan.
    """
    connection = session.connection()
    queries.lock(connection, lock_key(table_id, staged.account_id))
    ids = [segment.id for segment in segments]
    if queries.count_live(connection, ids) < len(ids):
        return False
    queries.kill_these(connection, ids)
    moved = [replace(segment, path=staged.path, file_id=None) for segment in segments]
    rows = [_row(segment, table_id, workspace_id) for segment in moved]
    _insert_with_file(connection, rows, staged, of_file=len(rows))
    return True


def live_segments(
    session: Session, table_id: int, account_ids: Collection[str] | None = None
) -> list[Segment]:
    """List what is live at one moment, by account and day; of some accounts, or of all."""
    return [_segment(row) for row in queries.live(session.connection(), table_id, account_ids)]


def coverage(
    session: Session, table_id: int, account_ids: Collection[str] | None = None
) -> dict[str, list[tuple[DayRange | None, SegmentState]]]:
    """Tell by account which days were read and with what state; days that touch are joined.

    Days that no range names were never read. The range is None for accounts kept without days. Of
    some accounts, or of all.
    """
    result: dict[str, list[tuple[DayRange | None, SegmentState]]] = {}
    for segment in live_segments(session, table_id, account_ids):
        ranges = result.setdefault(segment.account_id, [])
        if ranges and segment.days and ranges[-1][0] and ranges[-1][1] == segment.state:
            joined = merged([ranges[-1][0], segment.days])
            ranges[-1:] = [(days, segment.state) for days in joined]
        else:
            ranges.append((segment.days, segment.state))
    return result


def drop_segments(session: Session, table_id: int, account_id: str | None = None) -> int:
    """Mark everything of a table, or of one account in it, dead; the sweep removes the files.

    Returns how many segments that were. Never commits.
    """
    connection = session.connection()
    if account_id is None:
        return queries.kill_table(connection, table_id)
    queries.lock(connection, lock_key(table_id, account_id))
    return len(queries.kill(connection, table_id, account_id, None))


def forget_workspace(session: Session, workspace_id: int) -> None:
    """Delete every row about a workspace's tables; call `Lake.delete_workspace` after the commit.

    Never commits.
    """
    queries.delete_workspace(session.connection(), workspace_id)


def _check_staged(
    staged: StagedFile | None,
    place: tuple[int, int, str],
    days: DayRange | None,
    state: SegmentState,
) -> None:
    if staged is None:
        return
    if state == SegmentState.EMPTY:
        raise ValueError(f"the file {staged.path} has rows, so its days are not empty")
    if (staged.workspace_id, staged.table_id, staged.account_id) != place:
        raise ValueError(
            f"the file {staged.path} was not written for workspace, table, account {place}"
        )
    if days is None:
        return
    if staged.first_date is None or staged.last_date is None:
        raise ValueError(f"the file {staged.path} has no days, and {days} are to be replaced")
    if staged.first_date < days.first or days.last < staged.last_date:
        raise ValueError(
            f"the file {staged.path} holds {staged.first_date}..{staged.last_date}, "
            f"which is not within {days}"
        )


def lock_key(table_id: int, account_id: str, purpose: str = "segment") -> int:
    """Make an advisory lock's number; two accounts that share one only wait for each other."""
    digest = hashlib.blake2b(f"{purpose}:{table_id}:{account_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _segment(row: Any) -> Segment:
    return Segment(
        id=row.id,
        account_id=row.account_id,
        days=_range(row.first_day, row.last_day),
        state=SegmentState(row.state),
        path=row.path,
        rows=row.row_count or 0,
        bytes=row.byte_count or 0,
        file_days=_range(row.first_date, row.last_date),
        origin=row.origin,
        inserted_at=row.inserted_at,
        run_id=row.run_id,
        file_id=row.file_id,
    )


def _range(first: date | None, last: date | None) -> DayRange | None:
    return DayRange(first, last) if first and last else None


def _ends(overlapped: Sequence[Segment], days: DayRange | None) -> list[Segment]:
    """Make what stays of the overlapped segments when `days` are replaced."""
    if days is None:
        return []
    if any(segment.days is None for segment in overlapped):
        raise ValueError(
            f"account {overlapped[0].account_id!r} is kept without days; replace all of it "
            f"(days=None) before replacing {days}"
        )
    by_id = {segment.id: segment for segment in overlapped}
    plan = clip(((each.id, each.days) for each in overlapped if each.days), days)
    return [_clipped(by_id[segment_id], end) for segment_id, end in plan.ends]


def _clipped(segment: Segment, days: DayRange) -> Segment:
    """Give what a segment shows in fewer days; without the file where that has no such rows."""
    if segment.file_days is not None and segment.file_days.overlaps(days):
        return replace(segment, days=days)
    state = SegmentState.EMPTY if segment.state == SegmentState.FINAL else segment.state
    return Segment(segment.id, segment.account_id, days, state, run_id=segment.run_id)


def _insert_with_file(
    connection: Connection,
    rows: Sequence[dict[str, Any]],
    staged: StagedFile,
    of_file: int = 1,
) -> None:
    """Insert segments, the last `of_file` of them of the staged file."""
    file = {
        "path": staged.path,
        "workspace_id": staged.workspace_id,
        "row_count": staged.rows,
        "byte_count": staged.bytes,
        "first_date": staged.first_date,
        "last_date": staged.last_date,
        "inserted_at": staged.inserted_at,
    }
    if not queries.insert_segments_and_file(connection, rows, file, of_file):
        raise FileSwept(
            told(
                "The file {path} was taken for an orphan and removed, or is in use already; "
                "read its days again.",
                path=staged.path,
            )
        )


def _row(segment: Segment, table_id: int, workspace_id: int) -> dict[str, Any]:
    is_moved = segment.origin not in (None, segment.path)
    return {
        "table_id": table_id,
        "workspace_id": workspace_id,
        "account_id": segment.account_id,
        "first_day": segment.days.first if segment.days else None,
        "last_day": segment.days.last if segment.days else None,
        "file_id": segment.file_id,
        "state": segment.state.value,
        "run_id": segment.run_id,
        "origin": segment.origin if is_moved else None,
        "inserted_at": segment.inserted_at if is_moved else None,
    }
