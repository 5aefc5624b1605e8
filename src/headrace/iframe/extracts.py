"""Pages of extracts: what is read of which account, when, and what came of it."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Response
from sqlalchemy import Select, or_

from headrace.access.permissions import Permission
from headrace.connections import queries as connection_queries
from headrace.connections.models import Account, Connection
from headrace.extracts import queries, service
from headrace.extracts.models import Extract
from headrace.extracts.queries import KIND
from headrace.extracts.schemas import ExtractPatch
from headrace.iframe import schedules, statuses
from headrace.pages.forms import DATE, Field, Form
from headrace.pages.guards import page_visit
from headrace.pages.languages import N_
from headrace.pages.listing import listed
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import PostedForm
from headrace.pages.refusals import Refusal
from headrace.pages.rendering import redirect, render
from headrace.pages.said import say
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.ids import Id
from headrace.rest.session import DbSession
from headrace.runs import history
from headrace.runs.history import RunFilter
from headrace.runs.schemas import DateRangeIn

say(
    started=N_("A run was started."),
    paused=N_("It is paused: nothing is done until it is resumed."),
    resumed=N_("It goes on."),
    extracts_created=N_("The extracts are created, and their first runs have begun."),
)
router = page_router()
Viewer = Annotated[WorkspaceVisit, page_visit(Permission.EXTRACT_VIEW)]
Editor = Annotated[WorkspaceVisit, page_visit(Permission.EXTRACT_EDIT)]
Runner = Annotated[WorkspaceVisit, page_visit(Permission.EXTRACT_RUN)]
Deleter = Annotated[WorkspaceVisit, page_visit(Permission.EXTRACT_DELETE)]
DATES = (Field("date_from", N_("From"), DATE), Field("date_to", N_("To"), DATE))
_HISTORY = Field(
    "sync_historical_data",
    N_("History from"),
    DATE,
    description=N_("The first day to read; an earlier one than before is read later on, by parts."),
)


@router.get("/extracts")
def show_extracts(
    visit: Viewer,
    session: DbSession,
    connection_id: str = "",
    search: str = "",
    status: str = "",
) -> Response:
    """Answer the extracts of the workspace, narrowed as asked."""
    connection = int(connection_id) if connection_id.isascii() and connection_id.isdigit() else None
    shown = queries.extract_rows(visit.scope).add_columns(Extract.error_told)
    rows = _narrowed(shown, connection, search, status)
    found = listed(session, visit, rows.order_by(Extract.id.desc()))
    connections = connection_queries.connection_rows(visit.scope).order_by(Connection.title)
    return render(
        visit,
        "extracts/list.html",
        list=found,
        connections=session.execute(connections).all(),
        connection_id=connection,
        search=search,
        wanted_status=status,
        is_filtered=bool(connection or search or status),
        is_live=any(row.status == "syncing" for row in found.rows),
        statuses=statuses,
    )


@router.get("/extracts/{extract_id}")
def show_extract(extract_id: Id, visit: Viewer, session: DbSession) -> Response:
    """Answer one extract: its state, when it runs, its latest runs, its fields."""
    return _page(visit, session, extract_id, Form.of(DATES))


@router.post("/extracts/{extract_id}/run")
def run_extract(extract_id: Id, visit: Runner, session: DbSession, posted: PostedForm) -> Response:
    """Start a run now, for the usual days or for those asked for."""
    typed = Form.of(DATES).typed(posted)
    with shown_again(lambda refusal: _page(visit, session, extract_id, typed.refused(refusal))):
        service.run(session, visit.scope, extract_id, DateRangeIn.model_validate(typed.body()))
    return redirect(visit, f"/extracts/{extract_id}", said="started")


@router.post("/extracts/{extract_id}/pause")
def pause_extract(extract_id: Id, visit: Editor, session: DbSession) -> Response:
    """Stop an extract for a while."""
    service.pause(session, visit.scope, extract_id, is_paused=True)
    return redirect(visit, f"/extracts/{extract_id}", said="paused")


@router.post("/extracts/{extract_id}/unpause")
def unpause_extract(extract_id: Id, visit: Editor, session: DbSession) -> Response:
    """Let an extract go on."""
    service.pause(session, visit.scope, extract_id, is_paused=False)
    return redirect(visit, f"/extracts/{extract_id}", said="resumed")


@router.get("/extracts/{extract_id}/edit")
def edit_extract(extract_id: Id, visit: Editor, session: DbSession) -> Response:
    """Answer what can be changed of an extract."""
    found = service.detail(session, visit.scope, extract_id)
    return _edit_page(visit, found, _edit_form(found))


@router.post("/extracts/{extract_id}/edit")
def save_extract(extract_id: Id, visit: Editor, session: DbSession, posted: PostedForm) -> Response:
    """Change an extract's schedule, history and fields."""
    found = service.detail(session, visit.scope, extract_id)
    typed = _edit_form(found).typed(posted)
    with shown_again(
        lambda refusal: _edit_page(visit, found, typed, posted.all("fields"), refusal)
    ):
        kept = schedules.with_first(found["scheduling"], typed.values)
        change: dict[str, Any] = {"scheduling": kept}
        if typed.values.get("sync_historical_data"):
            change["sync_historical_data"] = typed.values["sync_historical_data"]
        if posted.all("fields"):
            change["fields"] = posted.all("fields")
        service.update(session, visit.scope, extract_id, ExtractPatch.model_validate(change))
    return redirect(visit, f"/extracts/{extract_id}", said="saved")


