"""The SQL of marks: days that were to be read and were not."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Connection,
    Date,
    Table,
    Text,
    bindparam,
    delete,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy import (
    insert as insert_into,
)

from headrace.kit.days import DayRange
from headrace.table_store.models import StoredMark

_MARK = cast(Table, StoredMark.__table__)
_KEPT = ("table_id", "workspace_id", "account_id", "kind", "run_id")
_FIRST = bindparam("first_day_of", type_=Date)
_LAST = bindparam("last_day_of", type_=Date)


def _clearing() -> Any:
    """Build the statement that takes some days out of an account's marks; their ends stay."""
    gone = (
        delete(_MARK)
        .where(
            _MARK.c.table_id == bindparam("of_table", type_=BigInteger),
            _MARK.c.account_id == bindparam("of_account", type_=Text),
            or_(
                _FIRST.is_(null()),
                _MARK.c.first_day.is_(None),
                (_MARK.c.first_day <= _LAST) & (_MARK.c.last_day >= _FIRST),
            ),
        )
        .returning(*_MARK.c)
        .cte("gone")
    )
    kept = [gone.c[name] for name in _KEPT]
    day: Any = literal_column("1")
    ends = union_all(
        select(*kept, gone.c.first_day, (_FIRST - day).label("last_day")).where(
            gone.c.first_day < _FIRST
        ),
        select(*kept, (_LAST + day).label("first_day"), gone.c.last_day).where(
            gone.c.last_day > _LAST
        ),
    )
    return insert_into(_MARK).from_select([*_KEPT, "first_day", "last_day"], ends)


CLEARING = _clearing()
"""For another statement to do on the way. Values: as `clear` gives them."""


def clear(connection: Connection, table_id: int, account_id: str, days: DayRange | None) -> None:
    """Take days out of an account's marks; all of them for None."""
    values = {
        "of_table": table_id,
        "of_account": account_id,
        "first_day_of": days.first if days else None,
        "last_day_of": days.last if days else None,
    }
    connection.execute(CLEARING, values)


def insert(
    connection: Connection,
    table_id: int,
    workspace_id: int,
    account_id: str,
    days: DayRange | None,
    kind: str,
    run_id: int,
) -> None:
    """Insert a mark; the days have none."""
    values = {
        "table_id": table_id,
        "workspace_id": workspace_id,
        "account_id": account_id,
        "first_day": days.first if days else None,
        "last_day": days.last if days else None,
        "kind": kind,
        "run_id": run_id,
    }
    connection.execute(insert_into(_MARK), values)


def marks(
    connection: Connection, table_id: int, account_ids: Sequence[str] | None
) -> Sequence[Any]:
    """Read the marks of a table, by account and day; of some accounts, or of all."""
    statement = (
        select(
            _MARK.c.account_id, _MARK.c.first_day, _MARK.c.last_day, _MARK.c.kind, _MARK.c.run_id
        )
        .where(_MARK.c.table_id == table_id)
        .order_by(_MARK.c.account_id, _MARK.c.first_day)
    )
    if account_ids is not None:
        statement = statement.where(_MARK.c.account_id.in_(account_ids))
    return connection.execute(statement).all()
