"""All SQL of loads."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, Text, and_, cast, delete, exists, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by, insert
from sqlalchemy.orm import Session

from headrace.data_tables.models import DataTable
from headrace.db.roles import as_server
from headrace.destinations import queries as destinations
from headrace.destinations.models import DestinationConnection
from headrace.kit.days import DayRange
from headrace.loads.models import DeliveredSlice, Load, RunPolicy
from headrace.loads.planning import STALE
from headrace.runs.models import ScheduleRow
from headrace.runs.queries import subject_status
from headrace.table_store import Slice
from headrace.tenancy.models import Workspace
from headrace.tenancy.scope import WorkspaceScope, owned, owned_columns

KIND = "load"
_INSERTED_AT_ONCE = 5000
_BIGINTS = ARRAY(BigInteger)


def load(session: Session, scope: WorkspaceScope, load_id: int) -> Load | None:
    """Return a load of the workspace."""
    return session.scalar(owned(Load, scope).where(Load.id == load_id))


def locked_load(session: Session, scope: WorkspaceScope, load_id: int) -> Load | None:
    """Return a load as it is now, held, and its slices with it, against others who change them."""
    return session.scalar(
        owned(Load, scope)
        .where(Load.id == load_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def load_rows(scope: WorkspaceScope) -> Select[Any]:
    """Select loads in id order, as `presentation.load` shows them."""
    return (
        owned_columns(
            Load,
            scope,
            Load.id,
            Load.destination_table,
            Load.run_policy,
            func.coalesce(Load.load_mode, DestinationConnection.load_mode).label("load_mode"),
            Load.load_from,
            Load.last_update,
            Load.error_text,
            Load.uploaded_rows_count,
            subject_status(
                KIND,
                Load.workspace_id,
                Load.id,
                Load.is_paused,
                Load.error_text,
                Load.last_update,
            ).label("status"),
            _schedules().label("scheduling"),
            DataTable.id.label("table_id"),
            DataTable.title.label("table_title"),
            DataTable.datasource_name,
            *(column.label(f"connection_{column.key}") for column in destinations.SHOWN),
        )
        .join(DataTable, DataTable.id == Load.data_table_id)
        .join(DestinationConnection, DestinationConnection.id == Load.destination_connection_id)
        .order_by(Load.id)
    )


def _schedules() -> Any:
    rules = func.jsonb_agg(aggregate_order_by(ScheduleRow.rule, ScheduleRow.position.asc()))
    return (
        select(func.coalesce(rules, cast([], JSONB)))
        .where(
            ScheduleRow.workspace_id == Load.workspace_id,
            ScheduleRow.kind == KIND,
            ScheduleRow.subject_id == cast(Load.id, Text),
        )
        .correlate(Load)
        .scalar_subquery()
    )


def filtered(
    rows: Select[Any],
    data_table_id: int | None,
    destination_connection_id: str | None,
    destination_name: str | None,
) -> Select[Any]:
    """Narrow a selection of loads; None narrows nothing, and ids that nothing has match nothing."""
    if data_table_id is not None:
        rows = rows.where(Load.data_table_id == data_table_id)
    if destination_connection_id is not None:
        # Compared as text: ids of connections are opaque, so any text may be asked for.
        found = cast(Load.destination_connection_id, Text)
        rows = rows.where(found == destination_connection_id.lower())
    if destination_name is not None:
        rows = rows.where(DestinationConnection.destination_name == destination_name)
    return rows


def insert_load(session: Session, values: dict[str, Any]) -> int | None:
    """Insert a load; None if another delivers into its destination table already."""
    return session.scalar(insert(Load).values(values).on_conflict_do_nothing().returning(Load.id))


def names_taken(session: Session, connection: DestinationConnection) -> set[str]:
    """Return the tables, in lower case, that loads deliver into where a connection leads to.

    Not of one workspace alone: two workspaces can lead to one database, and their rows must not
    mix. Whoever meets a name taken this way holds credentials to the place it is taken at.
    """
    names = (
        select(func.lower(Load.destination_table))
        .join(DestinationConnection, DestinationConnection.id == Load.destination_connection_id)
        .where(_same_place(connection))
    )
    with as_server(session):
        return set(session.scalars(names))


def has_elder(session: Session, load: Load, connection: DestinationConnection) -> bool:
    """Whether an older load, of any workspace, delivers into the same table of the same place."""
    elder = exists().where(
        DestinationConnection.id == Load.destination_connection_id,
        _same_place(connection),
        Load.id < load.id,
        func.lower(Load.destination_table) == func.lower(load.destination_table),
    )
    with as_server(session):
        return bool(session.scalar(select(elder)))


def _same_place(connection: DestinationConnection) -> Any:
    return or_(
        DestinationConnection.id == connection.id, DestinationConnection.place == connection.place
    )


def loads_after_extraction(
    session: Session, scope: WorkspaceScope, data_table_id: int
) -> Sequence[Load]:
    """Return the loads of a table that run after each extraction into it."""
    return session.scalars(
        owned(Load, scope)
        .where(
            Load.data_table_id == data_table_id,
            Load.run_policy == RunPolicy.AFTER_EXTRACTION,
            ~Load.is_paused,
        )
        .order_by(Load.id)
    ).all()


def connections_loaded(session: Session, scope: WorkspaceScope, data_table_id: int) -> set[UUID]:
    """Return the destination connections that a table has a load into."""
    return set(
        session.scalars(
            owned_columns(Load, scope, Load.destination_connection_id).where(
                Load.data_table_id == data_table_id
            )
        )
    )


def workspace_title(session: Session, scope: WorkspaceScope) -> str:
    """Return the title of the workspace."""
    return session.scalars(select(Workspace.title).where(Workspace.id == scope.workspace_id)).one()


# What a load has delivered. Whoever changes it holds the load.


def delivered(
    session: Session,
    load_id: int,
    account_id: str | None = None,
    days: DayRange | None = None,
) -> list[tuple[int, Slice]]:
    """Return the delivered slices of a load with their ids.

    account_id, days: narrow them to an account, and to those that overlap some days or have none.
    """
    rows = select(DeliveredSlice).where(DeliveredSlice.load_id == load_id)
    if account_id is not None:
        rows = rows.where(DeliveredSlice.account_id == account_id)
    if days is not None:
        first, last = DeliveredSlice.first_day, DeliveredSlice.last_day
        rows = rows.where(or_(first.is_(None), and_(first <= days.last, last >= days.first)))
    found = session.execute(
        rows.with_only_columns(
            DeliveredSlice.id,
            DeliveredSlice.account_id,
            DeliveredSlice.first_day,
            DeliveredSlice.last_day,
            DeliveredSlice.path,
        )
    )
    return [
        (
            row.id,
            Slice(
                row.account_id,
                DayRange(row.first_day, row.last_day) if row.first_day else None,
                row.path or STALE,
            ),
        )
        for row in found
    ]


def change_delivered(
    session: Session, load_id: int, gone: Collection[int], come: Iterable[Slice]
) -> None:
    """Delete some delivered slices of a load and insert others."""
    if gone:
        session.execute(
            delete(DeliveredSlice).where(
                DeliveredSlice.load_id == load_id,
                DeliveredSlice.id == func.any(cast(list(gone), _BIGINTS)),
            )
        )
    rows = [
        {
            "load_id": load_id,
            "account_id": each.account_id,
            "first_day": each.days.first if each.days else None,
            "last_day": each.days.last if each.days else None,
            "path": None if each.file_key == STALE else each.file_key,
        }
        for each in come
    ]
    for start in range(0, len(rows), _INSERTED_AT_ONCE):
        session.execute(insert(DeliveredSlice), rows[start : start + _INSERTED_AT_ONCE])


def forget_delivered(session: Session, load_id: int) -> None:
    """Delete all delivered slices of a load."""
    session.execute(delete(DeliveredSlice).where(DeliveredSlice.load_id == load_id))
