"""All SQL of extracts."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, String, cast, delete, exists, func, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.orm import Session

from headrace.connections.models import Account, Connection
from headrace.data_tables.models import DataTable
from headrace.extracts.models import Extract, ExtractTally
from headrace.runs.models import ScheduleRow
from headrace.runs.queries import subject_status
from headrace.templates.models import ExtractTemplate
from headrace.tenancy.scope import WorkspaceScope, owned, owned_columns

KIND = "extract"


def extract(session: Session, scope: WorkspaceScope, extract_id: int) -> Extract | None:
    """Return an extract of the workspace."""
    return session.scalar(owned(Extract, scope).where(Extract.id == extract_id))


def extract_rows(scope: WorkspaceScope) -> Select[Any]:
    """Select extracts, as `ExtractOut`."""
    return (
        owned_columns(
            Extract,
            scope,
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
            func.jsonb_build_object(
                "id", DataTable.id,
                "title", DataTable.title,
                "datasource_name", DataTable.datasource_name,
            ).label("data_table"),
            Extract.template_id,
            Connection.datasource_name,
            Extract.hashed_fields,
            Extract.custom_filters,
            Extract.bad_values,
        )
        .join(Account, Account.id == Extract.account_id)
        .join(Connection, Connection.id == Extract.connection_id)
        .join(DataTable, DataTable.id == Extract.data_table_id)
        .join(ExtractTemplate, ExtractTemplate.id == Extract.template_id)
    )  # fmt: skip


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
    in_order = func.jsonb_agg(aggregate_order_by(ScheduleRow.rule, ScheduleRow.position))
    return (
        select(func.coalesce(in_order, cast(literal("[]"), JSONB)))
        .where(ScheduleRow.kind == KIND, ScheduleRow.subject_id == cast(Extract.id, String))
        .correlate(Extract)
        .scalar_subquery()
    )


def filtered(
    rows: Select[Any],
    connection_ids: Collection[int],
    datasource_names: Collection[str],
    data_table_ids: Collection[int],
) -> Select[Any]:
    """Narrow a selection of extracts; an empty filter narrows nothing."""
    if connection_ids:
        rows = rows.where(Extract.connection_id.in_(connection_ids))
    if datasource_names:
        rows = rows.where(Connection.datasource_name.in_(datasource_names))
    if data_table_ids:
        rows = rows.where(Extract.data_table_id.in_(data_table_ids))
    return rows


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
