"""The SQL of segments, built once: every run of every account comes by here."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    Table,
    bindparam,
    delete,
    func,
    insert,
    outerjoin,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.table_store.mark_queries import CLEARING
from headrace.table_store.models import StoredFile, StoredMark, StoredSegment

_SEGMENT = cast(Table, StoredSegment.__table__)
_FILE = cast(Table, StoredFile.__table__)
_LIVE = (
    select(
        _SEGMENT.c.id,
        _SEGMENT.c.account_id,
        _SEGMENT.c.first_day,
        _SEGMENT.c.last_day,
        _SEGMENT.c.state,
        _SEGMENT.c.run_id,
        _SEGMENT.c.file_id,
        _FILE.c.path,
        _FILE.c.row_count,
        _FILE.c.byte_count,
        _FILE.c.first_date,
        _FILE.c.last_date,
        func.coalesce(_SEGMENT.c.origin, _FILE.c.path).label("origin"),
        func.coalesce(_SEGMENT.c.inserted_at, _FILE.c.inserted_at).label("inserted_at"),
    )
    .select_from(outerjoin(_SEGMENT, _FILE))
    .where(_SEGMENT.c.table_id == bindparam("of_table"), _SEGMENT.c.dead_at.is_(None))
)
_IN_ORDER = _LIVE.order_by(_SEGMENT.c.account_id, _SEGMENT.c.first_day, _SEGMENT.c.id)
_OF_ACCOUNTS = _IN_ORDER.where(_SEGMENT.c.account_id.in_(bindparam("of_accounts", expanding=True)))
_OF_ACCOUNT = _LIVE.where(_SEGMENT.c.account_id == bindparam("of_account"))
_OVERLAPPED = _OF_ACCOUNT.where(
    _SEGMENT.c.first_day.is_(None)
    | (
        (_SEGMENT.c.first_day <= bindparam("last_day_of"))
        & (_SEGMENT.c.last_day >= bindparam("first_day_of"))
    )
)


def _killing(chosen: Any) -> Any:
    """Build the statement that ends segments, and with them the marks of the same days."""
    old = chosen.subquery("old")
    return (
        update(_SEGMENT)
        .where(_SEGMENT.c.id == old.c.id)
        .values(dead_at=bindparam("now"))
        .returning(*old.c)
        .add_cte(CLEARING.cte("cleared"))
    )


_KILL_ACCOUNT = _killing(_OF_ACCOUNT)
_KILL_OVERLAPPED = _killing(_OVERLAPPED)
_LOCK = select(func.pg_advisory_xact_lock(bindparam("key", type_=BigInteger)))
_TRY_LOCK = select(func.pg_try_advisory_xact_lock(bindparam("key", type_=BigInteger)))
_INSERT_SEGMENT = insert(_SEGMENT)
_FILE_VALUES = (
    "path",
    "workspace_id",
    "row_count",
    "byte_count",
    "first_date",
    "last_date",
    "inserted_at",
)
_SEGMENT_VALUES = (
    "table_id",
    "workspace_id",
    "account_id",
    "first_day",
    "last_day",
    "file_id",
    "state",
    "run_id",
    "origin",
    "inserted_at",
)


def _inserting_with_file() -> Any:
    """Build the statement that inserts a file and segments, the last ones of them of that file."""
    new_file = (
        upsert(_FILE)
        .values({name: bindparam(f"new_{name}") for name in _FILE_VALUES})
        .on_conflict_do_nothing(index_elements=[_FILE.c.path])
        .returning(_FILE.c.id)
        .cte("new_file")
    )
    arrays = [
        bindparam(f"all_{name}", type_=ARRAY(_SEGMENT.c[name].type)) for name in _SEGMENT_VALUES
    ]
    place = func.unnest(*arrays).table_valued(*_SEGMENT_VALUES, with_ordinality="place")
    made = place.render_derived("made")
    is_last = made.c.place > func.cardinality(arrays[0]) - bindparam("of_file", type_=BigInteger)
    values = [
        made.c[name] if name != "file_id" else func.coalesce(made.c.file_id, new_file.c.id)
        for name in _SEGMENT_VALUES
    ]
    rows = select(*values).select_from(made.outerjoin(new_file, is_last))
    made_segments = insert(_SEGMENT).from_select(list(_SEGMENT_VALUES), rows).cte("made_segments")
    return select(new_file.c.id).add_cte(made_segments)


_INSERT_WITH_FILE = _inserting_with_file()


def lock(connection: Connection, key: int) -> None:
    """Wait for an advisory lock and hold it until the transaction ends."""
    connection.execute(_LOCK, {"key": key})


def try_lock(connection: Connection, key: int) -> bool:
    """Take an advisory lock until the transaction ends, unless somebody else has it."""
    return bool(connection.execute(_TRY_LOCK, {"key": key}).scalar_one())


def live(
    connection: Connection, table_id: int, account_ids: Collection[str] | None
) -> Sequence[Any]:
    """Read live segments with their files, by account and day; of some accounts, or of all."""
    if account_ids is None:
        return connection.execute(_IN_ORDER, {"of_table": table_id}).all()
    values = {"of_table": table_id, "of_accounts": list(account_ids)}
    return connection.execute(_OF_ACCOUNTS, values).all()


def kill(
    connection: Connection, table_id: int, account_id: str, days: DayRange | None
) -> Sequence[Any]:
    """Mark live segments dead that overlap the days, or have none; all of the account for None.

    The days are taken out of the account's marks too, in the same round trip.
    """
    values = {
        "now": clock.now(),
        "of_table": table_id,
        "of_account": account_id,
        "first_day_of": days.first if days else None,
        "last_day_of": days.last if days else None,
    }
    statement = _KILL_OVERLAPPED if days else _KILL_ACCOUNT
    return connection.execute(statement, values).all()


def kill_table(connection: Connection, table_id: int) -> int:
    """Mark every live segment of a table dead and return how many that were."""
    statement = (
        update(_SEGMENT)
        .where(_SEGMENT.c.table_id == table_id, _SEGMENT.c.dead_at.is_(None))
        .values(dead_at=clock.now())
    )
    return connection.execute(statement).rowcount


def insert_segments(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert segments."""
    connection.execute(_INSERT_SEGMENT, rows)


