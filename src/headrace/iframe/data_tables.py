"""Pages of data tables: what they hold, how fresh it is, and a sample of it."""

from typing import Annotated, Any

from fastapi import Response
from sqlalchemy.orm import Session

from headrace.access.permissions import Permission
from headrace.connectors.registry import connectors
from headrace.data_tables import queries, rows, service
from headrace.data_tables.schemas import DataTableIn
from headrace.iframe import statuses
from headrace.loads import queries as load_queries
from headrace.pages.guards import page_visit
from headrace.pages.listing import Listed, listed
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import PostedForm
from headrace.pages.refusals import Refusal
from headrace.pages.rendering import redirect, render
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.ids import Id
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession

router = page_router()
Viewer = Annotated[WorkspaceVisit, page_visit(Permission.DATA_TABLE_VIEW)]
Editor = Annotated[WorkspaceVisit, page_visit(Permission.DATA_TABLE_EDIT)]
_SAMPLE_ROWS = 50
_MOST_DIGITS = 6


@router.get("/data-tables")
def show_tables(visit: Viewer, session: DbSession, search: str = "") -> Response:
    """Answer the data tables of the workspace."""
    return render(
        visit,
        "data_tables/list.html",
        list=listed(session, visit, queries.table_rows(visit.scope, None, search or None)),
        search=search,
        source_titles=_source_titles(),
    )


@router.get("/data-tables/{data_table_id}")
def show_table(data_table_id: Id, visit: Viewer, session: DbSession) -> Response:
    """Answer one data table: how fresh each account of it is, and where it is delivered."""
    found = service.detail(session, service.get(session, visit.scope, data_table_id))
    loads = load_queries.filtered(load_queries.load_rows(visit.scope), data_table_id, None, None)
    return render(
        visit,
        "data_tables/one.html",
        table=found,
        accounts=rows.fresh(session, visit.scope, data_table_id),
        coverage={
            item["account_id"]: item["ranges"]
            for item in rows.covered(session, visit.scope, data_table_id)
        },
        loads=session.execute(loads).all() if visit.may(Permission.LOAD_VIEW) else [],
        source_titles=_source_titles(),
        statuses=statuses,
    )


@router.get("/data-tables/{data_table_id}/rows")
def show_rows(
    data_table_id: Id, visit: Viewer, session: DbSession, resources: AppResources
) -> Response:
    """Answer a page of the rows, as loads deliver them."""
    table = service.get(session, visit.scope, data_table_id)
    text = dict(visit.query).get("page", "1")
    number = max(1, int(text)) if text.isdigit() and len(text) <= _MOST_DIGITS else 1
    shown = rows.page(session, visit.scope, resources, data_table_id, _SAMPLE_ROWS, number)
    return render(
        visit,
        "data_tables/rows.html",
        table=table,
        columns=shown["columns"],
        list=Listed(shown["rows"], shown["count"], number, _SAMPLE_ROWS),
    )


@router.get("/data-tables/{data_table_id}/fields")
def show_fields(data_table_id: Id, visit: Viewer, session: DbSession) -> Response:
    """Answer the columns of a table, to choose those that loads deliver."""
    return _fields_page(visit, session, data_table_id)


@router.post("/data-tables/{data_table_id}/fields")
def choose_fields(
    data_table_id: Id, visit: Editor, session: DbSession, posted: PostedForm
) -> Response:
    """Choose what every load of the table delivers."""
    with shown_again(lambda refusal: _fields_page(visit, session, data_table_id, refusal)):
        body = DataTableIn(selected_fields=posted.all("fields"))
        service.update(session, visit.scope, data_table_id, body)
    return redirect(visit, f"/data-tables/{data_table_id}/fields", said="saved")


def _fields_page(
    visit: WorkspaceVisit, session: Session, data_table_id: int, refusal: Refusal | None = None
) -> Response:
    found = service.detail(session, service.get(session, visit.scope, data_table_id))
    return render(
        visit,
        "data_tables/fields.html",
        status=refusal.status if refusal else 200,
        table=found,
        message=refusal.message if refusal else None,
    )


def _source_titles() -> dict[str, Any]:
    return {name: connector.spec.title for name, connector in connectors().items()}
