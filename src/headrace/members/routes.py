"""Users of the agency and members of workspaces over HTTP, so that nobody needs the command line."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from headrace.access.guards import allows, allows_agency
from headrace.access.models import Role, User
from headrace.access.permissions import Permission
from headrace.members import queries, service
from headrace.members.schemas import (
    MemberIn,
    MemberOut,
    MemberRole,
    MemberRoleIn,
    UserCreated,
    UserIn,
    UserOut,
    UserPatch,
)
from headrace.rest.api_route import ApiRoute
from headrace.rest.ids import Id
from headrace.rest.openapi import EXTENSION, answers
from headrace.rest.paging import Page, Paging, page_of_rows
from headrace.rest.session import DbSession
from headrace.tenancy.scope import AgencyScope, WorkspaceScope

router = APIRouter(prefix="/api/v3", tags=["Users"], route_class=ApiRoute)
Administrator = Annotated[AgencyScope, allows_agency(Permission.ADMIN_MANAGE_ROLES)]
Host = Annotated[WorkspaceScope, allows(Permission.WORKSPACE_MANAGE_USERS)]


@router.get("/users", response_model=Page[UserOut], openapi_extra=EXTENSION)
def list_users(session: DbSession, scope: Administrator, paging: Paging) -> Response:
    """List the agency's users, those who are kept out too."""
    return page_of_rows(session, paging, queries.user_rows(scope))


@router.post(
    "/users",
    response_model=UserCreated,
    status_code=201,
    responses=answers(409),
    openapi_extra=EXTENSION,
)
def create_user(body: UserIn, session: DbSession, scope: Administrator) -> UserCreated:
    """Create a user of the agency, who may nothing until they are a member of a workspace."""
    user, password = service.create_user(session, scope, body)
    shown = UserOut.model_validate(user, from_attributes=True)
    return UserCreated(**shown.model_dump(), password=password)


@router.patch(
    "/users/{user_id}", response_model=UserOut, responses=answers(409), openapi_extra=EXTENSION
)
def update_user(user_id: Id, change: UserPatch, session: DbSession, scope: Administrator) -> User:
    """Change a user's name, keep them out of the agency, or let them in again."""
    return service.update_user(session, scope, user_id, change)


@router.get("/members", response_model=Page[MemberOut], openapi_extra=EXTENSION)
def list_members(session: DbSession, scope: Host, paging: Paging) -> Response:
    """List who works in the workspace, and as what."""
    return page_of_rows(session, paging, queries.member_rows(scope))


@router.post(
    "/members",
    response_model=MemberOut,
    status_code=201,
    responses=answers(404, 409),
    openapi_extra=EXTENSION,
)
def add_member(body: MemberIn, session: DbSession, scope: Host) -> dict[str, Any]:
    """Give a user of the agency a role in the workspace, if it allows no more than one's own."""
    return service.add(session, scope, body)


@router.put(
    "/members/{user_id}", response_model=MemberOut, responses=answers(409), openapi_extra=EXTENSION
)
def change_member(
    user_id: Id, body: MemberRoleIn, session: DbSession, scope: Host
) -> dict[str, Any]:
    """Give a member another role; it binds their next request."""
    return service.change(session, scope, user_id, body.role_id)


@router.delete("/members/{user_id}", status_code=204, openapi_extra=EXTENSION)
def remove_member(user_id: Id, session: DbSession, scope: Host) -> None:
    """Take a member out of the workspace; their tokens for it end at once."""
    service.remove(session, scope, user_id)


@router.get("/member-roles", response_model=list[MemberRole], openapi_extra=EXTENSION)
def list_member_roles(session: DbSession, scope: Host) -> list[Role]:
    """List the roles that one can give: those that allow no more than one's own."""
    return [*service.assignable(session, scope)]
