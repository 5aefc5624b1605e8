"""A data table's rows and coverage, read from the lake."""

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from headrace.data_tables import queries, service
from headrace.kit.columns import ColumnType, api_type
from headrace.rest.resources import Resources
from headrace.table_store import TableColumn, count_rows, coverage, live_segments, sample
from headrace.tenancy.scope import WorkspaceScope


def page(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    data_table_id: int,
    limit: int,
    page_number: int,
) -> dict[str, Any]:
    """Return a page of rows, as `RowsOut`; decimals become text so that no digit is lost.

    Raises:
        NotFound: if the workspace has no such table.
    """
    view = service.view(session, scope, data_table_id)
    titles = {item.sql_name: item.title for item in queries.fields(session, data_table_id)}
    segments = live_segments(session, data_table_id)
    table = sample(
        resources.lake,
        segments,
        [_as_shown(column) for column in view.columns],
        date_field=view.date_field,
        limit=limit,
        offset=(page_number - 1) * limit,
    )
    return {
        "columns": [
            {
                "name": column.name,
                "title": titles[column.name],
                "type": api_type(column.type),
            }
            for column in view.columns
        ],
        "rows": table.to_pylist(),
        "count": count_rows(resources.lake, segments, date_field=view.date_field),
    }


def _as_shown(column: TableColumn) -> TableColumn:
    """Decimals are read as text, without zeros at the end: JSON numbers would lose digits."""
    if column.type is ColumnType.DECIMAL:
        return replace(column, type=ColumnType.STRING)
    return column


def covered(session: Session, scope: WorkspaceScope, data_table_id: int) -> list[dict[str, Any]]:
    """Return which days of each account were read, as `AccountCoverage`.

    Raises:
        NotFound: if the workspace has no such table.
    """
    service.get(session, scope, data_table_id)
    return [
        {
            "account_id": account_id,
            "ranges": [
                {
                    "date_from": days.first if days else None,
                    "date_to": days.last if days else None,
                    "state": state,
                }
                for days, state in ranges
            ],
        }
        for account_id, ranges in coverage(session, data_table_id).items()
    ]
