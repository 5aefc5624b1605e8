"""The accounts of data tables: what is wanted of each, and how fresh each is."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from headrace.data_tables import account_queries as queries
from headrace.kit import clock
from headrace.tenancy.scope import WorkspaceScope

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Expected:
    """An account that something reads into a data table.

    account_id, account_name: as its platform has them. timezone: decides what a day is. wanted_from:
    the first day of the history to read, None without days.
    """

    account_id: str
    account_name: str
    timezone: str
    wanted_from: date | None


@dataclass(frozen=True)
class AccountFreshness:
    """How fresh one account of a data table is. Days are the account's own; both ends count.

    newest_final_day: read for good, with rows or without. newest_read_day: read at all.
    newest_day_with_rows: the newest that may hold rows (where days of a file were replaced, the
    newest of those left). last_sync: when a run of it last ended well. oldest_unsynced_day: the first
    day of the wanted history, up to yesterday, that was never read; None where none is missing.
    oldest_failed_day: the first day whose run failed for good and that was not read since.
    failed_run_id: the newest such run. is_doubted: the source answered without rows where there were
    some, and is asked again. age_days: how many days `newest_read_day` lies before yesterday, 0 where
    it does not; None without days or before the first read. is_extracted: whether something still
    reads it.
    """

    data_table_id: int
    account_id: str
    account_name: str | None
    is_extracted: bool
    wanted_from: date | None
    newest_final_day: date | None
    newest_read_day: date | None
    newest_day_with_rows: date | None
    last_sync: datetime | None
    oldest_unsynced_day: date | None
    oldest_failed_day: date | None
    failed_run_id: int | None
    is_doubted: bool
    age_days: int | None


def expect(
    session: Session, scope: WorkspaceScope, data_table_id: int, accounts: Iterable[Expected]
) -> None:
    """Record that accounts are read into a table, and what is wanted of them."""
    rows = [_row(scope, data_table_id, account) for account in accounts]
    if rows:
        queries.upsert(session, rows)


def synced(
    session: Session,
    scope: WorkspaceScope,
    data_table_id: int,
    account: Expected,
    at: datetime,
) -> None:
    """Record that a run of an account ended well."""
    queries.upsert(session, [_row(scope, data_table_id, account) | {"last_sync": at}])


def note_columns(
    session: Session,
    scope: WorkspaceScope,
    data_table_id: int,
    account_id: str,
    columns: Mapping[str, Any],
) -> None:
    """Record which columns the last read of an account gave, with their types."""
    queries.set_columns(session, scope, data_table_id, account_id, dict(columns))


def leave(session: Session, scope: WorkspaceScope, data_table_id: int, account_id: str) -> None:
    """Record that nothing reads an account into a table any more; its rows stay."""
    queries.leave(session, scope, data_table_id, account_id)


def last_columns(
    session: Session, scope: WorkspaceScope, data_table_id: int, account_id: str
) -> dict[str, Any] | None:
    """Return the columns that the last read of an account gave, with their types; None: none did."""
    return queries.columns(session, scope, data_table_id, account_id)


def freshness(
    session: Session, scope: WorkspaceScope, data_table_ids: Collection[int] | None = None
) -> list[AccountFreshness]:
    """Tell how fresh each account is, by table and account; of some tables, or the workspace's all.

    Three statements, whatever the number of tables and accounts; no file is read.
    """
    known = {
        (row.data_table_id, row.account_id): row
        for row in queries.accounts(session, scope, data_table_ids)
    }
    read = {
        (row.table_id, row.account_id): row
        for row in queries.read_ends(session, scope, data_table_ids)
    }
    marked = {
        (row.table_id, row.account_id): row
        for row in queries.marked(session, scope, data_table_ids)
    }
    return [
        _freshness(key, known.get(key), read.get(key), marked.get(key))
        for key in sorted(known.keys() | read.keys())
    ]


def _freshness(key: tuple[int, str], known: Any, read: Any, marked: Any) -> AccountFreshness:
    yesterday = clock.today(known.timezone if known else "UTC") - _DAY
    newest = read.newest_read_day if read else None
    return AccountFreshness(
        data_table_id=key[0],
        account_id=key[1],
        account_name=known.account_name if known else None,
        is_extracted=bool(known and known.is_extracted),
        wanted_from=known.wanted_from if known else None,
        newest_final_day=read.newest_final_day if read else None,
        newest_read_day=newest,
        newest_day_with_rows=read.newest_day_with_rows if read else None,
        last_sync=known.last_sync if known else None,
        oldest_unsynced_day=_oldest_unsynced(known, read, yesterday),
        oldest_failed_day=marked.oldest_failed_day if marked else None,
        failed_run_id=marked.failed_run_id if marked else None,
        is_doubted=bool(marked and marked.is_doubted),
        age_days=max(0, (yesterday - newest).days) if newest else None,
    )


def _oldest_unsynced(known: Any, read: Any, yesterday: date) -> date | None:
    if known is None or known.wanted_from is None:
        return None
    oldest = read.gap_after if read and read.begins_read else known.wanted_from
    return oldest if oldest is not None and oldest <= yesterday else None


def _row(scope: WorkspaceScope, data_table_id: int, account: Expected) -> dict[str, Any]:
    return {
        "workspace_id": scope.workspace_id,
        "data_table_id": data_table_id,
        "account_id": account.account_id,
        "account_name": account.account_name,
        "timezone": account.timezone,
        "wanted_from": account.wanted_from,
        "is_extracted": True,
    }
