"""All SQL of extracts."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Row,
    Select,
    Text,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import Session

from headrace.connections.models import Account, Connection
from headrace.data_tables.models import DataTable
from headrace.db.prepared import Prepared
from headrace.extracts.models import Extract, ExtractTally
from headrace.rest.json_pages import keyed_pages
from headrace.runs.models import ScheduleRow
from headrace.runs.queries import subject_status
from headrace.templates.models import ExtractTemplate
from headrace.tenancy.scope import (
    OF_WORKSPACE,
    WorkspaceScope,
    of_scope,
    owned,
    owned_by_parameter,
    owned_columns,
)

KIND = "extract"
Values = dict[str, Any]


def extract_with_parts(
    session: Session, scope: WorkspaceScope, extract_id: int
) -> Row[Extract, Connection, Account, ExtractTemplate, DataTable] | None:
    """Return an extract of the workspace with everything it joins."""
    rows = owned(Extract, scope).add_columns(Connection, Account, ExtractTemplate, DataTable)
    return session.execute(_joined(rows).where(Extract.id == extract_id)).one_or_none()


def extract_rows(scope: WorkspaceScope) -> Select[Any]:
    """Select extracts, as `ExtractOut`."""
    return _joined(owned_columns(Extract, scope, *_shown()))


def _shown() -> list[Any]:
    return [
        Extract.id,
        Extract.title,
        Extract.connection_id,
        Account.remote_id.label("account_id"),
        Account.title.label("account_name"),
        Extract.created_at,
        Extract.last_sync,
        _status().label("status"),
        Extract.error_text,
        ExtractTemplate.schedules_limit,
        Extract.sync_historical_data,
        Extract.account_id.label("account_entity_id"),
        Extract.account_id.label("account_embedded_id"),
        ExtractTemplate.is_wide.label("is_wide_template"),
        _schedules().label("scheduling"),
        Extract.settings.label("additional_params"),
        func.json_build_object(
            "id", DataTable.id,
            "title", DataTable.title,
            "datasource_name", DataTable.datasource_name,
            type_=JSON,
        ).label("data_table"),
        Extract.template_id,
        Connection.datasource_name,
        Extract.hashed_fields,
        Extract.custom_filters,
        Extract.bad_values,
    ]  # fmt: skip


def _joined(rows: Select[Any]) -> Select[Any]:
    return (
        rows.join(Account, Account.id == Extract.account_id)
        .join(Connection, Connection.id == Extract.connection_id)
        .join(DataTable, DataTable.id == Extract.data_table_id)
        .join(ExtractTemplate, ExtractTemplate.id == Extract.template_id)
    )


def _status() -> Any:
    return subject_status(
        KIND,
        Extract.workspace_id,
        Extract.id,
        Extract.is_paused,
        Extract.error_text,
        Extract.last_sync,
    )


def _schedules() -> Any:
    # Put together as text: to build the same as a JSONB value costs three times as much.
    in_order = aggregate_order_by(literal(","), ScheduleRow.position)
    listed = literal("[") + func.string_agg(cast(ScheduleRow.rule, Text), in_order) + literal("]")
    return (
        select(cast(func.coalesce(listed, literal("[]")), JSON))
        .where(
            ScheduleRow.workspace_id == Extract.workspace_id,
            ScheduleRow.kind == KIND,
            ScheduleRow.subject_id == cast(Extract.id, Text),
        )
        .correlate(Extract)
        .scalar_subquery()
    )


@dataclass(frozen=True)
class ExtractFilter:
    """Which extracts to list; an empty filter narrows nothing."""

    connection_ids: Sequence[int] = ()
    datasource_names: Sequence[str] = ()
    data_table_ids: Sequence[int] = ()


def extract_pages(scope: WorkspaceScope, wanted: ExtractFilter) -> tuple[Prepared, Values]:
    """Select pages of extracts for `rest.json_pages`, as `ExtractOut`; with the statement's values."""
    given = {name: list(values) for name, values in asdict(wanted).items() if values}
    return _pages(frozenset(given)), given | of_scope(scope)


