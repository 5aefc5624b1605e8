"""The first page of a workspace."""

from typing import Annotated

from fastapi import Response

from headrace.pages.guards import page_visit
from headrace.pages.page_route import page_router
from headrace.pages.rendering import render
from headrace.pages.visits import WorkspaceVisit

router = page_router()
Entered = Annotated[WorkspaceVisit, page_visit(None)]


@router.get("")
def show_home(visit: Entered) -> Response:
    """Answer where one can go from here."""
    places = [item for item in visit.sections if item.path]
    return render(visit, "home/home.html", places=places)
