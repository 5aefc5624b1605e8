"""Pages of loads: which data table goes where, when, and how that went."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Response
from sqlalchemy.orm import Session

from headrace.access.permissions import Permission
from headrace.data_tables import queries as table_queries
from headrace.destinations import queries as destination_queries
from headrace.destinations.models import DestinationConnection, DestinationStatus
from headrace.iframe import schedules, statuses
from headrace.iframe.extracts import DATES
from headrace.kit.told import as_said
from headrace.loaders.contract import WriteMode
from headrace.loads import presentation, queries, service
from headrace.loads.models import Load
from headrace.loads.queries import KIND
from headrace.loads.schemas import LoadIn, LoadPut, LoadRunIn
from headrace.pages.forms import BOOLEAN, SELECT, Field, Form, Option
from headrace.pages.guards import page_visit
from headrace.pages.languages import N_
from headrace.pages.listing import listed
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import PostedForm
from headrace.pages.rendering import redirect, render
from headrace.pages.said import say
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.ids import Id
from headrace.rest.session import DbSession
from headrace.runs import history
from headrace.runs.history import RunFilter
from headrace.tenancy.scope import owned_columns

say(load_created=N_("The load is created. It runs as its policy says, or when you ask for it."))
router = page_router()
Viewer = Annotated[WorkspaceVisit, page_visit(Permission.LOAD_VIEW)]
Creator = Annotated[WorkspaceVisit, page_visit(Permission.LOAD_CREATE)]
Editor = Annotated[WorkspaceVisit, page_visit(Permission.LOAD_EDIT)]
Runner = Annotated[WorkspaceVisit, page_visit(Permission.LOAD_RUN)]
Deleter = Annotated[WorkspaceVisit, page_visit(Permission.LOAD_DELETE)]
MODES = {
    WriteMode.APPEND: N_("Add new rows, and replace the days that changed"),
    WriteMode.REPLACE: N_("Replace the whole table"),
    WriteMode.UPSERT: N_("Update rows that are there, and add new ones"),
}
POLICIES = {
    "after_extraction": N_("After each extraction"),
    "schedule": N_("On a schedule"),
    "manual": N_("By hand only"),
}
_RUN_FIELDS = (
    *DATES,
    Field("full", N_("The whole table, from the beginning"), BOOLEAN),
)
_POLICY = Field(
    "run_policy",
    N_("When"),
    SELECT,
    required=True,
    options=tuple(Option(name, label) for name, label in POLICIES.items()),
    initial="after_extraction",
)
_MODE = Field(
    "load_mode",
    N_("How rows that are there are treated"),
    SELECT,
    options=tuple(Option(mode.value, label) for mode, label in MODES.items()),
    description=N_("Left empty: as the destination is set up."),
)


@router.get("/loads")
def show_loads(visit: Viewer, session: DbSession) -> Response:
    """Answer the loads of the workspace."""
    rows = queries.load_rows(visit.scope).add_columns(Load.error_told)
    found = listed(session, visit, rows)
    return render(
        visit,
        "loads/list.html",
        list=found,
        loads=[presentation.load(row) | {"error_told": row.error_told} for row in found.rows],
        policies=POLICIES,
        is_live=any(row.status == "syncing" for row in found.rows),
        statuses=statuses,
    )


@router.get("/loads/new")
def show_form(
    visit: Creator, session: DbSession, data_table_id: str = "", destination: str = ""
) -> Response:
    """Answer the form of a load."""
    values = {"data_table_id": data_table_id, "destination_connection_id": destination}
    given = {name: value for name, value in values.items() if value}
    return _form_page(visit, _new_form(visit, session, given))


@router.post("/loads/new")
def create(visit: Creator, session: DbSession, posted: PostedForm) -> Response:
    """Create a load, and run it if asked to."""
    typed = _new_form(visit, session, {}).typed(posted)
    with shown_again(lambda refusal: _form_page(visit, typed.refused(refusal))):
        body = LoadIn.model_validate(_body(typed, typed.body()))
        made = service.create(session, visit.scope, body)
        if typed.values["runs_now"] and visit.may(Permission.LOAD_RUN):
            service.run(session, visit.scope, made["id"], LoadRunIn())
    return redirect(visit, f"/loads/{made['id']}", said="load_created")


@router.get("/loads/{load_id}")
def show_load(load_id: Id, visit: Viewer, session: DbSession) -> Response:
    """Answer one load: its state, when it runs, its latest runs."""
    return _page(visit, session, load_id, Form.of(_RUN_FIELDS))


@router.post("/loads/{load_id}/run")
def run_load(load_id: Id, visit: Runner, session: DbSession, posted: PostedForm) -> Response:
    """Start a run now: of what changed, of some days, or of everything."""
    typed = Form.of(_RUN_FIELDS).typed(posted)
    with shown_again(lambda refusal: _page(visit, session, load_id, typed.refused(refusal))):
        service.run(session, visit.scope, load_id, LoadRunIn.model_validate(typed.body()))
    return redirect(visit, f"/loads/{load_id}", said="started")


@router.post("/loads/{load_id}/pause")
def pause_load(load_id: Id, visit: Editor, session: DbSession) -> Response:
    """Stop a load for a while."""
    service.set_paused(session, visit.scope, load_id, is_paused=True)
    return redirect(visit, f"/loads/{load_id}", said="paused")


@router.post("/loads/{load_id}/unpause")
def unpause_load(load_id: Id, visit: Editor, session: DbSession) -> Response:
    """Let a load go on."""
    service.set_paused(session, visit.scope, load_id, is_paused=False)
    return redirect(visit, f"/loads/{load_id}", said="resumed")


@router.get("/loads/{load_id}/edit")
def edit_load(load_id: Id, visit: Editor, session: DbSession) -> Response:
    """Answer what can be changed of a load."""
    found = service.row(session, visit.scope, load_id)
    return _edit_page(visit, found, _edit_form(found))


@router.post("/loads/{load_id}/edit")
def save_load(load_id: Id, visit: Editor, session: DbSession, posted: PostedForm) -> Response:
    """Change when a load runs, and how it treats rows."""
    found = service.row(session, visit.scope, load_id)
    typed = _edit_form(found).typed(posted)
    with shown_again(lambda refusal: _edit_page(visit, found, typed.refused(refusal))):
        body = LoadPut.model_validate(_body(typed, typed.body(), found["scheduling"]))
        service.update(session, visit.scope, load_id, body)
    return redirect(visit, f"/loads/{load_id}", said="saved")


@router.get("/loads/{load_id}/delete")
def ask_to_delete(load_id: Id, visit: Deleter, session: DbSession) -> Response:
    """Say what deleting a load does, and ask."""
    found = service.row(session, visit.scope, load_id)
    return render(visit, "loads/delete.html", load=found)


@router.post("/loads/{load_id}/delete")
def delete_load(load_id: Id, visit: Deleter, session: DbSession) -> Response:
    """Delete a load; what it delivered stays where it is."""
    service.delete(session, visit.scope, load_id)
    return redirect(visit, "/loads", said="deleted")


def _body(
    form: Form, given: Mapping[str, Any], rules: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    names = {item.name for item in schedules.FIELDS} | {"runs_now"}
    body = {name: value for name, value in given.items() if name not in names}
    if body.get("run_policy") == "schedule":
        body["scheduling"] = schedules.with_first(rules, form.values)
    return body


def _new_form(visit: WorkspaceVisit, session: Session, given: Mapping[str, Any]) -> Form:
    tables = session.execute(table_queries.table_rows(visit.scope, None, None)).all()
    places = _places(visit, session)
    fields = (
        Field(
            "data_table_id",
            N_("Data table"),
            SELECT,
            required=True,
            options=tuple(Option(str(row.id), as_said(row.title)) for row in tables),
        ),
        Field(
            "destination_connection_id",
            N_("Destination"),
            SELECT,
            required=True,
            options=tuple(Option(str(row.id), as_said(row.title)) for row in places),
        ),
        Field(
            "destination_table",
            N_("Name of the table there"),
            description=N_("Left empty: the data table's own name."),
        ),
        _MODE,
        Field("runs_now", N_("Deliver what is there at once"), BOOLEAN, initial=True),
        _POLICY,
        *schedules.FIELDS,
    )
    return Form.of(fields, given)


def _places(visit: WorkspaceVisit, session: Session) -> Sequence[Any]:
    rows = owned_columns(DestinationConnection, visit.scope, *destination_queries.SHOWN)
    usable = rows.where(DestinationConnection.status == DestinationStatus.ACTIVE)
    return session.execute(usable.order_by(DestinationConnection.title)).all()


def _form_page(visit: WorkspaceVisit, form: Form) -> Response:
    by_name = {item.name: item for item in form.fields}
    return render(
        visit,
        "loads/new.html",
        status=form.refusal.status if form.refusal else 200,
        form=form,
        has_tables=bool(by_name["data_table_id"].options),
        has_places=bool(by_name["destination_connection_id"].options),
    )


def _edit_form(found: Mapping[str, Any]) -> Form:
    values = {"run_policy": found["run_policy"], "load_mode": found["load_mode"]}
    if found["scheduling"]:
        values |= schedules.values_of(found["scheduling"][0])
    return Form.of((_MODE, _POLICY, *schedules.FIELDS), values)


def _edit_page(visit: WorkspaceVisit, found: Mapping[str, Any], form: Form) -> Response:
    status = form.refusal.status if form.refusal else 200
    return render(visit, "loads/edit.html", status=status, load=found, form=form)


def _page(visit: WorkspaceVisit, session: Session, load_id: int, form: Form) -> Response:
    found = service.row(session, visit.scope, load_id)
    runs = history.run_list(visit.scope, RunFilter(KIND, str(load_id))).limit(10)
    return render(
        visit,
        "loads/one.html",
        status=form.refusal.status if form.refusal else 200,
        load=found,
        plan=schedules.sentences(visit.language, found["scheduling"]),
        runs=session.execute(runs).all(),
        form=form,
        policies=POLICIES,
        modes=MODES,
        statuses=statuses,
    )
