"""The rules of users and members: nobody gives rights away that they lack."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from headrace.access import rights
from headrace.access import service as access
from headrace.access.models import Membership, Role, User
from headrace.access.passwords import generate_password
from headrace.access.permissions import ALL_PERMISSIONS
from headrace.kit.told import told
from headrace.members import queries
from headrace.members.errors import AlreadyMember, BeyondOwnRights, OwnAccount
from headrace.members.schemas import MemberIn, UserIn, UserPatch
from headrace.rest.errors import Invalid, NotFound
from headrace.tenancy.scope import AgencyScope, WorkspaceScope

# Users of the agency.


def create_user(session: Session, scope: AgencyScope, body: UserIn) -> tuple[User, str | None]:
    """Create a user; returns the password as well if it was made here.

    Raises:
        Invalid, UsernameTaken: as `access.service.create_user` does.
    """
    made = None if body.password is not None else generate_password()
    user = access.create_user(
        session, scope.agency_id, body.username, body.password or made or "", name=body.name
    )
    session.refresh(user)
    return user, made


def update_user(session: Session, scope: AgencyScope, user_id: int, change: UserPatch) -> User:
    """Change a user's name, keep them out, or let them in again.

    Raises:
        NotFound: if the agency has no such user.
        OwnAccount: if they would keep themselves out.
        BeyondOwnRights: if it is a chief and the caller is not.
        LastChief: if the agency would be left without one.
    """
    user = queries.user(session, scope, user_id)
    if user is None:
        raise NotFound("User")
    if user.is_chief and not scope.permissions >= ALL_PERMISSIONS:
        raise BeyondOwnRights("chief", ALL_PERMISSIONS - scope.permissions)
    if change.name is not None:
        user.name = change.name
    if change.is_active is not None and change.is_active != user.is_active:
        if user.id == scope.user_id:
            raise OwnAccount
        if change.is_active:
            user.is_active = True
        else:
            access.deactivate(session, user)
    session.flush()
    return user


# Members of a workspace.


def add(session: Session, scope: WorkspaceScope, body: MemberIn) -> dict[str, Any]:
    """Give a user of the agency a role in the workspace; returns the member as `MemberOut`.

    Raises:
        NotFound: if the agency has no such user.
        AlreadyMember: if they have a role there.
        Invalid, BeyondOwnRights, OwnAccount: as `_give` does.
    """
    user = queries.user_named(session, scope, body.username)
    if user is None:
        raise NotFound("User")
    if queries.membership(session, scope, user.id) is not None:
        raise AlreadyMember(user.id)
    _give(session, scope, user.id, body.role_id)
    return queries.member_row(session, scope, user.id)._asdict()


def change(session: Session, scope: WorkspaceScope, user_id: int, role_id: int) -> dict[str, Any]:
    """Give a member another role; it binds their next request. Returns them as `MemberOut`.

    Raises:
        NotFound: if they are no member.
        BeyondOwnRights: if what they have now is more than the caller has.
        Invalid, BeyondOwnRights, OwnAccount: as `_give` does.
    """
    _takeable(session, scope, user_id)
    _give(session, scope, user_id, role_id)
    return queries.member_row(session, scope, user_id)._asdict()


def remove(session: Session, scope: WorkspaceScope, user_id: int) -> None:
    """Take a member's role; their tokens for the workspace are worth nothing from now on.

    Raises:
        NotFound, BeyondOwnRights, OwnAccount: as `change` does.
    """
    session.delete(_takeable(session, scope, user_id))
    session.flush()


def assignable(session: Session, scope: WorkspaceScope) -> Sequence[Role]:
    """Return the roles that the caller can give."""
    return [role for role in queries.roles(session, scope) if not _lacking(scope, role)]


def _give(session: Session, scope: WorkspaceScope, user_id: int, role_id: int) -> None:
    """Give a user a role.

    Raises:
        Invalid: if there is no such role.
        BeyondOwnRights: if the role allows what the caller may not.
        OwnAccount: if it is the caller's own.
    """
    if user_id == scope.user_id:
        raise OwnAccount
    role = queries.role(session, scope, role_id)
    if role is None or role.is_internal:
        raise Invalid(
            "role_id",
            told("there is no role {role_id}; see GET /api/v3/member-roles.", role_id=role_id),
        )
    if lacking := _lacking(scope, role):
        raise BeyondOwnRights(role.title, lacking)
    access.put_membership(session, user_id, scope.workspace_id, role)


def _takeable(session: Session, scope: WorkspaceScope, user_id: int) -> Membership:
    """Return a membership that the caller may change.

    Raises:
        NotFound: if there is none, or its role is internal.
        BeyondOwnRights: if its role allows what the caller may not.
        OwnAccount: if it is the caller's own.
    """
    held = queries.membership(session, scope, user_id)
    role = queries.role(session, scope, held.role_id) if held is not None else None
    if held is None or role is None or role.is_internal:
        raise NotFound("Member")
    if user_id == scope.user_id:
        raise OwnAccount
    if lacking := _lacking(scope, role):
        raise BeyondOwnRights(role.title, lacking)
    return held


def _lacking(scope: WorkspaceScope, role: Role) -> frozenset[str]:
    return rights.of_role(role.code, role.permissions) - scope.permissions
