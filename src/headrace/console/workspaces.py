"""Pages of the console about workspaces: finding, making and opening them."""

from typing import Annotated

from fastapi import Response
from sqlalchemy.orm import Session

from headrace.access.permissions import Permission
from headrace.console import queries
from headrace.pages.forms import LONG_TEXT, Field, Form
from headrace.pages.guards import WORKSPACES, console_visit
from headrace.pages.languages import N_
from headrace.pages.listing import listed
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import PostedForm
from headrace.pages.rendering import SEE_OTHER, redirect, render
from headrace.pages.visits import ConsoleVisit
from headrace.rest.ids import Id
from headrace.rest.session import AppSettings, DbSession
from headrace.tenancy.models import Workspace
from headrace.workspaces import queries as workspace_queries
from headrace.workspaces import service
from headrace.workspaces.schemas import WorkspaceIn

router = page_router()
Viewer = Annotated[ConsoleVisit, console_visit(Permission.ADMIN_VIEW)]
Manager = Annotated[ConsoleVisit, console_visit(Permission.ADMIN_MANAGE_WORKSPACES)]
_FORM = Form.of(
    (
        Field("title", N_("Name"), required=True, description=N_("Of the customer, say.")),
        Field("description", N_("Description"), LONG_TEXT),
    )
)


@router.get("")
def begin(visit: Viewer) -> Response:
    """Lead to the workspaces."""
    return redirect(visit, "/workspaces")


@router.get("/workspaces")
def show_workspaces(visit: Viewer, session: DbSession, search: str = "") -> Response:
    """Answer the workspaces that the visitor can reach, with the health of each."""
    rows = workspace_queries.workspace_list(visit.scope)
    if search:
        rows = rows.where(Workspace.title.icontains(search, autoescape=True))
    found = listed(session, visit, rows)
    return render(
        visit,
        "console/workspaces.html",
        list=found,
        search=search,
        health=queries.health(session, [row.id for row in found.rows]),
        mount=WORKSPACES,
    )


@router.get("/workspaces/new")
def show_form(visit: Manager) -> Response:
    """Answer the form of a new workspace."""
    return _page(visit, _FORM, None)


@router.post("/workspaces/new")
def create(
    visit: Manager, session: DbSession, settings: AppSettings, posted: PostedForm
) -> Response:
    """Create a workspace and open it."""
    typed = _FORM.typed(posted)
    with shown_again(lambda refusal: _page(visit, typed.refused(refusal), None)):
        body = WorkspaceIn.model_validate(typed.body())
        made = service.create(session, visit.scope, body, settings.workspaces_per_agency)
        session.flush()
    return Response(status_code=SEE_OTHER, headers={"Location": f"{WORKSPACES}/{made.id}"})


@router.get("/workspaces/{workspace_id}/edit")
def edit(workspace_id: Id, visit: Manager, session: DbSession) -> Response:
    """Answer what a workspace is called, to change it."""
    return _page(visit, _filled(visit, session, workspace_id), workspace_id)


@router.post("/workspaces/{workspace_id}/edit")
def save(workspace_id: Id, visit: Manager, session: DbSession, posted: PostedForm) -> Response:
    """Change what a workspace is called."""
    typed = _filled(visit, session, workspace_id).typed(posted)
    with shown_again(lambda refusal: _page(visit, typed.refused(refusal), workspace_id)):
        service.update(session, visit.scope, workspace_id, WorkspaceIn.model_validate(typed.body()))
    return redirect(visit, "/workspaces", said="saved")


def _filled(visit: ConsoleVisit, session: Session, workspace_id: int) -> Form:
    found = service.get(session, visit.scope, workspace_id)
    return Form.of(_FORM.fields, {"title": found.title, "description": found.description})


def _page(visit: ConsoleVisit, form: Form, workspace_id: int | None) -> Response:
    status = form.refusal.status if form.refusal else 200
    return render(
        visit, "console/workspace.html", status=status, form=form, workspace_id=workspace_id
    )
