"""The page of the console that shows the audit trail."""

from typing import Annotated

from fastapi import Response

from headrace.access.permissions import Permission
from headrace.audit import service
from headrace.audit.schemas import Outcome
from headrace.audit.service import Asked
from headrace.pages.guards import console_visit
from headrace.pages.listing import listed
from headrace.pages.page_route import page_router
from headrace.pages.rendering import render
from headrace.pages.visits import ConsoleVisit
from headrace.rest.session import DbSession

router = page_router()
Chief = Annotated[ConsoleVisit, console_visit(Permission.ADMIN_MANAGE_ROLES)]


@router.get("/audit")
def show_audit(
    visit: Chief,
    session: DbSession,
    action: str = "",
    user: str = "",
    object_type: str = "",
    outcome: str = "",
) -> Response:
    """Answer privileged acts of the agency and its workspaces, newest first."""
    wanted = Asked(
        action or None,
        user or None,
        object_type or None,
        None,
        Outcome(outcome) if outcome in set(Outcome) else None,
        None,
        None,
        None,
    )
    return render(
        visit,
        "console/audit.html",
        list=listed(session, visit, service.select_entries(visit.scope, wanted)),
        action=action,
        user=user,
        object_type=object_type,
        outcome=outcome,
    )
