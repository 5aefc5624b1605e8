"""The first page of a workspace: the steps to a first chart, and where to go on."""

from typing import Annotated, NamedTuple

from fastapi import Response

from headrace.access.permissions import Permission
from headrace.iframe import queries
from headrace.iframe.connect import Selection, first_page
from headrace.iframe.queries import StepsTaken
from headrace.pages.guards import page_visit
from headrace.pages.languages import N_
from headrace.pages.page_route import page_router
from headrace.pages.rendering import redirect, render
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.errors import NotFound
from headrace.rest.session import DbSession

router = page_router()
elsewhere = page_router()
"""What is at no other address; mounted last."""
Entered = Annotated[WorkspaceVisit, page_visit(None)]

_ABOUT = {
    "/dashboards": N_("What your advertising cost and brought, how fresh it is, what needs you."),
    "/connections": N_("The platforms your data comes from, and their accounts."),
    "/extracts": N_("What is read, how often, and since when."),
    "/data-tables": N_("The rows that were read: columns, freshness, a sample."),
    "/destinations": N_("The places your data is delivered to."),
    "/loads": N_("Which table goes where, and how."),
    "/runs": N_("What happens now, and what happened."),
    "/webhooks": N_("Who is told of what happens, and whether it arrived."),
    "/members": N_("Who works here, and in which role."),
}


class Step(NamedTuple):
    """A step on the way to the first chart. permission: what taking it needs."""

    title: str
    text: str
    path: str
    permission: Permission
    is_done: bool


def first_steps(visit: WorkspaceVisit, taken: StepsTaken) -> list[Step]:
    """Return the steps that the visitor may take; none once all of them are done."""
    steps = [
        Step(
            N_("Connect a data source"),
            N_("An advertising platform, a database or files."),
            "/connect",
            Permission.CONNECTION_CREATE,
            taken.connection,
        ),
        Step(
            N_("Choose what to read"),
            N_("Which fields, how often, and since when. The first run starts at once."),
            "/extracts/new",
            Permission.EXTRACT_CREATE,
            taken.extract,
        ),
        Step(
            N_("Look at your data"),
            N_("The dashboards fill as the first rows arrive."),
            "/dashboards",
            Permission.DASHBOARD_VIEW,
            False,
        ),
        Step(
            N_("Send it on"),
            N_("To a warehouse, a database, or files."),
            "/loads/new",
            Permission.LOAD_CREATE,
            taken.load,
        ),
    ]
    if taken.extract and taken.load:
        return []
    return [step for step in steps if visit.may(step.permission)]


@router.get("")
def show_home(visit: Entered, session: DbSession, selection: Selection = "") -> Response:
    """Answer where one can go from here; an iframe that is for one data source begins there."""
    start = first_page(visit)
    if start is not None:
        return redirect(visit, start, show_account_selection=selection or None)
    places = [(item, _ABOUT.get(item.path, "")) for item in visit.sections if item.path]
    steps = first_steps(visit, queries.steps_taken(session, visit.scope))
    following = next((step for step in steps if not step.is_done), None)
    return render(visit, "home/home.html", places=places, steps=steps, following=following)


@elsewhere.get("/{rest:path}")
def show_nothing(visit: Entered, rest: str) -> Response:
    """Answer that nothing is at this address; a slash too many at the end is forgiven."""
    if rest.endswith("/") or not rest:
        return redirect(visit, f"/{rest}".rstrip("/"))
    raise NotFound("Page")
