"""The rules of the dashboards of freshness and of pipeline health."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from headrace.connections.models import ConnectionStatus
from headrace.dashboards import health_queries as queries
from headrace.dashboards.filters import Filters, Period, days_asked
from headrace.dashboards.freshness import (
    TableFreshness,
    Wanted,
    cells,
    newest_common_day,
    oldest_unsynced,
    wanted_days,
)
from headrace.dashboards.pipeline_health import (
    ColumnChange,
    DayMoved,
    Failure,
    NextStep,
    PipelineHealth,
)
from headrace.data_tables import accounts
from headrace.data_tables.accounts import AccountFreshness
from headrace.extracts.queries import KIND as EXTRACT
from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.kit.told import Told, as_said
from headrace.kit.told_json import kept
from headrace.loads.queries import KIND as LOAD
from headrace.runs import queries as run_queries
from headrace.table_store import known_days
from headrace.tenancy.scope import WorkspaceScope

MOST_CELL_DAYS = 92
TABLES_A_PAGE = 50
_MOST_TABLES = 1000
_MOST_FAILURES = 50
_MOST_CHANGES = 20


@dataclass(frozen=True)
class Freshness:
    """The freshness dashboard: a page of data tables, and how many there are of all."""

    days: DayRange
    tables: Sequence[TableFreshness]
    count: int


def freshness(session: Session, scope: WorkspaceScope, filters: Filters, page: int) -> Freshness:
    """Tell how fresh a page of the workspace's data tables is, day by day up to today.

    Of a period longer than three months only its end is shown.

    Raises:
        BadFilter: if the days asked for are none.
    """
    rows = queries.tables(session, scope, TABLES_A_PAGE, (page - 1) * TABLES_A_PAGE)
    return _fresh(session, scope, _cell_days(filters), rows)


def all_freshness(session: Session, scope: WorkspaceScope, filters: Filters) -> Freshness:
    """Tell how fresh all of the workspace's data tables are, as `freshness` does; at most a thousand.

    Raises:
        BadFilter: if the days asked for are none.
    """
    rows = queries.tables(session, scope, _MOST_TABLES, 0)
    return _fresh(session, scope, _cell_days(filters), rows)


def _cell_days(filters: Filters) -> DayRange:
    days = days_asked(filters, clock.today("UTC"))
    return DayRange(max(days.first, days.last - timedelta(days=MOST_CELL_DAYS - 1)), days.last)


def _fresh(
    session: Session, scope: WorkspaceScope, days: DayRange, rows: Sequence[Any]
) -> Freshness:
    fresh: dict[int, list[AccountFreshness]] = defaultdict(list)
    for one in accounts.freshness(session, scope, [row.id for row in rows]):
        if one.is_extracted:
            fresh[one.data_table_id].append(one)
    next_runs = queries.next_runs(session, scope)
    return Freshness(
        days,
        [_table(session, row, fresh[row.id], days, next_runs.get(row.id)) for row in rows],
        rows[0].total if rows else 0,
    )


def _table(
    session: Session,
    row: Any,
    fresh: Sequence[AccountFreshness],
    days: DayRange,
    next_run: datetime | None,
) -> TableFreshness:
    syncs = [one.last_sync for one in fresh if one.last_sync is not None]
    ages = [one.age_days for one in fresh if one.age_days is not None]
    return TableFreshness(
        table_id=row.id,
        title=row.title,
        channel=row.datasource_name,
        cells=cells(_wanted(session, row.id, fresh), days) if row.date_field else (),
        accounts=len(fresh),
        newest_day=newest_common_day(fresh),
        age_days=max(ages) if ages and len(ages) == len(fresh) else None,
        last_sync=max(syncs, default=None),
        next_run=next_run,
        oldest_unsynced_day=oldest_unsynced(fresh),
    )


def _wanted(session: Session, table_id: int, fresh: Sequence[AccountFreshness]) -> list[Wanted]:
    if not fresh:  # a recipe builds it, or nothing reads it any more
        return [Wanted(None, known) for known in known_days(session, table_id).values()]
    known = known_days(session, table_id, [one.account_id for one in fresh])
    return [
        Wanted(wanted_days(one, _today_of(one)), known.get(one.account_id, [])) for one in fresh
    ]


def _today_of(one: AccountFreshness) -> date:
    """The day it is for an account: yesterday's age tells it where something was read."""
    if one.age_days and one.newest_read_day:
        return one.newest_read_day + timedelta(days=one.age_days + 1)
    return clock.today("UTC")


def pipeline_health(session: Session, scope: WorkspaceScope, filters: Filters) -> PipelineHealth:
    """Tell what works in a workspace, and what to do about what does not.

    Raises:
        BadFilter: if the days asked for are none.
    """
    now = run_queries.database_now(session)  # the clock that runs are due by
    days = _cell_days(filters)
    if filters.period not in (Period.CUSTOM, Period.LAST_MONTH):
        # What moved today is told today; the database says when runs ended, so it says what today is.
        days = DayRange(days.first + (now.date() - clock.today("UTC")), now.date())
    counts = (
        queries.connections(session, scope),
        queries.extracts(session, scope),
        queries.loads(session, scope),
    )
    queue = queries.queue(session, scope, now)
    waiting = (now - queue.waiting_since).total_seconds() if queue.waiting_since else 0
    return PipelineHealth(
        *counts,
        failures=_failures(session, scope),
        failure_count=sum(each.get("error", 0) for each in counts),
        moved=_moved(session, scope, days),
        changes=[_change(row) for row in queries.schema_changes(session, scope, _MOST_CHANGES)],
        running=queue.running,
        waiting=queue.waiting,
        waiting_seconds=max(0, int(waiting)),
    )


def _failures(session: Session, scope: WorkspaceScope) -> list[Failure]:
    """Return what does not work, what others depend on first."""
    found = [
        Failure(
            "connection",
            row.id,
            row.title,
            "error",
            _why(row),
            NextStep.RECONNECT,
            row.id,
            row.datasource_name,
        )
        for row in queries.broken_connections(session, scope, _MOST_FAILURES)
    ]
    for row in queries.broken_extracts(session, scope, _MOST_FAILURES):
        is_cut_off = row.connection_status == ConnectionStatus.ERROR
        step = NextStep.RECONNECT if is_cut_off else NextStep.RUN_AGAIN
        connection = row.connection_id if is_cut_off else None
        found.append(Failure("extract", row.id, row.title, row.state, _why(row), step, connection))
    for row in queries.broken_loads(session, scope, _MOST_FAILURES):
        title = f"{row.table_title} → {row.destination_title}: {row.destination_table}"
        found.append(
            Failure("load", row.id, title, row.state, _why(row), NextStep.CHECK_DESTINATION)
        )
    return found[:_MOST_FAILURES]


def _why(row: Any) -> Told:
    return kept(row.error_text, row.error_told) or as_said("")


def _moved(session: Session, scope: WorkspaceScope, days: DayRange) -> list[DayMoved]:
    since = datetime.combine(days.first, time.min, UTC)
    found = {
        (row.day, row.kind): (int(row.rows), int(row.failed))
        for row in queries.rows_moved(session, scope, since)
    }
    result = []
    for day in days.days():
        extracted, loaded = found.get((day, EXTRACT), (0, 0)), found.get((day, LOAD), (0, 0))
        result.append(DayMoved(day, extracted[0], loaded[0], extracted[1] + loaded[1]))
    return result


def _change(row: Any) -> ColumnChange:
    return ColumnChange(
        row.created_at,
        row.data_table_id,
        row.title,
        row.column,
        row.change,
        row.type_before,
        row.type_after,
        row.is_taken,
    )