@cache
def _pages(filters: frozenset[str]) -> Prepared:
    """The statement for some filters, made once: to make it takes longer than to carry it out."""
    rows = _joined(owned_by_parameter(Extract, *_shown()))
    keys = owned_by_parameter(Extract, Extract.id)
    if not filters:
        parts = owned_by_parameter(ExtractTally, func.sum(ExtractTally.change))
        return keyed_pages(rows, keys, parts.scalar_subquery(), given=(OF_WORKSPACE,))
    of_source = owned_by_parameter(Connection, Connection.id)
    named = Connection.datasource_name == func.any(_listed("datasource_names", Text))
    conditions = {
        "connection_ids": Extract.connection_id == func.any(_listed("connection_ids", BigInteger)),
        "datasource_names": Extract.connection_id.in_(of_source.where(named)),
        "data_table_ids": Extract.data_table_id == func.any(_listed("data_table_ids", BigInteger)),
    }
    narrowed = keys.where(*(conditions[name] for name in sorted(filters)))
    return keyed_pages(rows, narrowed, given=(OF_WORKSPACE, *filters))


def _listed(name: str, kind: Any) -> Any:
    return bindparam(name, type_=ARRAY(kind), required=False)


def with_connections(
    session: Session, extract_ids: Collection[int]
) -> Sequence[Row[Extract, Connection]]:
    """Return extracts of any workspace with their connections, for the scheduler."""
    return session.execute(
        select(Extract, Connection)
        .join(Connection, Connection.id == Extract.connection_id)
        .where(Extract.id.in_(extract_ids))
    ).all()


def of_connection(session: Session, scope: WorkspaceScope, connection_id: int) -> Sequence[Extract]:
    """Return the extracts of a connection."""
    return session.scalars(
        owned(Extract, scope).where(Extract.connection_id == connection_id).order_by(Extract.id)
    ).all()


def tables_for_new_accounts(
    session: Session, scope: WorkspaceScope, connection_id: int
) -> Sequence[int]:
    """Return the data tables that extracts of a connection fill and that take new accounts."""
    return session.scalars(
        owned_columns(DataTable, scope, DataTable.id)
        .where(
            DataTable.auto_extract_new_accounts,
            exists().where(
                Extract.data_table_id == DataTable.id, Extract.connection_id == connection_id
            ),
        )
        .order_by(DataTable.id)
    ).all()


def newest_sibling(
    session: Session, scope: WorkspaceScope, connection_id: int, data_table_id: int
) -> int | None:
    """Return the newest extract of a connection into a data table that is not paused."""
    found: int | None = session.scalar(
        owned_columns(Extract, scope, Extract.id)
        .where(
            Extract.connection_id == connection_id,
            Extract.data_table_id == data_table_id,
            ~Extract.is_paused,
        )
        .order_by(Extract.id.desc())
        .limit(1)
    )
    return found


def accounts_extracted(session: Session, scope: WorkspaceScope, data_table_id: int) -> set[int]:
    """Return the accounts that extracts into a data table read."""
    rows = owned_columns(Extract, scope, Extract.account_id)
    return set(session.scalars(rows.where(Extract.data_table_id == data_table_id)))


def count_change(session: Session, scope: WorkspaceScope, change: int) -> None:
    """Count extracts made or deleted, and fold the parts of the tally that nobody holds.

    Nobody waits for anybody here: who writes at the same time leaves a row of their own.
    """
    free = (
        owned_columns(ExtractTally, scope, ExtractTally.id)
        .with_for_update(skip_locked=True)
        .cte("free")
    )
    folded = (
        delete(ExtractTally)
        .where(ExtractTally.id == free.c.id)
        .returning(ExtractTally.change)
        .cte("folded")
    )
    total = select(
        literal(scope.workspace_id), func.coalesce(func.sum(folded.c.change), 0) + change
    )
    session.execute(insert(ExtractTally).from_select(["workspace_id", "change"], total))
