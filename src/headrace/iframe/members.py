"""Pages of the people who work in a workspace, and what each may do."""

from typing import Annotated

from fastapi import Response
from sqlalchemy.orm import Session

from headrace.access.models import Role
from headrace.access.permissions import SYSTEM_ROLES, Permission
from headrace.kit.told import Told, as_said, named
from headrace.members import queries, service
from headrace.members.schemas import MemberIn
from headrace.pages.forms import SELECT, Field, Form, Option
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

say(
    member_added=N_("They work in this workspace now."),
    member_removed=N_("They work in this workspace no more."),
)
router = page_router()
Host = Annotated[WorkspaceVisit, page_visit(Permission.WORKSPACE_MANAGE_USERS)]


@router.get("/members")
def show_members(visit: Host, session: DbSession) -> Response:
    """Answer who works in the workspace, and the form to add somebody."""
    return _page(visit, session, _form(visit, session))


@router.post("/members")
def add_member(visit: Host, session: DbSession, posted: PostedForm) -> Response:
    """Give a user of the agency a role in the workspace."""
    typed = _form(visit, session).typed(posted)
    with shown_again(lambda refusal: _page(visit, session, typed.refused(refusal))):
        service.add(session, visit.scope, MemberIn.model_validate(typed.body()))
    return redirect(visit, "/members", said="member_added")


@router.post("/members/{user_id}")
def change_member(user_id: Id, visit: Host, session: DbSession, posted: PostedForm) -> Response:
    """Give a member another role."""
    role = posted.text("role_id")
    with shown_again(lambda refusal: _page(visit, session, _form(visit, session).refused(refusal))):
        service.change(session, visit.scope, user_id, int(role) if role.isdigit() else 0)
    return redirect(visit, "/members", said="saved")


@router.post("/members/{user_id}/remove")
def remove_member(user_id: Id, visit: Host, session: DbSession) -> Response:
    """Take a member's role in the workspace away."""
    with shown_again(lambda refusal: _page(visit, session, _form(visit, session).refused(refusal))):
        service.remove(session, visit.scope, user_id)
    return redirect(visit, "/members", said="member_removed")


def _form(visit: WorkspaceVisit, session: Session) -> Form:
    roles = service.assignable(session, visit.scope)
    options = tuple(Option(str(role.id), _called(role), role.description or "") for role in roles)
    return Form.of(
        (
            Field("username", N_("Username"), required=True),
            Field("role_id", N_("Role"), SELECT, required=True, options=options),
        )
    )


def _called(role: Role) -> Told:
    return as_said(role.title) if role.code is None else named(role.title)


def _page(visit: WorkspaceVisit, session: Session, form: Form) -> Response:
    return render(
        visit,
        "members/list.html",
        status=form.refusal.status if form.refusal else 200,
        list=listed(session, visit, queries.member_rows(visit.scope)),
        form=form,
        roles=form.fields[1].options,
        system_roles={role.id for role in SYSTEM_ROLES.values()},
    )
