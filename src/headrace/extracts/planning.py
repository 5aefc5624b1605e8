"""Which windows a run reads: planned once from the ledger, and looked at again when it goes on later."""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from headrace.extracts.parts import Parts
from headrace.extracts.windows import (
    Horizon,
    asked_of,
    date_range_of,
    plan_windows,
    still_to_read,
    together,
)
from headrace.kit.days import DayRange
from headrace.runs import backlog
from headrace.runs import queries as run_queries
from headrace.runs import service as runs
from headrace.runs.context import RunContext
from headrace.runs.models import Run, RunWindow
from headrace.table_store import MarkKind, Segment, SegmentState, coverage, live_segments, mark_days


def windows_of(session: Session, run: Run, parts: Parts, seen_from: Horizon) -> list[RunWindow]:
    """Return the windows of a run in order, planned now if no earlier attempt has.

    A run that goes on drops the days that runs asked for after it have read meanwhile, and history
    that is no longer wanted.
    """
    planned = run_queries.windows(session, run.id)
    if not planned:
        has_days = parts.date_field is not None
        run.date_range = date_range_of(run.params, run.trigger, has_days=has_days)
        return runs.plan(session, run.id, _plan(session, run, parts, seen_from))
    _narrow(session, run, parts, seen_from, planned)
    return list(run_queries.windows(session, run.id))


def _plan(session: Session, run: Run, parts: Parts, seen_from: Horizon) -> list[DayRange | None]:
    extract = parts.extract
    if parts.date_field is None or extract.sync_historical_data is None:
        return [None]
    account_id = parts.account.remote_id
    known = coverage(session, extract.data_table_id, [account_id]).get(account_id, [])
    final = [days for days, state in known if days and state != SegmentState.PROVISIONAL]
    taken = backlog.planned_elsewhere(session, run)
    plans = [
        plan_windows(
            parts.report,
            seen_from,
            wanted_from=extract.sync_historical_data,
            final=final,
            taken=taken,
            lookback=asked.lookback,
            asked=asked.days,
        )
        for asked in asked_of(run.params)
    ]
    return list(plans[0] if len(plans) == 1 else together(plans))


def _narrow(
    session: Session,
    run: Run,
    parts: Parts,
    seen_from: Horizon,
    planned: Sequence[RunWindow],
) -> None:
    """Take out of the windows that are not done what need not be read any more."""
    extract = parts.extract
    if parts.report.holds_some_days:
        return
    live = live_segments(session, extract.data_table_id, [parts.account.remote_id])
    asked = asked_of(run.params)
    by_name = any(each.days for each in asked)
    rereads = any(each.days or each.lookback.name in ("max", "custom") for each in asked)
    since = _read_since(live, run.id, seen_from, rereads=rereads)
    for window in planned:
        days = days_of(window)
        if window.is_done or days is None:
            continue
        left = still_to_read(
            days,
            read_since=since,
            wanted_from=None if by_name else extract.sync_historical_data,
        )
        if left != [days]:
            backlog.narrow(session, window, left)


def _read_since(
    live: Iterable[Segment], run_id: int, seen_from: Horizon, *, rereads: bool
) -> list[DayRange]:
    """Return the days that a run need not read any more.

    Those that are final, unless it is to read such days again; of those too what runs have read that
    were asked for after it, and so have higher numbers. Days that were read while they could still
    change are only as good as that while they still can.
    """
    found: list[DayRange | None] = []
    for each in live:
        is_later = (each.run_id or 0) > run_id
        if each.state != SegmentState.PROVISIONAL:
            found += [each.days] if is_later or not rereads else []
        elif is_later and each.days and seen_from.changing:
            found.append(each.days.intersection(seen_from.changing))
    return [days for days in found if days]


def mark_failed(session: Session, context: RunContext, parts: Parts) -> None:
    """Mark the days that a run was to read, now that it failed for good."""
    undone = [each for each in run_queries.windows(session, context.run_id) if not each.is_done]
    table_id, account_id = parts.extract.data_table_id, parts.account.remote_id
    days: list[DayRange | None] = [days_of(window) for window in undone]
    if days and parts.report.holds_some_days:
        # Which days the source holds is not known; those it held before are what is stale now.
        read = [each.days for each in live_segments(session, table_id, [account_id]) if each.days]
        days = [*read] or [None]
    mark_days(
        session,
        table_id=table_id,
        workspace_id=context.scope.workspace_id,
        account_id=account_id,
        days=days,
        kind=MarkKind.FAILED,
        run_id=context.run_id,
    )


def days_of(window: RunWindow) -> DayRange | None:
    """The days of a window; None for reports without days."""
    if window.date_from is None or window.date_to is None:
        return None
    return DayRange(window.date_from, window.date_to)
