"""A data table's rows, coverage and freshness, as they are shown."""

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy.orm import Session

from headrace.data_tables import accounts, queries, service
from headrace.kit.columns import ColumnType, api_type
from headrace.rest.resources import Resources
from headrace.table_store import (
    Known,
    MarkKind,
    TableColumn,
    count_rows,
    known_days,
    live_segments,
    sample,
)
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
    """Return what is known of the days of each account, as `AccountCoverage`.

    Raises:
        NotFound: if the workspace has no such table.
    """
    service.get(session, scope, data_table_id)
    return [
        {"account_id": account_id, "ranges": [_range(known) for known in ranges]}
        for account_id, ranges in known_days(session, data_table_id).items()
    ]


def _range(known: Known) -> dict[str, Any]:
    days, mark = known.days, known.mark
    return {
        "date_from": days.first if days else None,
        "date_to": days.last if days else None,
        "state": known.state,
        "kept": known.kept if known.state == MarkKind.FAILED else None,
        "run_id": mark.run_id if mark else None,
        "is_doubted": mark is not None and mark.kind is MarkKind.DOUBTED,
    }


def fresh(session: Session, scope: WorkspaceScope, data_table_id: int) -> list[dict[str, Any]]:
    """Return how fresh each account of a table is, as `AccountFreshnessOut`.

    Raises:
        NotFound: if the workspace has no such table.
    """
    service.get(session, scope, data_table_id)
    return [asdict(each) for each in accounts.freshness(session, scope, [data_table_id])]
