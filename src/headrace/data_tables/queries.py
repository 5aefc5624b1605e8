"""All SQL of data tables."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from headrace.data_tables.models import DataTable, DataTableField, SchemaChange
from headrace.tenancy.scope import WorkspaceScope, owned, owned_columns


def table(session: Session, scope: WorkspaceScope, data_table_id: int) -> DataTable | None:
    """Return a data table of the workspace."""
    return session.scalar(owned(DataTable, scope).where(DataTable.id == data_table_id))


def locked_table(session: Session, scope: WorkspaceScope, data_table_id: int) -> DataTable | None:
    """Return a data table, held against others who would change its columns."""
    return session.scalar(
        owned(DataTable, scope).where(DataTable.id == data_table_id).with_for_update()
    )


def table_of_title(session: Session, scope: WorkspaceScope, title: str) -> DataTable | None:
    """Return the workspace's data table of that title."""
    return session.scalar(owned(DataTable, scope).where(DataTable.title == title))


def sql_names(session: Session, scope: WorkspaceScope) -> set[str]:
    """Return the names that tables of the workspace have in SQL."""
    return set(session.scalars(owned_columns(DataTable, scope, DataTable.sql_name)))


def table_rows(
    scope: WorkspaceScope, datasource_name: str | None, search: str | None
) -> Select[Any]:
    """Select data tables, as `DataTableOut`."""
    rows = owned_columns(
        DataTable, scope, DataTable.id, DataTable.title, DataTable.datasource_name
    ).order_by(DataTable.id)
    if datasource_name:
        rows = rows.where(DataTable.datasource_name == datasource_name)
    if search:
        rows = rows.where(DataTable.title.icontains(search, autoescape=True))
    return rows


def fields(session: Session, data_table_id: int) -> Sequence[DataTableField]:
    """Return the fields of a table, in order."""
    return session.scalars(
        select(DataTableField)
        .where(DataTableField.data_table_id == data_table_id)
        .order_by(DataTableField.position)
    ).all()


def schema_changes(scope: WorkspaceScope, data_table_id: int) -> Select[Any]:
    """Select the changes of a table's columns, newest first, as `SchemaChangeOut`."""
    return (
        owned_columns(
            SchemaChange,
            scope,
            SchemaChange.id,
            SchemaChange.created_at,
            SchemaChange.run_id,
            SchemaChange.account_id,
            SchemaChange.column,
            SchemaChange.change,
            SchemaChange.type_before,
            SchemaChange.type_after,
            SchemaChange.is_taken,
        )
        .where(SchemaChange.data_table_id == data_table_id)
        .order_by(SchemaChange.id.desc())
    )


def last_change(
    session: Session,
    scope: WorkspaceScope,
    data_table_id: int,
    account_id: str | None,
    column: str,
) -> SchemaChange | None:
    """Return the newest change of a column that the reads of an account found."""
    return session.scalar(
        owned(SchemaChange, scope)
        .where(
            SchemaChange.data_table_id == data_table_id,
            SchemaChange.account_id == account_id,
            SchemaChange.column == column,
        )
        .order_by(SchemaChange.id.desc())
        .limit(1)
    )
