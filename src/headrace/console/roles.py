"""The page of the console that shows who may do what."""

from typing import Annotated

from fastapi import Response

from headrace.access.catalogue import CATALOGUE
from headrace.access.permissions import Permission
from headrace.pages.guards import console_visit
from headrace.pages.page_route import page_router
from headrace.pages.rendering import render
from headrace.pages.visits import ConsoleVisit
from headrace.rest.session import DbSession
from headrace.roles import service

router = page_router()
Manager = Annotated[ConsoleVisit, console_visit(Permission.ADMIN_MANAGE_ROLES)]


@router.get("/roles")
def show_roles(visit: Manager, session: DbSession) -> Response:
    """Answer every role of the agency and what it allows, as a matrix."""
    return render(
        visit,
        "console/roles.html",
        roles=service.list_roles(session, visit.scope),
        layers=CATALOGUE,
    )