def insert_segments_and_file(
    connection: Connection,
    rows: Sequence[Mapping[str, Any]],
    file: Mapping[str, Any],
    of_file: int,
) -> bool:
    """Insert segments and the file of the last `of_file` of them, in one round trip.

    Returns False where the file's path is taken: those segments have no file then, and the
    transaction must not commit.
    """
    values: dict[str, Any] = {f"new_{name}": value for name, value in file.items()}
    values["of_file"] = of_file
    for name in _SEGMENT_VALUES:
        values[f"all_{name}"] = [row[name] for row in rows]
    return connection.execute(_INSERT_WITH_FILE, values).one_or_none() is not None


def count_live(connection: Connection, segment_ids: Sequence[int]) -> int:
    """Count which of these segments are live."""
    statement = select(func.count()).where(
        _SEGMENT.c.id.in_(segment_ids), _SEGMENT.c.dead_at.is_(None)
    )
    return connection.execute(statement).scalar_one()


def kill_these(connection: Connection, segment_ids: Sequence[int]) -> None:
    """Mark segments dead."""
    connection.execute(
        update(_SEGMENT).where(_SEGMENT.c.id.in_(segment_ids)).values(dead_at=clock.now())
    )


def scattered(connection: Connection, files: int, large_rows: int, limit: int) -> Sequence[Any]:
    """Choose accounts with so many files of final days that are not large, or only partly live.

    Rows: workspace_id, table_id, account_id. In no order, so that all get their turn.
    """
    is_part = (_SEGMENT.c.first_day > _FILE.c.first_date) | (
        _SEGMENT.c.last_day < _FILE.c.last_date
    )
    account = (_SEGMENT.c.workspace_id, _SEGMENT.c.table_id, _SEGMENT.c.account_id)
    statement = (
        select(*account)
        .join_from(_SEGMENT, _FILE)
        .where(
            _SEGMENT.c.dead_at.is_(None),
            _SEGMENT.c.state == "final",
            _SEGMENT.c.first_day.is_not(None),
            (_FILE.c.row_count < large_rows) | is_part,
        )
        .group_by(*account)
        .having(func.count(_FILE.c.id.distinct()) >= files)
        .order_by(func.random())
        .limit(limit)
    )
    return connection.execute(statement).all()


def delete_workspace(connection: Connection, workspace_id: int) -> None:
    """Delete all segments, files and marks of a workspace."""
    connection.execute(delete(StoredMark).where(StoredMark.workspace_id == workspace_id))
    connection.execute(delete(_SEGMENT).where(_SEGMENT.c.workspace_id == workspace_id))
    connection.execute(delete(_FILE).where(_FILE.c.workspace_id == workspace_id))
