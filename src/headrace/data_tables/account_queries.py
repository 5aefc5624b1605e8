"""The SQL of the accounts of data tables, and of what segments and marks say of them."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Date, case, func, or_, select, type_coerce, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from headrace.data_tables.models import TableAccount
from headrace.table_store.models import StoredFile, StoredMark, StoredSegment
from headrace.tenancy.scope import WorkspaceScope, owned_columns

_KEY = ("workspace_id", "data_table_id", "account_id")


def upsert(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert accounts of tables, or set what the rows say of those that are there."""
    statement = insert(TableAccount)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in _KEY}
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["data_table_id", "account_id"], set_=changed
        ),
        rows,
    )


def leave(session: Session, scope: WorkspaceScope, data_table_id: int, account_id: str) -> None:
    """Mark an account as read by nothing any more."""
    _set(session, scope, data_table_id, account_id, is_extracted=False)


def set_columns(
    session: Session,
    scope: WorkspaceScope,
    data_table_id: int,
    account_id: str,
    columns: dict[str, Any],
) -> None:
    """Set which columns the last read of an account gave."""
    _set(session, scope, data_table_id, account_id, columns=columns)


def _set(
    session: Session, scope: WorkspaceScope, data_table_id: int, account_id: str, **values: Any
) -> None:
    session.execute(
        update(TableAccount)
        .where(
            TableAccount.workspace_id == scope.workspace_id,
            TableAccount.data_table_id == data_table_id,
            TableAccount.account_id == account_id,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def columns(
    session: Session, scope: WorkspaceScope, data_table_id: int, account_id: str
) -> dict[str, Any] | None:
    """Return the columns that the last read of an account gave."""
    found: dict[str, Any] | None = session.scalar(
        owned_columns(TableAccount, scope, TableAccount.columns).where(
            TableAccount.data_table_id == data_table_id, TableAccount.account_id == account_id
        )
    )
    return found


def accounts(
    session: Session, scope: WorkspaceScope, data_table_ids: Collection[int] | None
) -> Sequence[Any]:
    """Return the accounts of tables, of some or of all."""
    rows = owned_columns(
        TableAccount,
        scope,
        TableAccount.data_table_id,
        TableAccount.account_id,
        TableAccount.account_name,
        TableAccount.timezone,
        TableAccount.wanted_from,
        TableAccount.last_sync,
        TableAccount.is_extracted,
    )
    if data_table_ids is not None:
        rows = rows.where(TableAccount.data_table_id.in_(data_table_ids))
    return session.execute(rows).all()


def read_ends(
    session: Session, scope: WorkspaceScope, data_table_ids: Collection[int] | None
) -> Sequence[Any]:
    """Tell of each account of tables what was read of it.

    Rows: table_id, account_id, newest_final_day, newest_read_day, newest_day_with_rows, begins_read
    (whether the first wanted day was read), gap_after (the first day from then on that was not).
    """
    live = _live(scope, data_table_ids).subquery()
    last, following = live.c.last_day, live.c.next_first_day
    wanted = TableAccount.wanted_from
    after = type_coerce(last + 1, Date)
    is_end = or_(following.is_(None), following > after)
    is_read = live.c.state != "provisional"
    with_rows = case((live.c.file_id.is_not(None), func.least(last, StoredFile.last_date)))
    statement = (
        select(
            live.c.table_id,
            live.c.account_id,
            func.max(last).filter(is_read).label("newest_final_day"),
            func.max(last).label("newest_read_day"),
            func.max(with_rows).label("newest_day_with_rows"),
            func.bool_or((live.c.first_day <= wanted) & (last >= wanted)).label("begins_read"),
            func.min(after).filter(is_end, last >= wanted).label("gap_after"),
        )
        .select_from(live)
        .join(StoredFile, StoredFile.id == live.c.file_id, isouter=True)
        .join(
            TableAccount,
            (TableAccount.data_table_id == live.c.table_id)
            & (TableAccount.account_id == live.c.account_id),
            isouter=True,
        )
        .group_by(live.c.table_id, live.c.account_id)
    )
    return session.execute(statement).all()


def _live(scope: WorkspaceScope, data_table_ids: Collection[int] | None) -> Any:
    following = func.lead(StoredSegment.first_day).over(
        partition_by=(StoredSegment.table_id, StoredSegment.account_id),
        order_by=StoredSegment.first_day,
    )
    rows = owned_columns(
        StoredSegment,
        scope,
        StoredSegment.table_id,
        StoredSegment.account_id,
        StoredSegment.first_day,
        StoredSegment.last_day,
        StoredSegment.state,
        StoredSegment.file_id,
        following.label("next_first_day"),
    ).where(StoredSegment.dead_at.is_(None))
    if data_table_ids is not None:
        rows = rows.where(StoredSegment.table_id.in_(data_table_ids))
    return rows


def marked(
    session: Session, scope: WorkspaceScope, data_table_ids: Collection[int] | None
) -> Sequence[Any]:
    """Tell of each account of tables what was to be read and was not.

    Rows: table_id, account_id, oldest_failed_day, failed_run_id, is_doubted.
    """
    is_failed = StoredMark.kind == "failed"
    rows = owned_columns(
        StoredMark,
        scope,
        StoredMark.table_id,
        StoredMark.account_id,
        func.min(StoredMark.first_day).filter(is_failed).label("oldest_failed_day"),
        func.max(StoredMark.run_id).filter(is_failed).label("failed_run_id"),
        func.bool_or(StoredMark.kind == "doubted").label("is_doubted"),
    ).group_by(StoredMark.table_id, StoredMark.account_id)
    if data_table_ids is not None:
        rows = rows.where(StoredMark.table_id.in_(data_table_ids))
    return session.execute(rows).all()
