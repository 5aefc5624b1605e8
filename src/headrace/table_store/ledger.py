"""What is known of an account's days: what segments say was read, and what was not but should have been.

A mark says that some days were to be read and were not: the run failed for good, or the source gave
no rows where there were some and is asked again. Marks of an account never overlap; they end when
the days are replaced, in the same transaction.
"""

import itertools
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from headrace.kit.days import DayRange, merged
from headrace.table_store import mark_queries
from headrace.table_store.segments import SegmentState, coverage

_DAY = timedelta(days=1)


class MarkKind(StrEnum):
    """Why days are marked.

    FAILED: the run that was to read them failed for good. DOUBTED: the source answered without rows
    where there were rows; they are kept, and it is asked again.
    """

    FAILED = "failed"
    DOUBTED = "doubted"


@dataclass(frozen=True)
class Mark:
    """Days (None: the whole account) that a run was to read and has not."""

    days: DayRange | None
    kind: MarkKind
    run_id: int


@dataclass(frozen=True)
class Known:
    """What is known of some days (None: the whole account).

    kept: what an earlier read found there, which stays; None where nothing was read.
    mark: why they are not as fresh as they were to be; None where nothing is wrong.
    """

    days: DayRange | None
    kept: SegmentState | None
    mark: Mark | None = None

    @property
    def state(self) -> str:
        """`failed`, or what the last read found; `failed` also for days doubted but never read."""
        if self.kept is None or (self.mark and self.mark.kind is MarkKind.FAILED):
            return MarkKind.FAILED.value
        return self.kept.value


def mark_days(
    session: Session,
    *,
    table_id: int,
    workspace_id: int,
    account_id: str,
    days: Sequence[DayRange | None],
    kind: MarkKind,
    run_id: int,
) -> None:
    """Mark days of an account, in place of what they were marked with. Never commits."""
    spans: list[DayRange | None] = [None] if None in days else list(merged(d for d in days if d))
    connection = session.connection()
    for span in spans:
        mark_queries.clear(connection, table_id, account_id, span)
        mark_queries.insert(
            connection, table_id, workspace_id, account_id, span, kind.value, run_id
        )


def known_days(
    session: Session, table_id: int, account_ids: Sequence[str] | None = None
) -> dict[str, list[Known]]:
    """Tell by account what is known of its days, oldest first; touching days alike are joined.

    Days that no range names were never read, nor tried in vain. Of some accounts, or of all.
    """
    read = coverage(session, table_id, account_ids)
    marked: dict[str, list[Mark]] = {}
    for row in mark_queries.marks(session.connection(), table_id, account_ids):
        days = DayRange(row.first_day, row.last_day) if row.first_day else None
        mark = Mark(days, MarkKind(row.kind), row.run_id)
        marked.setdefault(row.account_id, []).append(mark)
    return {
        account: overlaid(read.get(account, []), marked.get(account, []))
        for account in sorted(read.keys() | marked.keys())
    }


def overlaid(
    read: Sequence[tuple[DayRange | None, SegmentState]], marks: Sequence[Mark]
) -> list[Known]:
    """Lay marks over what was read. Days of either do not overlap among themselves."""
    whole = next((mark for mark in marks if mark.days is None), None)
    if whole is not None or any(days is None for days, _ in read):
        return [Known(None, read[0][1] if read else None, whole)]
    segments = deque(sorted((days, state) for days, state in read if days))
    spans = deque(
        sorted(((mark.days, mark) for mark in marks if mark.days), key=lambda one: one[0])
    )
    cuts = sorted(
        {edge for days, _ in (*segments, *spans) for edge in (days.first, days.last + _DAY)}
    )
    found: list[Known] = []
    for first, following in itertools.pairwise(cuts):
        days = DayRange(first, following - _DAY)
        while segments and segments[0][0].last < first:
            segments.popleft()
        while spans and spans[0][0].last < first:
            spans.popleft()
        kept = segments[0][1] if segments and segments[0][0].first <= first else None
        mark = spans[0][1] if spans and spans[0][0].first <= first else None
        if kept is not None or mark is not None:
            found.append(Known(days, kept, replace(mark, days=None) if mark else None))
    return _joined(found)


def _joined(found: Iterable[Known]) -> list[Known]:
    joined: list[Known] = []
    for each in found:
        last = joined[-1] if joined else None
        if (
            last
            and last.days
            and each.days
            and (last.kept, last.mark) == (each.kept, each.mark)
            and last.days.last + _DAY == each.days.first
        ):
            joined[-1] = replace(last, days=DayRange(last.days.first, each.days.last))
        else:
            joined.append(each)
    return joined