@router.get("/extracts/{extract_id}/delete")
def ask_to_delete(extract_id: Id, visit: Deleter, session: DbSession) -> Response:
    """Say what deleting an extract does, and ask."""
    return render(
        visit, "extracts/delete.html", extract=service.row(session, visit.scope, extract_id)
    )


@router.post("/extracts/{extract_id}/delete")
def delete_extract(extract_id: Id, visit: Deleter, session: DbSession) -> Response:
    """Delete an extract; its data stays."""
    service.delete(session, visit.scope, extract_id)
    return redirect(visit, "/extracts", said="deleted")


def _narrowed(
    rows: Select[Any], connection_id: int | None, search: str, status: str
) -> Select[Any]:
    if connection_id is not None:
        rows = rows.where(Extract.connection_id == connection_id)
    if search:
        named = (
            column.icontains(search, autoescape=True)
            for column in (Extract.title, Account.title, Account.remote_id)
        )
        rows = rows.where(or_(*named))
    if status in statuses.OF_PIPELINE:
        rows = rows.where(rows.selected_columns.status == status)
    return rows


def _page(visit: WorkspaceVisit, session: DbSession, extract_id: int, form: Form) -> Response:
    found = service.detail(session, visit.scope, extract_id)
    runs = history.run_list(visit.scope, RunFilter(KIND, str(extract_id))).limit(10)
    return render(
        visit,
        "extracts/one.html",
        status=form.refusal.status if form.refusal else 200,
        extract=found,
        plan=schedules.sentences(visit.language, found["scheduling"]),
        runs=session.execute(runs).all(),
        form=form,
        statuses=statuses,
    )


def _edit_form(found: Mapping[str, Any]) -> Form:
    values = {"sync_historical_data": found["sync_historical_data"]}
    fields = (*schedules.FIELDS, *([_HISTORY] if found["sync_historical_data"] else []))
    return Form.of(fields, values | schedules.values_of(found["scheduling"][0]))


def _edit_page(
    visit: WorkspaceVisit,
    found: Mapping[str, Any],
    form: Form,
    chosen: list[str] | None = None,
    refusal: Refusal | None = None,
) -> Response:
    selected = {item["name"] for item in found["fields"] if item["selected"]}
    return render(
        visit,
        "extracts/edit.html",
        status=refusal.status if refusal else 200,
        extract=found,
        form=form.refused(refusal) if refusal else form,
        fields=found["fields"],
        chosen=set(chosen) if chosen else selected,
    )
