"""The first page of a workspace."""

from typing import Annotated

from fastapi import Response

from headrace.iframe.connect import Selection, first_page
from headrace.pages.guards import page_visit
from headrace.pages.page_route import page_router
from headrace.pages.rendering import redirect, render
from headrace.pages.visits import WorkspaceVisit

router = page_router()
Entered = Annotated[WorkspaceVisit, page_visit(None)]


@router.get("")
def show_home(visit: Entered, selection: Selection = "") -> Response:
    """Answer where one can go from here; an iframe that is for one data source begins there."""
    start = first_page(visit)
    if start is not None:
        return redirect(visit, start, show_account_selection=selection or None)
    places = [item for item in visit.sections if item.path]
    return render(visit, "home/home.html", places=places)
