"""Pages of the console about roles: who may do what, and the agency's own to make and change."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import Query, Response
from sqlalchemy.orm import Session

from headrace.access.catalogue import CATALOGUE
from headrace.access.permissions import VIEWER, Permission
from headrace.pages.forms import LONG_TEXT, MULTI_SELECT, Field, Form
from headrace.pages.guards import chief_visit, console_visit
from headrace.pages.languages import N_
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import PostedForm
from headrace.pages.rendering import redirect, render
from headrace.pages.said import say
from headrace.pages.visits import ConsoleVisit
from headrace.rest.ids import Id, IdIn
from headrace.rest.session import DbSession
from headrace.roles import service
from headrace.roles.errors import SystemRoleFixed
from headrace.roles.schemas import PatchedRoleWriteRequest, RoleOut, RoleWriteRequest

say(role_created=N_("The role is there; give it to people in a workspace, under Members."))
router = page_router()
Manager = Annotated[ConsoleVisit, console_visit(Permission.ADMIN_MANAGE_ROLES)]
Chief = Annotated[ConsoleVisit, chief_visit()]
Copied = Annotated[IdIn | None, Query()]
_MOST_NAMED = 200
_FIELDS = (
    Field("title", N_("Name"), required=True),
    Field("description", N_("Description"), LONG_TEXT),
    Field("permissions", N_("Permissions"), MULTI_SELECT),
)


@router.get("/roles")
def show_roles(visit: Manager, session: DbSession) -> Response:
    """Answer every role of the agency and what it allows, as a matrix."""
    return render(
        visit,
        "console/roles.html",
        roles=service.list_roles(session, visit.scope),
        layers=CATALOGUE,
    )


@router.get("/roles/new")
def show_form(visit: Chief, session: DbSession, copy_of: Copied = None) -> Response:
    """Answer the form of a new role; with what another one allows, if it is to be a copy."""
    if copy_of is None:
        return _page(visit, Form.of(_FIELDS, {"permissions": []}), None)
    copied = service.get(session, visit.scope, copy_of)
    given = visit.language.gettext(copied.title) if copied.is_system else copied.title
    title = visit.language.gettext(N_("Copy of %(title)s"), title=given)
    return _page(visit, _filled(copied, title), None)


@router.post("/roles/new")
def create_role(visit: Chief, session: DbSession, posted: PostedForm) -> Response:
    """Create a role of the agency's own."""
    typed = Form.of(_FIELDS).typed(posted)
    with shown_again(lambda refusal: _page(visit, typed.refused(refusal), None)):
        service.create(session, visit.scope, RoleWriteRequest.model_validate(_body(typed)))
    return redirect(visit, "/roles", said="role_created")


@router.get("/roles/{role_id}")
def show_role(role_id: Id, visit: Chief, session: DbSession) -> Response:
    """Answer what a role of the agency's own is called and allows, to change it."""
    role = _own(visit, session, role_id)
    return _page(visit, _filled(role, role.title), role)


@router.post("/roles/{role_id}")
def update_role(role_id: Id, visit: Chief, session: DbSession, posted: PostedForm) -> Response:
    """Change a role of the agency's own; it binds the next request of each of its holders."""
    role = _own(visit, session, role_id)
    typed = Form.of(_FIELDS).typed(posted)
    with shown_again(lambda refusal: _page(visit, typed.refused(refusal), role)):
        change = PatchedRoleWriteRequest.model_validate(_body(typed))
        service.update(session, visit.scope, role_id, change)
    return redirect(visit, "/roles", said="saved")


@router.get("/roles/{role_id}/delete")
def ask_to_delete(role_id: Id, visit: Chief, session: DbSession) -> Response:
    """Ask whether to delete a role, and say who becomes a viewer by it."""
    role = _own(visit, session, role_id)
    holders = service.users(session, visit.scope, role_id)
    return render(
        visit,
        "console/role_delete.html",
        role=role,
        holders=holders[:_MOST_NAMED],
        more=max(0, len(holders) - _MOST_NAMED),
        viewer=VIEWER.title,
    )


@router.post("/roles/{role_id}/delete")
def delete_role(role_id: Id, visit: Chief, session: DbSession) -> Response:
    """Delete a role of the agency's own; in the same moment its holders become viewers."""
    service.delete(session, visit.scope, role_id)
    return redirect(visit, "/roles", said="deleted")


def _own(visit: ConsoleVisit, session: Session, role_id: int) -> RoleOut:
    role = service.get(session, visit.scope, role_id)
    if role.is_system:
        raise SystemRoleFixed(role.title)
    return role


def _filled(role: RoleOut, title: str) -> Form:
    values = {
        "title": title,
        "description": role.description,
        "permissions": [
            f"{layer}.{verb}" for layer, held in role.permissions.items() for verb in held
        ],
    }
    return Form.of(_FIELDS, values)


def _body(typed: Form) -> dict[str, Any]:
    """What was typed, whole: what was emptied is empty, not left as it was."""
    given = typed.body()
    return {
        "title": given.get("title", ""),
        "description": given.get("description", ""),
        "permissions": _by_layer(given["permissions"]),
    }


def _by_layer(codes: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code in codes:
        layer, _, verb = code.partition(".")
        found.setdefault(layer, []).append(verb)
    return found


def _page(visit: ConsoleVisit, form: Form, role: RoleOut | None) -> Response:
    status = form.refusal.status if form.refusal else 200
    return render(visit, "console/role.html", status=status, form=form, role=role, layers=CATALOGUE)
